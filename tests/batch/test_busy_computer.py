"""A batch on a computer that has no time to decode images."""

import pytest

from core.batch import start_batch
from core.batch.shard import ShardTask, process_shard
from core.errors import UserError
from tests.images.dicom_files import deep_sample, written


def test_an_image_that_a_busy_computer_cannot_read_is_not_called_unreadable(
    narrow_files, tmp_path, own_home, busy_computer
):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "chest.dcm").write_bytes(written(deep_sample()))
    model = narrow_files / "narrow" / "weights" / "vgg_unfrozen.h5"
    job = start_batch(folder, tmp_path / "out", model, anyway=True)
    with pytest.raises(UserError, match=r"chest.dcm was not read: .* The same command then does"):
        process_shard(ShardTask(job.path, 0))
    assert list(job.missing_shards()) == [0]

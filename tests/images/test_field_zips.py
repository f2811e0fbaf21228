"""Names and contents of zips that other programs write: cases 10 to 13 and 15."""

import base64
import io
import struct
import unicodedata
import zipfile
import zlib

import pytest
from pydicom import uid

from core.errors import UserError
from core.images import PassedOver, images_in_zip
from core.images.names import entry_path
from core.images.zips import inflated64
from tests.images.dicom_files import CHEST, deep_sample, written
from tests.images.picture_files import jpeg, png, tiff
from tests.images.zip_files import UTF8_FLAG, raw_zip, zipped

DICOM = written(deep_sample())
PNG = png(CHEST)
UIDS = ["1.2.840.113619.2.55.3.111", "1.2.840.113619.2.55.3.222", "1.3.12.2.1107.5.8.9"]
JUNK = {
    "README": b"Insert the disc and start the viewer.",
    "README.TXT": b"II is how this text begins",
    "AUTORUN.INF": b"[autorun]\r\nopen=VIEWER.EXE",
    "VIEWER.EXE": b"MZ" + bytes(200),
    "VIEWER/JRE/LIB.DLL": b"MZ" + bytes(200),
    "INDEX.HTM": b"BM<html>",
    "REPORT.PDF": b"%PDF-1.4",
    "LICENSE": b"",
}


def dicom_object(sop_class: str) -> bytes:
    """A DICOM object of another class, as far as its file meta tells."""
    file = deep_sample()
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = uid.UID(sop_class)
    return written(file)


def read(data: bytes | io.BytesIO) -> tuple[dict[str, bytes], PassedOver]:
    passed_over = PassedOver()
    buffer = io.BytesIO(data) if isinstance(data, bytes) else data
    images = list(images_in_zip(buffer, "images.zip", passed_over))
    by_name = dict(images)
    assert len(by_name) == len(images), "two images under one name"
    return by_name, passed_over


def refusal(data: bytes | io.BytesIO) -> str:
    with pytest.raises(UserError) as caught:
        read(data)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *UIDS,
        "a.IMA",
        "a.dicom",
        "a.DIC",
        "a.dcm",
        "IM0001",
        "a.1",
        "a.img",
        "I.001",
        "a.v2",
        "x.jpg",
        "MR.1.2.3.MAG",
    ],
)
def test_c10_a_dicom_file_is_read_whatever_its_name(name):
    found, passed_over = read(zipped({"image.png": PNG, f"A/{name}": DICOM}))
    assert found == {"image.png": PNG, name: DICOM} and not passed_over.counts


@pytest.mark.parametrize("data", [PNG, jpeg(CHEST), tiff(CHEST), tiff(CHEST, ">")])
@pytest.mark.parametrize("name", ["1.2.840.1", "picture", "a.jfif", "a.xray"])
def test_c10_a_picture_is_read_whatever_its_name(name, data):
    assert read(zipped({name: data}))[0] == {name: data}


@pytest.mark.parametrize("name", ["a.dcm", "a.IMA", "a.png", "a.dicom"])
@pytest.mark.parametrize("data", [b"", b"x" * 500])
def test_c10_what_is_called_an_image_is_not_passed_over(name, data):
    assert read(zipped({"image.png": PNG, name: data}))[0] == {"image.png": PNG, name: data}


def test_c11_a_cd_gives_its_images_and_names_the_rest():
    directory = dicom_object(uid.MediaStorageDirectoryStorage)
    logo = {"VIEWER/LOGO.PNG": png(CHEST[:32, :32]), "VIEWER/HELP.JPG": jpeg(CHEST)}
    system = {"Thumbs.db": b"x", "__MACOSX/PAT1/._IM1": DICOM, ".DS_Store": b"x", "desktop.ini": b"x"}
    files = {"DICOMDIR": directory, **JUNK, **logo, **system, "PAT1/IM1": DICOM}
    found, passed_over = read(zipped(files))
    assert list(found) == ["IM1"]
    assert sum(passed_over.counts.values()) == len(files) - 1
    sentences = " ".join(passed_over.sentences())
    assert all(name in sentences for name in (set(files) - {"PAT1/IM1"}))


@pytest.mark.parametrize(
    ("sop_class", "word"),
    [
        (uid.MediaStorageDirectoryStorage, "directory"),
        (uid.GrayscaleSoftcopyPresentationStateStorage, "presentation state"),
        (uid.BasicTextSRStorage, "structured report"),
        (uid.KeyObjectSelectionDocumentStorage, "structured report"),
        (uid.EncapsulatedPDFStorage, "document"),
        (uid.TwelveLeadECGWaveformStorage, "waveform"),
        (uid.RawDataStorage, "other than images"),
        (uid.RTPlanStorage, "radiotherapy"),
    ],
)
@pytest.mark.parametrize("name", ["IM2", "a.dcm", "DICOMDIR.bak"])
def test_c11_dicom_objects_without_an_image_are_named(sop_class, word, name):
    found, passed_over = read(zipped({"IM1": DICOM, name: dicom_object(sop_class)}))
    assert list(found) == ["IM1"]
    (sentence,) = passed_over.sentences()
    assert word in sentence and name in sentence


def test_c11_a_zip_without_images_names_what_it_holds():
    sentence = refusal(zipped({"README": b"x", "inner.zip": zipped({"a.png": PNG}).getvalue()}))
    assert "contains no images" in sentence and "README" in sentence and "inner.zip" in sentence


def test_c12_equal_names_in_several_folders_keep_their_folders():
    other = png(CHEST[::-1])
    files = {
        "PAT1/IM0001": DICOM,
        "PAT2/IM0001": written(deep_sample(PatientID="2")),
        "x/im0001": PNG,
        "a.png": other,
    }
    assert list(read(zipped(files))[0]) == ["PAT1/IM0001", "PAT2/IM0001", "x/im0001", "a.png"]


def test_c12_one_path_twice_in_a_zip_is_two_images():
    data = raw_zip([(b"IM1", DICOM), (b"IM1", PNG), (b"im1", DICOM), (b"./IM1", PNG)])
    found, _ = read(data)
    assert len(found) == 4 and list(found.values()) == [DICOM, PNG, DICOM, PNG]


def test_c12_names_that_differ_only_by_normalisation_are_numbered():
    names = [unicodedata.normalize(form, "Müller.png") for form in ("NFC", "NFD")]
    found, _ = read(zipped(dict(zip(names, (PNG, DICOM), strict=True))))
    assert list(found) == [names[0], f"{names[1][:-4]} (2).png"]


NAMES = {  # bytes of a name, whether it says UTF-8, and what it means
    "code page 437": ("Müller.png".encode("cp437"), 0, "Müller.png"),
    "UTF-8 with its flag": ("山田.png".encode(), UTF8_FLAG, "山田.png"),
    "UTF-8 without its flag": ("山田.png".encode(), 0, "山田.png"),
    "Shift-JIS": ("胸部正面.png".encode("cp932"), 0, "胸部正面.png"),
    "Shift-JIS that claims to be UTF-8": ("胸部正面.png".encode("cp932"), UTF8_FLAG, "胸部正面.png"),
    "code page 437 that claims to be UTF-8": ("Müller.png".encode("cp437"), UTF8_FLAG, "Müller.png"),
    "kana": ("レントゲン.png".encode("cp932"), 0, "レントゲン.png"),
    "no encoding": (b"\xff\xfe\x81.png", 0, None),
    "newline": (b"a\nb.png", 0, "a\\x0ab.png"),
    "control characters": (b"a\x1b[31m\x07.png", 0, "a\\x1b[31m\\x07.png"),
    "right to left": ("a\u202egnp.exe.png".encode(), UTF8_FLAG, "a\\u202egnp.exe.png"),
    "255 bytes": (b"a" * 251 + b".png", 0, "a" * 251 + ".png"),
    "backslashes": (b"A\\B\\a.png", 0, "a.png"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_c13_names_are_decoded_and_printable(kind):
    raw, flags, meant = NAMES[kind]
    ((name, data),) = read(raw_zip([(raw, PNG)], flags))[0].items()
    assert data == PNG and (meant is None or name == meant)
    assert name.replace("\xa0", "").isprintable() and name.encode("utf-8")


def test_c13_the_unicode_path_of_info_zip_goes_first():
    raw, meant = b"M?ller.png".replace(b"?", b"\x81"), "患者.png".encode()
    entry = zipfile.ZipInfo(raw.decode("cp437"))
    entry.extra = struct.pack("<HHBI", 0x7075, 5 + len(meant), 1, zlib.crc32(raw)) + meant
    entry.flag_bits = 0
    buffer = io.BytesIO(raw_zip([(raw, PNG)]))
    with zipfile.ZipFile(buffer) as archive:
        info = archive.infolist()[0]
        info.extra = entry.extra
        assert entry_path(info) == "患者.png"


@pytest.mark.parametrize(
    "name", [b"../a.png", b"/etc/a.png", b"C:\\a.png", b"a/../../b.png", b"\\\\host\\a.png"]
)
def test_c13_paths_that_lead_out_are_refused_by_name(name):
    assert "points outside the zip" in refusal(raw_zip([(b"ok.png", PNG), (name, PNG)]))


LONG_MATCH = bytes(300_000)
FAR_MATCH = bytes(range(48)) + bytes(40_000) + bytes(range(48))  # Deflate looks back 32 KiB only
DEFLATED64 = {  # by the Deflater of inflate64 1.0.4, which now and then ends the process
    LONG_MATCH: (b"Y2AYvf8Ho/f/gGH0/h8wjN7/A4ZR+EkAAA=="),
    FAR_MATCH: (
        b"7cEHAkAgAABAVEJWUlZImVn//52PuHNcD0Dk4yCMSJykWU4LVnJR1U3byX4Y1aTNvKzbftjzup/X+Xs4uR6AyMdBGJ"
        b"E4SbOcFqzkoqqbtpP9MKpJm3lZt/2w53U/7wc="
    ),
}


def deflated64(data: bytes) -> bytes:
    """In Deflate64. Without matches, Deflate is the same."""
    if data in DEFLATED64:
        return base64.b64decode(DEFLATED64[data])
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    return deflater.compress(data) + deflater.flush()


@pytest.mark.parametrize("data", [DICOM, PNG, DICOM * 20])
def test_c15_deflate64_is_read(data):
    image = DICOM + data
    assert read(raw_zip([(b"IM1", image), (b"a.png", PNG)], 0, 9, deflated64))[0] == {
        "IM1": image,
        "a.png": PNG,
    }


@pytest.mark.parametrize("data", DEFLATED64, ids=["long match", "far match"])
def test_c15_matches_that_deflate_does_not_know_are_read(data):
    packed = raw_zip([(b"notes", data), (b"a.png", PNG)], 0, 9, deflated64)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert b"".join(inflated64(archive, archive.getinfo("notes"))) == data


def test_c15_damaged_deflate64_says_so():
    data = bytearray(raw_zip([(b"a.png", DICOM)], 0, 9, deflated64))
    data[len(data) // 2] ^= 0xFF
    assert "damaged or cut short" in refusal(bytes(data))


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_c15_what_python_reads_is_read(method):
    assert read(zipped({"IM1": DICOM}, compression=method))[0] == {"IM1": DICOM}


@pytest.mark.parametrize(
    ("method", "word"),
    [(93, "Zstandard"), (98, "PPMd"), (95, "XZ"), (6, "Implode"), (1, "Shrink"), (77, "method 77")],
)
@pytest.mark.parametrize("name", [b"a.png", b"IM1"])
def test_c15_other_methods_are_named_with_a_way_out(name, method, word):
    sentence = refusal(raw_zip([(name, PNG)], 0, method))
    assert word in sentence and name.decode() in sentence and "Deflate" in sentence


def test_c15_encrypted_and_split_zips_say_so():
    assert "encrypted" in refusal(raw_zip([(b"IM1", PNG)], 1))
    whole = zipped({"a.png": PNG}).getvalue()
    end = whole.rfind(b"PK\5\6")
    last = whole[40:end] + b"PK\5\6" + struct.pack("<HH", 1, 1) + whole[end + 8 :]
    for part in (b"PK\x07\x08" + whole[:-30], last):
        assert "split" in refusal(part)


def test_c15_zip64_is_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("IM1", "w", force_zip64=True) as file:
        file.write(DICOM)
    assert read(buffer)[0] == {"IM1": DICOM}

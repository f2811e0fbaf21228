"""Threads that ask a model at the same time share its passes, and each gets its own answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from core.compilation import SharedPasses, compiled, openvino_model, release_memory
from core.compilation.shared_passes import _Call

CALLERS = 8
LIMIT = 4


class CountedPasses(SharedPasses):
    """Counts the rows of each pass; all wait until everybody has asked."""

    def __init__(self, model) -> None:
        super().__init__(model, LIMIT)
        self.rows: list[int] = []
        self.everybody_asked = threading.Event()

    def _compute(self, request, together):
        self.rows.append(sum(len(call.inputs[0]) for call in together))
        assert self.everybody_asked.wait(60)
        super()._compute(request, together)


def double() -> openvino.CompiledModel:
    """Doubles its first input and adds its second."""
    x, y = (ops.parameter([-1, 3], np.float32) for _ in range(2))
    return compiled(openvino_model([ops.add(ops.add(x, x), y)], [x, y], "double"), "float32", threads=1)


@pytest.fixture(scope="module")
def model() -> openvino.CompiledModel:
    return double()


def test_those_who_wait_share_passes_and_each_gets_its_own_rows(model):
    passes = CountedPasses(model)
    inputs = [np.full((1, 3), number, np.float32) for number in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as threads:
        first = threads.submit(passes.infer, inputs[0], inputs[0])
        while not passes.rows:  # it computes
            pass
        others = []
        for number, given in enumerate(inputs[1:], 1):
            others.append(threads.submit(passes.infer, given, given))
            while len(passes._waiting) < number:
                pass
        passes.everybody_asked.set()
        answers = [first.result()[0], *(other.result()[0] for other in others)]
    assert [answer.tolist() for answer in answers] == [(3 * given).tolist() for given in inputs]
    assert passes.rows == [1, LIMIT, CALLERS - 1 - LIMIT]


def test_more_rows_than_the_limit_go_in_one_pass(model):
    rows = np.arange(30, dtype=np.float32).reshape(10, 3)
    assert np.array_equal(SharedPasses(model, LIMIT).infer(rows, rows)[0], 3 * rows)


def test_an_error_reaches_who_asked_and_the_next_caller_is_answered(model):
    passes, row = SharedPasses(model, LIMIT), np.ones((1, 3), np.float32)
    with pytest.raises(ValueError):
        passes.infer(np.array([["no", "numbers", "here"]]), row)
    assert passes.infer(row, row)[0].tolist() == [[3, 3, 3]]


def test_an_interrupt_stops_its_own_thread_only_and_the_others_get_an_error(model):
    class Interrupted:
        """Rows that the interrupt meets when they are put together."""

        def __len__(self):
            return 1

        def __array__(self, *_, **__):
            raise KeyboardInterrupt

    passes, row = SharedPasses(model, LIMIT), np.ones((1, 3), np.float32)
    waiting = _Call([row, row])
    passes._waiting.append(waiting)
    with pytest.raises(KeyboardInterrupt):
        passes.infer(cast(np.ndarray, Interrupted()), row)
    assert waiting.is_done and "was stopped" in str(waiting.error)
    assert passes.infer(row, row)[0].tolist() == [[3, 3, 3]]


def test_memory_that_is_given_back_changes_no_answer():
    passes = [SharedPasses(double(), LIMIT) for _ in range(2)]
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(passes[n % 2].infer, rows + n, rows) for n in range(200)]
        released = [threads.submit(release_memory) for _ in range(50)]
        for n, answer in enumerate(answers):
            assert np.array_equal(answer.result()[0], 2 * (rows + n) + rows)
        assert [each.result() for each in released] == [None] * 50

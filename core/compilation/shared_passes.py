"""Passes through a compiled model, shared by threads that ask for one at the same time.

Who asks alone is answered at once. Whoever asks while the model computes waits until it is free, and then
goes together with the others who wait: images take less time in one pass than one after the other.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import openvino


@dataclass(eq=False)
class _Question:
    """Inputs of one thread, and what the model makes of them."""

    inputs: Sequence[np.ndarray]
    outputs: list[np.ndarray] = field(default_factory=list)
    error: BaseException | None = None
    is_taken: bool = False  # some thread computes it
    is_answered: bool = False


class SharedPasses:
    """A compiled model, safe to use from several threads.

    Args:
        model: whose inputs and outputs all have a row for each image.
        rows: images in a pass, unless one thread asks for more.
    """

    def __init__(self, model: openvino.CompiledModel, rows: int):
        count = model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")  # at the same time: one a socket
        self._idle = [model.create_infer_request() for _ in range(count)]
        self._rows = rows
        self._waiting: deque[_Question] = deque()
        self._changed = threading.Condition()

    def infer(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """The model's outputs for inputs of n rows each; the other threads' rows never show in them."""
        question = _Question(inputs)
        with self._changed:
            self._waiting.append(question)
        while not question.is_answered:
            with self._changed:
                self._changed.wait_for(lambda: question.is_answered or (self._idle and not question.is_taken))
                if question.is_answered:
                    break
                request, together = self._idle.pop(), self._next()
            self._answer(request, together)
        if question.error:
            raise question.error
        return question.outputs

    def _next(self) -> list[_Question]:
        """Those who have waited longest, as many as a pass takes; at least one."""
        together, rows = [], 0
        while self._waiting and (not together or rows + len(self._waiting[0].inputs[0]) <= self._rows):
            question = self._waiting.popleft()
            question.is_taken = True
            rows += len(question.inputs[0])
            together.append(question)
        return together

    def _answer(self, request: openvino.InferRequest, together: list[_Question]) -> None:
        try:
            inputs = [
                np.concatenate(parts) for parts in zip(*(each.inputs for each in together), strict=True)
            ]
            outputs = list(request.infer(inputs).values())
            start = 0
            for question in together:
                end = start + len(question.inputs[0])
                question.outputs = [output[start:end].copy() for output in outputs]
                start = end
        except BaseException as error:
            for question in together:
                question.error = error
        with self._changed:
            for question in together:
                question.is_answered = True
            self._idle.append(request)
            self._changed.notify_all()

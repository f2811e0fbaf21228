"""Passes through a compiled model, shared by threads that need one at the same time.

A thread that calls alone has its pass at once. One that calls while the model computes waits until it is
free, and then shares a pass with the others that wait: images take less time in one pass than one after the
other.
"""

import ctypes
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakSet

import numpy as np
import openvino


@dataclass(eq=False)
class _Call:
    """Inputs of one thread, and the model's outputs for them."""

    inputs: Sequence[np.ndarray]
    outputs: list[np.ndarray] = field(default_factory=list)
    error: Exception | None = None
    is_taken: bool = False  # some thread computes it
    is_done: bool = False


class SharedPasses:
    """A compiled model, safe to use from several threads.

    Args:
        model: whose inputs and outputs all have a row for each image; nobody else uses it.
        rows: images in a pass, unless one thread asks for more.
    """

    def __init__(self, model: openvino.CompiledModel, rows: int):
        self._model = model
        self._count = model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")  # at the same time: one a socket
        self._idle = [model.create_infer_request() for _ in range(self._count)]
        self._rows = rows
        self._waiting: deque[_Call] = deque()
        self._changed = threading.Condition()
        with _lock:
            _alive.add(self)

    def infer(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """The model's outputs for inputs of n rows each; the other threads' rows never show in them."""
        call = _Call(inputs)
        with self._changed:
            self._waiting.append(call)
        while not call.is_done:
            with self._changed:
                self._changed.wait_for(lambda: call.is_done or (self._idle and not call.is_taken))
                if call.is_done:
                    break
                request, together = self._idle.pop(), self._next()
            self._compute(request, together)
        if call.error:
            raise call.error
        return call.outputs

    def release_memory(self) -> None:
        """Give back what the model computes in, unless it computes now: outputs are still copied then."""
        with self._changed:
            if len(self._idle) == self._count:
                self._model.release_memory()

    def _next(self) -> list[_Call]:
        """Those who have waited longest, as many as a pass takes; at least one."""
        together, rows = [], 0
        while self._waiting and (not together or rows + len(self._waiting[0].inputs[0]) <= self._rows):
            call = self._waiting.popleft()
            call.is_taken = True
            rows += len(call.inputs[0])
            together.append(call)
        return together

    def _compute(self, request: openvino.InferRequest, together: list[_Call]) -> None:
        try:
            inputs = [
                np.concatenate(parts) for parts in zip(*(each.inputs for each in together), strict=True)
            ]
            # The request's own memory, unless shared, is filled from and copied once more.
            outputs = list(request.infer(inputs, share_inputs=True, share_outputs=True).values())
            start = 0
            for call in together:
                end = start + len(call.inputs[0])
                call.outputs = [output[start:end].copy() for output in outputs]
                start = end
        except Exception as error:
            _fail(together, error)
        except BaseException:  # meant for this thread alone, such as KeyboardInterrupt
            _fail(together, RuntimeError("The thread that computed this pass was stopped. Try again."))
            raise
        finally:
            with self._changed:
                for call in together:
                    call.is_done = True
                self._idle.append(request)
                self._changed.notify_all()


def _fail(together: Sequence[_Call], error: Exception) -> None:
    for call in together:
        call.error = error


def release_memory() -> None:
    """Give back what idle models of this process compute in; the next pass of each takes it again."""
    with _lock:
        alive = list(_alive)
    for passes in alive:
        passes.release_memory()
    with suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


_alive: WeakSet[SharedPasses] = WeakSet()
_lock = threading.Lock()  # of `_alive`

"""By when requests want their answers."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from fastbinance._protocol.requests import Request, RequestState

__all__ = ["Deadlines"]

_DONE: Final = RequestState.DONE  # looked up once, and not for each request


class Deadlines:
    """Requests in the order of their deadlines, without the cost of sorting.

    Those that are given the same time end in the order in which they come, so there is a queue for each time.
    What is done is dropped when it comes to the front of its queue.
    """

    def __init__(self) -> None:
        self._queues: dict[float, deque[Request]] = {}

    def __iter__(self) -> Iterator[Request]:
        for queue in tuple(self._queues.values()):
            yield from tuple(queue)

    @property
    def next_at(self) -> float | None:
        """When `due` has something to give."""
        return min((queue[0].deadline for queue in self._queues.values() if _pruned(queue)), default=None)

    def add(self, request: Request) -> None:
        """Take a request in."""
        queue = self._queues.get(request.timeout)
        if queue is None:
            queue = self._queues[request.timeout] = deque()
        else:
            _pruned(queue)
        queue.append(request)

    def due(self, now: float) -> Iterator[Request]:
        """Give those whose time is up, and forget them."""
        for timeout, queue in tuple(self._queues.items()):
            while _pruned(queue) and queue[0].deadline <= now:
                yield queue.popleft()
            if not queue:
                self._queues.pop(timeout, None)

    def clear(self) -> None:
        """Forget all."""
        self._queues.clear()


def _pruned(queue: deque[Request]) -> bool:
    while queue and queue[0].state is _DONE:
        queue.popleft()
    return bool(queue)

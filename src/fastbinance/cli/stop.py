"""Ctrl-C and SIGTERM as something to wait for, not as an exception in the middle of anything."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["Stop"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Notices SIGINT and SIGTERM for the length of a ``with`` block, on the main thread.

    Only the first one is taken; a second finds the handlers of before, in case the end takes too long.
    """

    def __init__(self) -> None:
        # A socket rather than threading.Event, whose lock the handler could find held by its own thread.
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._notice) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Return whether a signal has come, after at most so many seconds."""
        timeout = None if seconds is None else max(seconds, 0.0)
        return bool(select.select([self._reader], [], [], timeout)[0])

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self._writer.send(b"!")

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

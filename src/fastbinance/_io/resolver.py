"""Names to addresses, on threads that nobody has to wait for.

The system's resolver blocks, for half a minute when its servers are silent, and cannot be interrupted. A loop
would ask it on an executor that the interpreter joins at its end (asyncio), or on threads that the loop's
`close` waits for (uvloop). Here it is a daemon thread for each host that is being asked for.
"""

import asyncio
import contextlib
import os
import socket
import threading
from typing import Any, TypeAlias

__all__ = ["look_up"]

#: What `socket.getaddrinfo` returns of each address.
Address: TypeAlias = tuple[Any, ...]

_Waiter: TypeAlias = tuple[asyncio.AbstractEventLoop, "asyncio.Future[list[Address]]"]


class _Lookups:
    """The questions that are being asked, and who waits for each answer; of all loops of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[tuple[str, int], list[_Waiter]] = {}

    async def ask(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()
        with self._lock:
            # A question that is on its way is not asked twice: its answer is as fresh, and one that hangs
            # must not take a thread more with every attempt.
            asked = self._waiters.get((host, port))
            if asked is None:
                threading.Thread(
                    target=self._run, args=(host, port), name=f"lookup of {host}", daemon=True
                ).start()
                asked = self._waiters[host, port] = []
            asked.append((loop, answer))
        return await answer

    def _run(self, host: str, port: int) -> None:
        found: list[Address] = []
        error: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as failed:
            error = failed
        with self._lock:
            waiters = self._waiters.pop((host, port))
        for loop, answer in waiters:
            # The loop may have been closed meanwhile, and then nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, answer, found, error)


def _settle(answer: "asyncio.Future[list[Address]]", found: list[Address], error: Exception | None) -> None:
    if answer.done():
        return  # cancelled
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(found)


_lookups = _Lookups()


def _begin_anew() -> None:
    # In a child process the threads that ask are not there, but the questions would be.
    global _lookups
    _lookups = _Lookups()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


async def look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a host as `socket.getaddrinfo` does, which is asked at each call.

    A cancelled call leaves its thread to the system's resolver; it holds up neither a loop nor the end of the
    program.

    Raises
    ------
    socket.gaierror, UnicodeError
        No address is known, or the host cannot be one.
    """
    return await _lookups.ask(host, port)

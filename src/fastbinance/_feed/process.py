"""The process of a feed: started, looked after, and ended with nothing left of it."""

import asyncio
import os
import signal
import site
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Protocol

from fastbinance._core.segment import Segment, SharedBell
from fastbinance._feed.channel import send_descriptors
from fastbinance.errors import ConfigurationError

__all__ = ["FeedProcess", "Process", "check_platform"]

# Between two looks whether a process has ended, while somebody waits for that.
_LOOK_EVERY: Final = 0.002


def check_platform() -> None:
    """Refuse a system on which a feed cannot have a process of its own.

    Raises
    ------
    ConfigurationError
        It is neither Linux nor macOS, or Python is part of another program.
    """
    if sys.platform not in ("linux", "darwin"):
        raise ConfigurationError(
            f"feed='process' is for Linux and macOS, not {sys.platform}; use 'thread' or 'inline'"
        )
    if not sys.executable:
        raise ConfigurationError(
            "feed='process' starts another Python, and sys.executable does not say which: this one is part of"
            " another program; use 'thread' or 'inline'"
        )


class Process(Protocol):
    """What we do with a process that has been started; a `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Return its exit code, minus the number of the signal that ended it, or None while it runs."""

    def kill(self) -> None:
        """Send it SIGKILL."""

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""


class FeedProcess:
    """One process with a feed, and our end of the pair of sockets to it.

    Parameters
    ----------
    segment, bell
        What it shares with us.
    pipe
        Where it writes a byte for who listens on an event loop, None where nobody does; stays the caller's.
    """

    def __init__(self, segment: Segment, bell: SharedBell, pipe: int | None) -> None:
        ours, its = socket.socketpair()
        try:
            with its:
                self._process = self.begin(its)
        except BaseException:
            ours.close()
            raise
        try:
            send_descriptors(ours, [segment.fileno(), bell.fileno(), *([] if pipe is None else [pipe])])
        except ConnectionError:
            pass  # it has ended already: whoever reads from it hears of that
        except BaseException:
            ours.close()
            self.kill()
            raise
        self.socket: Final = ours
        self.started_at: Final = time.monotonic()

    @staticmethod
    def begin(its: socket.socket) -> Process:
        """Start a feed with its end of a pair of sockets, which stays the caller's: a Python of its own.

        Whoever starts many puts another function in the place of this one.
        """
        return subprocess.Popen(
            # Not by multiprocessing: that imports the caller's main module again, and removes what it has
            # only been lent. And not with the modules of whatever directory the caller is in (-P).
            [sys.executable, "-P", "-m", "fastbinance._feed", str(its.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=(its.fileno(),),
            env=_environment(),
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def fate(self) -> str:
        """How it has ended."""
        code = self._process.poll()
        if code is None:
            return "its connection to us is gone"
        if code >= 0:
            return f"it ended with {code}"
        try:
            return f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"it was ended by signal {-code}"

    async def over(self) -> None:
        """Wait until it has ended, and nothing of it is left."""
        while self._process.poll() is None:
            await asyncio.sleep(_LOOK_EVERY)

    def kill(self) -> None:
        """End it now."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _environment() -> dict[str, str]:
    """Return our environment, in which this very package is found."""
    package = str(Path(__file__).parents[2])
    given = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    # Where everything is installed it is found anyway, and may not come before the standard library.
    if package in given or package in _installed():
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*given, package])}


def _installed() -> tuple[str, ...]:
    return (*site.getsitepackages(), site.getusersitepackages())

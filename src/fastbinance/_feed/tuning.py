"""Where a feed's process runs, and whether it ever sleeps."""

import asyncio
import os
from dataclasses import dataclass

from fastbinance.errors import ConfigurationError

__all__ = ["FeedTuning", "check_cpu", "pin", "spin"]


@dataclass(frozen=True, slots=True)
class FeedTuning:
    """Where a feed's process runs, and whether it ever sleeps; see `Client`."""

    cpu: int | None = None
    spin: bool = False


def check_cpu(cpu: int | None) -> None:
    """Refuse a processor that there is none of, or that cannot be chosen on this system.

    Raises
    ------
    ConfigurationError
        The message names those there are.
    """
    if cpu is None:
        return
    if not hasattr(os, "sched_getaffinity"):
        raise ConfigurationError("cpu= cannot be chosen on this system: leave it out")
    allowed = sorted(os.sched_getaffinity(0))
    if isinstance(cpu, bool) or not isinstance(cpu, int) or cpu not in allowed:
        raise ConfigurationError(
            f"cpu is one of {', '.join(map(str, allowed))}, which this process may run on, not {cpu!r}:"
            " make the client before you keep your own program to a processor"
        )


def pin(cpu: int | None) -> None:
    """Keep this process on one processor."""
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def spin(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop look at its sockets all the time instead of sleeping: it takes a whole processor."""

    def again() -> None:
        loop.call_soon(again)

    again()

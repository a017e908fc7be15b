"""What a client shares with a feed in a process of its own."""

import logging
import os
from dataclasses import dataclass
from typing import Final

from fastbinance._core.segment import Segment, SharedBell
from fastbinance._feed.process import check_platform
from fastbinance._feed.tuning import FeedTuning, check_cpu
from fastbinance.errors import ConfigurationError

__all__ = ["SharedFeed", "check_tuning", "share"]

logger = logging.getLogger("fastbinance")

# Bytes of addresses, not of memory: enough for a thousand of the largest rings; less where there are limits.
_SIZES: Final = (64 << 30, 8 << 30, 1 << 30)


@dataclass(frozen=True, slots=True)
class SharedFeed:
    """The memory, the bell, and the tuning."""

    segment: Segment
    bell: SharedBell
    tuning: FeedTuning


def check_tuning(feed: str, cpu: int | None, spin: bool) -> None:
    """Refuse the tuning of a process where there is none.

    Raises
    ------
    ConfigurationError
        The feed runs in this process.
    """
    if feed != "process" and (cpu is not None or spin is not False):
        raise ConfigurationError(f"cpu= and spin= are for feed='process'; this feed is {feed!r}")


def share(bell: SharedBell, cpu: int | None, spin: bool) -> SharedFeed:
    """Make what a client shares with its feed.

    Raises
    ------
    ConfigurationError
        A feed cannot have a process of its own here, or not so.
    """
    check_platform()
    check_cpu(cpu)
    if not isinstance(spin, bool):
        raise ConfigurationError(f"spin is True or False, not {spin!r}")
    if spin:
        _warn_of_spinning(cpu)
    return SharedFeed(_segment(), bell, FeedTuning(cpu, spin))


def _segment() -> Segment:
    for size in _SIZES[:-1]:
        try:
            return Segment.create(f"client {os.getpid()}", size)
        except OSError:  # a limit on addresses
            continue
    return Segment.create(f"client {os.getpid()}", _SIZES[-1])


def _warn_of_spinning(cpu: int | None) -> None:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processors < 2:
        logger.warning("spin=True on one processor: the feed takes it from this program all the time")
    elif cpu is None:
        logger.warning("spin=True without cpu=: the feed takes a whole processor, whichever it is put on")

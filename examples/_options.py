"""What the examples share: ``--sim`` runs them against the simulator, ``--seconds`` ends them."""

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fastbinance import WsKey


class Options:
    """Where to connect, and how long to go on."""

    def __init__(self, urls: Mapping[WsKey, str] | None, seconds: float) -> None:
        self.urls = urls  # None is Binance
        self._end = time.monotonic() + seconds

    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end


@contextmanager
def options(description: str) -> Iterator[Options]:
    """Read the command line; with ``--sim`` a simulator runs while the block does."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--sim", action="store_true", help="use the simulator instead of Binance")
    parser.add_argument("--seconds", type=float, default=10.0, help="end after so many seconds (10)")
    given = parser.parse_args()
    try:
        if given.sim:
            from fastbinance.sim import run_in_thread  # needs the extra `sim`; Binance does not

            with run_in_thread() as simulator:
                yield Options(simulator.urls, given.seconds)
        else:
            yield Options(None, given.seconds)
    except KeyboardInterrupt:
        pass  # Ctrl-C ends an example early, without a traceback

"""What the examples share: ``--sim`` runs them against the simulator, ``--seconds`` ends them."""

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastbinance import WsKey


class Options:
    """Where to connect, as whom, and how long to go on."""

    def __init__(
        self,
        urls: Mapping[WsKey, str] | None,
        rest_urls: Mapping[str, str] | None,
        keys: tuple[str, str] | None,
        seconds: float,
    ) -> None:
        self.urls = urls  # None is Binance
        self.rest_urls = rest_urls
        self._keys = keys  # of the simulator's account
        self._end = time.monotonic() + seconds

    def account(self) -> dict[str, Any]:
        """Options of a client that trades: in the simulator, or with play money on Binance's testnet.

        Keys of the testnet are read from FASTBINANCE_API_KEY and FASTBINANCE_API_SECRET; the latter may be
        the text of an RSA or Ed25519 key.
        """
        if self._keys is not None:
            where = {"urls": self.urls, "rest_urls": self.rest_urls}
            return {**where, "api_key": self._keys[0], "api_secret": self._keys[1]}
        try:
            key, secret = os.environ["FASTBINANCE_API_KEY"], os.environ["FASTBINANCE_API_SECRET"]
        except KeyError as missing:
            raise SystemExit(f"set {missing} to a key of Binance's testnet, or use --sim") from None
        return {"env": "testnet", "api_key": key, "api_secret": secret}

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
            from fastbinance import sim  # needs the extra `sim`; Binance does not

            with sim.run_in_thread() as simulator:
                keys = (sim.API_KEY, sim.API_SECRET)
                yield Options(simulator.urls, simulator.rest_urls, keys, given.seconds)
        else:
            yield Options(None, None, None, given.seconds)
    except KeyboardInterrupt:
        pass  # Ctrl-C ends an example early, without a traceback

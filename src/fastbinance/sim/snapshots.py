"""What is wrong with snapshots of books on purpose: old ones, late ones, bad ones, and none at all."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market
from fastbinance.sim.malform import MALFORMS, Malform

__all__ = ["SNAPSHOT_MARKETS", "SnapshotFault", "SnapshotFaults"]

#: Markets whose books can be asked for: Alpha's have no documented request.
SNAPSHOT_MARKETS: Final[tuple[Market, ...]] = ("spot", "usdm", "coinm", "options")
_WEIGHT_CODE: Final = -1003
_SERVER_CODE: Final = -1001
_BAD_REQUEST_CODE: Final = -1000
_FIRST_SERVER_ERROR: Final = 500
_MSGS: Final = {
    _WEIGHT_CODE: "Too many requests; please use the websocket for live updates.",
    _SERVER_CODE: "Internal error; unable to process your request. Please try again.",
    _BAD_REQUEST_CODE: "An unknown error occurred while processing the request.",
}


@dataclass(slots=True)
class SnapshotFault:
    """What becomes of some snapshots.

    Attributes
    ----------
    stale
        They are so many changes of the book old.
    late
        They are taken when they are asked for, and given so many seconds later.
    malform
        Something in them cannot be: see `malformed`.
    status, code, msg
        They are refused with this instead. Without a code and a text it is Binance's for such a status.
    retry_after
        Seconds in the header of that name, of those that are refused.
    share
        Of them, from 0 to 1.
    left
        So many of them; None: until something else is said.
    """

    stale: int = 0
    late: float = 0.0
    malform: Malform | None = None
    status: int | None = None
    code: int | None = None
    msg: str = ""
    retry_after: float | None = None
    share: float = 1.0
    left: int | None = None
    rng: Random = field(default_factory=Random, repr=False)

    @property
    def is_none(self) -> bool:
        """Whether nothing becomes of them."""
        return not (self.stale or self.late or self.malform or self.status)

    def check(self) -> None:
        """Refuse figures that cannot be."""
        if self.stale < 0:
            raise ConfigurationError(f"stale is {self.stale}: it is a number of changes, from 0")
        if self.late < 0:
            raise ConfigurationError(f"late is {self.late}: it cannot be below 0 seconds")
        if self.malform not in (*MALFORMS, None):
            raise ConfigurationError(f"malform is {self.malform!r}: it is one of {', '.join(MALFORMS)}")
        if self.status is not None and not 400 <= self.status < 600:
            raise ConfigurationError(f"status is {self.status}: it is one from 400 to 599")
        if not 0 <= self.share <= 1:
            raise ConfigurationError(f"share is {self.share}: it is a share from 0 to 1")
        if self.left is not None and self.left < 1:
            raise ConfigurationError(f"times is {self.left}: it is a number from 1, or None")

    @property
    def error(self) -> tuple[int, str]:
        """Code and text of one that is refused."""
        code = self.code
        if code is None:
            status = self.status or _FIRST_SERVER_ERROR
            code = _SERVER_CODE if status >= _FIRST_SERVER_ERROR else _BAD_REQUEST_CODE
            code = _WEIGHT_CODE if status in (418, 429) else code
        return code, self.msg or _MSGS.get(code, _MSGS[_BAD_REQUEST_CODE])


class SnapshotFaults:
    """What is wrong with snapshots now, by market and symbol.

    Parameters
    ----------
    seed
        Decides whom a share of them meets, together with market and symbol.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._faults: dict[tuple[Market | None, str | None], SnapshotFault] = {}

    def set(self, market: Market | None, symbol: str | None, fault: SnapshotFault) -> None:
        """Have a fault hold for a symbol, a market, or for all instead of whatever holds for one of them.

        Raises
        ------
        ConfigurationError
            No such market, or figures that cannot be.
        """
        fault.check()
        if market not in (*SNAPSHOT_MARKETS, None):
            raise ConfigurationError(
                f"no snapshots of {market!r}: there are those of {', '.join(SNAPSHOT_MARKETS)}"
            )
        if market is None and symbol is None:
            self._faults.clear()
        self._faults.pop((market, symbol), None)
        if not fault.is_none:
            fault.rng = Random(f"{self._seed}/snapshots/{market}/{symbol}")
            self._faults[market, symbol] = fault

    def find(self, market: Market, symbol: str) -> SnapshotFault | None:
        """Give what meets a snapshot, which counts as one of those that it shall meet."""
        for key in ((market, symbol), (None, symbol), (market, None), (None, None)):
            fault = self._faults.get(key)
            if fault is None:
                continue
            if fault.rng.random() >= fault.share:
                return None
            if fault.left is not None:
                fault.left -= 1
                if not fault.left:
                    del self._faults[key]
            return fault
        return None

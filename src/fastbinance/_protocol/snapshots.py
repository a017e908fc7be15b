"""Which snapshot an order book begins with: the request for it, and whose turn it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from fastbinance._rest_endpoints import RestProduct
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market

__all__ = ["DEFAULT_LIMIT", "SnapshotRequest", "Turn", "in_turn", "snapshot_request"]

#: Levels a side, where nobody says otherwise.
DEFAULT_LIMIT: Final = 1000

_FUTURES_WEIGHTS: Final = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
_OPTIONS_WEIGHTS: Final = {5: 1, 10: 1, 20: 1, 50: 1, 100: 5, 500: 10, 1000: 20}
# Spot takes any number: the weight is that of the first bound that is not below it.
_SPOT_WEIGHTS: Final = {100: 5, 500: 25, 1000: 50, 5000: 250}
_PATHS: Final[Mapping[Market, tuple[RestProduct, str]]] = {
    "spot": ("spot", "/api/v3/depth"),
    "usdm": ("usdm", "/fapi/v1/depth"),
    "coinm": ("coinm", "/dapi/v1/depth"),
    "options": ("options", "/eapi/v1/depth"),
}
_RPI_PATH: Final = "/fapi/v1/rpiDepth"
_RPI_LIMIT: Final = 1000


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """A request for the whole book of a symbol.

    Attributes
    ----------
    product, path
        Of whom, and which.
    symbol
        As REST spells it.
    limit
        Levels a side.
    weight
        What it counts against the limit of the address.
    """

    product: RestProduct
    path: str
    symbol: str
    limit: int
    weight: int


def snapshot_request(market: Market, symbol: str, limit: int, *, rpi: bool = False) -> SnapshotRequest:
    """Return the request for a snapshot.

    Parameters
    ----------
    market
        Whose.
    symbol
        As REST spells it.
    limit
        Levels a side: 1 to 5,000 on spot; 5, 10, 20, 50, 100, 500 or 1,000 on futures and options.
    rpi
        With retail price improvement orders; USD-M.

    Raises
    ------
    ConfigurationError
        The market has no snapshots, or not of so many levels.

    Source: "Order Book" of each REST API.
    """
    if market not in _PATHS:
        raise ConfigurationError(
            f"{market} has no snapshots to begin an order book with: give levels=20, and it is made of the"
            " partial depth stream"
        )
    product, path = _PATHS[market]
    if rpi:
        if limit != _RPI_LIMIT:
            raise ConfigurationError(f"an order book with rpi=True has limit={_RPI_LIMIT}, not {limit!r}")
        return SnapshotRequest(product, _RPI_PATH, symbol, limit, _FUTURES_WEIGHTS[limit])
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise ConfigurationError(f"limit is a number of levels, not {limit!r}")
    if market == "spot":
        for bound, weight in _SPOT_WEIGHTS.items():
            if 1 <= limit <= bound:
                return SnapshotRequest(product, path, symbol, limit, weight)
        raise ConfigurationError(f"limit is from 1 to {bound:,} levels on spot, not {limit}")
    weights = _OPTIONS_WEIGHTS if market == "options" else _FUTURES_WEIGHTS
    if limit not in weights:
        choices = ", ".join(map(str, weights))
        raise ConfigurationError(f"limit is one of {choices} levels on {market}, not {limit}")
    return SnapshotRequest(product, path, symbol, limit, weights[limit])


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """One who wants a snapshot.

    Attributes
    ----------
    who
        Anything.
    weight
        Of the request.
    heat
        Diffs a second.
    is_down
        Whether there is no book at all, or one that is not right any more; else there only is a better one.
    """

    who: T
    weight: int
    heat: float
    is_down: bool


def in_turn(turns: Iterable[Turn[T]]) -> list[Turn[T]]:
    """Return who is asked for first: books that are not right before those that only want renewal, and of
    either the hottest.
    """
    return sorted(turns, key=lambda turn: (turn.is_down, turn.heat), reverse=True)

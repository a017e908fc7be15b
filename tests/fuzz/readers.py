"""How the reference reads a value: one function for each type there is, and for an object's keys."""

import math
import re
from collections.abc import Callable
from typing import Any, Final

MAX_NESTING: Final = 16
USDM, COINM = 0x100, 0x200
UNKNOWN, FILLER = 255, 254

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_INTERVAL: Final = re.compile(r"([0-9]{1,4})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_INT64: Final = range(-(2**63), 2**63)
_MILLISECONDS: Final = range(2**63 // 10**6 + 1)
_MICROSECONDS: Final = range(10**14, 2**63 // 10**3 + 1)


class Rejected(Exception):
    """The payload is not what Binance documents."""


class Pairs(list[tuple[str, Any]]):
    """An object as its members in order: doubled keys are seen, and it is no array."""


# Readers: each takes the state of one record, the place its value goes to, and the value.
def _symbol(record: dict[str, Any], place: str, value: Any) -> None:
    record[place] = text_of(value)


def _contract(record: dict[str, Any], place: str, value: Any) -> None:
    record[place] = text_of(value).partition("@")[0]


def _integer(record: dict[str, Any], place: str, value: Any) -> None:
    if type(value) is not int or value not in _INT64:
        raise Rejected
    record[place] = value


def _time(record: dict[str, Any], place: str, value: Any) -> None:
    if type(value) is not int:
        raise Rejected
    if value in _MILLISECONDS:
        record[place] = value * 1_000_000
    elif value in _MICROSECONDS:
        record[place] = value * 1_000
    else:
        raise Rejected


def number(value: Any) -> float:
    """Return what a text of digits says; other text, and what a double cannot hold, is refused."""
    if type(value) is not str or not _NUMBER.fullmatch(value):
        raise Rejected
    result = float(value)
    if math.isinf(result):
        raise Rejected
    return result


def _decimal(record: dict[str, Any], place: str, value: Any) -> None:
    record[place] = number(value)


def _maybe_decimal(record: dict[str, Any], place: str, value: Any) -> None:
    if value is not None and value != "":
        record[place] = number(value)


def _boolean(record: dict[str, Any], place: str, value: Any) -> None:
    if type(value) is not bool:
        raise Rejected
    record[place] = value


def _product(record: dict[str, Any], place: str, value: Any) -> None:
    if type(value) is not int or value not in _INT64:
        raise Rejected
    record["flags"] |= {1: USDM, 2: COINM}.get(value, 0)


def _interval(record: dict[str, Any], place: str, value: Any) -> None:
    match = _INTERVAL.fullmatch(text_of(value))
    record[place] = int(match[1]) * _SECONDS[match[2]] * 10**9 if match else 0


def _levels(record: dict[str, Any], place: str, value: Any) -> None:
    if type(value) is not list:
        raise Rejected
    levels = []
    for pair in value:
        if type(pair) is not list or len(pair) != 2:
            raise Rejected
        levels.append((number(pair[0]), number(pair[1])))
    record[place] = levels


def _ignored(record: dict[str, Any], place: str, value: Any) -> None:
    check_nesting(value)


def _codes(*texts: str, **others: int) -> Callable[..., None]:
    codes = {text: code for code, text in enumerate(texts, 1)} | others

    def read(record: dict[str, Any], place: str, value: Any) -> None:
        record[place] = codes.get(text_of(value), UNKNOWN)

    return read


def inside(keys: str, required: str) -> Callable[..., None]:
    """Return the reader of a nested object with keys of its own."""
    inner, wanted = table(keys), groups(required)

    def read(record: dict[str, Any], place: str, value: Any) -> None:
        if type(value) is not Pairs:
            raise Rejected
        read_keys(record, value, inner, wanted)

    return read


def _event(record: dict[str, Any], place: str, value: Any) -> None:
    if text_of(value) not in record["events"]:
        raise Rejected


def text_of(value: Any) -> str:
    """Return a text; what is none is refused."""
    if type(value) is not str:
        raise Rejected
    return value


READERS: Final[dict[str, Callable[..., None]]] = {
    "event": _event,
    "symbol": _symbol,
    "pair": _symbol,
    "contract_type": _symbol,
    "contract": _contract,
    "int": _integer,
    "time": _time,
    "dec": _decimal,
    "maybe": _maybe_decimal,
    "bool": _boolean,
    "product": _product,
    "interval": _interval,
    "levels": _levels,
    "skip": _ignored,
    "trade_type": _codes("MARKET", "RPI", "ADL", "INSURANCE_FUND", "BLOCK", NA=FILLER),
    "side": _codes("BUY", "SELL"),
    "order_type": _codes(
        "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
        "LIQUIDATION",
    ),
    "time_in_force": _codes("GTC", "IOC", "FOK", "GTX", "GTD", "RPI", "GTE_GTC"),
    "order_status": _codes(
        "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED", "NEW_INSURANCE", "NEW_ADL",
        "EXPIRED_IN_MATCH",
    ),
}  # fmt: skip


def table(keys: str) -> dict[str, tuple[Callable[..., None], str]]:
    """Compile ``key:reader>place``, the place left out where the reader needs none."""
    table = {}
    for word in keys.split():
        key, _, rest = word.partition(":")
        reader, _, place = rest.partition(">")
        table[key] = (READERS[reader], place or reader)
    return table


def groups(required: str) -> tuple[frozenset[str], ...]:
    """Compile ``e E b|bids``: of each group one key must be there."""
    return tuple(frozenset(word.split("|")) for word in required.split())


def _need(value: Any) -> int:
    """Return how many levels a value takes: 1 for a scalar or an empty object or array."""
    if type(value) is Pairs:
        return 1 + max((_need(inner) for _, inner in value), default=0)
    if type(value) is list:
        return 1 + max(map(_need, value), default=0)
    return 1


def check_nesting(value: Any) -> None:
    if type(value) in (list, Pairs) and _need(value) > MAX_NESTING:
        raise Rejected


def read_keys(record: dict[str, Any], pairs: Pairs, table: dict[str, Any], required: Any) -> None:
    seen = set()
    for key, value in pairs:
        found = table.get(key)
        if found is None:
            check_nesting(value)
            continue
        reader, place = found
        if reader is not _ignored:
            if place in seen:
                raise Rejected
            seen.add(place)
        reader(record, place, value)
    names = {key for key, _ in pairs}
    for group in required:
        if not group & names:
            raise Rejected

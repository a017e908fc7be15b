"""What a record must say, from its event as Python's own JSON reads it: the keys of all fields once more."""

import math
from collections.abc import Iterator
from typing import Any, Final

from fastbinance import codes
from fastbinance.records import FLAG_COINM, FLAG_USDM
from fastbinance.streams import Kind
from support.events import Event

NS_PER_MS: Final = 1_000_000

_TRADE: Final = {"trade_id": "t", "price": "p", "qty": "q", "is_buyer_maker": "m", "transaction_ns": "T"}
_DEPTH: Final = {
    "first_update_id": "U", "update_id": "u", "prev_update_id": "pu", "transaction_ns": "T", "bids": "b",
    "asks": "a",
}  # fmt: skip
_CANDLE: Final = {
    "open_time_ns": "k.t", "close_time_ns": "k.T", "open_price": "k.o", "high_price": "k.h",
    "low_price": "k.l", "close_price": "k.c", "volume": "k.v", "quote_volume": "k.q",
    "taker_buy_volume": "k.V", "taker_buy_quote_volume": "k.Q", "first_trade_id": "k.f",
    "last_trade_id": "k.L", "trade_count": "k.n", "is_closed": "k.x",
}  # fmt: skip
_TICKER: Final = {
    "open_time_ns": "O", "close_time_ns": "C", "first_trade_id": "F", "last_trade_id": "L",
    "trade_count": "n", "price_change": "p", "price_change_percent": "P", "weighted_average_price": "w",
    "previous_close_price": "x", "last_price": "c", "last_qty": "Q", "bid_price": "b", "bid_qty": "B",
    "ask_price": "a", "ask_qty": "A", "open_price": "o", "high_price": "h", "low_price": "l", "volume": "v",
    "quote_volume": "q",
}  # fmt: skip

#: Field to key, by kind; a key within another has a point before it. `event_ns` is "E" wherever there is one.
PLACES: Final[dict[Kind, dict[str, str]]] = {
    Kind.BOOK_TICKER: {
        "update_id": "u", "bid_price": "b", "bid_qty": "B", "ask_price": "a", "ask_qty": "A",
        "transaction_ns": "T",
    },
    Kind.TRADE: _TRADE | {"trade_type": "X"},
    Kind.BLOCK_TRADE: _TRADE,
    Kind.AGG_TRADE: {
        "agg_trade_id": "a", "first_trade_id": "f", "last_trade_id": "l", "price": "p", "qty": "q",
        "is_buyer_maker": "m", "transaction_ns": "T",
    },
    Kind.DIFF_DEPTH: _DEPTH,
    Kind.PARTIAL_DEPTH: _DEPTH,
    Kind.KLINE: _CANDLE,
    Kind.CONTINUOUS_KLINE: _CANDLE,
    Kind.INDEX_PRICE_KLINE: _CANDLE,
    Kind.MARK_PRICE_KLINE: _CANDLE,
    Kind.CONTRACT_KLINE: {
        "open_time_ns": "k.ot", "close_time_ns": "k.ct", "open_price": "k.o", "high_price": "k.h",
        "low_price": "k.l", "close_price": "k.c", "volume": "k.v", "quote_volume": "k.q",
        "taker_buy_volume": "k.V", "taker_buy_quote_volume": "k.Q",
    },
    Kind.TICKER: _TICKER,
    Kind.ROLLING_TICKER: _TICKER,
    Kind.MINI_TICKER: {
        "last_price": "c", "open_price": "o", "high_price": "h", "low_price": "l", "volume": "v",
        "quote_volume": "q",
    },
    Kind.AVERAGE_PRICE: {"average_price": "w", "interval_ns": "i", "transaction_ns": "T"},
    Kind.REFERENCE_PRICE: {"price": "r", "transaction_ns": "t"},
    Kind.MARK_PRICE: {
        "mark_price": "p", "mark_price_average": "ap", "index_price": "i", "estimated_settle_price": "P",
        "funding_rate": "r", "next_funding_ns": "T",
    },
    Kind.OPTION_MARK_PRICE: {
        "mark_price": "mp", "index_price": "i", "estimated_settle_price": "P", "bid_price": "bo",
        "ask_price": "ao", "bid_qty": "bq", "ask_qty": "aq", "bid_iv": "b", "ask_iv": "a",
        "high_price_limit": "hl", "low_price_limit": "ll", "mark_iv": "vo", "risk_free_rate": "rf",
        "delta": "d", "theta": "t", "gamma": "g", "vega": "v",
    },
    Kind.INDEX_PRICE: {"price": "p"},
    Kind.FORCE_ORDER: {
        "price": "o.p", "average_price": "o.ap", "qty": "o.q", "last_filled_qty": "o.l",
        "cumulative_filled_qty": "o.z", "side": "o.S", "order_type": "o.o", "time_in_force": "o.f",
        "order_status": "o.X", "transaction_ns": "o.T",
    },
    Kind.OPEN_INTEREST: {"open_interest": "o", "open_interest_value": "h"},
    Kind.ASSET_INDEX: {
        "index_price": "i", "bid_buffer": "b", "ask_buffer": "a", "bid_rate": "B", "ask_rate": "A",
        "auto_exchange_bid_buffer": "q", "auto_exchange_ask_buffer": "g", "auto_exchange_bid_rate": "Q",
        "auto_exchange_ask_rate": "G",
    },
}  # fmt: skip

#: Fields whose text is one of a short list.
CODES: Final = {
    "trade_type": codes.TradeType,
    "side": codes.Side,
    "order_type": codes.OrderType,
    "time_in_force": codes.TimeInForce,
    "order_status": codes.OrderStatus,
}

_UNIT_NS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_INTEGERS: Final = ("trade_count",)
_BOOLEANS: Final = ("is_buyer_maker", "is_closed")


def at(event: Event, path: str) -> Any:
    """Return the value at a path, or None."""
    outer, _, inner = path.partition(".")
    value = event.get(outer)
    return (value or {}).get(inner) if inner else value


def type_of(name: str) -> str:
    """Return what a field's key holds: levels, time, interval, integer, boolean, code or decimal."""
    if name in ("bids", "asks"):
        return "levels"
    if name == "interval_ns":
        return "interval"
    if name.endswith("_ns"):
        return "time"
    if name.endswith("_id") or name in _INTEGERS:
        return "integer"
    if name in _BOOLEANS:
        return "boolean"
    return "code" if name in CODES else "decimal"


def _value(name: str, found: Any) -> Any:
    """Return what a field says when its key holds this; None: there is no such key."""
    match type_of(name):
        case "levels":
            return [[float(number) for number in level] for level in found]
        case "interval":
            return int(found[:-1]) * _UNIT_NS[found[-1]] * 1_000_000_000
        case "time":
            return (found or 0) * (1_000 if found and found >= 10**14 else NS_PER_MS)
        case "integer":
            return found or 0
        case "boolean":
            return bool(found)
        case "code":
            members = CODES[name].__members__
            return 0 if found is None else int(members.get(found, CODES[name].UNKNOWN))
    return float(found) if found else math.nan


def flags_of(event: Event) -> int:
    """Return the bits that "st" sets, wherever it stands."""
    products = {event.get("st"), at(event, "o.st") if isinstance(event.get("o"), dict) else None}
    return (FLAG_USDM if 1 in products else 0) | (FLAG_COINM if 2 in products else 0)


def symbol_of(kind: Kind, event: Event) -> str | None:
    """Return the symbol that a payload names; None where it names none."""
    if kind is Kind.CONTINUOUS_KLINE:
        return f"{event['ps']}_{event['ct']}"
    if kind is Kind.CONTRACT_KLINE:
        return str(event["ca"]).partition("@")[0]
    path = {Kind.INDEX_PRICE_KLINE: "ps", Kind.MARK_PRICE_KLINE: "k.s", Kind.FORCE_ORDER: "o.s"}.get(
        kind, "s"
    )
    found = at(event, path)
    return event.get("i") if found is None and kind is Kind.INDEX_PRICE else found


def expected(kind: Kind, event: Event) -> dict[str, Any]:
    """Return every field that an event tells, as plain Python reads it."""
    if "lastUpdateId" in event:  # spot's partial depth has names of its own, as the bodies of REST calls have
        event = event | {"u": event["lastUpdateId"], "b": event["bids"], "a": event["asks"]}
    fields = {name: _value(name, at(event, path)) for name, path in PLACES[kind].items()}
    return {"event_ns": _value("event_ns", event.get("E")), "flags": flags_of(event)} | fields


def differences(record: Any, wanted: dict[str, Any]) -> Iterator[str]:
    """Say where a record is not, bit for bit, what it should be."""
    for name, value in wanted.items():
        got = record[name].tolist() if type_of(name) == "levels" else record[name]
        if isinstance(value, float):
            if got.hex() != value.hex():
                yield f"{name} is {got!r}, not {value!r}"
        elif got != value or type(got) is not type(value):
            yield f"{name} is {got!r}, not {value!r}"


def differs(kind: Kind, record: Any, event: Event) -> list[str]:
    """Say where a record is not what plain Python reads out of its event."""
    return list(differences(record, expected(kind, event)))

"""A plain decoder of market data, for the library to be compared with.

It reads a payload with Python's own `json` and goes by the tables below, key by key: no scanning, no shared code with
the library, no care for speed beyond what a million comparisons need. A record comes out as the bytes that the library
stores, so that a comparison is one of bytes.

The tables are written from Binance's documentation and from what has been captured, as the library's are; the two were
typed separately, and that is the point.
"""

import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

MAX_NESTING: Final = 16
MAX_SYMBOL_BYTES: Final = 48
USDM, COINM, END_OF_FRAME = 0x100, 0x200, 2
UNKNOWN, FILLER = 255, 254

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_INTERVAL: Final = re.compile(r"([0-9]{1,4})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_INT64: Final = range(-(2**63), 2**63)
_MILLISECONDS: Final = range(2**63 // 10**6 + 1)
_MICROSECONDS: Final = range(10**14, 2**63 // 10**3 + 1)


class Rejected(Exception):
    """The payload is not what Binance documents."""


class Pairs(list[tuple[str, Any]]):
    """An object as its members in order: doubled keys are seen, and it is no array."""


class Said(NamedTuple):
    """One record: its bytes with a sequence of 0, what its symbol is, and its levels."""

    kind: int
    record: bytes
    symbol: str | None
    levels: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Shape:
    """What a kind's payload has: key to how its value is read and where it goes."""

    kind: int
    events: tuple[str, ...]
    fields: tuple[str, ...]
    layout: struct.Struct
    keys: dict[str, tuple[Callable[..., None], str]]
    required: tuple[frozenset[str], ...]
    blank: dict[str, Any]
    has_levels: bool = False


# Readers: each takes the state of one record, the place its value goes to, and the value.
def _symbol(record: dict[str, Any], place: str, value: Any) -> None:
    record[place] = _text(value)


def _contract(record: dict[str, Any], place: str, value: Any) -> None:
    record[place] = _text(value).partition("@")[0]


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
    match = _INTERVAL.fullmatch(_text(value))
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
    _check_nesting(value)


def _codes(*texts: str, **others: int) -> Callable[..., None]:
    codes = {text: code for code, text in enumerate(texts, 1)} | others

    def read(record: dict[str, Any], place: str, value: Any) -> None:
        record[place] = codes.get(_text(value), UNKNOWN)

    return read


def _inside(keys: str, required: str) -> Callable[..., None]:
    """Return the reader of a nested object with keys of its own."""
    table, groups = _table(keys), _groups(required)

    def read(record: dict[str, Any], place: str, value: Any) -> None:
        if type(value) is not Pairs:
            raise Rejected
        _read_keys(record, value, table, groups)

    return read


def _event(record: dict[str, Any], place: str, value: Any) -> None:
    if _text(value) not in record["events"]:
        raise Rejected


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Rejected
    return value


_READERS: Final[dict[str, Callable[..., None]]] = {
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


def _table(keys: str) -> dict[str, tuple[Callable[..., None], str]]:
    """Compile ``key:reader>place``, the place left out where the reader needs none."""
    table = {}
    for word in keys.split():
        key, _, rest = word.partition(":")
        reader, _, place = rest.partition(">")
        table[key] = (_READERS[reader], place or reader)
    return table


def _groups(required: str) -> tuple[frozenset[str], ...]:
    """Compile ``e E b|bids``: of each group one key must be there."""
    return tuple(frozenset(word.split("|")) for word in required.split())


HEAD: Final = "flags:I symbol_id:I event_ns:q transaction_ns:q recv_ns:q"
SHAPES: Final[dict[int, Shape]] = {}


def _shape(kind: int, events: str, fields: str, keys: str, required: str, levels: bool = False) -> None:
    names, codes, blank = ["sequence"], "<q", {"sequence": 0}
    for word in f"{HEAD} {fields}".split():
        name, _, code = word.partition(":")
        names.append(name)
        codes += code
        blank[name] = {"d": math.nan, "?": False}.get(code, 0)
    SHAPES[kind] = Shape(
        kind, tuple(events.split()), tuple(names), struct.Struct(codes), _table(keys), _groups(required), blank, levels
    )


_TIMES = "e:event E:time>event_ns T:time>transaction_ns"
_TRADE_FIELDS = "trade_id:q price:d qty:d is_buyer_maker:? trade_type:B"
_DEPTH_FIELDS = "first_update_id:q update_id:q prev_update_id:q levels_begin:q bid_count:I ask_count:I"
_KLINE_FIELDS = (
    "open_time_ns:q close_time_ns:q open_price:d high_price:d low_price:d close_price:d volume:d quote_volume:d"
    " taker_buy_volume:d taker_buy_quote_volume:d first_trade_id:q last_trade_id:q trade_count:q is_closed:?"
)
_CANDLE = (
    "t:time>open_time_ns T:time>close_time_ns i:skip f:int>first_trade_id L:int>last_trade_id o:dec>open_price"
    " c:dec>close_price h:dec>high_price l:dec>low_price v:dec>volume n:int>trade_count x:bool>is_closed"
    " q:dec>quote_volume V:dec>taker_buy_volume Q:dec>taker_buy_quote_volume B:skip"
)
_CANDLE_REQUIRED = "t T f L o c h l v n x q V Q"
_TICKER_FIELDS = (
    "open_time_ns:q close_time_ns:q first_trade_id:q last_trade_id:q trade_count:q price_change:d"
    " price_change_percent:d weighted_average_price:d previous_close_price:d last_price:d last_qty:d bid_price:d"
    " bid_qty:d ask_price:d ask_qty:d open_price:d high_price:d low_price:d volume:d quote_volume:d"
)
_TICKER = (
    "e:event E:time>event_ns s:symbol p:dec>price_change P:dec>price_change_percent w:dec>weighted_average_price"
    " c:dec>last_price o:dec>open_price h:dec>high_price l:dec>low_price v:dec>volume q:dec>quote_volume"
    " O:time>open_time_ns C:time>close_time_ns F:int>first_trade_id L:int>last_trade_id n:int>trade_count"
)
_TICKER_REQUIRED = "e E s p P w c o h l v q O C F L n"

_shape(
    1, "bookTicker", "update_id:q bid_price:d bid_qty:d ask_price:d ask_qty:d",
    f"{_TIMES} u:int>update_id s:symbol ps:skip b:dec>bid_price B:dec>bid_qty a:dec>ask_price A:dec>ask_qty st:product",
    "u s b B a A",
)
_shape(
    2, "trade", _TRADE_FIELDS,
    f"{_TIMES} s:symbol t:int>trade_id p:dec>price q:dec>qty m:bool>is_buyer_maker X:trade_type st:product"
    " M:skip S:skip ps:skip b:skip a:skip",
    "e E T s t p q m",
)
_shape(
    3, "aggTrade", "agg_trade_id:q first_trade_id:q last_trade_id:q price:d qty:d is_buyer_maker:?",
    f"{_TIMES} s:symbol a:int>agg_trade_id f:int>first_trade_id l:int>last_trade_id p:dec>price q:dec>qty"
    " m:bool>is_buyer_maker st:product nq:skip M:skip ps:skip",
    "e E T s a f l p q m",
)
_shape(
    4, "depthUpdate", _DEPTH_FIELDS,
    f"{_TIMES} s:symbol ps:skip U:int>first_update_id u:int>update_id pu:int>prev_update_id b:levels>bids"
    " a:levels>asks st:product",
    "e E s U u b a", levels=True,
)
_shape(
    5, "depthUpdate", _DEPTH_FIELDS,
    f"{_TIMES} s:symbol ps:skip U:int>first_update_id u:int>update_id lastUpdateId:int>update_id"
    " pu:int>prev_update_id b:levels>bids bids:levels>bids a:levels>asks asks:levels>asks st:product",
    "u|lastUpdateId b|bids a|asks", levels=True,
)
_shape(
    6, "blockTrade", _TRADE_FIELDS,
    f"{_TIMES} s:symbol t:int>trade_id p:dec>price q:dec>qty m:bool>is_buyer_maker M:skip",
    "e E T s t p q m",
)
_READERS["candle"] = _inside(f"{_CANDLE} s:skip", _CANDLE_REQUIRED)
_READERS["candle_of_symbol"] = _inside(f"{_CANDLE} s:symbol", f"{_CANDLE_REQUIRED} s")
_READERS["contract_candle"] = _inside(
    "ot:time>open_time_ns ct:time>close_time_ns i:skip o:dec>open_price c:dec>close_price h:dec>high_price"
    " l:dec>low_price v:dec>volume",
    "ot ct o c h l v",
)
_shape(
    7, "kline", _KLINE_FIELDS, "e:event E:time>event_ns s:symbol k:candle ps:skip st:product", "e E s k",
)
_shape(
    8, "continuous_kline", _KLINE_FIELDS,
    "e:event E:time>event_ns ps:pair ct:contract_type k:candle st:product", "e E ps ct k",
)
_shape(
    9, "indexPrice_kline", _KLINE_FIELDS, "e:event E:time>event_ns ps:symbol k:candle st:product", "e E ps k",
)
_shape(
    10, "markPrice_kline", _KLINE_FIELDS,
    "e:event E:time>event_ns ps:skip k:candle_of_symbol st:product", "e E k",
)
_shape(
    11, "kline", _KLINE_FIELDS, "e:event ca:contract>symbol E:time>event_ns k:contract_candle", "e ca k",
)
_shape(
    12, "24hrTicker", _TICKER_FIELDS,
    f"{_TICKER} ps:skip x:dec>previous_close_price Q:dec>last_qty b:dec>bid_price B:dec>bid_qty a:dec>ask_price"
    " A:dec>ask_qty st:product",
    f"{_TICKER_REQUIRED} Q",
)
_shape(13, "1hTicker 4hTicker 1dTicker", _TICKER_FIELDS, _TICKER, _TICKER_REQUIRED)
_shape(
    14, "24hrMiniTicker", "last_price:d open_price:d high_price:d low_price:d volume:d quote_volume:d",
    "e:event E:time>event_ns s:symbol ps:skip c:dec>last_price o:dec>open_price h:dec>high_price l:dec>low_price"
    " v:dec>volume q:dec>quote_volume st:product",
    "e E s c o h l v q",
)
_shape(
    15, "avgPrice", "average_price:d interval_ns:q",
    f"{_TIMES} s:symbol i:interval>interval_ns w:dec>average_price", "e E T s i w",
)
_shape(
    16, "referencePrice", "price:d",
    "e:event s:symbol r:maybe>price t:time>transaction_ns E:time>event_ns", "e s r t",
)
_shape(
    17, "markPriceUpdate",
    "mark_price:d mark_price_average:d index_price:d estimated_settle_price:d funding_rate:d next_funding_ns:q",
    "e:event E:time>event_ns s:symbol p:dec>mark_price ap:dec>mark_price_average P:maybe>estimated_settle_price"
    " i:maybe>index_price r:maybe>funding_rate T:time>next_funding_ns st:product ps:skip",
    "e E s p",
)
_shape(
    18, "markPrice",
    "mark_price:d index_price:d estimated_settle_price:d bid_price:d ask_price:d bid_qty:d ask_qty:d bid_iv:d ask_iv:d"
    " high_price_limit:d low_price_limit:d mark_iv:d risk_free_rate:d delta:d theta:d gamma:d vega:d",
    "e:event E:time>event_ns s:symbol mp:dec>mark_price i:dec>index_price P:dec>estimated_settle_price bo:dec>bid_price"
    " ao:dec>ask_price bq:dec>bid_qty aq:dec>ask_qty b:dec>bid_iv a:dec>ask_iv hl:dec>high_price_limit"
    " ll:dec>low_price_limit vo:dec>mark_iv rf:dec>risk_free_rate d:dec>delta t:dec>theta g:dec>gamma v:dec>vega",
    "e E s mp i P bo ao bq aq b a hl ll vo rf d t g v",
)
_shape(
    19, "indexPriceUpdate indexPrice", "price:d",
    "e:event E:time>event_ns i:symbol s:symbol p:dec>price st:product", "e E i|s p",
)
_READERS["order"] = _inside(
    "s:symbol S:side o:order_type f:time_in_force q:dec>qty p:dec>price ap:dec>average_price X:order_status"
    " l:dec>last_filled_qty z:dec>cumulative_filled_qty T:time>transaction_ns ps:skip st:product",
    "s S o f q p ap X l z T",
)
_shape(
    20, "forceOrder",
    "price:d average_price:d qty:d last_filled_qty:d cumulative_filled_qty:d side:B order_type:B time_in_force:B"
    " order_status:B",
    "e:event E:time>event_ns o:order ps:skip st:product", "e E o",
)
_shape(
    21, "openInterest", "open_interest:d open_interest_value:d",
    "e:event E:time>event_ns s:symbol o:dec>open_interest h:dec>open_interest_value", "e E s o h",
)
_shape(
    22, "assetIndexUpdate",
    "index_price:d bid_buffer:d ask_buffer:d bid_rate:d ask_rate:d auto_exchange_bid_buffer:d"
    " auto_exchange_ask_buffer:d auto_exchange_bid_rate:d auto_exchange_ask_rate:d",
    "e:event E:time>event_ns s:symbol i:dec>index_price b:dec>bid_buffer a:dec>ask_buffer B:dec>bid_rate A:dec>ask_rate"
    " q:dec>auto_exchange_bid_buffer g:dec>auto_exchange_ask_buffer Q:dec>auto_exchange_bid_rate"
    " G:dec>auto_exchange_ask_rate",
    "e E s i b a B A q g Q G",
)  # fmt: skip


def _read_keys(record: dict[str, Any], pairs: Pairs, table: dict[str, Any], required: Any) -> None:
    seen = set()
    for key, value in pairs:
        found = table.get(key)
        if found is None:
            _check_nesting(value)
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


def _element(shape: Shape, pairs: Any) -> dict[str, Any]:
    """Read one object into the state of a record."""
    if type(pairs) is not Pairs:
        raise Rejected
    record = shape.blank | {"events": shape.events}
    _read_keys(record, pairs, shape.keys, shape.required)
    if "pair" in record:
        record["symbol"] = f"{record['pair']}_{record['contract_type']}" if record["pair"] else ""
    symbol = record.get("symbol")
    if symbol is not None:
        if not 1 <= len(symbol.encode()) <= MAX_SYMBOL_BYTES:
            raise Rejected
        if any(sign in '"\\' or sign < " " for sign in symbol):
            raise Rejected
    return record


def _records(shape: Shape, data: Any) -> list[Said]:
    """Read the object of a message, or the array of objects."""
    is_array = type(data) is list
    if is_array and shape.has_levels and data:
        raise Rejected
    read = [_element(shape, element) for element in (data if is_array else [data])]
    rows: dict[str, int] = {}
    said = []
    for i, record in enumerate(read):
        if record.get("trade_type") == FILLER:
            continue
        symbol = record.get("symbol")
        record["symbol_id"] = 0 if symbol is None else rows.setdefault(symbol, len(rows))
        levels: tuple[tuple[float, float], ...] = ()
        if shape.has_levels:
            record["bid_count"], record["ask_count"] = len(record["bids"]), len(record["asks"])
            levels = (*record["bids"], *record["asks"])
        if is_array and i == len(read) - 1:
            record["flags"] |= END_OF_FRAME
        record["sequence"] = len(said)
        packed = shape.layout.pack(*[record[name] for name in shape.fields])
        said.append(Said(shape.kind, packed, symbol, levels))
    return said


def _kind_of_content(pairs: Pairs) -> int:
    """Return the kind of an object that names no stream, or 0."""
    event = None
    for key, value in pairs:
        if key == "e" and type(value) is str:
            event = value
    names = [key for key, _ in pairs]
    if event is None:
        if "u" in names and sum(names.count(key) for key in "bBaA") == 4:
            return 1
        return 5 if "lastUpdateId" in names and "bids" in names else 0
    if event == "kline" and "ca" in names:
        return 11
    return next((shape.kind for shape in SHAPES.values() if event in shape.events), 0)


def _refuse_constant(text: str) -> None:
    raise Rejected


_DECODER: Final = json.JSONDecoder(object_pairs_hook=Pairs, parse_constant=_refuse_constant)


def _strings(value: Any) -> list[str]:
    if type(value) is str:
        return [value]
    if type(value) is Pairs:
        return [text for key, inner in value for text in (key, *_strings(inner))]
    if type(value) is list:
        return [text for inner in value for text in _strings(inner)]
    return []


def _need(value: Any) -> int:
    """Return how many levels a value takes: 1 for a scalar or an empty object or array."""
    if type(value) is Pairs:
        return 1 + max((_need(inner) for _, inner in value), default=0)
    if type(value) is list:
        return 1 + max(map(_need, value), default=0)
    return 1


def _check_nesting(value: Any) -> None:
    if type(value) in (list, Pairs) and _need(value) > MAX_NESTING:
        raise Rejected


def _parse(payload: bytes) -> Any:
    """Read JSON as RFC 8259 has it: a byte order mark is passed over, half a surrogate pair is refused."""
    try:
        text = payload.decode().removeprefix("\ufeff")
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Rejected from None
    if "\\u" in text and any(map(_HALF_PAIR.search, _strings(value))):
        raise Rejected
    return value


def _decode_object(pairs: Pairs, kind_of_stream: Callable[[str], int]) -> list[Said]:
    stream, data, data_first = None, None, False
    for key, value in pairs:
        if key == "stream":
            if stream is not None:
                raise Rejected
            stream = _text(value)
        elif key == "data":
            if data is not None:
                raise Rejected
            data, data_first = (value,), stream is None
            continue
        _check_nesting(value)
    stream_kind = kind_of_stream(stream) if stream else 0
    if data is not None:
        if data_first or not stream_kind:
            _check_nesting(data[0])
        if stream is not None:
            return _records(SHAPES[stream_kind], data[0]) if stream_kind else []
    # Without wrapper.
    names = [key for key, _ in pairs]
    has_event = any(key == "e" and type(value) is str for key, value in pairs)
    if not has_event and ("result" in names or "error" in names or ("code" in names and "msg" in names)):
        return []
    kind = _kind_of_content(pairs)
    if stream:
        # Names its stream and has its content beside it: taken when the two agree.
        if kind != stream_kind and (kind, stream_kind) != (4, 5):
            return []
        kind = stream_kind
    return _records(SHAPES[kind], pairs) if kind else []


def decode(payload: bytes, kind_of_stream: Callable[[str], int]) -> list[Said]:
    """Return the records of one payload.

    Parameters
    ----------
    payload : bytes
        With or without the wrapper that names its stream.
    kind_of_stream : callable
        Number of the kind of a stream's records; 0 for what has no ring.

    Raises
    ------
    Rejected
        The payload is not what Binance documents.
    """
    value = _parse(payload)
    if type(value) is Pairs:
        return _decode_object(value, kind_of_stream)
    if type(value) is not list:
        raise Rejected
    for i, element in enumerate(value):
        for inner in [inner for _, inner in element] if i == 0 and type(element) is Pairs else [element]:
            _check_nesting(inner)
    kind = _kind_of_content(value[0]) if value and type(value[0]) is Pairs else 0
    return _records(SHAPES[kind], value) if kind else []

"""A plain decoder of market data, for the library to be compared with.

It reads a payload with Python's own `json` and goes by the tables below, key by key: no scanning, no shared
code with the library, no care for speed beyond what a million comparisons need. A record comes out as the
bytes that the library stores, so that a comparison is one of bytes.

The tables are written from Binance's documentation and from what has been captured, as the library's are; the
two were typed separately, and that is the point.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fuzz.readers import FILLER, Pairs, Rejected, check_nesting, read_keys, text_of
from fuzz.shapes import SHAPES, Shape

MAX_SYMBOL_BYTES: Final = 48
END_OF_FRAME: Final = 2

_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


class Said(NamedTuple):
    """One record: its bytes with a sequence of 0, what its symbol is, and its levels."""

    kind: int
    record: bytes
    symbol: str | None
    levels: tuple[tuple[float, float], ...]


def _element(shape: Shape, pairs: Any) -> dict[str, Any]:
    """Read one object into the state of a record."""
    if type(pairs) is not Pairs:
        raise Rejected
    record = shape.blank | {"events": shape.events}
    read_keys(record, pairs, shape.keys, shape.required)
    if "pair" in record:
        pair, contract_type = record["pair"], record["contract_type"]
        record["symbol"] = f"{pair}_{contract_type}" if pair and contract_type else ""
    symbol = record.get("symbol")
    if symbol is not None:
        if not 1 <= len(symbol.encode()) <= MAX_SYMBOL_BYTES:
            raise Rejected
        if any(sign in '"\\' or sign < " " for sign in symbol):
            raise Rejected
    return record


def _is_filler(trade: dict[str, Any]) -> bool:
    return trade["trade_type"] == FILLER or (trade["trade_type"] != 0 and trade["price"] == 0)


def _records(shape: Shape, data: Any) -> list[Said]:
    """Read the object of a message, or the array of objects."""
    is_array = type(data) is list
    if is_array and shape.has_levels and data:
        raise Rejected
    read = [_element(shape, element) for element in (data if is_array else [data])]
    if shape.kind == 2:  # trades: fillers of futures, by their type or by a price that is none
        read = [record for record in read if not _is_filler(record)]
    rows: dict[str, int] = {}
    said = []
    for i, record in enumerate(read):
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
            stream = text_of(value)
        elif key == "data":
            if data is not None:
                raise Rejected
            data, data_first = (value,), stream is None
            continue
        check_nesting(value)
    stream_kind = kind_of_stream(stream) if stream else 0
    if data is not None:
        if data_first or not stream_kind:
            check_nesting(data[0])
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
            check_nesting(inner)
    kind = _kind_of_content(value[0]) if value and type(value[0]) is Pairs else 0
    return _records(SHAPES[kind], value) if kind else []

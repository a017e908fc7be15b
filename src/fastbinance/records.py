"""What one record says, by kind: classes with C getters, and the dtypes of the same bytes in a ring.

The layout is written once, in ``_native/record.hpp``. Here it gets names, types and documentation, and every
class is checked against it when this module is imported: a field that is missing, surplus or of another type
is an ImportError.
"""

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from fastbinance._core import ring as _ring
from fastbinance._core.ring import DepthRecord, Field, NewestField, Record, RingBase
from fastbinance.streams import Kind

__all__ = [
    "FIELD_DOCS",
    "FLAG_LEVELS_TRUNCATED",
    "AggTrade",
    "AggTradeFields",
    "BookTicker",
    "BookTickerFields",
    "Depth",
    "DepthFields",
    "RecordFields",
    "Trade",
    "TradeFields",
    "dtype_of",
    "ring_of",
]

#: Bit of ``flags``: the message had more levels than the ring's arena holds, and only the first ones are
# there.
FLAG_LEVELS_TRUNCATED: Final = 1

FIELD_DOCS: Final[dict[str, str]] = {
    "sequence": "Number of the record in its ring: 0, 1, 2, ... Ours, not Binance's.",
    "flags": "Bits that say what is special about the record; 0 for nothing.",
    "symbol_id": "Index of the symbol in the ring's `symbols`.",
    "event_ns": "Binance's event time (`E`), UTC nanoseconds; 0 where the stream carries none.",
    "transaction_ns": "Binance's transaction time (`T`), UTC nanoseconds; 0 where the stream carries none.",
    "recv_ns": "Our wall clock at the socket read that brought the message, UTC nanoseconds.",
    "update_id": "Binance's id of the newest change of the book in it (`u`, or `lastUpdateId`).",
    "bid_price": "Best bid (`b`), in quote asset.",
    "bid_qty": "Quantity at the best bid (`B`), in base asset; contracts on COIN-M.",
    "ask_price": "Best ask (`a`), in quote asset.",
    "ask_qty": "Quantity at the best ask (`A`), in base asset; contracts on COIN-M.",
    "trade_id": "Binance's trade id (`t`).",
    "price": "Price (`p`), in quote asset.",
    "qty": "Quantity (`q`), in base asset; contracts on COIN-M.",
    "is_buyer_maker": "Whether the buyer was the maker (`m`): true means that the aggressor sold.",
    "agg_trade_id": "Binance's id of the aggregate trade (`a`).",
    "first_trade_id": "First trade in it (`f`).",
    "last_trade_id": "Last trade in it (`l`).",
    "first_update_id": "First change of the book in it (`U`); 0 on spot partial depth.",
    "prev_update_id": "`u` of the stream's previous message (`pu`); 0 on spot, -1 before the first.",
    "levels_begin": "Where its levels begin in the ring's arena, an absolute index.",
    "bid_count": "Number of bid levels.",
    "ask_count": "Number of ask levels.",
}

_PYTHON_TYPES: Final[dict[str, type]] = {"q": int, "I": int, "d": float, "?": bool}

_C = TypeVar("_C", bound=type[Any])


class RecordFields:
    """Fields that every record begins with, and every ring shows for its newest record.

    Attributes
    ----------
    sequence : int
        Number of the record in its ring: 0, 1, 2, ... never reused. Ours, not Binance's.
    flags : int
        `FLAG_LEVELS_TRUNCATED`, or 0.
    symbol_id : int
        Index into the ring's `symbols`.
    event_ns, transaction_ns : int
        Binance's ``E`` and ``T`` as UTC nanoseconds; 0 where the stream carries none.
    recv_ns : int
        Our wall clock at the socket read that brought the message, UTC nanoseconds.
    """

    __slots__ = ()

    sequence: int
    flags: int
    symbol_id: int
    event_ns: int
    transaction_ns: int
    recv_ns: int


class BookTickerFields(RecordFields):
    """Best bid and ask.

    Attributes
    ----------
    update_id : int
        Book update id (``u``).
    bid_price, ask_price : float
        In quote asset.
    bid_qty, ask_qty : float
        In base asset; contracts on COIN-M.

    Source: Spot WebSocket Streams, "Individual Symbol Book Ticker Streams"; the same name on USD-M and
    COIN-M.
    """

    __slots__ = ()

    update_id: int
    bid_price: float
    bid_qty: float
    ask_price: float
    ask_qty: float


class TradeFields(RecordFields):
    """One trade.

    Attributes
    ----------
    trade_id : int
    price : float
        In quote asset.
    qty : float
        In base asset; contracts on COIN-M.
    is_buyer_maker : bool
        True means that the aggressor sold.

    Source: Spot WebSocket Streams, "Trade Streams". The futures stream is not documented; its rows with
    ``"X":"NA"`` are no trades and are left out.
    """

    __slots__ = ()

    trade_id: int
    price: float
    qty: float
    is_buyer_maker: bool


class AggTradeFields(RecordFields):
    """Trades of one taker order at one price.

    Attributes
    ----------
    agg_trade_id, first_trade_id, last_trade_id : int
    price : float
        In quote asset.
    qty : float
        In base asset; contracts on COIN-M.
    is_buyer_maker : bool
        True means that the aggressor sold.

    Source: Spot WebSocket Streams, "Aggregate Trade Streams"; the same name on USD-M and COIN-M.
    """

    __slots__ = ()

    agg_trade_id: int
    first_trade_id: int
    last_trade_id: int
    price: float
    qty: float
    is_buyer_maker: bool


class DepthFields(RecordFields):
    """A change of the book (diff depth), or its top levels whole (partial depth).

    Attributes
    ----------
    first_update_id, update_id : int
        First and last change in it (``U``, ``u``). Spot partial depth has only ``lastUpdateId``, here
        `update_id`.
    prev_update_id : int
        ``u`` of the stream's previous message (``pu``); 0 on spot.
    levels_begin : int
        Where the levels begin in the ring's arena, an absolute index.
    bid_count, ask_count : int
        Number of levels.

    Source: Spot WebSocket Streams, "Diff. Depth Stream" and "Partial Book Depth Streams"; the same names on
    futures.
    """

    __slots__ = ()

    first_update_id: int
    update_id: int
    prev_update_id: int
    levels_begin: int
    bid_count: int
    ask_count: int


def _check(cls: type[Any], kind: Kind) -> dict[str, str]:
    """Return the fields of a kind with their codes, after comparing them with what the class declares."""
    layout = _ring.layouts[int(kind)]
    declared: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, RecordFields):
            declared |= inspect.get_annotations(base)
    native = {name: _PYTHON_TYPES[code] for name, (_, code) in layout.fields.items()}
    if declared != native:
        raise ImportError(f"{cls.__name__} declares {declared}, but the native record has {native}")
    return {name: code for name, (_, code) in layout.fields.items()}


def _record_of(*kinds: Kind) -> Callable[[_C], _C]:
    """Give a class the getters of its kind, and make rings of these kinds return it."""

    def decorate(cls: _C) -> _C:
        for name in _check(cls, kinds[0]):
            setattr(cls, name, Field(int(kinds[0]), name, FIELD_DOCS[name]))
        cls.kind = int(kinds[0])
        for kind in kinds:
            _ring.record_types[int(kind)] = cls
        return cls

    return decorate


def ring_of(kind: Kind) -> Callable[[_C], _C]:
    """Give a ring class properties that read one field of its newest record."""

    def decorate(cls: _C) -> _C:
        if not issubclass(cls, RingBase):
            raise TypeError(f"{cls.__name__} is no ring")
        for name in _check(cls, kind):
            setattr(cls, name, NewestField(int(kind), name, FIELD_DOCS[name]))
        return cls

    return decorate


@_record_of(Kind.BOOK_TICKER)
class BookTicker(BookTickerFields, Record):
    """Best bid and ask, copied out of its ring; fields of `BookTickerFields`."""

    __slots__ = ()


@_record_of(Kind.TRADE)
class Trade(TradeFields, Record):
    """One trade, copied out of its ring; fields of `TradeFields`."""

    __slots__ = ()


@_record_of(Kind.AGG_TRADE)
class AggTrade(AggTradeFields, Record):
    """Trades of one taker order at one price, copied out of its ring; fields of `AggTradeFields`."""

    __slots__ = ()


@_record_of(Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH)
class Depth(DepthFields, DepthRecord):
    """A depth message with a copy of its levels.

    `bids` and `asks` are read-only float64 arrays of shape ``(n, 2)``, each row ``[price, qty]``, in
    Binance's order: bids of a diff descend on spot and ascend on futures. In a diff, quantity 0 removes the
    level. The other fields are those of `DepthFields`.
    """

    __slots__ = ()


def dtype_of(kind: Kind) -> np.dtype[np.void]:
    """Return the NumPy dtype of a kind's records, as they lie in a ring."""
    return _ring.layouts[int(kind)].dtype

"""What one record says, by kind: classes with C getters, and the dtypes of the same bytes in a ring.

The layout is written once, in ``_native/record.hpp``. Here it gets names and types, and every class is
checked against it when this module is imported: a field that is missing, surplus or of another type is an
ImportError.
"""

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from fastbinance._core.record import DepthRecord, Field, Record, layouts, record_types
from fastbinance._core.ring import NewestField, RingBase
from fastbinance._field_docs import FIELD_DOCS
from fastbinance._price_fields import (
    AssetIndexFields,
    AveragePriceFields,
    ForceOrderFields,
    IndexPriceFields,
    MarkPriceFields,
    OpenInterestFields,
    OptionMarkPriceFields,
    ReferencePriceFields,
)
from fastbinance._record_fields import (
    AggTradeFields,
    BookTickerFields,
    DepthFields,
    KlineFields,
    MiniTickerFields,
    RecordFields,
    TickerFields,
    TradeFields,
)
from fastbinance.streams import Kind

__all__ = [
    "FIELD_DOCS",
    "FLAG_COINM",
    "FLAG_END_OF_FRAME",
    "FLAG_GAP",
    "FLAG_LEVELS_TRUNCATED",
    "FLAG_OVERLAP",
    "FLAG_USDM",
    "AggTrade",
    "AggTradeFields",
    "AssetIndex",
    "AssetIndexFields",
    "AveragePrice",
    "AveragePriceFields",
    "BookTicker",
    "BookTickerFields",
    "Depth",
    "DepthFields",
    "ForceOrder",
    "ForceOrderFields",
    "IndexPrice",
    "IndexPriceFields",
    "Kline",
    "KlineFields",
    "MarkPrice",
    "MarkPriceFields",
    "MiniTicker",
    "MiniTickerFields",
    "OpenInterest",
    "OpenInterestFields",
    "OptionMarkPrice",
    "OptionMarkPriceFields",
    "RecordFields",
    "ReferencePrice",
    "ReferencePriceFields",
    "Ticker",
    "TickerFields",
    "Trade",
    "TradeFields",
    "dtype_of",
    "ring_of",
]

#: Bit of ``flags``: the message had more levels than the ring's arena holds, and only the first ones are
# there.
FLAG_LEVELS_TRUNCATED: Final = 1
#: Bit of ``flags``: the last record of a message that may bring several.
FLAG_END_OF_FRAME: Final = 2
#: Bit of ``flags``: records between the one before it and this one are missing, or ids have begun anew.
FLAG_GAP: Final = 4
#: Bit of ``flags``: a diff that begins within the one before it. It applies all the same, because its
#: quantities are absolute.
FLAG_OVERLAP: Final = 8
#: Bits of ``flags``: Binance says that the symbol is a USD-M or a COIN-M contract (`st`). All-market streams
# of futures carry both since 2026.
FLAG_USDM: Final = 0x100
FLAG_COINM: Final = 0x200

_PYTHON_TYPES: Final[dict[str, type]] = {"q": int, "I": int, "B": int, "d": float, "?": bool}

_C = TypeVar("_C", bound=type[Any])


def _check(cls: type[Any], kind: Kind) -> dict[str, str]:
    """Return the fields of a kind with their codes, after comparing them with what the class declares."""
    layout = layouts[int(kind)]
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
            record_types[int(kind)] = cls
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


@_record_of(Kind.TRADE, Kind.BLOCK_TRADE)
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


@_record_of(
    Kind.KLINE,
    Kind.CONTINUOUS_KLINE,
    Kind.INDEX_PRICE_KLINE,
    Kind.MARK_PRICE_KLINE,
    Kind.CONTRACT_KLINE,
)
class Kline(KlineFields, Record):
    """One candle, copied out of its ring; fields of `KlineFields`."""

    __slots__ = ()


@_record_of(Kind.TICKER, Kind.ROLLING_TICKER)
class Ticker(TickerFields, Record):
    """Statistics of a window, copied out of its ring; fields of `TickerFields`."""

    __slots__ = ()


@_record_of(Kind.MINI_TICKER)
class MiniTicker(MiniTickerFields, Record):
    """Short statistics of 24 hours, copied out of their ring; fields of `MiniTickerFields`."""

    __slots__ = ()


@_record_of(Kind.AVERAGE_PRICE)
class AveragePrice(AveragePriceFields, Record):
    """An average price, copied out of its ring; fields of `AveragePriceFields`."""

    __slots__ = ()


@_record_of(Kind.REFERENCE_PRICE)
class ReferencePrice(ReferencePriceFields, Record):
    """A reference price, copied out of its ring; fields of `ReferencePriceFields`."""

    __slots__ = ()


@_record_of(Kind.MARK_PRICE)
class MarkPrice(MarkPriceFields, Record):
    """Mark price and funding, copied out of their ring; fields of `MarkPriceFields`."""

    __slots__ = ()


@_record_of(Kind.OPTION_MARK_PRICE)
class OptionMarkPrice(OptionMarkPriceFields, Record):
    """Mark price and greeks of an option, copied out of their ring; fields of `OptionMarkPriceFields`."""

    __slots__ = ()


@_record_of(Kind.INDEX_PRICE)
class IndexPrice(IndexPriceFields, Record):
    """An index price, copied out of its ring; fields of `IndexPriceFields`."""

    __slots__ = ()


@_record_of(Kind.FORCE_ORDER)
class ForceOrder(ForceOrderFields, Record):
    """A liquidation order, copied out of its ring; fields of `ForceOrderFields`."""

    __slots__ = ()


@_record_of(Kind.OPEN_INTEREST)
class OpenInterest(OpenInterestFields, Record):
    """Open interest of an option, copied out of its ring; fields of `OpenInterestFields`."""

    __slots__ = ()


@_record_of(Kind.ASSET_INDEX)
class AssetIndex(AssetIndexFields, Record):
    """Index of an asset, copied out of its ring; fields of `AssetIndexFields`."""

    __slots__ = ()


def dtype_of(kind: Kind) -> np.dtype[np.void]:
    """Return the NumPy dtype of a kind's records, as they lie in a ring."""
    return layouts[int(kind)].dtype

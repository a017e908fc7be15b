"""The rings of each class of record, for `Client` and for `AsyncClient`.

Each has the fields of its record as properties: of the newest record, without a copy of it.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np

from fastbinance._core.ring import Window
from fastbinance.records import (
    AggTrade,
    AggTradeFields,
    AssetIndex,
    AssetIndexFields,
    AveragePrice,
    AveragePriceFields,
    BookTicker,
    BookTickerFields,
    Depth,
    DepthFields,
    ForceOrder,
    ForceOrderFields,
    IndexPrice,
    IndexPriceFields,
    Kline,
    KlineFields,
    MarkPrice,
    MarkPriceFields,
    MiniTicker,
    MiniTickerFields,
    OpenInterest,
    OpenInterestFields,
    OptionMarkPrice,
    OptionMarkPriceFields,
    ReferencePrice,
    ReferencePriceFields,
    Ticker,
    TickerFields,
    Trade,
    TradeFields,
    ring_of,
)
from fastbinance.rings import AnyRing, AsyncRing, Ring
from fastbinance.streams import Kind

__all__ = [
    "ASYNC_RINGS",
    "RINGS",
    "AggTradeRing",
    "AssetIndexRing",
    "AsyncAggTradeRing",
    "AsyncAssetIndexRing",
    "AsyncAveragePriceRing",
    "AsyncBookTickerRing",
    "AsyncDepthRing",
    "AsyncForceOrderRing",
    "AsyncIndexPriceRing",
    "AsyncKlineRing",
    "AsyncMarkPriceRing",
    "AsyncMiniTickerRing",
    "AsyncOpenInterestRing",
    "AsyncOptionMarkPriceRing",
    "AsyncReferencePriceRing",
    "AsyncTickerRing",
    "AsyncTradeRing",
    "AveragePriceRing",
    "BookTickerRing",
    "DepthRing",
    "ForceOrderRing",
    "IndexPriceRing",
    "KlineRing",
    "MarkPriceRing",
    "MiniTickerRing",
    "OpenInterestRing",
    "OptionMarkPriceRing",
    "ReferencePriceRing",
    "TickerRing",
    "TradeRing",
]

_Batch: TypeAlias = np.ndarray[Any, Any]


@ring_of(Kind.AGG_TRADE)
class AggTradeRing(AggTradeFields, Ring[AggTrade, _Batch]):
    """Ring of `AggTrade` records; each field is also a property of the newest one."""


@ring_of(Kind.ASSET_INDEX)
class AssetIndexRing(AssetIndexFields, Ring[AssetIndex, _Batch]):
    """Ring of `AssetIndex` records; each field is also a property of the newest one."""


@ring_of(Kind.AVERAGE_PRICE)
class AveragePriceRing(AveragePriceFields, Ring[AveragePrice, _Batch]):
    """Ring of `AveragePrice` records; each field is also a property of the newest one."""


@ring_of(Kind.BOOK_TICKER)
class BookTickerRing(BookTickerFields, Ring[BookTicker, _Batch]):
    """Ring of `BookTicker` records; each field is also a property of the newest one."""


@ring_of(Kind.DIFF_DEPTH)
class DepthRing(DepthFields, Ring[Depth, Window]):
    """Ring of `Depth` records; each field is also a property of the newest one."""


@ring_of(Kind.FORCE_ORDER)
class ForceOrderRing(ForceOrderFields, Ring[ForceOrder, _Batch]):
    """Ring of `ForceOrder` records; each field is also a property of the newest one."""


@ring_of(Kind.INDEX_PRICE)
class IndexPriceRing(IndexPriceFields, Ring[IndexPrice, _Batch]):
    """Ring of `IndexPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.KLINE)
class KlineRing(KlineFields, Ring[Kline, _Batch]):
    """Ring of `Kline` records; each field is also a property of the newest one."""


@ring_of(Kind.MARK_PRICE)
class MarkPriceRing(MarkPriceFields, Ring[MarkPrice, _Batch]):
    """Ring of `MarkPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.MINI_TICKER)
class MiniTickerRing(MiniTickerFields, Ring[MiniTicker, _Batch]):
    """Ring of `MiniTicker` records; each field is also a property of the newest one."""


@ring_of(Kind.OPEN_INTEREST)
class OpenInterestRing(OpenInterestFields, Ring[OpenInterest, _Batch]):
    """Ring of `OpenInterest` records; each field is also a property of the newest one."""


@ring_of(Kind.OPTION_MARK_PRICE)
class OptionMarkPriceRing(OptionMarkPriceFields, Ring[OptionMarkPrice, _Batch]):
    """Ring of `OptionMarkPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.REFERENCE_PRICE)
class ReferencePriceRing(ReferencePriceFields, Ring[ReferencePrice, _Batch]):
    """Ring of `ReferencePrice` records; each field is also a property of the newest one."""


@ring_of(Kind.TICKER)
class TickerRing(TickerFields, Ring[Ticker, _Batch]):
    """Ring of `Ticker` records; each field is also a property of the newest one."""


@ring_of(Kind.TRADE)
class TradeRing(TradeFields, Ring[Trade, _Batch]):
    """Ring of `Trade` records; each field is also a property of the newest one."""


@ring_of(Kind.AGG_TRADE)
class AsyncAggTradeRing(AggTradeFields, AsyncRing[AggTrade, _Batch]):
    """Ring of `AggTrade` records; each field is also a property of the newest one."""


@ring_of(Kind.ASSET_INDEX)
class AsyncAssetIndexRing(AssetIndexFields, AsyncRing[AssetIndex, _Batch]):
    """Ring of `AssetIndex` records; each field is also a property of the newest one."""


@ring_of(Kind.AVERAGE_PRICE)
class AsyncAveragePriceRing(AveragePriceFields, AsyncRing[AveragePrice, _Batch]):
    """Ring of `AveragePrice` records; each field is also a property of the newest one."""


@ring_of(Kind.BOOK_TICKER)
class AsyncBookTickerRing(BookTickerFields, AsyncRing[BookTicker, _Batch]):
    """Ring of `BookTicker` records; each field is also a property of the newest one."""


@ring_of(Kind.DIFF_DEPTH)
class AsyncDepthRing(DepthFields, AsyncRing[Depth, Window]):
    """Ring of `Depth` records; each field is also a property of the newest one."""


@ring_of(Kind.FORCE_ORDER)
class AsyncForceOrderRing(ForceOrderFields, AsyncRing[ForceOrder, _Batch]):
    """Ring of `ForceOrder` records; each field is also a property of the newest one."""


@ring_of(Kind.INDEX_PRICE)
class AsyncIndexPriceRing(IndexPriceFields, AsyncRing[IndexPrice, _Batch]):
    """Ring of `IndexPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.KLINE)
class AsyncKlineRing(KlineFields, AsyncRing[Kline, _Batch]):
    """Ring of `Kline` records; each field is also a property of the newest one."""


@ring_of(Kind.MARK_PRICE)
class AsyncMarkPriceRing(MarkPriceFields, AsyncRing[MarkPrice, _Batch]):
    """Ring of `MarkPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.MINI_TICKER)
class AsyncMiniTickerRing(MiniTickerFields, AsyncRing[MiniTicker, _Batch]):
    """Ring of `MiniTicker` records; each field is also a property of the newest one."""


@ring_of(Kind.OPEN_INTEREST)
class AsyncOpenInterestRing(OpenInterestFields, AsyncRing[OpenInterest, _Batch]):
    """Ring of `OpenInterest` records; each field is also a property of the newest one."""


@ring_of(Kind.OPTION_MARK_PRICE)
class AsyncOptionMarkPriceRing(OptionMarkPriceFields, AsyncRing[OptionMarkPrice, _Batch]):
    """Ring of `OptionMarkPrice` records; each field is also a property of the newest one."""


@ring_of(Kind.REFERENCE_PRICE)
class AsyncReferencePriceRing(ReferencePriceFields, AsyncRing[ReferencePrice, _Batch]):
    """Ring of `ReferencePrice` records; each field is also a property of the newest one."""


@ring_of(Kind.TICKER)
class AsyncTickerRing(TickerFields, AsyncRing[Ticker, _Batch]):
    """Ring of `Ticker` records; each field is also a property of the newest one."""


@ring_of(Kind.TRADE)
class AsyncTradeRing(TradeFields, AsyncRing[Trade, _Batch]):
    """Ring of `Trade` records; each field is also a property of the newest one."""


#: The ring of each kind on a `Client`.
RINGS: Final[Mapping[Kind, type[AnyRing[Any, Any]]]] = {
    Kind.BOOK_TICKER: BookTickerRing,
    Kind.TRADE: TradeRing,
    Kind.AGG_TRADE: AggTradeRing,
    Kind.DIFF_DEPTH: DepthRing,
    Kind.PARTIAL_DEPTH: DepthRing,
    Kind.BLOCK_TRADE: TradeRing,
    Kind.KLINE: KlineRing,
    Kind.CONTINUOUS_KLINE: KlineRing,
    Kind.INDEX_PRICE_KLINE: KlineRing,
    Kind.MARK_PRICE_KLINE: KlineRing,
    Kind.CONTRACT_KLINE: KlineRing,
    Kind.TICKER: TickerRing,
    Kind.ROLLING_TICKER: TickerRing,
    Kind.MINI_TICKER: MiniTickerRing,
    Kind.AVERAGE_PRICE: AveragePriceRing,
    Kind.REFERENCE_PRICE: ReferencePriceRing,
    Kind.MARK_PRICE: MarkPriceRing,
    Kind.OPTION_MARK_PRICE: OptionMarkPriceRing,
    Kind.INDEX_PRICE: IndexPriceRing,
    Kind.FORCE_ORDER: ForceOrderRing,
    Kind.OPEN_INTEREST: OpenInterestRing,
    Kind.ASSET_INDEX: AssetIndexRing,
}

#: The ring of each kind on an `AsyncClient`.
ASYNC_RINGS: Final[Mapping[Kind, type[AnyRing[Any, Any]]]] = {
    Kind.BOOK_TICKER: AsyncBookTickerRing,
    Kind.TRADE: AsyncTradeRing,
    Kind.AGG_TRADE: AsyncAggTradeRing,
    Kind.DIFF_DEPTH: AsyncDepthRing,
    Kind.PARTIAL_DEPTH: AsyncDepthRing,
    Kind.BLOCK_TRADE: AsyncTradeRing,
    Kind.KLINE: AsyncKlineRing,
    Kind.CONTINUOUS_KLINE: AsyncKlineRing,
    Kind.INDEX_PRICE_KLINE: AsyncKlineRing,
    Kind.MARK_PRICE_KLINE: AsyncKlineRing,
    Kind.CONTRACT_KLINE: AsyncKlineRing,
    Kind.TICKER: AsyncTickerRing,
    Kind.ROLLING_TICKER: AsyncTickerRing,
    Kind.MINI_TICKER: AsyncMiniTickerRing,
    Kind.AVERAGE_PRICE: AsyncAveragePriceRing,
    Kind.REFERENCE_PRICE: AsyncReferencePriceRing,
    Kind.MARK_PRICE: AsyncMarkPriceRing,
    Kind.OPTION_MARK_PRICE: AsyncOptionMarkPriceRing,
    Kind.INDEX_PRICE: AsyncIndexPriceRing,
    Kind.FORCE_ORDER: AsyncForceOrderRing,
    Kind.OPEN_INTEREST: AsyncOpenInterestRing,
    Kind.ASSET_INDEX: AsyncAssetIndexRing,
}

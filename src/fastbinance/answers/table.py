"""Which answer belongs to which method."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastbinance.answers.coinm import CoinmAccount, CoinmBalance, CoinmPosition
from fastbinance.answers.common import Empty, ListenKey, Product, RateLimitInfo, Session
from fastbinance.answers.futures_orders import (
    AlgoOrderCanceled,
    AlgoOrderPlaced,
    FuturesOrder,
    FuturesOrderCanceled,
    FuturesOrderModified,
    FuturesOrderPlaced,
)
from fastbinance.answers.spot_account import (
    Account,
    AccountCommission,
    AccountTrade,
    Allocation,
    Filters,
    PreventedMatch,
    Subscription,
)
from fastbinance.answers.spot_changes import (
    Amendment,
    CancelReplaced,
    OrderAmended,
    OrderCanceled,
    OrderListCanceled,
)
from fastbinance.answers.spot_exchange import ExchangeInfo, ExecutionRules, ServerTime
from fastbinance.answers.spot_lists import OrderList, OrderListPlaced
from fastbinance.answers.spot_market import (
    AggregateTrade,
    AveragePrice,
    BlockTrade,
    BookTicker,
    DayTicker,
    Depth,
    Kline,
    PriceTicker,
    ReferencePrice,
    ReferencePriceCalculation,
    Trade,
    WindowTicker,
)
from fastbinance.answers.spot_orders import Order, OrderPlaced, OrderTested
from fastbinance.answers.usdm import (
    UsdmAccount,
    UsdmBalance,
    UsdmBookTicker,
    UsdmDepth,
    UsdmPosition,
    UsdmPositionV2,
    UsdmPriceTicker,
)

__all__ = ["ANSWERS"]

# One symbol is answered with an object, several with a list.
_SPOT: dict[str, Any] = {
    "ping": Empty,
    "time": ServerTime,
    "exchangeInfo": ExchangeInfo,
    "executionRules": ExecutionRules,
    "depth": Depth,
    "trades.recent": list[Trade],
    "trades.historical": list[Trade],
    "blockTrades.historical": list[BlockTrade],
    "trades.aggregate": list[AggregateTrade],
    "klines": list[Kline],
    "uiKlines": list[Kline],
    "avgPrice": AveragePrice,
    "ticker.24hr": DayTicker | list[DayTicker],
    "ticker.tradingDay": WindowTicker | list[WindowTicker],
    "ticker": WindowTicker | list[WindowTicker],
    "ticker.price": PriceTicker | list[PriceTicker],
    "ticker.book": BookTicker | list[BookTicker],
    "referencePrice": ReferencePrice,
    "referencePrice.calculation": ReferencePriceCalculation,
    "session.logon": Session,
    "session.status": Session,
    "session.logout": Session,
    "session.subscriptions": list[Subscription],
    "order.place": OrderPlaced,
    "order.test": OrderTested,
    "order.cancel": OrderCanceled,
    "order.cancelReplace": CancelReplaced,
    "order.amend.keepPriority": OrderAmended,
    "openOrders.cancelAll": list[OrderCanceled],
    "orderList.place": OrderListPlaced,
    "orderList.place.oco": OrderListPlaced,
    "orderList.place.oto": OrderListPlaced,
    "orderList.place.otoco": OrderListPlaced,
    "orderList.place.opo": OrderListPlaced,
    "orderList.place.opoco": OrderListPlaced,
    "orderList.cancel": OrderListCanceled,
    "sor.order.place": list[OrderPlaced],
    "sor.order.test": OrderTested,
    "account.status": Account,
    "order.status": Order,
    "openOrders.status": list[Order],
    "allOrders": list[Order],
    "orderList.status": OrderList,
    "openOrderLists.status": list[OrderList],
    "allOrderLists": list[OrderList],
    "myTrades": list[AccountTrade],
    "account.rateLimits.orders": list[RateLimitInfo],
    "myPreventedMatches": list[PreventedMatch],
    "myAllocations": list[Allocation],
    "account.commission": AccountCommission,
    "order.amendments": list[Amendment],
    "myFilters": Filters,
    "userDataStream.subscribe": Subscription,
    "userDataStream.subscribe.signature": Subscription,
    "userDataStream.subscribe.listenToken": Subscription,
    "userDataStream.unsubscribe": Empty,
}

_BOTH_FUTURES: dict[str, Any] = {
    "order.place": FuturesOrderPlaced,
    "order.modify": FuturesOrderModified,
    "order.cancel": FuturesOrderCanceled,
    "order.status": FuturesOrder,
    "userDataStream.start": ListenKey,
    "userDataStream.ping": ListenKey,
    "userDataStream.stop": Empty,
    "session.logon": Session,
    "session.status": Session,
    "session.logout": Session,
}

_USDM: dict[str, Any] = _BOTH_FUTURES | {
    "depth": UsdmDepth,
    "ticker.price": UsdmPriceTicker | list[UsdmPriceTicker],
    "ticker.book": UsdmBookTicker | list[UsdmBookTicker],
    "algoOrder.place": AlgoOrderPlaced,
    "algoOrder.cancel": AlgoOrderCanceled,
    "account.position": list[UsdmPosition],
    "v2/account.position": list[UsdmPositionV2],
    "account.balance": list[UsdmBalance],
    "v2/account.balance": list[UsdmBalance],
    "account.status": UsdmAccount,
    "v2/account.status": UsdmAccount,
}

_COINM: dict[str, Any] = _BOTH_FUTURES | {
    "account.position": list[CoinmPosition],
    "account.balance": list[CoinmBalance],
    "account.status": CoinmAccount,
}

_PRODUCTS: dict[Product, dict[str, Any]] = {"spot": _SPOT, "usdm": _USDM, "coinm": _COINM}

#: What the ``result`` of each method decodes to, by product and Binance's name of the method.
ANSWERS: Mapping[tuple[Product, str], Any] = MappingProxyType(
    {(product, name): answer for product, answers in _PRODUCTS.items() for name, answer in answers.items()}
)

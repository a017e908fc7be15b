"""What `WebsocketAPIClient` of the npm package `binance` 3.6.5 can ask for, and our call for each."""

from typing import Any, Final, NamedTuple

from fastbinance._protocol.method import Product

__all__ = ["CALLS", "WITHOUT_REQUEST", "Call"]


class Call(NamedTuple):
    """One of their methods, our method of a product, and parameters that it takes."""

    theirs: str
    product: Product
    name: str  # Binance's
    params: dict[str, Any]


#: Their methods that send no request of their own.
WITHOUT_REQUEST: Final = ("clearUserDataStreamTimers", "disconnectAll", "getWSClient", "setTimeOffsetMs")

_BTC: Final = {"symbol": "BTCUSDT"}
_PERPETUAL: Final = {"symbol": "BTCUSD_PERP"}
_LIMIT: Final = {
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "price": "50000.00",
    "quantity": "0.001",
}
_CONTRACTS: Final = _LIMIT | {"price": "50000.0", "quantity": 1}
_ID: Final = {"orderId": 1}
_CHANGE: Final = {"side": "BUY", "price": "49000.00", "quantity": "0.002"}
_WORKING: Final = {
    "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "50000.00", "workingQuantity": "0.001",
    "workingTimeInForce": "GTC",
}  # fmt: skip
_PAIR: Final = {
    "pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "150000.00",
    "pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "40000.00",
}  # fmt: skip
_TRIGGERED: Final = {
    "algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "40000.00",
    "quantity": "0.001",
}  # fmt: skip
_NOTHING: Final[dict[str, Any]] = {}

# fmt: off
CALLS: Final = (
    Call("testSpotConnectivity", "spot", "ping", _NOTHING),
    Call("getSpotServerTime", "spot", "time", _NOTHING),
    Call("getSpotExchangeInfo", "spot", "exchangeInfo", _BTC),
    Call("getSpotExecutionRules", "spot", "executionRules", _BTC),
    Call("getSpotOrderBook", "spot", "depth", _BTC | {"limit": 5}),
    Call("getSpotRecentTrades", "spot", "trades.recent", _BTC),
    Call("getSpotHistoricalTrades", "spot", "trades.historical", _BTC | {"fromId": 0}),
    Call("getSpotHistoricalBlockTrades", "spot", "blockTrades.historical", _BTC | {"fromId": 0}),
    Call("getSpotAggregateTrades", "spot", "trades.aggregate", _BTC),
    Call("getSpotKlines", "spot", "klines", _BTC | {"interval": "1m"}),
    Call("getSpotUIKlines", "spot", "uiKlines", _BTC | {"interval": "1m"}),
    Call("getSpotAveragePrice", "spot", "avgPrice", _BTC),
    Call("getSpot24hrTicker", "spot", "ticker.24hr", {"symbols": ["BTCUSDT", "ETHUSDT"]}),
    Call("getSpotTradingDayTicker", "spot", "ticker.tradingDay", _BTC),
    Call("getSpotTicker", "spot", "ticker", _BTC | {"windowSize": "1h"}),
    Call("getSpotSymbolPriceTicker", "spot", "ticker.price", _BTC),
    Call("getSpotSymbolOrderBookTicker", "spot", "ticker.book", _BTC),
    Call("getSpotReferencePrice", "spot", "referencePrice", _BTC),
    Call("getSpotReferencePriceCalculation", "spot", "referencePrice.calculation", _BTC),
    Call("getSpotSessionStatus", "spot", "session.status", _NOTHING),

    Call("submitNewSpotOrder", "spot", "order.place", _BTC | _LIMIT),
    Call("testSpotOrder", "spot", "order.test", _BTC | _LIMIT),
    Call("getSpotOrderStatus", "spot", "order.status", _BTC | _ID),
    Call("cancelSpotOrder", "spot", "order.cancel", _BTC | _ID),
    Call("cancelReplaceSpotOrder", "spot", "order.cancelReplace",
         _BTC | _LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 1}),
    Call("amendSpotOrderKeepPriority", "spot", "order.amend.keepPriority", _BTC | _ID | {"newQty": "0.0005"}),
    Call("getSpotOpenOrders", "spot", "openOrders.status", _BTC),
    Call("cancelAllSpotOpenOrders", "spot", "openOrders.cancelAll", _BTC),
    Call("placeSpotOrderList", "spot", "orderList.place",
         _BTC | {"side": "SELL", "price": "150000.00", "quantity": "0.001", "stopPrice": "40000.00"}),
    Call("placeSpotOCOOrderList", "spot", "orderList.place.oco",
         _BTC | {"side": "SELL", "quantity": "0.001", "aboveType": "LIMIT_MAKER", "abovePrice": "150000.00",
                 "belowType": "STOP_LOSS", "belowStopPrice": "40000.00"}),
    Call("placeSpotOTOOrderList", "spot", "orderList.place.oto",
         _BTC | _WORKING | {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "0.001"}),
    Call("placeSpotOTOCOOrderList", "spot", "orderList.place.otoco",
         _BTC | _WORKING | _PAIR | {"pendingQuantity": "0.001"}),
    Call("placeSpotOPOOrderList", "spot", "orderList.place.opo",
         _BTC | _WORKING | {"pendingType": "MARKET", "pendingSide": "SELL"}),
    Call("placeSpotOPOCOOrderList", "spot", "orderList.place.opoco", _BTC | _WORKING | _PAIR),
    Call("getSpotOrderListStatus", "spot", "orderList.status", {"orderListId": 1}),
    Call("cancelSpotOrderList", "spot", "orderList.cancel", _BTC | {"orderListId": 1}),
    Call("getSpotOpenOrderLists", "spot", "openOrderLists.status", _NOTHING),
    Call("placeSpotSOROrder", "spot", "sor.order.place", _BTC | _LIMIT),
    Call("testSpotSOROrder", "spot", "sor.order.test", _BTC | _LIMIT),

    Call("getSpotAccountInformation", "spot", "account.status", {"omitZeroBalances": True}),
    Call("getSpotOrderRateLimits", "spot", "account.rateLimits.orders", _NOTHING),
    Call("getSpotAllOrders", "spot", "allOrders", _BTC),
    Call("getSpotAllOrderLists", "spot", "allOrderLists", _NOTHING),
    Call("getSpotMyTrades", "spot", "myTrades", _BTC),
    Call("getSpotPreventedMatches", "spot", "myPreventedMatches", _BTC | _ID),
    Call("getSpotAllocations", "spot", "myAllocations", _BTC),
    Call("getSpotAccountCommission", "spot", "account.commission", _BTC),

    Call("subscribeUserDataStream", "spot", "userDataStream.subscribe", _NOTHING),
    Call("subscribeUserDataStream", "spot", "userDataStream.subscribe.signature", _NOTHING),
    Call("subscribeUserDataStream", "spot", "userDataStream.subscribe.listenToken", {"listenToken": "token"}),
    Call("unsubscribeUserDataStream", "spot", "userDataStream.unsubscribe", _NOTHING),

    Call("getFuturesOrderBook", "usdm", "depth", _BTC | {"limit": 5}),
    Call("getFuturesSymbolPriceTicker", "usdm", "ticker.price", _BTC),
    Call("getFuturesSymbolOrderBookTicker", "usdm", "ticker.book", _BTC),
    Call("submitNewFuturesOrder", "usdm", "order.place", _BTC | _LIMIT),
    Call("submitNewFuturesOrder", "coinm", "order.place", _PERPETUAL | _CONTRACTS),
    Call("modifyFuturesOrder", "usdm", "order.modify", _BTC | _ID | _CHANGE),
    Call("modifyFuturesOrder", "coinm", "order.modify", _PERPETUAL | _ID | _CHANGE | {"quantity": 2}),
    Call("cancelFuturesOrder", "usdm", "order.cancel", _BTC | _ID),
    Call("cancelFuturesOrder", "coinm", "order.cancel", _PERPETUAL | _ID),
    Call("getFuturesOrderStatus", "usdm", "order.status", _BTC | _ID),
    Call("getFuturesOrderStatus", "coinm", "order.status", _PERPETUAL | _ID),
    Call("submitNewFuturesAlgoOrder", "usdm", "algoOrder.place", _BTC | _TRIGGERED),
    Call("cancelFuturesAlgoOrder", "usdm", "algoOrder.cancel", {"algoId": 1}),
    Call("getFuturesPosition", "usdm", "account.position", _BTC),
    Call("getFuturesPosition", "coinm", "account.position", {"pair": "BTCUSD"}),
    Call("getFuturesPositionV2", "usdm", "v2/account.position", _BTC),
    Call("getFuturesAccountBalance", "usdm", "account.balance", _NOTHING),
    Call("getFuturesAccountBalance", "coinm", "account.balance", _NOTHING),
    Call("getFuturesAccountBalanceV2", "usdm", "v2/account.balance", _NOTHING),
    Call("getFuturesAccountStatus", "usdm", "account.status", _NOTHING),
    Call("getFuturesAccountStatus", "coinm", "account.status", _NOTHING),
    Call("getFuturesAccountStatusV2", "usdm", "v2/account.status", _NOTHING),
    Call("startUserDataStreamForKey", "usdm", "userDataStream.start", _NOTHING),
    Call("startUserDataStreamForKey", "coinm", "userDataStream.start", _NOTHING),
    Call("pingUserDataStreamForKey", "usdm", "userDataStream.ping", _NOTHING),
    Call("pingUserDataStreamForKey", "coinm", "userDataStream.ping", _NOTHING),
    Call("stopUserDataStreamForKey", "usdm", "userDataStream.stop", _NOTHING),
    Call("stopUserDataStreamForKey", "coinm", "userDataStream.stop", _NOTHING),
)
# fmt: on

"""What only REST tells of USD-M and COIN-M: the open orders and the trades of an account."""

from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Handler
from fastbinance.sim.trading import futures_reports as reports
from fastbinance.sim.trading.amounts import DECIMALS, spell
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_floor import PastTrade
from fastbinance.sim.trading.paging import page

__all__ = ["FuturesLists"]

Result = dict[str, Any]

_LONGEST_DAYS: Final = 7


class FuturesLists:
    """Handlers of ``openOrders.*`` and ``userTrades``, named as spot's are.

    Parameters
    ----------
    engine
        What knows.
    """

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "openOrders.status": self.open_orders,
            "openOrders.cancelAll": self.cancel_all,
            "userTrades": self.trades,
        }

    def open_orders(self, call: Call) -> list[Result]:
        """Tell every open order, of one symbol, of a pair or of all."""
        symbol, pair = call.params.get("symbol"), call.params.get("pair")
        if symbol is not None:
            self._engine.meet(symbol, call.now_ms)
        else:
            self._engine.meet_open(call.account, call.now_ms)
        return [
            reports.order_status(order, call.product)
            for order in self._engine.orders.open_of(call.account, symbol)
            if pair in (None, order.contract.instrument.pair)
        ]

    def cancel_all(self, call: Call) -> Result:
        """Cancel every open order of a symbol; that there are none is no error."""
        symbol = call.params["symbol"]
        self._engine.meet(symbol, call.now_ms)
        for order in self._engine.orders.open_of(call.account, symbol):
            self._engine.cancel(order, call.now_ms)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def trades(self, call: Call) -> list[Result]:
        """Tell the trades of an account on a symbol, or on every symbol of a pair."""
        params, engine = call.params, self._engine
        symbol, pair = params.get("symbol"), params.get("pair")
        engine.meet_open(call.account, call.now_ms)
        if symbol is not None:
            engine.pit(symbol, call.now_ms)  # raises for one that is not there
        order_id = params.get("orderId")
        if order_id is not None and symbol is None:
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        found = [
            _told(past, is_inverse=call.product == "coinm")
            for (account, _), trades in engine.trades.items()
            if account is call.account
            for past in trades
            if symbol in (None, past.order.symbol)
            and pair in (None, past.order.contract.instrument.pair)
            and order_id in (None, past.order.order_id)
        ]
        found.sort(key=_trade_id)
        return page(found, params, from_id="fromId", key="id", time="time", longest_days=_LONGEST_DAYS)


def _trade_id(told: Result) -> int:
    number: int = told["id"]
    return number


def _told(past: PastTrade, *, is_inverse: bool) -> Result:
    order, trade, time_ms = past
    instrument = order.contract.instrument
    prices, quantities = instrument.price_decimals, instrument.qty_decimals
    value = order.contract.value(trade.price, trade.qty)
    told: Result = {
        "symbol": order.symbol,
        "id": trade.trade_id,
        "orderId": order.order_id,
        "side": order.side,
        "price": spell(trade.price, prices),
        "qty": spell(trade.qty, quantities),
        "realizedPnl": spell(trade.profit),
    }
    if is_inverse:
        told["pair"] = instrument.pair
        told["baseQty"] = spell(value)
    else:
        told["quoteQty"] = spell(value, min(DECIMALS, prices + quantities))
    return told | {
        "marginAsset": order.contract.margin_asset,
        "commission": spell(trade.fee),
        "commissionAsset": order.contract.margin_asset,
        "time": time_ms,
        "positionSide": order.position_side,
        "maker": trade.is_maker,
        "buyer": order.is_buy,
    }

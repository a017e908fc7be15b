"""The order methods of USD-M and COIN-M."""

from typing import Any

from fastbinance.sim.api.call import ApiError, Call, Handler
from fastbinance.sim.trading import futures_reports as reports
from fastbinance.sim.trading.algo import AlgoDesk, algo_result
from fastbinance.sim.trading.amounts import read_amount
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_order import FuturesOrder, read_futures_ticket

__all__ = ["AlgoMethods", "FuturesOrders"]

Result = dict[str, Any]


class FuturesOrders:
    """Handlers of ``order.*``.

    Parameters
    ----------
    engine
        What the orders go to.
    """

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "order.place": self.place,
            "order.modify": self.modify,
            "order.cancel": self.cancel,
            "order.status": self.status,
        }

    def place(self, call: Call) -> Result:
        """Place an order."""
        ticket = read_futures_ticket(call.params)
        order = self._engine.place(call.account, ticket, call.now_ms)
        return reports.order_result(order, call.product, ticket.reply)

    def modify(self, call: Call) -> Result:
        """Give an order another price and quantity."""
        params = call.params
        pit = self._engine.meet(params["symbol"], call.now_ms)
        order = self._find(call)
        if order is None or not order.is_open or order.trigger is not None:
            raise ApiError(-2013, "Order does not exist.")
        if params.get("reduceOnly", order.ticket.reduce_only) != order.ticket.reduce_only:
            raise ApiError(-5047, "ReduceOnly of the modification is not that of the order.")
        if params["side"] != order.side:
            raise ApiError(-1117, "Invalid side.")
        price_match = params.get("priceMatch", "NONE")
        price = self._engine.price(read_amount(params, "price"), price_match, order.is_buy, pit)
        qty = read_amount(params, "quantity")
        self._engine.modify(order, price, qty, params.get("modifyId"), call.now_ms)
        return reports.order_result(order, call.product, "RESULT")

    def cancel(self, call: Call) -> Result:
        """Cancel an order."""
        order = self._find(call)
        if order is None or not order.is_open:
            raise ApiError(-2011, "Unknown order sent.")
        self._engine.cancel(order, call.now_ms)
        return reports.cancel_result(order, call.product)

    def status(self, call: Call) -> Result:
        """Tell what an order is."""
        order = self._find(call)
        if order is None:
            raise ApiError(-2013, "Order does not exist.")
        return reports.order_status(order, call.product)

    def _find(self, call: Call) -> FuturesOrder | None:
        params = call.params
        self._engine.meet(params["symbol"], call.now_ms)
        return self._engine.orders.find(
            call.account, params["symbol"], params.get("orderId"), params.get("origClientOrderId")
        )


class AlgoMethods:
    """Handlers of ``algoOrder.*`` (USD-M).

    Parameters
    ----------
    engine
        Whose symbols they are about.
    desk
        What the conditions go to.
    """

    def __init__(self, engine: FuturesEngine, desk: AlgoDesk) -> None:
        self._engine = engine
        self._desk = desk

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {"algoOrder.place": self.place, "algoOrder.cancel": self.cancel}

    def place(self, call: Call) -> Result:
        """Place a conditional order."""
        ticket = read_futures_ticket(
            call.params, stop="triggerPrice", activation="activatePrice", client_id="clientAlgoId"
        )
        self._desk.step(call.now_ms)
        algo = self._desk.place(call.account, ticket, call.now_ms)
        instrument = self._engine.contract(ticket.symbol, call.now_ms).instrument
        return algo_result(algo, instrument.price_decimals, instrument.qty_decimals)

    def cancel(self, call: Call) -> Result:
        """Cancel a conditional order that waits."""
        self._desk.step(call.now_ms)
        algo = self._desk.cancel(
            call.account, call.params.get("algoId"), call.params.get("clientAlgoId"), call.now_ms
        )
        return {"algoId": algo.algo_id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}

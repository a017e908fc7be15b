"""Spot's methods about single orders."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Handler
from fastbinance.sim.trading import spot_reports as reports
from fastbinance.sim.trading.amounts import read_amount, spell
from fastbinance.sim.trading.orders import Status
from fastbinance.sim.trading.paging import page
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_floor import COMMISSION_RATE
from fastbinance.sim.trading.spot_order import SpotOrder
from fastbinance.sim.trading.tickets import read_ticket

__all__ = ["NO_DISCOUNT", "SpotOrders"]

Result = dict[str, Any]

_RESTRICTIONS: Final[dict[str, Status]] = {
    "ONLY_NEW": Status.NEW,
    "ONLY_PARTIALLY_FILLED": Status.PARTIALLY_FILLED,
}
#: Nobody pays commissions in BNB here.
NO_DISCOUNT: Final[Result] = {
    "enabledForAccount": False,
    "enabledForSymbol": False,
    "discountAsset": "BNB",
    "discount": spell(0),
}


class SpotOrders:
    """Handlers of ``order.*``, ``openOrders.*``, ``allOrders`` and ``sor.*``.

    Parameters
    ----------
    engine
        What the orders go to.
    """

    def __init__(self, engine: SpotEngine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "order.place": self.place,
            "order.test": self.test,
            "order.cancel": self.cancel,
            "order.cancelReplace": self.cancel_replace,
            "order.amend.keepPriority": self.amend,
            "order.status": self.status,
            "order.amendments": self.amendments,
            "openOrders.status": self.open_orders,
            "openOrders.cancelAll": self.cancel_all,
            "allOrders": self.all_orders,
            "sor.order.place": self.sor_place,
            "sor.order.test": self.test,
        }

    def place(self, call: Call) -> Result:
        """Place an order."""
        ticket = read_ticket(call.params)
        order = self._engine.place(call.account, ticket, call.now_ms)
        return reports.order_report(order, ticket.reply, call.now_ms)

    def test(self, call: Call) -> Result:
        """Check an order without placing it; balances and the market are not looked at."""
        pit = self._engine.pit(call.params["symbol"], call.now_ms)
        self._engine.check(read_ticket(call.params), pit)
        return _rates_for_order() if call.params.get("computeCommissionRates") else {}

    def cancel(self, call: Call) -> Result:
        """Cancel an order; one of a list takes its list along."""
        self._engine.meet(call.params["symbol"], call.now_ms)
        order = self._find_open(call.params, "orderId", "origClientOrderId", call)
        self._check_restrictions(order, call.params)
        return self._cancelled(order, call.params.get("newClientOrderId"), call.now_ms)

    def cancel_replace(self, call: Call) -> Result:
        """Cancel an order and place another one, in one step."""
        params = call.params
        pit = self._engine.meet(call.params["symbol"], call.now_ms)
        # What is wrong with the new order by itself is found before anything happens to the old one.
        ticket = read_ticket(params)
        self._engine.check(ticket, pit)
        cancelled, cancel_error = self._try_cancel(call)
        if cancel_error is not None and params["cancelReplaceMode"] == "STOP_ON_FAILURE":
            raise _replace_failed(-2022, cancel_error, None, new_result="NOT_ATTEMPTED")
        try:
            order = self._engine.place(call.account, ticket, call.now_ms)
        except ApiError as error:
            refusal = {"code": error.code, "msg": error.msg}
            if cancel_error is not None:
                raise _replace_failed(-2022, cancel_error, refusal, new_result="FAILURE") from None
            raise _replace_failed(-2021, cancelled, refusal, cancel_result="SUCCESS") from None
        placed = reports.order_report(order, ticket.reply, call.now_ms)
        if cancel_error is not None:
            raise _replace_failed(-2021, cancel_error, placed, new_result="SUCCESS")
        return {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": cancelled,
            "newOrderResponse": placed,
        }

    def amend(self, call: Call) -> Result:
        """Lower the quantity of an order."""
        pit = self._engine.meet(call.params["symbol"], call.now_ms)
        params = call.params
        order = self._find_open(params, "orderId", "origClientOrderId", call)
        qty = read_amount(params, "newQty")
        amendment = self._engine.amend(order, qty, params.get("newClientOrderId"), pit, call.now_ms)
        return reports.amended(order, amendment)

    def status(self, call: Call) -> Result:
        """Tell what an order is."""
        self._engine.meet(call.params["symbol"], call.now_ms)
        return reports.order_state(self._find(call.params, "orderId", "origClientOrderId", call))

    def amendments(self, call: Call) -> list[Result]:
        """Tell what was amended of an order."""
        order = self._find(call.params, "orderId", "", call)
        return page(
            [reports.amendment_report(order, amendment) for amendment in order.amendments],
            call.params,
            from_id="fromExecutionId",
            key="executionId",
        )

    def open_orders(self, call: Call) -> list[Result]:
        """Tell every open order, of one symbol or of all."""
        symbol = call.params.get("symbol")
        if symbol is None:
            self._engine.meet_open(call.account, call.now_ms)
        else:
            self._engine.meet(symbol, call.now_ms)
        orders = self._engine.orders.open_of(call.account, symbol)
        return [reports.order_state(order) for order in orders]

    def cancel_all(self, call: Call) -> list[Result]:
        """Cancel every open order of a symbol; lists are told as one."""
        symbol = call.params["symbol"]
        self._engine.meet(symbol, call.now_ms)
        orders = self._engine.orders.open_of(call.account, symbol)
        if not orders:
            raise ApiError(-2011, "Unknown order sent.")
        return [self._cancelled(order, None, call.now_ms) for order in orders if order.is_open]

    def all_orders(self, call: Call) -> list[Result]:
        """Tell the orders of a symbol, open and ended."""
        symbol = call.params["symbol"]
        self._engine.meet(symbol, call.now_ms)
        orders = self._engine.orders.of_symbol(call.account, symbol)
        return page(
            [reports.order_state(order) for order in orders],
            call.params,
            from_id="orderId",
            key="orderId",
            time="time",
        )

    def sor_place(self, call: Call) -> list[Result]:
        """Place an order that may be routed; there is only its own book to route it to."""
        ticket = read_ticket(call.params)
        order = self._engine.place(call.account, ticket, call.now_ms)
        result = reports.order_report(order, ticket.reply, call.now_ms)
        if ticket.reply != "ACK":
            result |= {"workingFloor": "EXCHANGE", "usedSor": True}
        return [result]

    def _find(self, params: Mapping[str, Any], id_name: str, client_name: str, call: Call) -> SpotOrder:
        order_id, client_id = params.get(id_name), params.get(client_name)
        order = self._engine.orders.find(call.account, params["symbol"], order_id, client_id)
        if order is None:
            raise ApiError(-2013, "Order does not exist.")
        return order

    def _find_open(self, params: Mapping[str, Any], id_name: str, client_name: str, call: Call) -> SpotOrder:
        try:
            order = self._find(params, id_name, client_name, call)
        except ApiError as error:
            raise ApiError(-2011, "Unknown order sent.") if error.code == -2013 else error from None
        if not order.is_open:
            raise ApiError(-2011, "Unknown order sent.")
        return order

    def _check_restrictions(self, order: SpotOrder, params: Mapping[str, Any]) -> None:
        restriction = params.get("cancelRestrictions")
        if restriction is not None and order.status != _RESTRICTIONS[restriction]:
            raise ApiError(-2011, "Order was not canceled due to cancel restrictions.")

    def _cancelled(self, order: SpotOrder, client_id: str | None, now_ms: int) -> Result:
        cancel_id = self._engine.cancel(order, client_id, now_ms)
        if order.list is not None:
            return reports.list_cancel_report(order.list, cancel_id, now_ms)
        return reports.cancel_report(order, cancel_id, now_ms)

    def _try_cancel(self, call: Call) -> tuple[Result | None, Result | None]:
        params = call.params
        try:
            order = self._find_open(params, "cancelOrderId", "cancelOrigClientOrderId", call)
            self._check_restrictions(order, params)
        except ApiError as error:
            return None, {"code": error.code, "msg": error.msg}
        return self._cancelled(order, params.get("cancelNewClientOrderId"), call.now_ms), None


def _rates_for_order() -> Result:
    def rates(rate: int) -> Result:
        return {"maker": spell(rate), "taker": spell(rate)}

    return {
        "standardCommissionForOrder": rates(COMMISSION_RATE),
        "specialCommissionForOrder": rates(0),
        "taxCommissionForOrder": rates(0),
        "discount": NO_DISCOUNT,
    }


def _replace_failed(
    code: int,
    cancel_response: Result | None,
    new_response: Result | None,
    *,
    cancel_result: str = "FAILURE",
    new_result: str = "FAILURE",
) -> ApiError:
    # 409 says that one of two succeeded.
    partially = "partially " if code == -2021 else ""
    return ApiError(
        code,
        f"Order cancel-replace {partially}failed.",
        status=409 if partially else 400,
        data={
            "cancelResult": cancel_result,
            "newOrderResult": new_result,
            "cancelResponse": cancel_response,
            "newOrderResponse": new_response,
        },
    )

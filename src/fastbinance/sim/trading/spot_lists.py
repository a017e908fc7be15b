"""Spot's methods about orders that depend on each other.

An OCO is a pair: the first execution of one, or its trigger, lets the other expire, and they share one lock
of funds. An OTO places the others once the working order is filled; until then nothing is locked for them,
and one that cannot be placed then expires. OPO and OPOCO are OTOs whose pending orders spend what the working
one brought.
"""

import itertools
from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Handler
from fastbinance.sim.trading import spot_reports as reports
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.ledger import Hold
from fastbinance.sim.trading.matching import Pit
from fastbinance.sim.trading.orders import KEPT, Status
from fastbinance.sim.trading.paging import page
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_order import OrderList, SpotOrder
from fastbinance.sim.trading.tickets import Ticket, read_ticket

__all__ = ["SpotLists"]

Result = dict[str, Any]
Params = Mapping[str, Any]

# Parameters of a leg, and how they are called behind its prefix.
_LEG: Final[dict[str, str]] = {
    "type": "Type",
    "side": "Side",
    "quantity": "Quantity",
    "price": "Price",
    "stopPrice": "StopPrice",
    "trailingDelta": "TrailingDelta",
    "timeInForce": "TimeInForce",
    "icebergQty": "IcebergQty",
    "newClientOrderId": "ClientOrderId",
    "strategyId": "StrategyId",
    "strategyType": "StrategyType",
    "pegPriceType": "PegPriceType",
    "pegOffsetType": "PegOffsetType",
    "pegOffsetValue": "PegOffsetValue",
}
# The deprecated way to place an OCO has one name for both legs, and others for each.
_OLD_LIMIT: Final[dict[str, str]] = {
    "price": "price",
    "newClientOrderId": "limitClientOrderId",
    "icebergQty": "limitIcebergQty",
    "strategyId": "limitStrategyId",
    "strategyType": "limitStrategyType",
}
_OLD_STOP: Final[dict[str, str]] = {
    "price": "stopLimitPrice",
    "stopPrice": "stopPrice",
    "trailingDelta": "trailingDelta",
    "timeInForce": "stopLimitTimeInForce",
    "newClientOrderId": "stopClientOrderId",
    "icebergQty": "stopIcebergQty",
    "strategyId": "stopStrategyId",
    "strategyType": "stopStrategyType",
}
_PAIR: Final = ("pendingAbove", "pendingBelow")
_TAKING_TYPES: Final = frozenset({"LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
_LOSING_TYPES: Final = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})
_FIRST_LIST_ID: Final = 1_274_512


class SpotLists:
    """Handlers of ``orderList.*`` and its kin.

    Parameters
    ----------
    engine
        What the orders go to.
    """

    def __init__(self, engine: SpotEngine) -> None:
        self._engine = engine
        self._lists: dict[Account, dict[int, OrderList]] = {}
        self._list_ids = itertools.count(_FIRST_LIST_ID)

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "orderList.place": self.place,
            "orderList.place.oco": self.place_oco,
            "orderList.place.oto": self.place_oto,
            "orderList.place.otoco": self.place_otoco,
            "orderList.place.opo": self.place_opo,
            "orderList.place.opoco": self.place_opoco,
            "orderList.cancel": self.cancel,
            "orderList.status": self.status,
            "openOrderLists.status": self.open_lists,
            "allOrderLists": self.all_lists,
        }

    def place(self, call: Call) -> Result:
        """Place an OCO in the deprecated way: a limit on one side of the market, a stop on the other."""
        params = call.params
        common = _common(call)
        limit = read_ticket(_renamed(params, _OLD_LIMIT) | common | {"type": "LIMIT_MAKER"})
        has_limit = params.get("stopLimitPrice") is not None
        stop_type = "STOP_LOSS_LIMIT" if has_limit else "STOP_LOSS"
        stop = read_ticket(_renamed(params, _OLD_STOP) | common | {"type": stop_type})
        above, below = (stop, limit) if limit.is_buy else (limit, stop)
        return self._place_oco(call, above, below)

    def place_oco(self, call: Call) -> Result:
        """Place two orders on either side of the market, of which one can come to something."""
        common = _common(call)
        above = _leg(call.params, "above", common)
        below = _leg(call.params, "below", common)
        return self._place_oco(call, above, below)

    def place_oto(self, call: Call) -> Result:
        """Place an order, and another one once it is filled."""
        return self._place_pending(call, ("pending",))

    def place_otoco(self, call: Call) -> Result:
        """Place an order, and an OCO once it is filled."""
        return self._place_pending(call, _PAIR)

    def place_opo(self, call: Call) -> Result:
        """Place an order, and once it is filled another one that spends what it brought."""
        return self._place_pending(call, ("pending",), sizes_pending=True)

    def place_opoco(self, call: Call) -> Result:
        """Place an order, and once it is filled an OCO that spends what it brought."""
        return self._place_pending(call, _PAIR, sizes_pending=True)

    def cancel(self, call: Call) -> Result:
        """Cancel every order of a list."""
        symbol = call.params["symbol"]
        self._engine.meet(symbol, call.now_ms)
        order_list = self._find(call, "listClientOrderId")
        if order_list is None or order_list.is_done or order_list.symbol != symbol:
            raise ApiError(-2011, "Unknown order list sent.")
        cancel_id = self._engine.cancel(
            order_list.orders[0], call.params.get("newClientOrderId"), call.now_ms
        )
        return reports.list_cancel_report(order_list, cancel_id, call.now_ms)

    def status(self, call: Call) -> Result:
        """Tell what an order list is."""
        self._engine.meet_open(call.account, call.now_ms)
        order_list = self._find(call, "origClientOrderId")
        if order_list is None:
            raise ApiError(-2018, "Order list does not exist.")
        return reports.list_state(order_list)

    def open_lists(self, call: Call) -> list[Result]:
        """Tell the order lists that are not done."""
        self._engine.meet_open(call.account, call.now_ms)
        lists = self._lists.get(call.account, {}).values()
        return [reports.list_state(order_list) for order_list in lists if not order_list.is_done]

    def all_lists(self, call: Call) -> list[Result]:
        """Tell every order list."""
        self._engine.meet_open(call.account, call.now_ms)
        lists = self._lists.get(call.account, {}).values()
        return page(
            [reports.list_state(order_list) for order_list in lists],
            call.params,
            from_id="fromId",
            key="orderListId",
            time="transactionTime",
        )

    def _place_oco(self, call: Call, above: Ticket, below: Ticket) -> Result:
        account, now_ms = call.account, call.now_ms
        pit = self._engine.meet(above.symbol, now_ms)
        _check_pair(above, below)
        _check_relation(above, below, pit)
        order_list = self._new_list(call, "OCO")
        hold = Hold(self._engine.asset_of(above, pit))
        for ticket in _stop_first(above, below):
            order_list.orders.append(self._engine.admit(account, ticket, pit, now_ms, hold))
        self._check_ids(order_list)
        self._engine.reserve(order_list.orders, pit)
        return self._begin(call, order_list, order_list.orders, pit)

    def _place_pending(self, call: Call, legs: tuple[str, ...], *, sizes_pending: bool = False) -> Result:
        params, account, now_ms, engine = call.params, call.account, call.now_ms, self._engine
        symbol = call.params["symbol"]
        pit = engine.meet(symbol, now_ms)
        working = _leg(params, "working", {"symbol": symbol} | _shared(params))
        common = {
            "symbol": symbol,
            "side": params["pendingSide"],
            "quantity": params.get("pendingQuantity"),
        } | _shared(params)
        pending = [_leg(params, prefix, common) for prefix in legs]
        if sizes_pending and pending[0].side == working.side:
            raise ApiError(-2010, "Unsupported order combination")
        if len(pending) > 1:
            _check_pair(*pending)
            pending = _stop_first(*pending)
        for ticket in pending:
            engine.check(ticket, pit, has_qty=not sizes_pending)
        order_list = self._new_list(call, "OTO", sizes_pending=sizes_pending)
        first = engine.admit(account, working, pit, now_ms)
        order_list.orders.append(first)
        hold = Hold(engine.asset_of(pending[0], pit))
        for ticket in pending:
            order = SpotOrder(
                account,
                ticket,
                order_id=next(engine.order_ids),
                client_id=engine.client_id(account, ticket),
                hold=hold,
                now_ms=now_ms,
            )
            order.status = Status.PENDING_NEW
            order_list.orders.append(order)
        self._check_ids(order_list)
        engine.reserve([first], pit)
        return self._begin(call, order_list, [first], pit)

    def _begin(
        self, call: Call, order_list: OrderList, started: list[SpotOrder], pit: Pit[SpotOrder]
    ) -> Result:
        engine, now_ms = self._engine, call.now_ms
        order_list.list_id = next(self._list_ids)
        self._remember(call.account, order_list)
        engine.tell_list(order_list, now_ms)
        for order in order_list.orders:
            order.list = order_list
            engine.orders.add(order)
            if order.status == Status.PENDING_NEW:
                engine.report(order, "NEW", now_ms)
        for order in started:
            engine.start(order, pit, now_ms)
        engine.flush(now_ms)
        return reports.list_report(order_list, call.params.get("newOrderRespType") or "RESULT", now_ms)

    def _new_list(self, call: Call, contingency: Any, *, sizes_pending: bool = False) -> OrderList:
        client_id = call.params.get("listClientOrderId")
        known = self._lists.get(call.account, {}).values()
        if client_id is None:
            client_id = next(self._engine.client_ids)
        elif any(one.client_id == client_id and not one.is_done for one in known):
            raise ApiError(-2010, "Duplicate order sent.")
        return OrderList(
            0, client_id, contingency, call.account, call.params["symbol"], call.now_ms, sizes_pending
        )

    def _remember(self, account: Account, order_list: OrderList) -> None:
        lists = self._lists.setdefault(account, {})
        lists[order_list.list_id] = order_list
        if len(lists) > KEPT:
            # No account has so many open ones.
            del lists[next(list_id for list_id, known in lists.items() if known.is_done)]

    def _find(self, call: Call, client_name: str) -> OrderList | None:
        list_id, client_id = call.params.get("orderListId"), call.params.get(client_name)
        lists = self._lists.get(call.account, {})
        if list_id is not None:
            found = lists.get(list_id)
            return found if found is None or client_id in (None, found.client_id) else None
        named = [order_list for order_list in lists.values() if order_list.client_id == client_id]
        return named[-1] if named else None

    def _check_ids(self, order_list: OrderList) -> None:
        ids = [order.client_id for order in order_list.orders]
        if len(set(ids)) < len(ids):
            raise ApiError(-2010, "Duplicate order sent.")


def _common(call: Call) -> dict[str, Any]:
    params = call.params
    return {"symbol": params["symbol"], "side": params["side"], "quantity": params["quantity"]} | _shared(
        params
    )


def _shared(params: Params) -> dict[str, Any]:
    names = ("newOrderRespType", "selfTradePreventionMode")
    return {name: params[name] for name in names if params.get(name) is not None}


def _renamed(params: Params, names: Mapping[str, str]) -> dict[str, Any]:
    return {plain: params[name] for plain, name in names.items() if params.get(name) is not None}


def _leg(params: Params, prefix: str, common: dict[str, Any]) -> Ticket:
    names = {plain: prefix + name for plain, name in _LEG.items()}
    if params.get(names["type"]) is None:
        name = names["type"]
        raise ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return read_ticket(_renamed(params, names) | common)


def _stop_first(one: Ticket, other: Ticket) -> list[Ticket]:
    return [one, other] if one.type in _LOSING_TYPES else [other, one]


def _check_pair(above: Ticket, below: Ticket) -> None:
    # A buy loses when the price rises.
    losing, taking = (above, below) if above.is_buy else (below, above)
    if losing.type not in _LOSING_TYPES or taking.type not in _TAKING_TYPES:
        raise ApiError(-2010, "Unsupported order combination")


def _check_relation(above: Ticket, below: Ticket, pit: Pit[SpotOrder]) -> None:
    price = pit.best(not above.is_buy)
    too_low = not above.trailing_delta and (above.stop_price or above.price) <= price
    too_high = not below.trailing_delta and (below.stop_price or below.price) >= price
    if too_low or too_high:
        raise ApiError(-2010, "The relationship of the prices for the orders is not correct.")

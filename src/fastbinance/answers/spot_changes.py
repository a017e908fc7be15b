"""Answers of the spot methods that cancel, replace and amend orders and order lists.

Prices are in quote asset, quantities in base asset. Sections named as sources are those of Spot WebSocket
API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastbinance.answers.common import Answer, Refusal
from fastbinance.answers.spot_lists import OrderList, OrderListMember
from fastbinance.answers.spot_orders import OrderPlaced, OrderTraits

__all__ = [
    "AmendedOrder",
    "Amendment",
    "CancelReplaced",
    "OrderAmended",
    "OrderCanceled",
    "OrderListCanceled",
]


class OrderCanceled(OrderTraits, kw_only=True):
    """An order that has been cancelled, or the order list that it belonged to.

    Answer of ``order.cancel``, and part of ``openOrders.cancelAll``, ``order.cancelReplace`` and
    ``orderList.cancel``. Cancelling one order of a list cancels all of the list, and Binance answers with the
    list: `is_list` tells.

    An answer of ``order.status`` decodes to this struct as well: then `orig_client_order_id` and
    `transact_time` are None, and `time`, `update_time` and `is_working` are not.

    Attributes
    ----------
    symbol : str
        Symbol.
    orig_client_order_id : str or None
        Our name of the order (``origClientOrderId``).
    order_id : int or None
        Binance's number of it (``orderId``); None for a list.
    order_list_id : int or None
        The list that it belongs to, or that this is; -1 for none (``orderListId``).
    client_order_id : str or None
        Our name of the cancellation (``clientOrderId``); None for a list.
    transact_time : int or None
        When it was cancelled (``transactTime``).
    price : str or None
        Its limit.
    orig_qty : str or None
        Quantity that was ordered (``origQty``).
    executed_qty : str or None
        Quantity that had been filled (``executedQty``).
    orig_quote_order_qty : str or None
        What a market order was told to spend (``origQuoteOrderQty``).
    cummulative_quote_qty : str or None
        What had been filled, in quote asset (``cummulativeQuoteQty``, spelled like that).
    status : str or None
        ``"CANCELED"``.
    time_in_force : str or None
        ``"GTC"``, ``"IOC"`` or ``"FOK"`` (``timeInForce``).
    type : str or None
        ``"LIMIT"``, ``"STOP_LOSS"``, ...
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    self_trade_prevention_mode : str or None
        What would have happened where it met an order of the same account (``selfTradePreventionMode``).
    time, update_time, working_time : int or None
        When it was placed, last changed, reached the book (``updateTime``, ``workingTime``); only if it was
        asked for.
    is_working : bool or None
        Whether it had reached the book (``isWorking``); only if it was asked for.
    contingency_type, list_status_type, list_order_status : str or None
        Of a list, as in `OrderList` (``contingencyType``, ``listStatusType``, ``listOrderStatus``).
    list_client_order_id : str or None
        Our name of the list (``listClientOrderId``).
    transaction_time : int or None
        When the list was cancelled (``transactionTime``).
    orders : list of OrderListMember or None
        Orders of the list.
    order_reports : list of OrderCanceled or None
        Each of them (``orderReports``).
    resolved_by : str or None
        What its outcome was found out by, where the request's own answer was lost. Ours, not Binance's.

    Source: "Cancel order", "Cancel open orders".
    """

    symbol: str
    orig_client_order_id: str | None = None
    order_id: int | None = None
    order_list_id: int | None = None
    client_order_id: str | None = None
    transact_time: int | None = None
    price: str | None = None
    orig_qty: str | None = None
    executed_qty: str | None = None
    orig_quote_order_qty: str | None = None
    cummulative_quote_qty: str | None = None
    status: str | None = None
    time_in_force: str | None = None
    type: str | None = None
    side: str | None = None
    self_trade_prevention_mode: str | None = None
    time: int | None = None
    update_time: int | None = None
    working_time: int | None = None
    is_working: bool | None = None
    contingency_type: str | None = None
    list_status_type: str | None = None
    list_order_status: str | None = None
    list_client_order_id: str | None = None
    transaction_time: int | None = None
    orders: list[OrderListMember] | None = None
    order_reports: list[OrderCanceled] | None = None
    resolved_by: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether this is an order list; then its orders are in `order_reports`."""
        return self.list_client_order_id is not None


class OrderListCanceled(Answer, kw_only=True):
    """An order list that has been cancelled.

    Attributes
    ----------
    order_list_id : int
        Binance's number of it (``orderListId``).
    contingency_type, list_status_type, list_order_status : str or None
        As in `OrderList` (``contingencyType``, ``listStatusType``, ``listOrderStatus``).
    list_client_order_id : str or None
        Our name of it (``listClientOrderId``).
    transaction_time : int or None
        When it was cancelled (``transactionTime``).
    symbol : str or None
        Symbol.
    orders : list of OrderListMember
        Its orders.
    order_reports : list of OrderCanceled or None
        Each of them (``orderReports``).

    Source: "Cancel Order list".
    """

    order_list_id: int
    contingency_type: str | None = None
    list_status_type: str | None = None
    list_order_status: str | None = None
    list_client_order_id: str | None = None
    transaction_time: int | None = None
    symbol: str | None = None
    orders: list[OrderListMember] = msgspec.field(default_factory=list)
    order_reports: list[OrderCanceled] | None = None


class CancelReplaced(Answer, kw_only=True):
    """An order that has been cancelled, and the one that took its place.

    Where only one of the two succeeded, Binance answers with an error (status 409), whose ``data`` says the
    same: `from_error_data` reads it.

    Attributes
    ----------
    cancel_result, new_order_result : str or None
        ``"SUCCESS"``, ``"FAILURE"`` or ``"NOT_ATTEMPTED"`` (``cancelResult``, ``newOrderResult``); None where
        the outcome was found out by asking for the new order.
    cancel_response : OrderCanceled or None
        The order that was cancelled (``cancelResponse``).
    new_order_response : OrderPlaced or None
        The order that was placed (``newOrderResponse``).
    cancel_refusal, new_order_refusal : Refusal or None
        What Binance said instead; only of `from_error_data`. Ours: the keys are those of the responses.
    resolved_by : str or None
        What its outcome was found out by, where the request's own answer was lost. Ours, not Binance's.

    Source: "Cancel and replace order".
    """

    cancel_result: str | None = None
    new_order_result: str | None = None
    cancel_response: OrderCanceled | None = None
    new_order_response: OrderPlaced | None = None
    cancel_refusal: Refusal | None = None
    new_order_refusal: Refusal | None = None
    resolved_by: str | None = None

    @classmethod
    def from_error_data(cls, data: Mapping[str, Any]) -> CancelReplaced:
        """Read the ``data`` of an error -2021 or -2022, which tells what became of each part.

        Parameters
        ----------
        data : Mapping
            As in `RequestRejected.data`.

        Raises
        ------
        msgspec.ValidationError
            It is something else.
        """
        rest = dict(data)
        cancel, new_order = rest.pop("cancelResponse", None), rest.pop("newOrderResponse", None)
        parts = msgspec.convert(rest, cls)
        if _is_refusal(cancel):
            parts.cancel_refusal = msgspec.convert(cancel, Refusal)
        else:
            parts.cancel_response = msgspec.convert(cancel, OrderCanceled | None)
        if _is_refusal(new_order):
            parts.new_order_refusal = msgspec.convert(new_order, Refusal)
        else:
            parts.new_order_response = msgspec.convert(new_order, OrderPlaced | None)
        return parts


class AmendedOrder(OrderTraits, kw_only=True):
    """An order after it was made smaller.

    Attributes
    ----------
    symbol : str
        Symbol.
    order_id : int
        Binance's number of it (``orderId``).
    order_list_id : int or None
        The list that it belongs to; -1 for none (``orderListId``).
    orig_client_order_id : str or None
        Our name of it before (``origClientOrderId``).
    client_order_id : str
        Our name of it since (``clientOrderId``).
    price : str or None
        Its limit.
    qty : str or None
        Quantity that is ordered now.
    executed_qty : str or None
        Quantity that has been filled (``executedQty``).
    prevented_qty : str or None
        Quantity that self-trade prevention took away (``preventedQty``).
    quote_order_qty : str or None
        What a market order was told to spend (``quoteOrderQty``).
    cumulative_quote_qty : str or None
        What has been filled, in quote asset (``cumulativeQuoteQty``; everywhere else Binance has a double m).
    status : str or None
        ``"NEW"``, ``"PARTIALLY_FILLED"``, ...
    time_in_force : str or None
        ``"GTC"``, ... (``timeInForce``).
    type : str or None
        ``"LIMIT"``, ...
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    working_time : int or None
        When it reached the book; -1 where it has not (``workingTime``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``selfTradePreventionMode``).
    """

    symbol: str
    order_id: int
    order_list_id: int | None = None
    orig_client_order_id: str | None = None
    client_order_id: str
    price: str | None = None
    qty: str | None = None
    executed_qty: str | None = None
    prevented_qty: str | None = None
    quote_order_qty: str | None = None
    cumulative_quote_qty: str | None = None
    status: str | None = None
    time_in_force: str | None = None
    type: str | None = None
    side: str | None = None
    working_time: int | None = None
    self_trade_prevention_mode: str | None = None


class OrderAmended(Answer, kw_only=True):
    """What amending an order did.

    Attributes
    ----------
    transact_time : int or None
        When (``transactTime``).
    execution_id : int or None
        Number of the amendment among the order's executions (``executionId``).
    amended_order : AmendedOrder
        The order after it (``amendedOrder``).
    list_status : OrderList or None
        The list that it belongs to (``listStatus``).

    Source: "Order Amend Keep Priority".
    """

    transact_time: int | None = None
    execution_id: int | None = None
    amended_order: AmendedOrder
    list_status: OrderList | None = None


class Amendment(Answer, kw_only=True):
    """One amendment of an order's past: an element of the answer of ``order.amendments``.

    Attributes
    ----------
    symbol : str
        Symbol.
    order_id : int
        Binance's number of the order (``orderId``).
    execution_id : int
        Number of the amendment among its executions (``executionId``).
    orig_client_order_id, new_client_order_id : str
        Our names of it before and after (``origClientOrderId``, ``newClientOrderId``).
    orig_qty, new_qty : str
        Quantity before and after (``origQty``, ``newQty``).
    time : int
        When.

    Source: "Query Order Amendments".
    """

    symbol: str
    order_id: int
    execution_id: int
    orig_client_order_id: str
    new_client_order_id: str
    orig_qty: str
    new_qty: str
    time: int


def _is_refusal(part: Any) -> bool:
    return isinstance(part, Mapping) and "code" in part

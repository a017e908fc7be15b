"""Answers of the spot methods that place and show order lists.

Sections named as sources are those of Spot WebSocket API.
"""

from __future__ import annotations

import msgspec

from fastbinance.answers.common import Answer
from fastbinance.answers.spot_orders import OrderPlaced

__all__ = ["OrderList", "OrderListMember", "OrderListPlaced"]


class OrderListMember(Answer, kw_only=True):
    """An order of an order list.

    Attributes
    ----------
    symbol : str
        Symbol.
    order_id : int
        Binance's number of it (``orderId``).
    client_order_id : str
        Our name of it (``clientOrderId``).
    expiry_reason : str or None
        Why it expired (``expiryReason``).
    """

    symbol: str
    order_id: int
    client_order_id: str
    expiry_reason: str | None = None


class OrderList(Answer, kw_only=True):
    """An order list as it is now: answer of ``orderList.status`` and of those that show several.

    Attributes
    ----------
    order_list_id : int
        Binance's number of it (``orderListId``).
    contingency_type : str
        ``"OCO"`` or ``"OTO"`` (``contingencyType``).
    list_status_type : str or None
        ``"EXEC_STARTED"``, ``"UPDATED"``, ``"ALL_DONE"`` or ``"RESPONSE"`` (``listStatusType``).
    list_order_status : str
        ``"EXECUTING"``, ``"ALL_DONE"`` or ``"REJECT"`` (``listOrderStatus``).
    list_client_order_id : str
        Our name of it (``listClientOrderId``).
    transaction_time : int or None
        When it last changed (``transactionTime``).
    symbol : str
        Symbol.
    orders : list of OrderListMember
        Its orders.

    Source: "Query Order list", "Current open Order lists", "Account order list history".
    """

    order_list_id: int
    contingency_type: str
    list_status_type: str | None = None
    list_order_status: str
    list_client_order_id: str
    transaction_time: int | None = None
    symbol: str
    orders: list[OrderListMember] = msgspec.field(default_factory=list)


class OrderListPlaced(Answer, kw_only=True):
    """A new order list: answer of ``orderList.place`` and its kin.

    An answer of ``orderList.status`` decodes to this struct as well, which is how a list becomes one whose
    own answer was lost: then `order_reports` is None.

    Attributes
    ----------
    order_list_id : int
        Binance's number of it (``orderListId``).
    contingency_type : str or None
        ``"OCO"`` or ``"OTO"`` (``contingencyType``).
    list_status_type : str or None
        ``"EXEC_STARTED"``, ``"UPDATED"``, ``"ALL_DONE"`` or ``"RESPONSE"`` (``listStatusType``).
    list_order_status : str or None
        ``"EXECUTING"``, ``"ALL_DONE"`` or ``"REJECT"`` (``listOrderStatus``).
    list_client_order_id : str
        Our name of it (``listClientOrderId``).
    transaction_time : int or None
        When it was carried out (``transactionTime``).
    symbol : str or None
        Symbol.
    orders : list of OrderListMember
        Its orders.
    order_reports : list of OrderPlaced or None
        Each of them, as far as ``newOrderRespType`` tells (``orderReports``).
    resolved_by : str or None
        What its outcome was found out by, where the request's own answer was lost. Ours, not Binance's.

    Source: "Place new Order list - OCO" and the sections after it.
    """

    order_list_id: int
    contingency_type: str | None = None
    list_status_type: str | None = None
    list_order_status: str | None = None
    list_client_order_id: str
    transaction_time: int | None = None
    symbol: str | None = None
    orders: list[OrderListMember] = msgspec.field(default_factory=list)
    order_reports: list[OrderPlaced] | None = None
    resolved_by: str | None = None

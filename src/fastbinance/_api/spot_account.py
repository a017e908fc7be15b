"""Spot: the session, the account and its history, and user data."""

from typing import Final

from fastbinance._api.spot_parameters import SPOT
from fastbinance._api.table import parameter
from fastbinance._api.weights import with_given
from fastbinance._protocol.method import Kind, Method, Security

__all__ = ["SPOT_ACCOUNT"]

_NONE: Final = Security.NONE
_USER_DATA: Final = Security.USER_DATA

SPOT_ACCOUNT: Final[tuple[Method, ...]] = (
    SPOT.method(
        "session.logon", Security.LOGON, 2,
        title="Log in with API key (SIGNED)",
        summary="Log the session on, so that requests need no signature. Done by itself.",
    ),
    SPOT.method(
        "session.status", _NONE, 2,
        title="Query session status",
        summary="Return whether the session is logged on, and since when.",
    ),
    SPOT.method(
        "session.logout", _NONE, 2,
        title="Log out of the session",
        summary="Log the session off: requests are signed from then on.",
    ),
    SPOT.method(
        "session.subscriptions", _NONE, 2,
        title="Listing all subscriptions",
        summary="Return the session's subscriptions to user data.",
    ),
    SPOT.method(
        "account.status", _USER_DATA, 20,
        title="Account information (USER_DATA)",
        summary="Return balances, commissions and what the account may do.",
        optional="omitZeroBalances",
    ),
    SPOT.method(
        "openOrders.status", _USER_DATA, 80,
        title="Current open orders (USER_DATA)",
        summary="Return the open orders of a symbol, or all of them.",
        optional="symbol",
        weigh=with_given("symbol", 6, 80),
    ),
    SPOT.method(
        "allOrders", _USER_DATA, 20,
        title="Account order history (USER_DATA)",
        summary="Return the orders of a symbol, open and done, oldest first.",
        required="symbol",
        optional="orderId startTime endTime limit",
        own=(parameter("orderId", Kind.INTEGER, "Binance's id of the first order."),),
    ),
    SPOT.method(
        "myTrades", _USER_DATA, 20,
        title="Account trade history (USER_DATA)",
        summary="Return the account's trades of a symbol, oldest first.",
        required="symbol",
        optional="orderId startTime endTime fromId limit",
        own=(parameter("orderId", Kind.INTEGER, "Only trades of this order."),),
        weigh=with_given("orderId", 5, 20),
    ),
    SPOT.method(
        "account.rateLimits.orders", _USER_DATA, 40,
        title="Unfilled Order Count (USER_DATA)",
        summary="Return how many orders count against the account's limits.",
    ),
    SPOT.method(
        "myPreventedMatches", _USER_DATA, 20,
        title="Account prevented matches (USER_DATA)",
        summary="Return matches that self-trade prevention kept from happening.",
        required="symbol",
        optional="preventedMatchId orderId fromPreventedMatchId limit",
        own=(parameter("orderId", Kind.INTEGER, "Only those of this order. It or a match has to be named."),),
        weigh=with_given("preventedMatchId", 2, 20),
    ),
    SPOT.method(
        "myAllocations", _USER_DATA, 20,
        title="Account allocations (USER_DATA)",
        summary="Return what smart order routing allotted to the account.",
        required="symbol",
        optional="startTime endTime fromAllocationId limit orderId",
        own=(parameter("orderId", Kind.INTEGER, "Only those of this order."),),
    ),
    SPOT.method(
        "account.commission", _USER_DATA, 20,
        title="Account Commission Rates (USER_DATA)",
        summary="Return the account's commissions on a symbol.",
        required="symbol",
    ),
    SPOT.method(
        "order.amendments", _USER_DATA, 4,
        title="Query Order Amendments (USER_DATA)",
        summary="Return how an order was amended.",
        required="symbol orderId",
        optional="fromExecutionId limit",
        own=(parameter("orderId", Kind.INTEGER, "Binance's id of the order."),),
    ),
    SPOT.method(
        "myFilters", _USER_DATA, 40,
        title="Query Relevant Filters (USER_DATA)",
        summary="Return the filters that apply to the account on a symbol.",
        required="symbol",
    ),
    SPOT.method(
        "userDataStream.subscribe", _NONE, 2,
        title="Subscribe to User Data Stream (USER_STREAM)",
        summary="Subscribe the session, which has to be logged on, to the user data of its account.",
    ),
    SPOT.method(
        "userDataStream.subscribe.signature", Security.LOGON, 2,
        title="Subscribe to User Data Stream through signature subscription (USER_STREAM)",
        summary="Subscribe the session to the user data of the key's account, without logging on.",
    ),
    SPOT.method(
        "userDataStream.subscribe.listenToken", _NONE, 2,
        title="Subscribe to User Data Stream through listenToken",
        summary="Subscribe the session to the user data of a margin account.",
        required="listenToken",
    ),
    SPOT.method(
        "userDataStream.unsubscribe", _NONE, 2,
        title="Unsubscribe from User Data Stream",
        summary="End a subscription of the session to user data, or all of them.",
        optional="subscriptionId",
    ),
)  # fmt: skip

"""USD-M and COIN-M futures: all methods."""

from typing import Final, get_args

from fastbinance._api.futures_parameters import ALGO, COINM, GTD, USDM, WHICH, needs_by_type
from fastbinance._api.table import Table
from fastbinance._api.values import AlgoOrderType, CoinmOrderType, LimitOrMarket
from fastbinance._api.weights import by_limit, by_symbols
from fastbinance._protocol.method import Lane, Method, OneOf, Resolve, Security

__all__ = ["COINM_METHODS", "USDM_METHODS"]

_NONE: Final = Security.NONE
_TRADE: Final = Security.TRADE
_USER_DATA: Final = Security.USER_DATA


def _orders(table: Table) -> tuple[Method, ...]:
    """Return what is the same for every order of either product."""
    return (
        table.method(
            "order.cancel", _TRADE, 1,
            title="Cancel Order (TRADE)",
            summary="Cancel an order.",
            required="symbol",
            optional="orderId origClientOrderId",
            lane=Lane.CANCEL,
            resolve=Resolve.CANCEL,
            rules=(WHICH,),
        ),
        table.method(
            "order.status", _USER_DATA, 1,
            title="Query Order (USER_DATA)",
            summary="Return an order as it is now.",
            required="symbol",
            optional="orderId origClientOrderId",
            rules=(WHICH,),
        ),
    )  # fmt: skip


def _account(table: Table, version: str, positions_of: str) -> tuple[Method, ...]:
    """Return the questions about the account, in the first or second version of them."""
    prefix, suffix = (f"{version}/", f" {version.upper()}") if version else ("", "")
    return (
        table.method(
            f"{prefix}account.position", _USER_DATA, 5,
            title=f"Position Information{suffix} (USER_DATA)",
            summary="Return the account's positions.",
            optional=positions_of,
        ),
        table.method(
            f"{prefix}account.balance", _USER_DATA, 5,
            title=f"Futures Account Balance{suffix} (USER_DATA)",
            summary="Return the account's balances.",
        ),
        table.method(
            f"{prefix}account.status", _USER_DATA, 5,
            title=f"Account Information{suffix} (USER_DATA)",
            summary="Return balances, positions and what the account may do.",
        ),
    )  # fmt: skip


def _session(table: Table) -> tuple[Method, ...]:
    """Return what keeps user data and sessions."""
    return (
        table.method(
            "userDataStream.start", Security.KEY, 1,
            title="Start User Data Stream (USER_STREAM)",
            summary="Return the listen key of the account's user data, for another hour.",
        ),
        table.method(
            "userDataStream.ping", Security.KEY, 1,
            title="Keepalive User Data Stream (USER_STREAM)",
            summary="Keep the account's listen key for another hour.",
        ),
        table.method(
            "userDataStream.stop", Security.KEY, 1,
            title="Close User Data Stream (USER_STREAM)",
            summary="End the account's listen key.",
        ),
        table.method(
            "session.logon", Security.LOGON, 2,
            title="Log in with API key (SIGNED)",
            summary="Log the session on, so that requests need no signature. Done by itself.",
        ),
        table.method(
            "session.status", _NONE, 2,
            title="Query session status",
            summary="Return whether the session is logged on, and since when.",
        ),
        table.method(
            "session.logout", _NONE, 2,
            title="Log out of the session",
            summary="Log the session off: requests are signed from then on.",
        ),
    )  # fmt: skip


USDM_METHODS: Final[tuple[Method, ...]] = (
    USDM.method(
        "depth", _NONE, 20,
        title="Order Book",
        summary="Return a snapshot of the order book.",
        required="symbol",
        optional="limit",
        weigh=by_limit(((50, 2), (100, 5), (500, 10), (1000, 20)), default=500),
    ),
    USDM.method(
        "ticker.price", _NONE, 2,
        title="Symbol Price Ticker",
        summary="Return the price of the last trade, of one symbol or of all.",
        optional="symbol",
        weigh=by_symbols(1, whole=2),
    ),
    USDM.method(
        "ticker.book", _NONE, 5,
        title="Symbol Order Book Ticker",
        summary="Return the best bid and ask, of one symbol or of all.",
        optional="symbol",
        weigh=by_symbols(2, whole=5),
    ),
    USDM.method(
        "order.place", _TRADE, 0,
        title="New Order (TRADE)",
        summary="Place an order.",
        required="symbol side type",
        optional="positionSide timeInForce reduceOnly quantity price newClientOrderId newOrderRespType "
        "priceMatch selfTradePreventionMode goodTillDate",
        lane=Lane.ORDER,
        resolve=Resolve.ORDER,
        client_id="newClientOrderId",
        rules=(needs_by_type("stopPrice", get_args(LimitOrMarket)), GTD),
    ),
    USDM.method(
        "order.modify", _TRADE, 1,
        title="Modify Order (TRADE)",
        summary="Change price and quantity of an order: both have to be given.",
        required="symbol side quantity price",
        optional="orderId origClientOrderId priceMatch modifyId reduceOnly",
        lane=Lane.ORDER,
        rules=(WHICH,),
    ),
    USDM.method(
        "algoOrder.place", _TRADE, 0,
        title="New Algo Order (TRADE)",
        summary="Place a conditional order: a stop, a take-profit or a trailing stop.",
        required="algoType symbol side type",
        optional="positionSide timeInForce quantity price triggerPrice workingType priceMatch closePosition "
        "priceProtect reduceOnly activatePrice callbackRate clientAlgoId newOrderRespType "
        "selfTradePreventionMode goodTillDate",
        own=ALGO,
        lane=Lane.ORDER,
        client_id="clientAlgoId",
        rules=(needs_by_type("triggerPrice", get_args(AlgoOrderType)), GTD),
    ),
    USDM.method(
        "algoOrder.cancel", _TRADE, 1,
        title="Cancel Algo Order (TRADE)",
        summary="Cancel a conditional order.",
        optional="algoId clientAlgoId",
        lane=Lane.CANCEL,
        rules=(OneOf(("algoId", "clientAlgoId")),),
    ),
    *_orders(USDM),
    *_account(USDM, "", "symbol"),
    *_account(USDM, "v2", "symbol"),
    *_session(USDM),
)  # fmt: skip

COINM_METHODS: Final[tuple[Method, ...]] = (
    COINM.method(
        "order.place", _TRADE, 0,
        title="New Order (TRADE)",
        summary="Place an order.",
        required="symbol side type",
        optional="positionSide timeInForce quantity reduceOnly price newClientOrderId stopPrice "
        "closePosition activationPrice callbackRate workingType priceProtect newOrderRespType priceMatch "
        "selfTradePreventionMode",
        lane=Lane.ORDER,
        resolve=Resolve.ORDER,
        client_id="newClientOrderId",
        rules=(needs_by_type("stopPrice", get_args(CoinmOrderType)),),
    ),
    COINM.method(
        "order.modify", _TRADE, 1,
        title="Modify Order (TRADE)",
        summary="Change price and quantity of an order: both have to be given.",
        required="symbol side quantity price",
        optional="orderId origClientOrderId priceMatch modifyId",
        lane=Lane.ORDER,
        rules=(WHICH,),
    ),
    *_orders(COINM),
    *_account(COINM, "", "marginAsset pair"),
    *_session(COINM),
)  # fmt: skip

"""What the methods of the spot WebSocket API can take. Prices in quote asset, quantities in base asset."""

from collections.abc import Iterator
from typing import Any, Final

from fastbinance._api.table import Table, catalogue, choice, parameter
from fastbinance._api.values import (
    CancelReplaceMode,
    CancelRestrictions,
    Interval,
    ListLegType,
    OrderRateLimitExceededMode,
    PegOffsetType,
    PegPriceType,
    ResponseType,
    SelfTradePrevention,
    Side,
    SpotOrderType,
    SpotTimeInForce,
    SymbolStatus,
    WorkingLegType,
)
from fastbinance._protocol.method import Kind, Parameter

__all__ = ["SPOT", "leg_terms"]

# What the price of an order can depend on; of the leg of a list, each name follows the leg's.
_TERMS: Final = (
    "price", "stopPrice", "trailingDelta", "icebergQty", "timeInForce", "strategyId", "strategyType",
    "pegPriceType", "pegOffsetValue", "pegOffsetType",
)  # fmt: skip

_WINDOWS: Final = (
    *(f"{minutes}m" for minutes in range(1, 60)),
    *(f"{hours}h" for hours in range(1, 24)),
    *(f"{days}d" for days in range(1, 8)),
)


def leg_terms(prefix: str, without: tuple[str, ...] = ()) -> str:
    """Return the names of what one leg of a list takes, but for its type, side and quantity."""
    return " ".join(_prefixed(prefix, name) for name in ("clientOrderId", *_TERMS) if name not in without)


def _prefixed(prefix: str, name: str) -> str:
    return prefix + name[0].upper() + name[1:] if prefix else name


_SYMBOLS: Final = (
    parameter("symbol", Kind.SYMBOL, "Symbol, in either case."),
    parameter("symbols", Kind.SYMBOLS, "Several symbols, in either case."),
    choice("symbolStatus", SymbolStatus, "Only symbols in this state; by itself, all of them."),
    parameter("permissions", Kind.TEXTS, "Only symbols with one of these permissions, such as ``'SPOT'``."),
    parameter("showPermissionSets", Kind.BOOLEAN, "Whether ``permission_sets`` is filled; it is by default."),
)

_RANGES: Final = (
    parameter("limit", Kind.INTEGER, "How many, at most: 500 by default, 1000 at most."),
    parameter("fromId", Kind.INTEGER, "The first id."),
    parameter("startTime", Kind.INTEGER, "The earliest time: milliseconds or microseconds since 1970, UTC."),
    parameter("endTime", Kind.INTEGER, "The latest time: milliseconds or microseconds since 1970, UTC."),
    parameter("fromAllocationId", Kind.INTEGER, "The first id of an allocation."),
    parameter("fromExecutionId", Kind.INTEGER, "The first id of an execution."),
    parameter("fromPreventedMatchId", Kind.INTEGER, "The first id of a prevented match."),
    parameter("preventedMatchId", Kind.INTEGER, "Id of a prevented match."),
)

_MARKET: Final = (
    choice("interval", Interval, "How long a kline lasts."),
    parameter(
        "timeZone", Kind.TEXT, "Offset from UTC at which days begin, such as ``'-1:00'`` or ``'5:45'``; "
        "UTC by default.",
    ),
    parameter(
        "windowSize", Kind.CHOICE, "How far back: ``'1m'`` to ``'59m'``, ``'1h'`` to ``'23h'``, ``'1d'`` to "
        "``'7d'``; a day by default.", _WINDOWS,
    ),
)  # fmt: skip

_ACCOUNT: Final = (
    parameter("omitZeroBalances", Kind.BOOLEAN, "Whether assets of which there are none are left out."),
    parameter("computeCommissionRates", Kind.BOOLEAN, "Whether the answer tells the commission."),
    parameter("listenToken", Kind.TEXT, "The token of a margin account's user data."),
    parameter("subscriptionId", Kind.INTEGER, "Which subscription; all of the session's by default."),
)


def _order() -> Iterator[Parameter]:
    """Yield what an order takes, and what names one."""
    yield choice("side", Side, "Whether to buy or to sell.")
    yield choice("type", SpotOrderType, "Type of the order.")
    yield parameter("quantity", Kind.DECIMAL, "How much, in base asset.")
    yield parameter("quoteOrderQty", Kind.DECIMAL, "What a market order may spend or bring, in quote asset.")
    yield from _terms("")
    yield parameter("newClientOrderId", Kind.TEXT, "Client order id of the order; one of ours by default.")
    yield choice("newOrderRespType", ResponseType, "How much the answer tells.")
    yield choice(
        "selfTradePreventionMode", SelfTradePrevention, "What happens where it would meet one of yours."
    )
    yield parameter("orderId", Kind.INTEGER, "Binance's id of the order. With both ids, both must fit.")
    yield parameter("origClientOrderId", Kind.TEXT, "Client order id of the order.")
    yield parameter("newQty", Kind.DECIMAL, "How much from now on, in base asset: less than before.")
    yield choice("cancelReplaceMode", CancelReplaceMode, "Whether to place the new one if the old one stays.")
    yield parameter("cancelOrderId", Kind.INTEGER, "Binance's id of the order to cancel.")
    yield parameter("cancelOrigClientOrderId", Kind.TEXT, "Client order id of the order to cancel.")
    yield parameter("cancelNewClientOrderId", Kind.TEXT, "Client order id of the cancellation itself.")
    yield choice("cancelRestrictions", CancelRestrictions, "Cancel only an order in this state.")
    yield choice(
        "orderRateLimitExceededMode",
        OrderRateLimitExceededMode,
        "What to do when no more orders are allowed: nothing, or cancel the old one.",
    )


def _terms(prefix: str) -> Iterator[Parameter]:
    """Yield what the price of an order, or of a leg of a list, can depend on."""
    of_leg = f", of the {_LEGS[prefix]} order" if prefix else ""

    def make(name: str, kind: Kind, doc: str) -> Parameter:
        return parameter(_prefixed(prefix, name), kind, f"{doc}{of_leg}.")

    def choose(name: str, literal: Any, doc: str) -> Parameter:
        return choice(_prefixed(prefix, name), literal, f"{doc}{of_leg}.")

    yield make("price", Kind.DECIMAL, "Limit price, in quote asset")
    yield make("stopPrice", Kind.DECIMAL, "Price at which it becomes active, in quote asset")
    yield make("trailingDelta", Kind.INTEGER, "How far its stop trails the price, in basis points")
    yield make("icebergQty", Kind.DECIMAL, "How much of it is shown at a time, in base asset")
    yield choose("timeInForce", SpotTimeInForce, "How long it stands")
    yield make("strategyId", Kind.INTEGER, "A number of yours for its strategy")
    yield make("strategyType", Kind.INTEGER, "A number of yours for the kind of strategy, from 1000000")
    yield choose("pegPriceType", PegPriceType, "Which side of the book its price follows")
    yield make("pegOffsetValue", Kind.INTEGER, "How far from the pegged price, in levels, at most 100")
    yield choose("pegOffsetType", PegOffsetType, "What the distance is counted in")


_LEGS: Final = {
    "above": "upper", "below": "lower", "working": "working", "pending": "pending",
    "pendingAbove": "upper pending", "pendingBelow": "lower pending",
}  # fmt: skip


def _legs() -> Iterator[Parameter]:
    """Yield what the legs of order lists take."""
    for prefix, which in _LEGS.items():
        yield from _terms(prefix)
        yield parameter(f"{prefix}ClientOrderId", Kind.TEXT, f"Client order id of the {which} order.")
    for prefix in ("above", "below", "pendingAbove", "pendingBelow"):
        yield choice(f"{prefix}Type", ListLegType, f"Type of the {_LEGS[prefix]} order.")
    yield choice("workingType", WorkingLegType, "Type of the working order.")
    yield choice(
        "pendingType", SpotOrderType, "Type of the pending order, placed when the working one is filled."
    )
    for prefix in ("working", "pending"):
        yield choice(f"{prefix}Side", Side, f"Whether the {prefix} order buys or sells.")
        yield parameter(f"{prefix}Quantity", Kind.DECIMAL, f"How much of the {prefix} order, in base asset.")
    yield parameter("listClientOrderId", Kind.TEXT, "Client order id of the list; one of ours by default.")
    yield parameter("orderListId", Kind.INTEGER, "Binance's id of the list.")


def _old_list() -> Iterator[Parameter]:
    """Yield what only the deprecated way to place a pair takes."""
    for prefix in ("limit", "stop"):
        which = f"of the {prefix} order"
        yield parameter(f"{prefix}ClientOrderId", Kind.TEXT, f"Client order id {which}.")
        yield parameter(f"{prefix}IcebergQty", Kind.DECIMAL, f"How much {which} is shown, in base asset.")
        yield parameter(f"{prefix}StrategyId", Kind.INTEGER, f"A number of yours for the strategy {which}.")
        kind = f"A number of yours for the kind of strategy {which}, from 1000000."
        yield parameter(f"{prefix}StrategyType", Kind.INTEGER, kind)
    yield parameter("stopLimitPrice", Kind.DECIMAL, "Limit price of the stop order, in quote asset.")
    time = "How long the stop order stands; needed with its limit price."
    yield choice("stopLimitTimeInForce", SpotTimeInForce, time)


SPOT: Final = Table(
    "spot",
    "Spot WebSocket API",
    catalogue(_SYMBOLS, _RANGES, _MARKET, _ACCOUNT, _order(), _legs(), _old_list()),
)

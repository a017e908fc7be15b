"""Which parameters an order of a type must and must not have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.method import either, missing

__all__ = ["Leg", "check_futures_order", "check_leg", "check_pegs", "check_precision", "not_wanted"]

Params = Mapping[str, Any]

# By type: what must be there, what one of must be there, and what must not.
_NEEDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    "LIMIT": (("timeInForce", "price", "quantity"), (), ("quoteOrderQty", "stopPrice", "trailingDelta")),
    "LIMIT_MAKER": (
        ("price", "quantity"), (), ("timeInForce", "quoteOrderQty", "stopPrice", "trailingDelta"),
    ),
    "MARKET": (
        (), ("quantity", "quoteOrderQty"),
        ("price", "timeInForce", "stopPrice", "trailingDelta", "icebergQty"),
    ),
    "STOP_LOSS": (
        ("quantity",), ("stopPrice", "trailingDelta"), ("price", "timeInForce", "quoteOrderQty", "icebergQty")
    ),
    "STOP_LOSS_LIMIT": (
        ("timeInForce", "price", "quantity"), ("stopPrice", "trailingDelta"), ("quoteOrderQty",)
    ),
}  # fmt: skip
_NEEDS["TAKE_PROFIT"] = _NEEDS["STOP_LOSS"]
_NEEDS["TAKE_PROFIT_LIMIT"] = _NEEDS["STOP_LOSS_LIMIT"]

_CONDITIONAL: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_DECIMALS: Final = 8
_AMOUNTS: Final = ("quantity", "price", "quoteOrderQty", "stopPrice", "icebergQty")


@dataclass(frozen=True, slots=True)
class Leg:
    """How one order of a request spells its parameters.

    Attributes
    ----------
    prefix
        In front of each name, such as ``above``; empty where the order is the request.
    shares_quantity
        The quantity is that of the whole list, or comes from another order of it.
    """

    prefix: str = ""
    shares_quantity: bool = False

    def name(self, role: str) -> str:
        """Give the parameter of a role."""
        return f"{self.prefix}{role[0].upper()}{role[1:]}" if self.prefix else role


def check_leg(params: Params, leg: Leg) -> None:
    """Check one order of spot against its type.

    Raises
    ------
    ApiError
        -1102 for what is missing, -1106 for what is not wanted, -1128 for what does not go together.
    """
    order_type = params.get(leg.name("type"))
    if order_type is None:
        return
    needed, one_of, unwanted = _NEEDS[order_type]
    is_pegged = leg.name("pegPriceType") in params
    for role in needed:
        if (role == "quantity" and leg.shares_quantity) or (role == "price" and is_pegged):
            continue
        if leg.name(role) not in params:
            raise missing(leg.name(role))
    if one_of and not (leg.shares_quantity and "quantity" in one_of):
        names = [leg.name(role) for role in one_of]
        found = [name for name in names if name in params]
        if not found:
            raise either(*names)
        if one_of[0] == "quantity" and len(found) > 1:
            raise ApiError(-1128, "Combination of optional parameters invalid.")
    for role in unwanted:
        not_wanted(params, leg.name(role))
    check_pegs(params, leg)
    check_precision(params, leg)


def check_pegs(params: Params, leg: Leg) -> None:
    """Check that the parts of a pegged price come together."""
    kind, value = leg.name("pegOffsetType"), leg.name("pegOffsetValue")
    if (kind in params) != (value in params):
        raise ApiError(
            -1128,
            f"Combination of optional parameters invalid. Fields [{kind}, {value}] must be sent together or "
            "omitted entirely.",
        )
    price_type = leg.name("pegPriceType")
    if kind in params and price_type not in params:
        raise missing(price_type)
    if price_type in params:
        not_wanted(params, leg.name("price"))


def check_precision(params: Params, leg: Leg) -> None:
    """Check that amounts have no more decimals than Binance counts.

    Raises
    ------
    ApiError
        -1111.
    """
    for role in _AMOUNTS:
        name = leg.name(role)
        text = params.get(name)
        if text is not None and len(text.partition(".")[2].rstrip("0")) > _DECIMALS:
            raise ApiError(-1111, f"Parameter '{name}' has too much precision.")


def not_wanted(params: Params, name: str) -> None:
    """Refuse a parameter that has no business here."""
    if name in params:
        raise ApiError(-1106, f"Parameter '{name}' sent when not required.")


def check_futures_order(params: Params, *, has_algo_orders: bool) -> None:
    """Check an order of USD-M or COIN-M against its type.

    Parameters
    ----------
    has_algo_orders
        Conditional orders have methods of their own, and are refused here.
    """
    order_type = params["type"]
    if order_type in _CONDITIONAL:
        if has_algo_orders:
            raise ApiError(
                -4120,
                "Order type not supported for this endpoint. "
                "Please use the Algo Order API endpoints instead.",
            )
        check_conditional(params, "stopPrice", "activationPrice")
        return
    if order_type == "LIMIT":
        _want(params, "timeInForce", "quantity")
        _want_price(params)
    else:
        _want(params, "quantity")
        for name in ("price", "timeInForce", "priceMatch"):
            not_wanted(params, name)
    for name in ("stopPrice", "activationPrice", "callbackRate"):
        not_wanted(params, name)
    _check_good_till_date(params)


def check_conditional(params: Params, trigger: str, activation: str) -> None:
    """Check a conditional order of futures.

    Parameters
    ----------
    trigger, activation
        How its stop price and the price that a trailing stop begins at are called.
    """
    order_type = params["type"]
    if order_type in ("STOP", "TAKE_PROFIT"):
        _want(params, "quantity", trigger)
        _want_price(params)
    elif order_type in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
        _want(params, trigger)
        if not params.get("closePosition"):
            _want(params, "quantity")
        else:
            not_wanted(params, "quantity")
            not_wanted(params, "reduceOnly")
        not_wanted(params, "price")
    else:
        _want(params, "quantity", "callbackRate")
        not_wanted(params, "price")
        not_wanted(params, trigger)
    if order_type != "TRAILING_STOP_MARKET":
        not_wanted(params, activation)
        not_wanted(params, "callbackRate")
    _check_good_till_date(params)


def _want(params: Params, *names: str) -> None:
    for name in names:
        if name not in params:
            raise missing(name)


def _want_price(params: Params) -> None:
    if params.get("priceMatch", "NONE") == "NONE":
        _want(params, "price")
    elif "price" in params:
        raise ApiError(-1128, "Combination of optional parameters invalid.")


def _check_good_till_date(params: Params) -> None:
    if params.get("timeInForce") == "GTD":
        _want(params, "goodTillDate")
    else:
        not_wanted(params, "goodTillDate")

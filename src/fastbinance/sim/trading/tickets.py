"""What a spot order asks for: its parameters read, and checked as far as no market is needed for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.amounts import read_amount
from fastbinance.sim.trading.orders import Side, integer_of

__all__ = [
    "STOP_TYPES",
    "STP_MODES",
    "Ticket",
    "mandatory",
    "not_simulated",
    "one_of",
    "read_side",
    "read_ticket",
]

#: Types that wait for a price.
STOP_TYPES: Final = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
#: Modes of self-trade prevention that are simulated.
STP_MODES: Final = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})

_OTHER_STP_MODES: Final = frozenset({"DECREMENT", "TRANSFER"})
_TIMES_IN_FORCE: Final = frozenset({"GTC", "IOC", "FOK"})
_REPLIES: Final = frozenset({"ACK", "RESULT", "FULL"})
_PEGS: Final = ("pegPriceType", "pegOffsetType", "pegOffsetValue")
_STOPS: Final = ("stopPrice", "trailingDelta")
_LEAST_STRATEGY_TYPE: Final = 1_000_000

# Of each type: what it must have, and what it must not have. Stops need one of _STOPS besides.
_MUST: Final[dict[str, tuple[str, ...]]] = {
    "LIMIT": ("timeInForce", "price", "quantity"),
    "LIMIT_MAKER": ("price", "quantity"),
    "MARKET": (),
    "STOP_LOSS": ("quantity",),
    "STOP_LOSS_LIMIT": ("timeInForce", "price", "quantity"),
    "TAKE_PROFIT": ("quantity",),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "price", "quantity"),
}
_MUST_NOT: Final[dict[str, tuple[str, ...]]] = {
    "LIMIT": ("quoteOrderQty", *_STOPS),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", *_STOPS),
    "MARKET": ("timeInForce", "price", "icebergQty", *_STOPS),
    "STOP_LOSS": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "STOP_LOSS_LIMIT": ("quoteOrderQty",),
    "TAKE_PROFIT": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "TAKE_PROFIT_LIMIT": ("quoteOrderQty",),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A spot order as it is asked for; amounts in hundred millionths, 0 where there is none.

    Attributes
    ----------
    quote_qty
        What a market order shall cost or bring, instead of a quantity.
    trailing_delta
        Distance that a stop follows at, hundredths of a percent.
    reply
        ``ACK``, ``RESULT`` or ``FULL``.
    """

    symbol: str
    side: Side
    type: str
    tif: str = "GTC"
    price: int = 0
    qty: int = 0
    quote_qty: int = 0
    stop_price: int = 0
    trailing_delta: int = 0
    iceberg_qty: int = 0
    client_id: str | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    stp: str = "NONE"
    reply: str = field(default="ACK", compare=False)

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "BUY"

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a price."""
        return self.type in STOP_TYPES

    @property
    def is_limit(self) -> bool:
        """Whether it has a limit once it works."""
        return self.price > 0


def not_simulated(what: str) -> ApiError:
    """Make the error of something that would need a whole exchange."""
    return ApiError(-1000, f"An unknown error occurred while processing the request: {what} not simulated.")


def mandatory(name: str) -> ApiError:
    """Make the error of a parameter that is missing."""
    return ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def one_of(one: str, other: str) -> ApiError:
    """Make the error of two parameters that are both missing."""
    return ApiError(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def read_side(params: Mapping[str, Any], name: str = "side") -> Side:
    """Read a side, or raise -1102 or -1117."""
    side = params.get(name)
    if side is None:
        raise mandatory(name)
    if side not in ("BUY", "SELL"):
        raise ApiError(-1117, "Invalid side.")
    return cast("Side", side)


def read_ticket(params: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Ticket:
    """Read the parameters of a spot order.

    Parameters
    ----------
    params
        Of the request, or of one leg of an order list under the names of a single order.
    names
        How the request called a parameter that an error has to name.

    Raises
    ------
    ApiError
        Something is missing, not wanted, unreadable or not simulated.
    """
    names = names or {}
    kind = params.get("type")
    if kind is None:
        raise mandatory(names.get("type", "type"))
    if kind not in _MUST:
        raise ApiError(-1116, "Invalid orderType.")
    side = read_side(params)
    for name in _MUST[kind]:
        if params.get(name) is None:
            raise mandatory(names.get(name, name))
    for name in _MUST_NOT[kind]:
        if params.get(name) is not None:
            raise ApiError(-1106, f"Parameter '{names.get(name, name)}' sent when not required.")
    for name in _PEGS:
        if params.get(name) is not None:
            raise not_simulated("pegged orders are")
    if kind in STOP_TYPES and all(params.get(name) is None for name in _STOPS):
        raise one_of(*(names.get(name, name) for name in _STOPS))
    if kind == "MARKET":
        _check_market(params)
    tif = params.get("timeInForce", "GTC")
    if tif not in _TIMES_IN_FORCE:
        raise ApiError(-1115, "Invalid timeInForce.")
    return Ticket(
        symbol=params["symbol"],
        side=side,
        type=kind,
        tif=tif,
        price=read_amount(params, "price") or 0,
        qty=read_amount(params, "quantity") or 0,
        quote_qty=read_amount(params, "quoteOrderQty") or 0,
        stop_price=read_amount(params, "stopPrice") or 0,
        trailing_delta=_read_integer(params, "trailingDelta") or 0,
        iceberg_qty=_read_iceberg(params, tif),
        client_id=params.get("newClientOrderId"),
        strategy_id=_read_integer(params, "strategyId"),
        strategy_type=_read_strategy_type(params),
        stp=_read_stp(params),
        reply=_read_reply(params, kind),
    )


def _check_market(params: Mapping[str, Any]) -> None:
    has_qty, has_quote = (params.get(name) is not None for name in ("quantity", "quoteOrderQty"))
    if not has_qty and not has_quote:
        raise one_of("quantity", "quoteOrderQty")
    if has_qty and has_quote:
        raise ApiError(-1128, "Combination of optional parameters invalid.")


def _read_integer(params: Mapping[str, Any], name: str) -> int | None:
    value = params.get(name)
    return None if value is None else integer_of(value, name)


def _read_iceberg(params: Mapping[str, Any], tif: str) -> int:
    qty = read_amount(params, "icebergQty") or 0
    if qty and tif != "GTC":
        raise ApiError(-2010, "Unsupported order combination")
    if qty > (read_amount(params, "quantity") or 0):
        raise ApiError(-2010, "IcebergQty exceeds QTY.")
    return qty


def _read_strategy_type(params: Mapping[str, Any]) -> int | None:
    number = _read_integer(params, "strategyType")
    if number is not None and number < _LEAST_STRATEGY_TYPE:
        raise ApiError(-1130, "Data sent for parameter 'strategyType' is not valid.")
    return number


def _read_stp(params: Mapping[str, Any]) -> str:
    mode = params.get("selfTradePreventionMode", "NONE")
    if mode in _OTHER_STP_MODES:
        raise not_simulated(f"self-trade prevention {mode} is")
    if mode not in STP_MODES:
        raise ApiError(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")
    return str(mode)


def _read_reply(params: Mapping[str, Any], kind: str) -> str:
    reply = params.get("newOrderRespType")
    if reply is None:
        return "FULL" if kind in ("LIMIT", "MARKET") else "ACK"
    if reply not in _REPLIES:
        raise ApiError(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    return str(reply)

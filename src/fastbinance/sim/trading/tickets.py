"""What a spot order asks for: the parameters of a checked request, read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.amounts import read_amount
from fastbinance.sim.trading.orders import Side

__all__ = ["Ticket", "not_simulated", "read_stp", "read_ticket"]

_STOP_TYPES: Final = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
_STP_MODES: Final = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})


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
    tif: str
    price: int
    qty: int
    quote_qty: int
    stop_price: int
    trailing_delta: int
    iceberg_qty: int
    client_id: str | None
    strategy_id: int | None
    strategy_type: int | None
    stp: str
    reply: str

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "BUY"

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a price."""
        return self.type in _STOP_TYPES


def not_simulated(what: str) -> ApiError:
    """Make the error of something that would need a whole exchange."""
    return ApiError(-1000, f"An unknown error occurred while processing the request: not simulated: {what}.")


def read_ticket(params: Mapping[str, Any]) -> Ticket:
    """Read the parameters of a spot order, or of one leg of a list under the names of a single order.

    Raises
    ------
    ApiError
        -1000: it asks for what is not simulated. -2010: an iceberg that is larger than the order, or in a
        hurry.
    """
    if params.get("pegPriceType") is not None:
        raise not_simulated("pegged orders")
    kind = params["type"]
    ticket = Ticket(
        symbol=params["symbol"],
        side=params["side"],
        type=kind,
        tif=params.get("timeInForce", "GTC"),
        price=read_amount(params, "price"),
        qty=read_amount(params, "quantity"),
        quote_qty=read_amount(params, "quoteOrderQty"),
        stop_price=read_amount(params, "stopPrice"),
        trailing_delta=params.get("trailingDelta", 0),
        iceberg_qty=read_amount(params, "icebergQty"),
        client_id=params.get("newClientOrderId"),
        strategy_id=params.get("strategyId"),
        strategy_type=params.get("strategyType"),
        stp=read_stp(params),
        reply=params.get("newOrderRespType") or ("FULL" if kind in ("LIMIT", "MARKET") else "ACK"),
    )
    if ticket.iceberg_qty > ticket.qty:
        raise ApiError(-2010, "IcebergQty exceeds QTY.")
    if ticket.iceberg_qty and ticket.tif != "GTC":
        raise ApiError(-2010, "Unsupported order combination")
    return ticket


def read_stp(params: Mapping[str, Any]) -> str:
    """Read the mode of self-trade prevention, or raise that it is not simulated."""
    mode = str(params.get("selfTradePreventionMode", "NONE"))
    if mode not in _STP_MODES:
        raise not_simulated(f"self-trade prevention {mode}")
    return mode

"""Results of the order methods of USD-M and COIN-M: Binance's keys, in the order of each method."""

from typing import Any, Final

from fastbinance.sim.api.call import Product
from fastbinance.sim.trading.amounts import DECIMALS, spell
from fastbinance.sim.trading.futures_order import FuturesOrder

__all__ = ["cancel_result", "order_result", "order_status"]

Result = dict[str, Any]

# What is left out where an order has none of it, and pair and cumBase on USD-M, cumQuote on COIN-M.
_PLACED: Final = (
    "orderId", "symbol", "pair", "status", "clientOrderId", "price", "avgPrice", "origQty", "executedQty",
    "cumQty", "cumQuote", "cumBase", "timeInForce", "type", "reduceOnly", "closePosition", "side",
    "positionSide", "stopPrice", "activatePrice", "priceRate", "workingType", "priceProtect", "origType",
    "priceMatch", "selfTradePreventionMode", "goodTillDate", "modifyId", "updateTime",
)  # fmt: skip
_CANCELLED: Final = (
    "clientOrderId", "cumQty", "cumQuote", "cumBase", "executedQty", "orderId", "origQty", "origType",
    "price", "reduceOnly", "side", "positionSide", "status", "stopPrice", "closePosition", "symbol", "pair",
    "timeInForce", "type", "activatePrice", "priceRate", "updateTime", "workingType", "priceProtect",
    "priceMatch", "selfTradePreventionMode", "goodTillDate",
)  # fmt: skip
_ASKED: Final = (
    "avgPrice", "clientOrderId", "cumQuote", "cumBase", "executedQty", "orderId", "origQty", "origType",
    "price", "reduceOnly", "side", "positionSide", "status", "stopPrice", "closePosition", "symbol", "pair",
    "time", "timeInForce", "type", "activatePrice", "priceRate", "updateTime", "workingType", "priceProtect",
    "priceMatch", "selfTradePreventionMode", "goodTillDate", "modifyId",
)  # fmt: skip
# An acknowledgement says nothing of what was paid.
_NOT_ACKNOWLEDGED: Final = frozenset({"avgPrice", "cumQuote", "cumBase"})


def order_result(order: FuturesOrder, product: Product, reply: str) -> Result:
    """Tell what became of an order that was placed or modified, as ACK or RESULT."""
    result = _chosen(order, product, _PLACED)
    if reply == "ACK":
        return {name: value for name, value in result.items() if name not in _NOT_ACKNOWLEDGED}
    return result


def cancel_result(order: FuturesOrder, product: Product) -> Result:
    """Tell that an order is cancelled."""
    return _chosen(order, product, _CANCELLED)


def order_status(order: FuturesOrder, product: Product) -> Result:
    """Tell what an order is."""
    return _chosen(order, product, _ASKED)


def _chosen(order: FuturesOrder, product: Product, names: tuple[str, ...]) -> Result:
    everything = _everything(order, product)
    return {name: everything[name] for name in names if name in everything}


def _everything(order: FuturesOrder, product: Product) -> Result:
    ticket, instrument = order.ticket, order.contract.instrument
    prices, quantities = instrument.price_decimals, instrument.qty_decimals
    executed = spell(order.executed, quantities)
    result: Result = {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": str(order.status),
        "clientOrderId": order.client_id,
        "price": spell(order.price, prices),
        "avgPrice": spell(order.average_price, prices),
        "origQty": spell(order.qty, quantities),
        "executedQty": executed,
        "cumQty": executed,
        "timeInForce": order.tif,
        "type": order.type,
        "reduceOnly": ticket.reduce_only,
        "closePosition": ticket.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": spell(ticket.stop_price, prices),
        "workingType": ticket.working_type,
        "priceProtect": ticket.price_protect,
        "origType": ticket.type,
        "priceMatch": ticket.price_match,
        "selfTradePreventionMode": order.stp,
        "goodTillDate": order.good_till_ms,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }
    if product == "coinm":
        result |= {"pair": instrument.pair, "cumBase": spell(order.quote)}
    else:
        result["cumQuote"] = spell(order.quote, min(DECIMALS, prices + quantities))
    if ticket.type == "TRAILING_STOP_MARKET":
        result["activatePrice"] = spell(ticket.activation_price, prices)
        result["priceRate"] = spell(ticket.callback_rate, 1)
    if order.modify_id is not None:
        result["modifyId"] = order.modify_id
    return result

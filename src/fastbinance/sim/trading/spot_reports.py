"""Results of spot's trading methods: Binance's keys, in its order, with eight decimals."""

from typing import Any

from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.spot_order import Amendment, OrderList, PreventedMatch, SpotOrder, Trade

__all__ = [
    "amended",
    "amendment_report",
    "cancel_report",
    "list_cancel_report",
    "list_report",
    "list_state",
    "order_report",
    "order_state",
    "prevented_report",
    "trade_report",
]

Result = dict[str, Any]


def order_report(order: SpotOrder, reply: str, now_ms: int) -> Result:
    """Tell what became of an order that was just placed, as ACK, RESULT or FULL."""
    result: Result = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": now_ms,
    }
    if reply == "ACK":
        return result
    result |= _figures(order)
    result |= _conditional(order)
    result["workingTime"] = order.working_ms if order.working_ms is not None else -1
    result["selfTradePreventionMode"] = order.stp
    if order.expiry_reason is not None:
        result["expiryReason"] = order.expiry_reason
    if reply == "FULL":
        result["fills"] = [
            {
                "price": spell(trade.price),
                "qty": spell(trade.qty),
                "commission": spell(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.trade_id,
            }
            for trade in order.trades
        ]
    return result


def order_state(order: SpotOrder) -> Result:
    """Tell what an order is, as order.status and its kin do."""
    ticket = order.ticket
    result: Result = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "price": spell(order.price),
        "origQty": spell(order.qty),
        "executedQty": spell(order.executed),
        "cummulativeQuoteQty": spell(order.quote),
        "status": str(order.status),
        "timeInForce": order.tif,
        "type": order.type,
        "side": order.side,
        "stopPrice": spell(ticket.stop_price),
    }
    if ticket.trailing_delta:
        result |= {
            "trailingDelta": ticket.trailing_delta,
            "trailingTime": order.trailing_ms if order.trailing_ms is not None else -1,
        }
    result |= {
        "icebergQty": spell(ticket.iceberg_qty),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.working_ms is not None,
        "workingTime": order.working_ms if order.working_ms is not None else -1,
        "origQuoteOrderQty": spell(ticket.quote_qty),
    }
    result |= _strategy(order)
    result["selfTradePreventionMode"] = order.stp
    result |= _prevention(order)
    if order.expiry_reason is not None:
        result["expiryReason"] = order.expiry_reason
    return result


def cancel_report(order: SpotOrder, cancel_id: str, now_ms: int) -> Result:
    """Tell that an order is cancelled."""
    result: Result = {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_id,
        "transactTime": now_ms,
    }
    result |= _figures(order)
    result |= _conditional(order)
    result["selfTradePreventionMode"] = order.stp
    return result


def list_state(order_list: OrderList) -> Result:
    """Tell what an order list is."""
    return {
        "orderListId": order_list.list_id,
        "contingencyType": order_list.contingency,
        "listStatusType": "ALL_DONE" if order_list.is_done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if order_list.is_done else "EXECUTING",
        "listClientOrderId": order_list.client_id,
        "transactionTime": order_list.time_ms,
        "symbol": order_list.symbol,
        "orders": [
            {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.client_id}
            for order in order_list.orders
        ],
    }


def list_report(order_list: OrderList, reply: str, now_ms: int) -> Result:
    """Tell what became of an order list that was just placed."""
    result = list_state(order_list)
    result["orderReports"] = [order_report(order, reply, now_ms) for order in order_list.orders]
    return result


def list_cancel_report(order_list: OrderList, cancel_id: str, now_ms: int) -> Result:
    """Tell that an order list is cancelled."""
    result = list_state(order_list) | {"transactionTime": now_ms}
    result["orderReports"] = [cancel_report(order, cancel_id, now_ms) for order in order_list.orders]
    return result


def amended(order: SpotOrder, amendment: Amendment) -> Result:
    """Tell that the quantity of an order is lowered."""
    result: Result = {
        "transactTime": amendment.time_ms,
        "executionId": amendment.execution_id,
        "amendedOrder": {
            "symbol": order.symbol,
            "orderId": order.order_id,
            "orderListId": order.list_id,
            "origClientOrderId": amendment.old_client_id,
            "clientOrderId": order.client_id,
            "price": spell(order.price),
            "qty": spell(order.qty),
            "executedQty": spell(order.executed),
            "preventedQty": spell(order.prevented_qty),
            "quoteOrderQty": spell(order.ticket.quote_qty),
            "cumulativeQuoteQty": spell(order.quote),
            "status": str(order.status),
            "timeInForce": order.tif,
            "type": order.type,
            "side": order.side,
        },
    }
    body = result["amendedOrder"]
    if order.working_ms is not None:
        body["workingTime"] = order.working_ms
    body["selfTradePreventionMode"] = order.stp
    if order.list is not None:
        state = list_state(order.list)
        told = (
            "orderListId", "contingencyType", "listOrderStatus", "listClientOrderId", "symbol", "orders",
        )  # fmt: skip
        result["listStatus"] = {name: state[name] for name in told}
    return result


def amendment_report(order: SpotOrder, amendment: Amendment) -> Result:
    """Tell of an amendment that was made."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "executionId": amendment.execution_id,
        "origClientOrderId": amendment.old_client_id,
        "newClientOrderId": amendment.new_client_id,
        "origQty": spell(amendment.old_qty),
        "newQty": spell(amendment.new_qty),
        "time": amendment.time_ms,
    }


def trade_report(trade: Trade) -> Result:
    """Tell of a trade of an account."""
    order = trade.order
    return {
        "symbol": order.symbol,
        "id": trade.trade_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "price": spell(trade.price),
        "qty": spell(trade.qty),
        "quoteQty": spell(trade.value),
        "commission": spell(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "isBuyer": order.is_buy,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def prevented_report(match: PreventedMatch) -> Result:
    """Tell of a trade that was prevented."""
    result: Result = {
        "symbol": match.taker.symbol,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker.order_id,
        "makerSymbol": match.maker.symbol,
        "makerOrderId": match.maker.order_id,
        "tradeGroupId": match.group_id,
        "selfTradePreventionMode": match.taker.stp,
        "price": spell(match.price),
    }
    if match.taker_qty is not None:
        result["takerPreventedQuantity"] = spell(match.taker_qty)
    if match.maker_qty is not None:
        result["makerPreventedQuantity"] = spell(match.maker_qty)
    result["transactTime"] = match.time_ms
    return result


def _figures(order: SpotOrder) -> Result:
    result = {"price": spell(order.price)}
    if order.qty:  # what waits to know what it may spend has none
        result["origQty"] = spell(order.qty)
    return result | {
        "executedQty": spell(order.executed),
        "origQuoteOrderQty": spell(order.ticket.quote_qty),
        "cummulativeQuoteQty": spell(order.quote),
        "status": str(order.status),
        "timeInForce": order.tif,
        "type": order.type,
        "side": order.side,
    }


def _conditional(order: SpotOrder) -> Result:
    ticket = order.ticket
    result: Result = {}
    if ticket.stop_price:
        result["stopPrice"] = spell(ticket.stop_price)
    if ticket.trailing_delta:
        result |= {
            "trailingDelta": ticket.trailing_delta,
            "trailingTime": order.trailing_ms if order.trailing_ms is not None else -1,
        }
    if ticket.iceberg_qty:
        result["icebergQty"] = spell(ticket.iceberg_qty)
    return result | _strategy(order) | _prevention(order)


def _strategy(order: SpotOrder) -> Result:
    result: Result = {}
    if order.ticket.strategy_id is not None:
        result["strategyId"] = order.ticket.strategy_id
    if order.ticket.strategy_type is not None:
        result["strategyType"] = order.ticket.strategy_type
    return result


def _prevention(order: SpotOrder) -> Result:
    if not order.prevented:
        return {}
    return {
        "preventedMatchId": order.prevented[-1].match_id,
        "preventedQuantity": spell(order.prevented_qty),
    }

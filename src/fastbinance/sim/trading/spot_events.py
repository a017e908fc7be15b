"""User data events of spot, as Binance spells them."""

from collections.abc import Iterable
from typing import Any

from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import spell, value_below
from fastbinance.sim.trading.spot_order import OrderList, PreventedMatch, SpotOrder, Trade

__all__ = ["account_position", "balance_update", "execution_report", "list_status"]

Event = dict[str, Any]


def execution_report(
    order: SpotOrder,
    kind: str,
    now_ms: int,
    *,
    execution_id: int,
    trade: Trade | None,
    client_id: str,
    original_id: str,
    prevented: PreventedMatch | None,
) -> Event:
    """Spell one step of an order.

    Parameters
    ----------
    kind
        Execution type, Binance's ``x``.
    trade
        What was traded in this step.
    client_id, original_id
        The ids ``c`` and ``C``: a cancellation has an id of its own.
    prevented
        What was prevented in this step.
    """
    ticket = order.ticket
    event: Event = {
        "e": "executionReport",
        "E": now_ms,
        "s": order.symbol,
        "c": client_id,
        "S": order.side,
        "o": order.type,
        "f": order.tif,
        "q": spell(order.qty),
        "p": spell(order.price),
        "P": spell(ticket.stop_price),
        "F": spell(ticket.iceberg_qty),
        "g": order.list_id,
        "C": original_id,
        "x": kind,
        "X": str(order.status),
        "r": "NONE",
        "i": order.order_id,
        "l": spell(trade.qty if trade else 0),
        "z": spell(order.executed),
        "L": spell(trade.price if trade else 0),
        "n": spell(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else None,
        "T": now_ms,
        "t": trade.trade_id if trade else -1,
    }
    if prevented is not None:
        event["v"] = prevented.match_id
    event |= {
        "I": execution_id,
        "w": order.working_ms is not None and order.is_open,
        "m": trade is not None and trade.is_maker,
        "M": False,
        "O": order.created_ms,
        "Z": spell(order.quote),
        "Y": spell(trade.value if trade else 0),
        "Q": spell(ticket.quote_qty),
    }
    if order.working_ms is not None:
        event["W"] = order.working_ms
    event["V"] = order.stp
    if ticket.trailing_delta:
        event |= {"d": ticket.trailing_delta, "D": order.trailing_ms if order.trailing_ms is not None else -1}
    if ticket.strategy_id is not None:
        event["j"] = ticket.strategy_id
    if ticket.strategy_type is not None:
        event["J"] = ticket.strategy_type
    if prevented is not None:
        event |= _prevention(order, prevented)
    if order.expiry_reason is not None:
        event["eR"] = order.expiry_reason
    return event


def account_position(account: Account, assets: Iterable[str], now_ms: int) -> Event:
    """Spell the balances of the assets that changed."""
    balances = [(asset, account.balance("spot", asset)) for asset in assets]
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": account.updated_ms,
        "B": [{"a": asset, "f": spell(one.free), "l": spell(one.locked)} for asset, one in balances],
    }


def balance_update(asset: str, delta: int, now_ms: int) -> Event:
    """Spell coins that came or went by no trade."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": spell(delta), "T": now_ms}


def list_status(order_list: OrderList, now_ms: int) -> Event:
    """Spell the state of an order list."""
    return {
        "e": "listStatus",
        "E": now_ms,
        "s": order_list.symbol,
        "g": order_list.list_id,
        "c": order_list.contingency,
        "l": "ALL_DONE" if order_list.is_done else "EXEC_STARTED",
        "L": "ALL_DONE" if order_list.is_done else "EXECUTING",
        "r": "NONE",
        "C": order_list.client_id,
        "T": now_ms,
        "O": [{"s": order.symbol, "i": order.order_id, "c": order.client_id} for order in order_list.orders],
    }


def _prevention(order: SpotOrder, prevented: PreventedMatch) -> Event:
    is_maker = prevented.maker is order
    counter = prevented.taker if is_maker else prevented.maker
    qty = (prevented.maker_qty if is_maker else prevented.taker_qty) or 0
    return {
        "A": spell(order.prevented_qty),
        "B": spell(qty),
        "u": prevented.group_id,
        "U": counter.order_id,
        "Cs": counter.symbol,
        "pl": spell(qty),
        "pL": spell(prevented.price),
        "pY": spell(value_below(prevented.price, qty)),
    }

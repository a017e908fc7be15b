"""User data events of USD-M and COIN-M, as Binance spells them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastbinance.sim.api.call import Product
from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.futures_order import FuturesOrder
from fastbinance.sim.trading.positions import Position

__all__ = [
    "FuturesTrade",
    "account_update",
    "alias_of",
    "margin_call",
    "order_trade_update",
    "plain",
    "trade_lite",
]

Event = dict[str, Any]


class FuturesTrade(NamedTuple):
    """One side of an execution of futures; amounts in hundred millionths."""

    trade_id: int
    price: int
    qty: int
    fee: int
    profit: int
    is_maker: bool


def plain(amount: int) -> str:
    """Spell an amount without zeros at its end."""
    return spell(amount).rstrip("0").rstrip(".")


def alias_of(uid: int) -> str:
    """Give the alias that COIN-M calls an account by."""
    return f"sim{uid}"


def order_trade_update(
    order: FuturesOrder,
    product: Product,
    kind: str,
    now_ms: int,
    *,
    trade: FuturesTrade | None,
    open_value: int,
) -> Event:
    """Spell one step of an order.

    Parameters
    ----------
    kind
        Execution type, Binance's ``x``.
    trade
        What was traded in this step.
    open_value
        What the rest of the order is worth.
    """
    ticket = order.ticket
    decimals = order.contract.instrument.qty_decimals
    body: Event = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": order.type,
        "f": order.tif,
        "q": spell(order.qty, decimals),
        "p": plain(order.price),
        "ap": plain(order.average_price),
        "sp": plain(ticket.stop_price),
        "x": kind,
        "X": str(order.status),
        "i": order.order_id,
    }
    if order.modify_id is not None:
        body["M"] = str(order.modify_id)
    body |= {
        "l": spell(trade.qty if trade else 0, decimals),
        "z": spell(order.executed, decimals),
        "L": plain(trade.price if trade else 0),
        "n": plain(trade.fee if trade else 0),
        "N": order.contract.margin_asset,
        "T": now_ms,
        "t": trade.trade_id if trade else 0,
        "b": plain(open_value if order.is_buy else 0),
        "a": plain(0 if order.is_buy else open_value),
        "m": trade is not None and trade.is_maker,
        "R": ticket.reduce_only,
        "wt": ticket.working_type,
        "ot": ticket.type,
        "ps": order.position_side,
        "cp": ticket.close_position,
    }
    if ticket.type == "TRAILING_STOP_MARKET":
        body |= {"AP": plain(ticket.activation_price), "cr": plain(ticket.callback_rate)}
    body |= {
        "rp": plain(trade.profit if trade else 0),
        "pP": ticket.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.stp,
        "pm": ticket.price_match,
        "gtd": order.good_till_ms,
        "er": str(order.expiry_reason),
    }
    event: Event = {"e": "ORDER_TRADE_UPDATE", "T": now_ms, "E": now_ms}
    if product == "coinm":
        event["i"] = alias_of(order.account.uid)
        body["ma"] = order.contract.margin_asset
    event["o"] = body
    return event


def trade_lite(order: FuturesOrder, trade: FuturesTrade, now_ms: int) -> Event:
    """Spell a fill in short (USD-M)."""
    decimals = order.contract.instrument.qty_decimals
    return {
        "e": "TRADE_LITE",
        "E": now_ms,
        "T": now_ms,
        "s": order.symbol,
        "q": spell(order.qty, decimals),
        "p": plain(order.price),
        "m": trade.is_maker,
        "c": order.client_id,
        "S": order.side,
        "L": plain(trade.price),
        "l": spell(trade.qty, decimals),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def account_update(
    product: Product,
    uid: int,
    reason: str,
    now_ms: int,
    *,
    asset: str,
    wallet: int,
    change: int,
    positions: Iterable[tuple[Position, int]],
    symbol: str | None = None,
) -> Event:
    """Spell a wallet and positions that changed.

    Parameters
    ----------
    reason
        Binance's ``m``.
    change
        What came or went that is neither profit nor commission.
    positions
        Each with its mark price.
    symbol
        What funding is paid for.
    """
    event: Event = {"e": "ACCOUNT_UPDATE", "T": now_ms, "E": now_ms}
    if product == "coinm":
        event["i"] = alias_of(uid)
    event["a"] = {
        "B": [{"a": asset, "wb": spell(wallet), "cw": spell(wallet), "bc": plain(change)}],
        "P": [_position(position, mark) for position, mark in positions],
        "m": reason,
    }
    if symbol is not None:
        event["a"]["S"] = symbol
    return event


def margin_call(
    product: Product, uid: int, now_ms: int, *, wallet: int, mark: int, held: Iterable[Position]
) -> Event:
    """Spell the warning that positions of a symbol may be liquidated."""
    event: Event = {"e": "MARGIN_CALL", "E": now_ms}
    if product == "coinm":
        event["i"] = alias_of(uid)
    event["cw"] = plain(wallet)
    event["p"] = [
        {
            "s": position.symbol,
            "ps": position.side,
            "pa": spell(position.amount, position.contract.instrument.qty_decimals),
            "mt": "CROSSED",
            "iw": "0",
            "mp": plain(mark),
            "up": plain(position.profit_at(mark)),
            "mm": plain(position.contract.maintenance_margin(mark, abs(position.amount))),
        }
        for position in held
    ]
    return event


def _position(position: Position, mark: int) -> Event:
    decimals = position.contract.instrument.qty_decimals
    return {
        "s": position.symbol,
        "pa": spell(position.amount, decimals),
        "ep": plain(position.entry_price),
        "cr": plain(position.realised),
        "up": spell(position.profit_at(mark) if position.amount else 0),
        "mt": "cross",
        "iw": "0",
        "ps": position.side,
        "ma": position.contract.margin_asset,
        "bep": plain(position.entry_price),
    }

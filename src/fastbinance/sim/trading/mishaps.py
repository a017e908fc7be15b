"""What happens to positions of futures only on request: liquidations, funding and margin calls."""

from collections.abc import Sequence
from decimal import Decimal

from fastbinance.errors import ConfigurationError
from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, from_decimal
from fastbinance.sim.trading.futures_events import account_update, margin_call
from fastbinance.sim.trading.futures_floor import FuturesFloor
from fastbinance.sim.trading.futures_order import LIQUIDATION, FuturesOrder, FuturesTicket
from fastbinance.sim.trading.orders import Status
from fastbinance.sim.trading.positions import Position

__all__ = ["call_margin", "liquidate", "pay_funding"]


def liquidate(floor: FuturesFloor, account: Account, symbol: str, now_ms: int) -> None:
    """Cancel what an account has open of a symbol, and close what it holds, by orders of the exchange.

    Raises
    ------
    ConfigurationError
        It holds nothing.
    """
    held = _held(floor, account, symbol, now_ms)
    for order in [order for order in floor.orders.open_of(account) if order.symbol == symbol]:
        floor.end(order, Status.CANCELED, now_ms)
    for position in held:
        order_id = next(floor.order_ids)
        order = FuturesOrder(
            account,
            _liquidation(position),
            position.contract,
            order_id=order_id,
            client_id=f"autoclose-{order_id}",
            price=0,
            qty=abs(position.amount),
            now_ms=now_ms,
        )
        floor.start(order, floor.pit(symbol, now_ms), now_ms)


def pay_funding(
    floor: FuturesFloor, account: Account, symbol: str, rate: Decimal | int | str, now_ms: int
) -> None:
    """Have an account pay funding for what it holds of a symbol, or be paid.

    Parameters
    ----------
    rate
        Share of the position's value at the mark price. Where it is positive, longs pay.

    Raises
    ------
    ConfigurationError
        It holds nothing, or this is no rate.
    """
    try:
        share = from_decimal(rate)
    except ValueError as error:
        raise ConfigurationError(f"funding rate of {symbol}: {error}") from None
    mark = floor.marks(now_ms)(symbol)
    for position in _held(floor, account, symbol, now_ms):
        value = position.contract.value(mark, abs(position.amount))
        paid = value * share // UNIT * (1 if position.amount > 0 else -1)
        asset = position.contract.margin_asset
        wallet = account.balance(floor.product, asset)
        wallet.free -= paid
        event = account_update(
            floor.product,
            account.uid,
            "FUNDING_FEE",
            now_ms,
            asset=asset,
            wallet=wallet.free,
            change=-paid,
            positions=[],
            symbol=symbol,
        )
        floor.tell(account, event)


def call_margin(floor: FuturesFloor, account: Account, symbol: str, now_ms: int) -> None:
    """Warn an account that what it holds of a symbol may be liquidated. Nothing changes.

    Raises
    ------
    ConfigurationError
        It holds nothing.
    """
    held = _held(floor, account, symbol, now_ms)
    wallet = account.balance(floor.product, held[0].contract.margin_asset).free
    mark = floor.marks(now_ms)(symbol)
    floor.tell(account, margin_call(floor.product, account.uid, now_ms, wallet=wallet, mark=mark, held=held))


def _held(floor: FuturesFloor, account: Account, symbol: str, now_ms: int) -> Sequence[Position]:
    try:
        floor.pit(symbol, now_ms)
    except ApiError:
        raise ConfigurationError(f"{symbol!r} is no symbol of {floor.product} here") from None
    held = [
        position
        for position in floor.portfolio(account).positions()
        if position.symbol == symbol and position.amount
    ]
    if not held:
        raise ConfigurationError(f"the account holds no {symbol} on {floor.product}")
    return held


def _liquidation(position: Position) -> FuturesTicket:
    return FuturesTicket(
        symbol=position.symbol,
        side="SELL" if position.amount > 0 else "BUY",
        type=LIQUIDATION,
        position_side=position.side,
        tif="IOC",
        price=0,
        qty=abs(position.amount),
        reduce_only=position.side == "BOTH",
        client_id=None,
        stp="NONE",
        price_match="NONE",
        good_till_ms=0,
        stop_price=0,
        activation_price=0,
        callback_rate=0,
        working_type="CONTRACT_PRICE",
        close_position=False,
        price_protect=False,
        reply="ACK",
    )

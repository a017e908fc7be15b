"""Events that were missed, made anew: of the same types as Binance's, and flagged `UserEvent.recovered`.

They say what answers say. What only the event would have known, such as an execution id, is -1 or None.
"""

from collections.abc import Sequence

from fastbinance._protocol.picture.states import (
    NOTHING,
    BalanceState,
    OrderState,
    PositionState,
    TradeState,
    spelled,
)
from fastbinance.user_events import (
    AccountChange,
    AccountPosition,
    AccountUpdate,
    AssetBalance,
    EventReader,
    ExecutionReport,
    FuturesBalance,
    FuturesOrder,
    FuturesPosition,
    OrderTradeUpdate,
    UserEvent,
)

__all__ = ["RECOVERED", "balances_event", "futures_event", "step_event"]

#: `AccountChange.reason` of a recovered ``ACCOUNT_UPDATE``: why it changed, no answer tells.
RECOVERED = "RECOVERED"


def step_event(
    reader: EventReader, recv_ns: int, order: OrderState, kind: str, trade: TradeState | None, *, spot: bool
) -> UserEvent:
    """Make the event of one step of an order.

    Parameters
    ----------
    order
        The order after the step.
    kind
        Execution type.
    trade
        What was filled in it.
    """
    if spot:
        return _report(reader, recv_ns, order, kind, trade)
    return _update(reader, recv_ns, order, kind, trade)


def _report(
    reader: EventReader, recv_ns: int, order: OrderState, kind: str, trade: TradeState | None
) -> ExecutionReport:
    moment = order.updated_ms if trade is None else trade.time_ms
    return reader.make(
        ExecutionReport,
        event="executionReport",
        event_ms=moment,
        recv_ns=recv_ns,
        recovered=True,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        price=order.price,
        stop_price=order.stop_price,
        iceberg_quantity=order.iceberg_quantity or "0",
        order_list_id=order.order_list_id,
        original_client_order_id="",
        execution_type=kind,
        status=order.status,
        reject_reason="NONE",
        order_id=order.order_id,
        last_quantity=trade.quantity if trade else "0",
        cumulative_quantity=spelled(order.executed),
        last_price=trade.price if trade else "0",
        commission=trade.commission if trade else "0",
        commission_asset=trade.commission_asset if trade else None,
        transaction_ms=moment,
        trade_id=trade.trade_id if trade else -1,
        execution_id=-1,
        is_on_book=order.is_open and order.is_on_book,
        is_maker=trade is not None and trade.is_maker,
        created_ms=order.created_ms,
        cumulative_quote_quantity=spelled(order.quote or NOTHING),
        last_quote_quantity=(trade.quote_quantity if trade else None) or "0",
        quote_quantity=order.quote_quantity or "0",
        working_ms=order.working_ms,
        self_trade_prevention_mode=order.self_trade_prevention_mode,
        expiry_reason=order.expiry_reason,
    )


def _update(
    reader: EventReader, recv_ns: int, order: OrderState, kind: str, trade: TradeState | None
) -> OrderTradeUpdate:
    moment = order.updated_ms if trade is None else trade.time_ms
    body = FuturesOrder(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        price=order.price,
        average_price=order.average_price or "0",
        execution_type=kind,
        status=order.status,
        order_id=order.order_id,
        last_quantity=trade.quantity if trade else "0",
        cumulative_quantity=spelled(order.executed),
        last_price=trade.price if trade else "0",
        transaction_ms=moment,
        trade_id=trade.trade_id if trade else 0,
        stop_price=order.stop_price,
        commission=trade.commission if trade else None,
        commission_asset=trade.commission_asset if trade else None,
        is_maker=trade.is_maker if trade else None,
        reduce_only=order.reduce_only,
        working_type=order.working_type,
        original_type=order.original_type,
        position_side=order.position_side,
        close_position=order.close_position,
        realized_profit=trade.realized_profit if trade else None,
        self_trade_prevention_mode=order.self_trade_prevention_mode,
        price_match=order.price_match,
        good_till_ms=order.good_till_ms,
        expiry_reason=order.expiry_reason,
    )
    return reader.make(
        OrderTradeUpdate,
        event="ORDER_TRADE_UPDATE",
        event_ms=moment,
        recv_ns=recv_ns,
        recovered=True,
        transaction_ms=moment,
        order=body,
    )


def balances_event(reader: EventReader, recv_ns: int, balances: Sequence[BalanceState]) -> AccountPosition:
    """Make the event of balances of spot that have changed."""
    moment = max(one.updated_ms for one in balances)
    return reader.make(
        AccountPosition,
        event="outboundAccountPosition",
        event_ms=moment,
        recv_ns=recv_ns,
        recovered=True,
        last_update_ms=moment,
        balances=tuple(AssetBalance(asset=one.asset, free=one.first, locked=one.second) for one in balances),
    )


def futures_event(
    reader: EventReader, recv_ns: int, moment: int, balances: Sequence[BalanceState],
    positions: Sequence[PositionState],
) -> AccountUpdate:  # fmt: skip
    """Make the event of balances and positions of futures that have changed, up to a time."""
    change = AccountChange(
        reason=RECOVERED,
        balances=tuple(
            FuturesBalance(asset=one.asset, wallet_balance=one.first, cross_wallet_balance=one.second)
            for one in balances
        ),
        positions=tuple(
            FuturesPosition(
                symbol=one.symbol,
                amount=one.amount,
                entry_price=one.entry_price,
                unrealized_profit=one.unrealized_profit,
                margin_type=one.margin_type,
                isolated_wallet=one.isolated_wallet,
                position_side=one.position_side,
                margin_asset=one.margin_asset,
                break_even_price=one.break_even_price,
            )
            for one in positions
        ),
    )
    return reader.make(
        AccountUpdate,
        event="ACCOUNT_UPDATE",
        event_ms=moment,
        recv_ns=recv_ns,
        recovered=True,
        transaction_ms=moment,
        change=change,
    )

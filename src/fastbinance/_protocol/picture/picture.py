"""An account as its events tell it: open orders, balances, positions."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from fastbinance._protocol.picture.states import (
    NOTHING,
    BalanceState,
    OrderKey,
    OrderState,
    PositionKey,
    PositionState,
    is_later,
)
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    ExecutionReport,
    FuturesOrder,
    OrderTradeUpdate,
    UserEvent,
)

__all__ = ["Mark", "Picture"]

K = TypeVar("K")
V = TypeVar("V")

_FILLED: Final = frozenset({"TRADE", "CALCULATED"})
# Ended orders, recovered ones and recovered trades are remembered, so that what is late brings none back.
_MOST: Final = 65_536


class Mark(NamedTuple):
    """What was known when events began to come again.

    Attributes
    ----------
    orders
        Open orders.
    balances
        Balances by asset.
    last_trades
        The newest trade of each symbol, and the orders that it was told for.
    live
        Trades that have come since; symbol, trade and order. Only where one before them may be looked for.
    seen_ms
        Time of the newest event.
    """

    orders: dict[OrderKey, OrderState]
    balances: dict[str, BalanceState]
    last_trades: dict[str, tuple[int, frozenset[int]]]
    live: set[tuple[str, int, int]]
    seen_ms: int


class Picture:
    """What the events of one account add up to.

    Late and repeated events change nothing: an order only goes on, and balances and positions are taken from
    the newest event that names them.

    Parameters
    ----------
    account
        Kind of account, `UserEvent.account` of its events.
    symbols
        Symbols that it may trade, known before any event: the pair of isolated margin.
    most_live
        Trades that may come before a reconciliation is done, which has to know them. With more, it begins
        anew from what is known then, and `has_hole`.

    Attributes
    ----------
    account : str
        The same.
    is_founded : bool
        A first reconciliation has told what there was before the events.
    seen_ms : int
        Time of the newest event, or of the newest reconciliation.
    symbols : set of str
        Symbols that orders, trades or positions have been told of.
    incomplete : set of str
        Symbols of which an event has shown, while the account is being reconciled, that one before it was
        missed.
    told_old : set
        Assets and positions whose newest event is older than what is known of them: it came late, behind a
        recovered one. Whoever believes events as they come has to be told again.
    has_hole : bool
        Fills have been missed which the next reconciliation does not find: those before the newest that was
        told of their symbol. Orders, balances and positions it finds all the same.
    unreadable : int
        Events that were left out, because an amount in them is no number.
    """

    def __init__(self, account: str, symbols: Iterable[str] = (), most_live: int = _MOST) -> None:
        self.account: Final = account
        self._most_live = most_live
        self.has_hole = False
        self.is_founded = False
        self.seen_ms = 0
        self.symbols: set[str] = set(symbols)
        self.told_old: set[str | PositionKey] = set()
        self.unreadable = 0
        self._orders: dict[OrderKey, OrderState] = {}
        self._ended: dict[OrderKey, OrderState] = {}
        self._balances: dict[str, BalanceState] = {}
        self._positions: dict[PositionKey, PositionState] = {}
        # The newest trade of each symbol, with the orders that it was told for.
        self._last_trades: dict[str, tuple[int, frozenset[int]]] = {}
        self._recovered: dict[tuple[str, int, int], None] = {}
        self._recovered_orders: dict[OrderKey, None] = {}
        self._mark: Mark | None = None
        self.incomplete: set[str] = set()
        self.orders: Final[Mapping[OrderKey, OrderState]] = MappingProxyType(self._orders)
        self.balances: Final[Mapping[str, BalanceState]] = MappingProxyType(self._balances)
        self.positions: Final[Mapping[PositionKey, PositionState]] = MappingProxyType(self._positions)

    def apply(self, event: UserEvent) -> None:
        """Take an event, one of Binance's or a recovered one."""
        try:
            self._apply(event)
        except ArithmeticError:
            # One event that Binance spoils must not cost the account its stream.
            self.unreadable += 1

    def was_recovered(self, event: UserEvent) -> bool:
        """Whether an event tells what has been told as recovered before it came: a trade, an earlier step.

        Without its trades, which are not told again, such a step would bring back an order that has ended.
        """
        if event.recovered or not self._recovered_orders:
            return False
        if isinstance(event, ExecutionReport):
            order: ExecutionReport | FuturesOrder = event
        elif isinstance(event, OrderTradeUpdate):
            order = event.order
        else:
            return False
        if order.execution_type in _FILLED:
            return (order.symbol, order.trade_id, order.order_id) in self._recovered
        if (order.symbol, order.order_id) not in self._recovered_orders:
            return False
        try:
            state = _of_report(event) if isinstance(event, ExecutionReport) else _of_update(event)
            return not is_later(state, self.order(state.key))
        except ArithmeticError:
            return False  # `apply` counts it

    # -- for `Plan`

    def order(self, key: OrderKey) -> OrderState | None:
        """Return an order that is open, or has ended not too long ago."""
        return self._orders.get(key) or self._ended.get(key)

    def mark(self) -> Mark:
        """Return what was known when events began to come again, which `end` forgets.

        A reconciliation that another loss cuts short leaves it as it is, for the next one.
        """
        if self._mark is None:
            self._mark = Mark(
                dict(self._orders), dict(self._balances), dict(self._last_trades), set(), self.seen_ms
            )
        return self._mark

    def give_up(self) -> None:
        """Forget what was known when events began to come again: what was missed is not going to be found."""
        self._mark = None
        self.incomplete.clear()
        # A first reconciliation looks for no fills.
        self.has_hole = self.has_hole or self.is_founded

    def missed(self) -> None:
        """Take note of an event that cannot be read: what it told may never be known."""
        self.has_hole = self.has_hole or self.is_founded

    def end(self, began_ms: int) -> None:
        """End a reconciliation that was begun at a time."""
        self._mark = None
        self.incomplete.clear()
        self.is_founded = True
        self.has_hole = False
        self._see(began_ms)

    # -- events

    def _apply(self, event: UserEvent) -> None:
        if isinstance(event, ExecutionReport):
            self._step(_of_report(event), Decimal(event.last_quantity), event.recovered)
            self._note(event, event.symbol, event.execution_type, event.trade_id, event.order_id)
            self._see(event.transaction_ms)
        elif isinstance(event, OrderTradeUpdate):
            order = event.order
            self._step(_of_update(event), Decimal(order.last_quantity), event.recovered)
            self._note(event, order.symbol, order.execution_type, order.trade_id, order.order_id)
            self._see(event.transaction_ms)
        elif isinstance(event, AccountPosition):
            for one in event.balances:
                self._balance(one.asset, one.free, one.locked, event.last_update_ms)
            self._see(event.last_update_ms)
        elif isinstance(event, AccountUpdate):
            self._account(event)
            self._see(event.transaction_ms)

    def _see(self, moment: int) -> None:
        self.seen_ms = max(self.seen_ms, moment)

    def _step(self, state: OrderState, filled: Decimal, is_recovered: bool) -> None:
        key = state.key
        self.symbols.add(state.symbol)
        if is_recovered:
            _remember(self._recovered_orders, key, None)
        known = self.order(key)
        if not is_later(state, known):
            return
        before = NOTHING if known is None else known.executed
        if self._mark is not None and state.executed - filled > before:
            self.incomplete.add(state.symbol)
        if state.is_open:
            self._orders[key] = state
            return
        self._orders.pop(key, None)
        self._ended.pop(key, None)
        _remember(self._ended, key, state)

    def _note(self, event: UserEvent, symbol: str, kind: str, trade_id: int, order_id: int) -> None:
        if kind not in _FILLED or trade_id <= 0:
            return
        last, orders = self._last_trades.get(symbol, (0, frozenset()))
        if trade_id > last:
            self._last_trades[symbol] = (trade_id, frozenset((order_id,)))
        elif trade_id == last:
            self._last_trades[symbol] = (last, orders | {order_id})
        key = (symbol, trade_id, order_id)
        if event.recovered:
            _remember(self._recovered, key, None)
        elif self._mark is not None and self.is_founded:
            self._mark.live.add(key)
            if len(self._mark.live) > self._most_live:
                self.give_up()
                self.mark()

    def _balance(self, asset: str, first: str, second: str, moment: int) -> None:
        known = self._balances.get(asset)
        state = BalanceState(asset=asset, first=first, second=second, updated_ms=moment)
        state.says_as(None)  # raises where an amount is no number
        if known is None or moment >= known.updated_ms:
            self._balances[asset] = state
            self.told_old.discard(asset)
        else:
            self.told_old.add(asset)

    def _account(self, event: AccountUpdate) -> None:
        moment = event.transaction_ms
        for balance in event.change.balances:
            self._balance(balance.asset, balance.wallet_balance, balance.cross_wallet_balance, moment)
        for one in event.change.positions:
            key = (one.symbol, one.position_side or "BOTH")
            self.symbols.add(one.symbol)
            known = self._positions.get(key)
            state = PositionState(
                symbol=one.symbol,
                position_side=key[1],
                amount=one.amount,
                entry_price=one.entry_price,
                updated_ms=moment,
                break_even_price=one.break_even_price,
                unrealized_profit=one.unrealized_profit,
                margin_type=one.margin_type,
                isolated_wallet=one.isolated_wallet,
                margin_asset=one.margin_asset,
            )
            state.says_as(state)  # raises where an amount is no number
            if known is None or moment >= known.updated_ms:
                self._positions[key] = state
                self.told_old.discard(key)
            else:
                self.told_old.add(key)


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= _MOST:
        del memory[next(iter(memory))]
    memory[key] = value


def _of_report(event: ExecutionReport) -> OrderState:
    # A cancellation has a name of its own, and tells the order's beside it.
    is_cancelled = event.execution_type == "CANCELED" and event.original_client_order_id
    return OrderState(
        symbol=event.symbol,
        order_id=event.order_id,
        client_order_id=event.original_client_order_id if is_cancelled else event.client_order_id,
        side=event.side,
        type=event.type,
        time_in_force=event.time_in_force,
        quantity=event.quantity,
        price=event.price,
        stop_price=event.stop_price,
        status=event.status,
        executed=Decimal(event.cumulative_quantity),
        quote=Decimal(event.cumulative_quote_quantity),
        created_ms=event.created_ms,
        updated_ms=event.transaction_ms,
        order_list_id=event.order_list_id,
        is_on_book=event.is_on_book,
        iceberg_quantity=event.iceberg_quantity,
        quote_quantity=event.quote_quantity,
        working_ms=event.working_ms,
        self_trade_prevention_mode=event.self_trade_prevention_mode,
        expiry_reason=event.expiry_reason,
    )


def _of_update(event: OrderTradeUpdate) -> OrderState:
    order = event.order
    return OrderState(
        symbol=order.symbol,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        price=order.price,
        stop_price=order.stop_price or "0",
        status=order.status,
        executed=Decimal(order.cumulative_quantity),
        updated_ms=order.transaction_ms,
        average_price=order.average_price,
        position_side=order.position_side,
        reduce_only=order.reduce_only,
        close_position=order.close_position,
        original_type=order.original_type,
        working_type=order.working_type,
        price_match=order.price_match,
        good_till_ms=order.good_till_ms,
        self_trade_prevention_mode=order.self_trade_prevention_mode,
        expiry_reason=order.expiry_reason,
    )

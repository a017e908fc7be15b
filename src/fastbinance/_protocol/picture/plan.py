"""Compares a picture with what answers say, and makes the events that were missed between them.

::

    open orders, account, positions -> orders that are open no more, trades of symbols that differ
                                    -> orders of those trades -> events

A plan begins when events come again and before the first of them is applied. From then on the stream is
whole, so that events win over answers that are older; what answers know and events do not was missed.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from fastbinance._protocol.picture.picture import Picture
from fastbinance._protocol.picture.questions import (
    ASKED,
    SPOT_LIKE,
    Question,
    balances_of,
    order_of,
    position_of,
    trade_of,
)
from fastbinance._protocol.picture.recovered import balances_event, futures_event
from fastbinance._protocol.picture.states import (
    NOTHING,
    BalanceState,
    OrderKey,
    OrderState,
    PositionKey,
    PositionState,
    TradeState,
)
from fastbinance._protocol.picture.steps import Story, missed_steps
from fastbinance.user_events import EventReader, UserEvent

__all__ = ["Plan"]

# Of an order that goes on being filled: an account may trade faster than it can be asked about.
_MOST_ASKED: Final = 3

S = TypeVar("S", BalanceState, PositionState)


class Plan:
    """One reconciliation: asks, is answered, and ends with the events that were missed.

    The first one of a picture tells what there is, and asks for no trades: none has been missed.

    An order that was placed and filled while nothing came is found by the balances that it changed, on the
    symbols that the picture knows or `symbols` names; one that was cancelled unfilled leaves nothing.

    A plan that cannot be finished is dropped; the next one of the same picture finds what both should have.

    Parameters
    ----------
    picture
        What is compared. Events go on being applied to it.
    reader
        Makes the events.
    began_ms
        Binance's time, in the unit of the events.
    symbols
        More symbols that the account may have traded.
    """

    def __init__(
        self, picture: Picture, reader: EventReader, began_ms: int, symbols: Iterable[str] = ()
    ) -> None:
        self._picture: Final = picture
        self._reader: Final = reader
        self._began_ms: Final = began_ms
        self._is_spot: Final = picture.account in SPOT_LIKE
        self._is_first: Final = not picture.is_founded
        self._balances: Final = dict(picture.balances)
        self._positions: Final = dict(picture.positions)
        self._symbols: Final = picture.symbols | set(symbols)
        mark = picture.mark()
        self._mark: Final = mark
        self._orders: Final = mark.orders
        self._marked: Final = mark.balances
        self._live: Final = mark.live
        self._since: Final = mark.seen_ms
        self._last: Final = dict(mark.last_trades)
        # What answers say.
        self._told_orders: dict[OrderKey, OrderState] = {}
        self._told_balances: dict[str, BalanceState] = {}
        self._told_positions: dict[PositionKey, PositionState] = {}
        self._trades: dict[OrderKey, list[TradeState]] = {}
        self._vanished: list[OrderKey] = []
        # What has been asked.
        self._asked: set[Question] = set()
        self._traded: set[str] = set()
        self._sought: Counter[OrderKey] = Counter()
        self._out: set[Question] = set()

    @property
    def is_outdated(self) -> bool:
        """Whether too much has come since it began for it to be finished; see `Picture.has_hole`."""
        return self._picture.mark() is not self._mark

    @property
    def is_done(self) -> bool:
        """Whether everything has been asked and answered."""
        return not self._out and not self._wanted()

    def questions(self) -> tuple[Question, ...]:
        """Return what is to be asked now, each question once; see `ASKED` for how."""
        wanted = self._wanted()
        for question in wanted:
            self._asked.add(question)
            self._out.add(question)
            if question.symbol is not None and question.subject == "trades":
                self._traded.add(question.symbol)
            if question.symbol is not None and question.order_id is not None:
                self._sought[question.symbol, question.order_id] += 1
        return wanted

    def answer(self, question: Question, answer: Any) -> None:
        """Take the answer to a question, decoded.

        Raises
        ------
        ValueError
            An amount in it is no number.
        """
        self._out.discard(question)
        try:
            self._take(question, answer)
        except ArithmeticError:
            raise ValueError(f"the answer about {question.subject} has an amount that is no number") from None

    def not_found(self, question: Question) -> None:
        """Take that Binance knows an order no more, which it says of old ones that ended unfilled."""
        self._out.discard(question)
        if question.symbol is None or question.order_id is None:
            return
        # Not said of an order that has only just come: what is asked may be behind the events.
        order = self._orders.get((question.symbol, question.order_id))
        if order is not None:
            ended = msgspec.structs.replace(order, status="CANCELED", updated_ms=self._began_ms)
            self._told_orders[order.key] = ended

    def events(self, recv_ns: int) -> list[UserEvent]:
        """Return the events that were missed, oldest first, after applying them to the picture.

        An event of a trade among them may still come by itself; `Picture.was_recovered` then says so.
        """
        events = self._steps(recv_ns) + self._amounts(recv_ns)
        self._picture.end(self._began_ms)
        for event in events:
            self._picture.apply(event)
        return events

    # -- questions

    def _wanted(self) -> tuple[Question, ...]:
        first = [
            Question(subject)
            for subject in ASKED[self._picture.account]
            if subject not in ("order", "trades")
        ]
        if any(question not in self._asked for question in first):
            return tuple(question for question in first if question not in self._asked)
        if any(question in self._out for question in first):
            return ()
        missing = [key for key in self._vanished if key not in self._sought]
        missing += [
            key
            for key in self._trades
            if self._picture.order(key) is None and key not in self._told_orders and key not in self._sought
        ]
        # A trade that is newer than its order must not be left to its event, which the next loss may take.
        missing += [key for key in self._trades if self._sought[key] < _MOST_ASKED and self._is_behind(key)]
        wanted = [Question("order", symbol, order_id) for symbol, order_id in dict.fromkeys(missing)]
        if not self._is_first:
            wanted += [self._first_trades(symbol) for symbol in sorted(self._different() - self._traded)]
        return tuple(wanted)

    def _first_trades(self, symbol: str) -> Question:
        if symbol in self._last:
            # The newest trade once more: a trade with oneself is told of two orders.
            return Question("trades", symbol, from_id=self._last[symbol][0])
        return Question("trades", symbol, start_ms=self._since)

    def _different(self) -> set[str]:
        """Symbols on which something may have been traded that was not told."""
        found = set(self._picture.incomplete)
        for key, told in self._told_orders.items():
            order = self._picture.order(key)
            if told.executed > (NOTHING if order is None else order.executed):
                found.add(key[0])
        found |= {key[0] for key, _, _ in self._changed_positions()}
        # On futures too: a position that was opened and closed again leaves a profit or a fee.
        assets = {asset for asset, _, _ in self._changed_balances()}
        # What events have told since hides what was missed before them: these balances are right again.
        assets |= {
            asset for asset, now in self._picture.balances.items() if now is not self._marked.get(asset)
        }
        return found | {name for name in self._symbols if any(_trades(name, asset) for asset in assets)}

    # -- answers

    def _take(self, question: Question, answer: Any) -> None:
        if question.subject == "account":
            self._told_balances = balances_of(answer)
            for balance in self._told_balances.values():
                balance.says_as(None)  # raises where an amount is no number
        elif question.subject == "positions":
            states = [position_of(one) for one in answer]
            self._told_positions = {state.key: state for state in states if state.says_as(state)}
        elif question.subject == "order":
            state = order_of(answer)
            self._told_orders[state.key] = state
            if state.executed > self._explained(state.key):
                # Filled since its trades were asked for: what is not told now would be told never.
                self._traded.discard(state.symbol)
        elif question.subject == "open_orders":
            self._told_orders |= {state.key: state for state in map(order_of, answer)}
            self._vanished = [key for key in self._picture.orders if key not in self._told_orders]
        else:
            self._take_trades(question, [trade_of(one) for one in answer])

    def _take_trades(self, question: Question, trades: list[TradeState]) -> None:
        known = {trade.key for found in self._trades.values() for trade in found}
        for trade in trades:
            if trade.key in known:
                continue
            last, orders = self._last.get(trade.symbol, (0, frozenset()))
            if trade.trade_id > last or (trade.trade_id == last and trade.order_id not in orders):
                self._trades.setdefault((trade.symbol, trade.order_id), []).append(trade)
        most = ASKED[self._picture.account]["trades"].most
        if len(trades) >= most and question.symbol is not None:
            newest = max(trade.trade_id for trade in trades)
            self._traded.discard(question.symbol)
            self._last[question.symbol] = (newest, frozenset(
                trade.order_id for trade in trades if trade.trade_id == newest
            ))  # fmt: skip

    def _is_behind(self, key: OrderKey) -> bool:
        """Tell whether what is known of an order is older than a trade of it."""
        told, current = self._told_orders.get(key), self._picture.order(key)
        executed = max(order.executed for order in (told, current) if order) if told or current else None
        return executed is not None and self._explained(key) > executed

    def _explained(self, key: OrderKey) -> Decimal:
        """Return how far an order is filled by what was told of it and by the trades that answers tell."""
        before, current = self._orders.get(key), self._picture.order(key)
        executed = NOTHING if before is None else before.executed
        executed += sum(Decimal(trade.quantity) for trade in self._trades.get(key, ()))
        return executed if current is None else max(executed, current.executed)

    # -- events

    def _steps(self, recv_ns: int) -> list[UserEvent]:
        groups = []
        for key in {**self._told_orders, **self._trades}:
            told, current = self._told_orders.get(key), self._picture.order(key)
            story = Story(
                before=self._orders.get(key),
                current=current,
                told=told,
                trades=sorted(self._trades.get(key, ()), key=lambda trade: trade.trade_id),
                live=self._live,
                is_first=self._is_first,
                is_spot=self._is_spot,
            )
            if steps := missed_steps(story, self._reader, recv_ns):
                groups.append(steps)
        groups.sort(key=lambda steps: steps[-1].event_ms)
        return [step for steps in groups for step in steps]

    def _amounts(self, recv_ns: int) -> list[UserEvent]:
        balances = _by_time(self._dated(told, old) for _, told, old in self._changed_balances())
        positions = _by_time(self._dated(told, old) for _, told, old in self._changed_positions())
        if self._is_spot:
            return [balances_event(self._reader, recv_ns, balances[moment]) for moment in sorted(balances)]
        return [
            futures_event(self._reader, recv_ns, moment, balances.get(moment, ()), positions.get(moment, ()))
            for moment in sorted({*balances, *positions})
        ]

    def _dated(self, told: S, old: S | None) -> S:
        # Not older than what it replaces, which an answer that has no time would be.
        moment = max(told.updated_ms, 0 if old is None else old.updated_ms) or self._began_ms
        return msgspec.structs.replace(told, updated_ms=moment)

    def _changed_balances(self) -> list[tuple[str, BalanceState, BalanceState | None]]:
        found = []
        now = self._picture.balances
        for asset in {**now, **self._told_balances}:
            old = now.get(asset)
            told = self._told_balances.get(asset)
            if told is None:
                told = BalanceState(asset=asset, first="0", second="0", updated_ms=0)
            if _wins(old, self._balances.get(asset), told):
                continue
            if not told.says_as(old) or asset in self._picture.told_old:
                found.append((asset, told, old))
        return found

    def _changed_positions(self) -> list[tuple[PositionKey, PositionState, PositionState | None]]:
        found = []
        now = self._picture.positions
        for key in {**now, **self._told_positions}:
            old = now.get(key)
            told = self._told_positions.get(key)
            if told is None:
                told = PositionState(
                    symbol=key[0], position_side=key[1], amount="0", entry_price="0", updated_ms=0
                )
            if _wins(old, self._positions.get(key), told):
                continue
            if not told.says_as(old) or key in self._picture.told_old:
                found.append((key, told, old))
        return found


def _wins(now: S | None, before: S | None, told: S) -> bool:
    """Whether an event that has come since the plan began knows better than an answer."""
    return now is not None and now is not before and now.updated_ms >= told.updated_ms


def _by_time(states: Iterable[S]) -> dict[int, list[S]]:
    # Of several times, for one that is too late would keep out an event that is on its way.
    found: dict[int, list[S]] = {}
    for state in states:
        found.setdefault(state.updated_ms, []).append(state)
    return found


def _trades(symbol: str, asset: str) -> bool:
    return symbol.startswith(asset) or symbol.endswith(asset)

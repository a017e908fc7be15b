"""The steps of one order that were missed, out of what was told of it before, since, and by answers."""

from collections.abc import Sequence, Set
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from fastbinance._protocol.picture.recovered import step_event
from fastbinance._protocol.picture.states import NOTHING, OrderState, TradeState, is_later
from fastbinance.user_events import EventReader, UserEvent

__all__ = ["Story", "missed_steps"]

# What ends an order, by its status, where it is not its own name: spot's and futures'.
_ENDS: Final = {True: {"EXPIRED_IN_MATCH": "TRADE_PREVENTION"}, False: {"EXPIRED_IN_MATCH": "EXPIRED"}}
_CHANGED: Final = {True: "REPLACED", False: "AMENDMENT"}


class Story(NamedTuple):
    """What is known of one order.

    Attributes
    ----------
    before
        As events told it before the plan began; None if it was not open then.
    current
        As events tell it now.
    told
        As an answer tells it.
    trades
        Its trades since the newest that was told, oldest first.
    live
        Keys of the trades that have come as events since the plan began.
    is_first
        Nothing has been missed, for nothing was listened to.
    """

    before: OrderState | None
    current: OrderState | None
    told: OrderState | None
    trades: Sequence[TradeState]
    live: Set[tuple[str, int, int]]
    is_first: bool
    is_spot: bool


def missed_steps(story: Story, reader: EventReader, recv_ns: int) -> list[UserEvent]:
    """Return the events that lead from what was told to what is known, oldest first."""
    told, current = story.told, story.current
    best = told if told is not None and is_later(told, current) else current
    if best is None:
        return []  # a trade whose order Binance does not know: there is nothing to tell its side of
    filled = [] if story.is_first else _missed_fills(story, best)
    steps: list[tuple[OrderState, str, TradeState | None]] = []
    if current is None:
        steps.append((_as_new(best, filled, is_first=story.is_first), "NEW", None))
    steps += [(state, "TRADE", trade) for state, trade in filled]
    reached = filled[-1][0] if filled else steps[-1][0] if steps else current
    if best is told and reached is not None:
        steps += _rest(reached, best, current, is_spot=story.is_spot)
    if current is not None:
        # Told behind what events have told since: the fill is news, but the order does not go back to it.
        steps = [
            (state if is_later(state, current) else current, kind, trade) for state, kind, trade in steps
        ]
    return [
        step_event(reader, recv_ns, state, kind, trade, spot=story.is_spot) for state, kind, trade in steps
    ]


def _missed_fills(story: Story, best: OrderState) -> list[tuple[OrderState, TradeState]]:
    """Return the order after each trade that was missed."""
    before = story.before
    executed = NOTHING if before is None else before.executed
    quote = NOTHING if before is None else before.quote or NOTHING
    found = []
    for trade in story.trades:
        after = executed + Decimal(trade.quantity)
        if after > best.executed:
            break  # newer than what is known of the order, so that its event is on its way
        executed = after
        quote += Decimal(trade.quote_quantity or 0)
        if trade.key not in story.live:
            found.append((_after(best, executed, quote, trade.time_ms), trade))
    return found


def _after(best: OrderState, executed: Decimal, quote: Decimal, moment: int) -> OrderState:
    is_last = best.status == "FILLED" and executed == best.executed
    return msgspec.structs.replace(
        best,
        status="FILLED" if is_last else "PARTIALLY_FILLED",
        executed=executed,
        quote=None if best.quote is None else quote,
        updated_ms=moment,
        expiry_reason=None,
    )


def _as_new(
    best: OrderState, filled: Sequence[tuple[OrderState, TradeState]], *, is_first: bool
) -> OrderState:
    if is_first or (best.is_open and not best.executed):
        return best
    executed = filled[0][0].executed - Decimal(filled[0][1].quantity) if filled else NOTHING
    return msgspec.structs.replace(
        best,
        status="NEW",
        executed=executed,
        quote=None if best.quote is None else NOTHING,
        updated_ms=best.created_ms,
        expiry_reason=None,
    )


def _rest(
    reached: OrderState, best: OrderState, current: OrderState | None, *, is_spot: bool
) -> list[tuple[OrderState, str, None]]:
    """Return the step to the end that fills do not explain, if there is one."""
    if current is not None and current.executed > reached.executed:
        reached = current
    if not best.is_open and best.status != "FILLED":
        return [(best, _ENDS[is_spot].get(best.status, best.status), None)]
    if best.executed > reached.executed:
        # Filled by trades that Binance did not tell: what there is to know is how far.
        return [(best, "TRADE", None)]
    if not best.is_open or current is None or reached.updated_ms > best.updated_ms:
        return []
    if (best.status, best.is_on_book) != (current.status, current.is_on_book) and not best.executed:
        return [(best, "NEW", None)]
    if _terms(best) != _terms(current):
        return [(best, _CHANGED[is_spot], None)]
    return []


def _terms(order: OrderState) -> tuple[Decimal, Decimal, Decimal, str]:
    prices = (Decimal(order.quantity), Decimal(order.price), Decimal(order.stop_price))
    return (*prices, order.client_order_id)

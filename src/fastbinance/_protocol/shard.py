r"""The connections that carry one set of streams: several at once, each replaced before it is lost.

No I/O and no clock. A `Shard` owns its `Line` objects; whoever owns the shard has the sockets and tells it
what happens to them.

::

    slot:   current ----------------------- retiring --> closed
                    \ replace             /
                     +--> successor ------+--> current
                          (own line)   proven

A slot has one current line, and for the time of a replacement one successor. The successor becomes current
when it is *proven*: it is up, what was wanted is confirmed on it, and what has come on the old line since has
come on it too. A current line that is lost meanwhile is not dialled again; its successor takes the place at
once. What one line refuses may come on another: see `refusals`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.refusals import Refusals
from fastbinance._protocol.slot import Reason, Slot, Verdict
from fastbinance._protocol.subscriptions import Answer

__all__ = ["MOST_LINES", "Reason", "Shard", "ShardDriver"]

MOST_LINES: Final = 4
_NUMBERS: Final = range(2 * MOST_LINES)


class ShardDriver(Protocol):
    """Who has the lines, the wishes and the rings. None of these calls back before it returns."""

    def make_line(self, slot: int, number: int, now: float, /) -> Line:
        """Return a new line for a slot; it is not started."""

    def roll_at(self, line: Line, now: float, /) -> float:
        """Return when a line that has just opened is to be replaced for its age."""

    def carried(self, name: str, lines: int, /) -> None:
        """Take note on how many lines a stream is confirmed or may still arrive."""

    def confirmed(self, names: tuple[str, ...], now: float, /) -> None:
        """Take note of streams that some line has confirmed, and none had before."""

    def down(self, names: tuple[str, ...], trouble: Any, now: float, /) -> None:
        """Take note of wanted streams that no line has confirmed any more, or yet, and why."""

    def rejected(self, line: Line, answer: Answer, /) -> None:
        """Take note of streams that every line refuses; they are not wanted any more."""

    def refused(self, line: Line, answer: Answer, /) -> None:
        """Take note of streams that one line refuses, asked twice, while another carries them."""

    def resubscribed(self, line: Line, /) -> None:
        """Take note that everything is confirmed again on a line that was lost."""

    def replaced(self, old: Line, new: Line, reason: Reason, /) -> None:
        """Take note that a line has taken another one's place."""

    def ended(self, line: Line, /) -> None:
        """Forget a line: it is closed."""


class Shard:
    """The lines of one set of streams.

    Parameters
    ----------
    driver
        See `ShardDriver`.
    lines
        How many lines carry every stream, 1 to 4.
    now
        The time, in seconds, on the clock of all later calls.
    """

    def __init__(self, driver: ShardDriver, lines: int, now: float) -> None:
        if not 1 <= lines <= MOST_LINES:
            raise ValueError(f"lines is 1 to {MOST_LINES}, not {lines}")
        self._driver = driver
        self._wanted: dict[str, None] = {}
        self._carriers: dict[str, set[Line]] = {}
        self._refusals = Refusals()
        self._retiring: set[Line] = set()
        self._closed = False
        self._slots = [Slot(driver.make_line(number, number, now)) for number in range(lines)]

    # -- what is wanted

    def start(self, now: float) -> None:
        """Dial all lines."""
        for slot in self._slots:
            slot.current.start(now)

    def want(self, name: str, now: float) -> None:
        """Carry a stream on every line.

        Raises
        ------
        ConfigurationError
            See `Subscriptions.want`; nothing is wanted then.
        """
        for line in self._lines():
            line.want((name,), now)
        self._wanted[name] = None
        # Given up and wanted again before the UNSUBSCRIBE went out: no answer will come.
        for line in self._lines():
            if line.subscriptions.is_confirmed(name):
                self._carry(line, name)
        if self._carriers.get(name):
            self._driver.confirmed((name,), now)

    def drop(self, name: str, now: float) -> None:
        """Carry a stream no more."""
        if self._wanted.pop(name, name) is None:
            for line in self._lines():
                line.drop((name,), now)
            self._carriers.pop(name, None)
            self._refusals.forget(name)

    def replace(self, line: Line, reason: Reason, now: float) -> bool:
        """Have a line replaced, the new one first; tell whether that has begun now.

        Nothing begins for a line that is not the current one of its slot, or not up, or has a successor
        already; and on suspicion, or as its server stops, not too soon after the one before.
        """
        slot = self._slot_of(line)
        if slot is None or slot.current is not line or line.state is not State.LIVE or self._closed:
            return False
        suspected = reason in ("stalled", "unanswered")
        if slot.successor is not None:
            if suspected:
                slot.reason = reason
            return False
        number = self._free_number()
        if number is None or not slot.may_begin(reason, now):
            return False
        successor = self._driver.make_line(self._slots.index(slot), number, now)
        slot.begin(successor, reason, self._wanted, now)
        successor.want(self._wanted, now)
        successor.start(now)
        return True

    def replace_all(self, reason: Reason, now: float) -> int:
        """Have every line replaced that can be; return how many that is."""
        return sum(self.replace(slot.current, reason, now) for slot in self._slots)

    def shutting_down(self, line: Line, now: float) -> None:
        """Take note that the server of a line has said that it stops."""
        slot = self._slot_of(line)
        if slot is None:
            return
        slot.shutting.add(line.number)
        # Not now where that is too soon, or the line has yet to take its place.
        self._begin_due(slot, now)

    def close(self) -> None:
        """End every line."""
        self._closed = True
        for line in (*self._lines(), *self._retiring):
            line.close()
        self._carriers.clear()
        self._wanted.clear()

    # -- what happens

    def opened(self, line: Line, now: float) -> None:
        """See `Line.opened`."""
        line.opened(now)
        slot = self._slot_of(line)
        if slot is None:
            return
        slot.shutting.discard(line.number)
        if slot.current is line:
            slot.roll_at = self._driver.roll_at(line, now)
            self._driver.down(self._uncarried(), None, now)
        # It may be the only one that is up, and have refused something before it was lost.
        self._end_refused(now)

    def failed(self, line: Line, trouble: Any, now: float, retry_after: float = 0.0) -> None:
        """See `Line.failed`; `trouble` is for those who ask why nothing comes."""
        line.failed(now, retry_after)
        self.troubled(trouble, now)

    def troubled(self, trouble: Any, now: float) -> None:
        """Pass on why nothing comes, or a better reason, where no line is up."""
        if not self._closed and not self._any_live():
            self._driver.down(self._uncarried(), trouble, now)

    def lost(self, line: Line, trouble: Any, now: float) -> None:
        """See `Line.lost`."""
        was_retiring = line.state is State.RETIRING
        line.lost(now)
        names = [name for name, carriers in self._carriers.items() if line in carriers]
        for name in names:
            self._leave(line, name)
        if was_retiring:
            self._retiring.discard(line)
            self._driver.ended(line)
            for name in self._wanted:
                self._tell_carried(name)
        slot = self._slot_of(line)
        if slot is None or self._closed:
            return
        if slot.current is line:
            slot.roll_at = None
            if slot.successor is not None:
                # It is on its way already: two would fight for the same place.
                line.close()
                self._promote(slot, now)
                new = slot.current
                new.resubscribing = new.state is State.LIVE and not new.subscriptions.settled
                self._driver.ended(line)
        self._driver.down(tuple(name for name in names if not self._carriers.get(name)), trouble, now)
        self.troubled(trouble, now)
        self._end_refused(now)

    def control(
        self, line: Line, payload: bytes, now: float, told: Callable[[Answer], object] = lambda answer: None
    ) -> None:
        """Take in an answer or an error of the server, and tell what it was before what follows from it."""
        answer = line.control(payload, now)
        told(answer)
        if line not in self._lines():
            return  # it has been replaced, and what it still confirms is its successor's business
        new = tuple(name for name in answer.confirmed if name in self._wanted and self._carry(line, name))
        for name in answer.dropped:
            self._leave(line, name)
        if new:
            self._driver.confirmed(new, now)
            self._ask_again(new, now)
        if answer.rejected:
            self._refused(line, answer, now)
        if line.resubscribing and line.subscriptions.settled:
            line.resubscribing = False
            self._driver.resubscribed(line)

    def pinged(self, line: Line, now: float) -> None:
        """See `Line.pinged`."""
        line.pinged(now)

    def arrived(self, counts: Mapping[Line, Mapping[str, int]], now: float) -> None:
        """Look at what has come: how many messages of each stream, on each line, since the line opened.

        Only lines in a replacement need be named; see `replacing`.
        """
        for slot in self._slots:
            successor = slot.successor
            if successor is None:
                continue
            new, old = counts.get(successor, {}), counts.get(slot.current, {})
            verdict = slot.judge(new, old, self._wanted, now)
            if verdict is Verdict.SWAP:
                self._swap(slot, now)
            elif verdict is Verdict.ANEW:
                successor.hang_up()

    # -- time

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do; None: not before something happens."""
        if self._closed:
            return None
        times = [line.next_at for line in self._lines()]
        times += [slot.due_at for slot in self._slots]
        return min((at for at in times if at is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what is due."""
        for slot in self._slots if not self._closed else ():
            for line in (slot.current, slot.successor):
                if line is None:
                    continue
                line.tick(now)
                if line.overdue(now):
                    self._overdue(slot, line, now)
            self._begin_due(slot, now)

    # -- what is known

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names, oldest wish first."""
        return tuple(self._wanted)

    @property
    def current(self) -> tuple[Line, ...]:
        """The line of each slot."""
        return tuple(slot.current for slot in self._slots)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line that may still deliver, successors and retiring ones among them."""
        return (*self._lines(), *self._retiring)

    @property
    def replacing(self) -> tuple[Line, ...]:
        """Lines of the replacements that are going on, the old and the new ones."""
        return tuple(
            line
            for slot in self._slots
            if slot.successor is not None
            for line in (slot.current, slot.successor)
        )

    def rollovers_of(self, line: Line) -> int:
        """How often the line of a slot was replaced, up to this one."""
        slot = self._slot_of(line)
        return 0 if slot is None else slot.rollovers

    def replaces(self, line: Line) -> Reason | None:
        """Why a line is to take another one's place; None for one that has a place, or none any more."""
        slot = self._slot_of(line)
        return slot.reason if slot is not None and slot.successor is line else None

    def carriers(self, name: str) -> frozenset[Line]:
        """Lines on which a stream is confirmed."""
        return frozenset(self._carriers.get(name, ()))

    # -- inside

    def _lines(self) -> list[Line]:
        lines = [slot.current for slot in self._slots]
        lines += [slot.successor for slot in self._slots if slot.successor is not None]
        return lines

    def _slot_of(self, line: Line) -> Slot | None:
        for slot in self._slots:
            if line is slot.current or line is slot.successor:
                return slot
        return None

    def _any_live(self) -> bool:
        return any(line.state is State.LIVE for line in self._lines())

    def _uncarried(self) -> tuple[str, ...]:
        return tuple(name for name in self._wanted if not self._carriers.get(name))

    def _free_number(self) -> int | None:
        taken = {line.number for line in self.lines}
        return next((number for number in _NUMBERS if number not in taken), None)

    def _carry(self, line: Line, name: str) -> bool:
        """Note a carrier; tell whether it is the first."""
        self._refusals.confirmed(name)
        carriers = self._carriers.setdefault(name, set())
        first = not carriers
        if line not in carriers:
            carriers.add(line)
            self._tell_carried(name)
        return first

    def _leave(self, line: Line, name: str) -> None:
        carriers = self._carriers.get(name)
        if carriers is not None and line in carriers:
            carriers.discard(line)
            self._tell_carried(name)

    def _refused(self, line: Line, answer: Answer, now: float) -> None:
        """Give a refused stream up, unless others carry it: the line is asked again then, once."""
        for name in answer.rejected:
            if name in self._wanted:
                self._refusals.refused(line, name, answer)
        self._end_refused(now)
        self._ask_again(answer.rejected, now)

    def _ask_again(self, names: tuple[str, ...], now: float) -> None:
        for name in names:
            if not self._carriers.get(name):
                continue
            for line, answer in self._refusals.alone(name, self._lines()):
                if answer is None:
                    line.want((name,), now)
                else:
                    self._driver.refused(line, answer)

    def _end_refused(self, now: float) -> None:
        for line, answer in self._refusals.final(self._lines()):
            for name in answer.rejected:
                self.drop(name, now)
            self._driver.rejected(line, answer)

    def _tell_carried(self, name: str) -> None:
        self._driver.carried(name, len(self._carriers.get(name, set()) | self._retiring))

    def _begin_due(self, slot: Slot, now: float) -> None:
        reason = slot.due(now)
        if reason is not None and not self.replace(slot.current, reason, now):
            slot.put_off(now)

    def _overdue(self, slot: Slot, line: Line, now: float) -> None:
        line.forgive(now)
        if line is slot.current and any(line in carriers for carriers in self._carriers.values()):
            self.replace(line, "unanswered", now)
        else:
            # Nothing has ever come of it, so nothing is lost with it.
            line.hang_up()

    def _swap(self, slot: Slot, now: float) -> None:
        old = slot.current
        names = [name for name, carriers in self._carriers.items() if old in carriers]
        for name in names:
            self._carriers[name].discard(old)
        self._retiring.add(old)
        self._promote(slot, now)
        # What the new one is still being asked for.
        self._driver.down(tuple(name for name in names if not self._carriers.get(name)), None, now)
        self._end_refused(now)
        old.retire()
        if old.state is State.CLOSED:
            self._retiring.discard(old)
            self._driver.ended(old)

    def _promote(self, slot: Slot, now: float) -> None:
        old, new = slot.promote(now)
        self._refusals.gone(old)
        if new.state is State.LIVE:
            slot.roll_at = self._driver.roll_at(new, now)
        else:
            new.again = True
        self._driver.replaced(old, new, slot.reason)

"""Every run that C++'s memory model allows of a few small threads, whatever machine this is.

The model is the usual one of views: of each word all values that it ever had are kept, in its
modification order. A load may take any of them that is not older than what its thread knows already;
what else it learns by that depends on the orders and fences of both sides. Nothing is read that has not
been written yet, which is the one thing that it leaves out; no value here is made of one that was read
too early. Operations that are sequentially consistent count as acquire and release only, fences in full:
what holds here holds all the more in C++.

A thread is a list of operations. Its registers are a tuple of ints, and whatever depends on them is a
function.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "ACQUIRE", "RELAXED", "RELEASE", "SEQ_CST", "Add", "Check", "Fence", "Found", "Jump", "Load", "Model",
    "Operation", "Set", "Stop", "Store", "Wait", "Wake",
]  # fmt: skip

RELAXED: Final = "relaxed"
ACQUIRE: Final = "acquire"
RELEASE: Final = "release"
SEQ_CST: Final = "seq_cst"

Registers = tuple[int, ...]
View = tuple[int, ...]  # of each word, the place in its modification order that is known
Computed = int | Callable[[Registers], int]
Word = str | Callable[[Registers], str]


@dataclass(frozen=True)
class Load:
    """Load a word into a register."""

    register: int
    word: Word
    order: str = RELAXED


@dataclass(frozen=True)
class Store:
    """Store a value in a word."""

    word: Word
    value: Computed
    order: str = RELAXED


@dataclass(frozen=True)
class Add:
    """Add to a word, in one step."""

    word: str
    value: int
    order: str = RELAXED


@dataclass(frozen=True)
class Fence:
    """A fence between what is before it and what is behind it."""

    order: str


@dataclass(frozen=True)
class Set:
    """Set a register."""

    register: int
    value: Computed


@dataclass(frozen=True)
class Jump:
    """Go on at an operation, always or where something holds of the registers."""

    to: int
    when: Callable[[Registers], bool] = lambda registers: True


@dataclass(frozen=True)
class Wait:
    """Sleep while a word has the value of a register, as a futex does."""

    word: str
    register: int


@dataclass(frozen=True)
class Wake:
    """Wake all who sleep on a word."""

    word: str


@dataclass(frozen=True)
class Check:
    """What must hold of the registers here."""

    holds: Callable[[Registers], bool]
    what: str


@dataclass(frozen=True)
class Stop:
    """The thread ends: what it would go on with is of no interest."""


Operation = Load | Store | Add | Fence | Set | Jump | Wait | Wake | Check | Stop


class Found(AssertionError):
    """A run that must not be."""


@dataclass(frozen=True)
class _Thread:
    at: int
    registers: Registers
    known: View  # what its next load may not be older than
    met: View  # what it will know behind an acquire fence
    given: View  # what it knew at its last release fence
    asleep: str | None = None


@dataclass(frozen=True)
class _State:
    # Of each word, in its modification order: value, what who acquires it learns, and whether nothing may
    # come in front of it.
    words: tuple[tuple[tuple[int, View, bool], ...], ...]
    threads: tuple[_Thread, ...]
    fenced: View  # what every sequentially consistent fence before has known


def _join(one: View, other: View) -> View:
    return tuple(map(max, one, other))


def _value(computed: Computed, registers: Registers) -> int:
    return computed(registers) if callable(computed) else computed


class Model:
    """Some threads and the words they share.

    Parameters
    ----------
    words
        Each with its value at the begin.
    threads
        Each a list of operations, and its registers at the begin.
    mortal
        Numbers of threads that may be ended between any two operations.
    after_death
        The number of a thread that begins when a mortal one has ended, knowing all that it has done; until
        then it stands still.
    is_lost
        Says of the newest values of all words, and of a thread's registers, whether that thread must not be
        asleep when nothing moves any more.
    """

    def __init__(
        self,
        words: dict[str, int],
        threads: Sequence[tuple[Sequence[Operation], Registers]],
        *,
        mortal: Sequence[int] = (),
        after_death: int | None = None,
        is_lost: Callable[[dict[str, int], Registers], bool] | None = None,
    ) -> None:
        self._names = list(words)
        self._places = {name: place for place, name in enumerate(words)}
        self._programs = [list(program) for program, _ in threads]
        self._mortal = frozenset(mortal)
        self._after_death = after_death
        self._is_lost = is_lost
        nothing: View = (0,) * len(words)
        self._begin = _State(
            words=tuple(((value, nothing, False),) for value in words.values()),
            threads=tuple(
                self._settle(_Thread(0, registers, nothing, nothing, nothing), number)
                if number != after_death
                else _Thread(-1, registers, nothing, nothing, nothing)
                for number, (_, registers) in enumerate(threads)
            ),
            fenced=nothing,
        )

    def explore(self, most: int = 3_000_000) -> int:
        """Go through every run; return how many different states there are.

        Raises
        ------
        Found
            Something does not hold in one of them.
        """
        seen: set[Any] = {self._begin}
        left = [self._begin]
        while left:
            state = left.pop()
            moved = False
            for following in self._moves(state):
                moved = True
                if following not in seen:
                    seen.add(following)
                    left.append(following)
            assert len(seen) <= most, "more states than this test is meant for"
            if not moved:
                self._look_at_end(state)
        return len(seen)

    def _look_at_end(self, state: _State) -> None:
        newest = {name: state.words[place][-1][0] for name, place in self._places.items()}
        for thread in state.threads:
            if (
                thread.asleep is not None
                and self._is_lost is not None
                and self._is_lost(newest, thread.registers)
            ):
                raise Found(f"a thread sleeps for ever, with {newest}")

    # -- moves

    def _moves(self, state: _State) -> Iterator[_State]:
        for number, thread in enumerate(state.threads):
            program = self._programs[number]
            if not 0 <= thread.at < len(program):
                continue
            if number in self._mortal:
                yield self._end(state, number)
            if thread.asleep is None:
                yield from self._move(state, number, thread, program[thread.at])

    def _move(self, state: _State, number: int, thread: _Thread, operation: Operation) -> Iterator[_State]:
        match operation:
            case Load(register, word, order):
                place = self._place(word, thread.registers)
                for index in range(thread.known[place], len(state.words[place])):
                    value, learned, _ = state.words[place][index]
                    after = self._learn(thread, place, index, learned, order)
                    yield self._go_on(state, number, _with(after, register, value))
            case Store(word, value, order):
                place = self._place(word, thread.registers)
                messages = state.words[place]
                for index in range(thread.known[place] + 1, len(messages) + 1):
                    if index == len(messages) or not messages[index][2]:
                        yield self._insert(
                            state, number, place, index, _value(value, thread.registers), order, tied=False
                        )
            case Add(word, added, order):
                place = self._places[word]
                messages = state.words[place]
                for index in range(thread.known[place], len(messages)):
                    if index + 1 == len(messages) or not messages[index + 1][2]:
                        value, learned, _ = messages[index]
                        read = self._learn(thread, place, index, learned, order)
                        yield self._insert(
                            _replace(state, number, read), number, place, index + 1, value + added, order,
                            tied=True, past=learned,
                        )  # fmt: skip
            case Fence(_):  # a full one; others are no move of their own
                after, fenced = _fence_fully(thread, state.fenced)
                yield self._go_on(_State(state.words, state.threads, fenced), number, after)
            case Wait(word, register):
                after, fenced = _fence_fully(thread, state.fenced)
                place = self._places[word]
                fenced_state = _State(state.words, state.threads, fenced)
                for index in range(after.known[place], len(state.words[place])):
                    value, learned, _ = state.words[place][index]
                    read = self._learn(after, place, index, learned, RELAXED)
                    if value == thread.registers[register]:
                        asleep = _Thread(
                            thread.at, read.registers, read.known, read.met, read.given, asleep=word
                        )
                        yield _replace(fenced_state, number, asleep)
                    else:
                        yield self._go_on(fenced_state, number, read)
            case Wake(word):
                after, fenced = _fence_fully(thread, state.fenced)
                woken = _State(state.words, state.threads, fenced)
                for other, sleeper in enumerate(state.threads):
                    if sleeper.asleep == word:
                        awake = _Thread(
                            sleeper.at, sleeper.registers, sleeper.known, sleeper.met, sleeper.given
                        )
                        woken = self._go_on(woken, other, awake)
                yield self._go_on(woken, number, after)
            case _:
                raise AssertionError(f"{operation} is no move")

    def _end(self, state: _State, number: int) -> _State:
        thread = state.threads[number]
        state = _replace(
            state, number, _Thread(len(self._programs[number]), (), thread.known, thread.met, thread.given)
        )
        if self._after_death is None or state.threads[self._after_death].at >= 0:
            return state
        # Who waits for the end of a process knows all that it has done.
        newest = tuple(len(messages) - 1 for messages in state.words)
        begun = _Thread(0, state.threads[self._after_death].registers, newest, newest, newest)
        return _replace(state, self._after_death, self._settle(begun, self._after_death))

    # -- what a move does

    def _place(self, word: Word, registers: Registers) -> int:
        return self._places[word(registers) if callable(word) else word]

    def _learn(self, thread: _Thread, place: int, index: int, learned: View, order: str) -> _Thread:
        known = _raised(thread.known, place, index)
        met = _join(_raised(thread.met, place, index), learned)
        if order in (ACQUIRE, SEQ_CST):
            known = _join(known, learned)
        return _Thread(thread.at, thread.registers, known, met, thread.given)

    def _insert(
        self,
        state: _State,
        number: int,
        place: int,
        index: int,
        value: int,
        order: str,
        *,
        tied: bool,
        past: View | None = None,
    ) -> _State:
        """Give a word another value, at a place of its modification order."""

        def moved(view: View) -> View:
            return view if view[place] < index else _raised(view, place, view[place] + 1)

        words = [
            tuple((told, moved(view), tie) for told, view, tie in messages) for messages in state.words
        ]
        threads = [
            _Thread(one.at, one.registers, moved(one.known), moved(one.met), moved(one.given), one.asleep)
            for one in state.threads
        ]
        thread = threads[number]
        known, met = _raised(thread.known, place, index), _raised(thread.met, place, index)
        told = known if order in (RELEASE, SEQ_CST) else _raised(thread.given, place, index)
        if past is not None:  # who acquires it has acquired what it was added to
            told = _join(told, moved(past))
        words[place] = (*words[place][:index], (value, told, tied), *words[place][index:])
        threads[number] = _Thread(thread.at, thread.registers, known, met, thread.given)
        return self._go_on(
            _State(tuple(words), tuple(threads), moved(state.fenced)), number, threads[number]
        )

    def _go_on(self, state: _State, number: int, thread: _Thread) -> _State:
        after = _Thread(thread.at + 1, thread.registers, thread.known, thread.met, thread.given)
        return _replace(state, number, self._settle(after, number))

    def _settle(self, thread: _Thread, number: int) -> _Thread:
        """Do what no other thread can notice."""
        program = self._programs[number]
        at, registers, given, known = thread.at, thread.registers, thread.given, thread.known
        while at < len(program):
            match program[at]:
                case Jump(to, when):
                    at = to if when(registers) else at + 1
                    continue
                case Set(register, value):
                    changed = list(registers)
                    changed[register] = _value(value, registers)
                    registers = tuple(changed)
                case Check(holds, what):
                    if not holds(registers):
                        raise Found(f"{what}: {registers}")
                case Fence("release"):
                    given = known
                case Fence("acquire"):
                    known = thread.met
                case Stop():
                    at = len(program)
                    continue
                case _:
                    break
            at += 1
        if at >= len(program):
            registers = ()  # so that ends that differ in nothing else are one
        return _Thread(at, registers, known, thread.met, given)


def _raised(view: View, place: int, index: int) -> View:
    return (*view[:place], max(view[place], index), *view[place + 1 :])


def _with(thread: _Thread, register: int, value: int) -> _Thread:
    registers = list(thread.registers)
    registers[register] = value
    return _Thread(thread.at, tuple(registers), thread.known, thread.met, thread.given)


def _replace(state: _State, number: int, thread: _Thread) -> _State:
    threads = list(state.threads)
    threads[number] = thread
    return _State(state.words, tuple(threads), state.fenced)


def _fence_fully(thread: _Thread, fenced: View) -> tuple[_Thread, View]:
    known = _join(thread.met, fenced)
    return _Thread(thread.at, thread.registers, known, known, known), known

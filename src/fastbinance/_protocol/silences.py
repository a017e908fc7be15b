"""How long a stream may be silent, learned from its silences.

Averages do not tell: a quote that comes 80 times a second comes in bursts, with silences of a second
between them. What is learned of a stream is therefore its longest silences ``L`` among ``n``. A steady
(Poisson) stream of rate ``r`` has the longest of ``n`` silences at about ``ln(n) / r``; turned round,
``ln(n) / L`` is the rate of the steady stream that is silent for as long. Such a stream is silent for more
than ``(ln(m) + c) / r`` about ``exp(-c)`` times while ``m`` more silences pass: this is how long a stream
may be silent, its patience. Where the longest silences stand out from the others by more than a steady
stream's would, the tail is heavy, and ``c`` grows with the square of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, log1p
from typing import Final

__all__ = ["PERIOD", "Learned", "Silences"]

#: Seconds between two samples.
PERIOD: Final = 0.05

# No silence below this is suspected. With the 50 ms until a last message is seen, and 50 ms until the
# sample after it, what is busy is noticed within a second; what would be noticed sooner gains little.
_SHORTEST_PATIENCE: Final = 0.88

# c of the module's text. Tight where patience is then the shortest one: exp(-6) an hour. Elsewhere a
# second more is cheap, and a regime that changes needs it.
_TIGHT: Final = 6.0
_CAREFUL: Final = 12.0
_HEAVIEST_TAIL: Final = 4.0  # times c squared: beyond ten times the longest silence nothing is gained

# The longest silence but two is what is judged by: one or two hiccups of a network say nothing of a stream,
# and it varies by half as much. A steady one is at (ln(n) - 0.92) / r. The longest is only kept clear of.
_EXTREMES: Final = 3
_EXTREME_LOG: Final = 0.92
_OVER: Final = 1.4
_FAR_OVER: Final = 2.0

_MEMORY: Final = 1800.0  # seconds: longest silences are those of this window and the last one
_HORIZON: Final = 3600.0  # seconds for which exp(-c) is the number of false alarms
_LEARNING: Final = 5.0  # seconds before which nothing is judged
_FEW: Final = 100  # silences up to which the usual one is the measure, too
_ENOUGH: Final = 8  # silences before which nothing is judged
_AVERAGED: Final = 30.0  # seconds over which the average forgets


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of a stream, or of the line.

    Attributes
    ----------
    average
        Messages a second, lately.
    rate
        Messages a second of the steady stream that would be given the same patience; at most the average.
        From 20 on, a silence that is no pause of ours is found within a second.
    longest
        Seconds of the longest silence in the last half hour or hour.
    patience
        Seconds of silence at which it is found; inf while that cannot be told.
    """

    average: float
    rate: float
    longest: float
    patience: float


class Silences:
    """The silences of one stream, or of the line, in seconds of watched time."""

    __slots__ = (
        "average",
        "began",
        "counted",
        "counted_at",
        "disproved",
        "found",
        "heard",
        "heard_at",
        "last_began",
        "last_longest",
        "last_occupied",
        "left_at",
        "lesson",
        "longest",
        "name",
        "notable",
        "occupied",
        "patience",
        "quiet",
        "rate",
    )

    def __init__(self, name: str, clock: float) -> None:
        self.name = name
        self.quiet = False
        self.average = self.rate = 0.0
        self.heard = self.found = False
        # Found, and others have heard meanwhile what should have come here: a fault, and nothing natural.
        self.disproved = False
        self.heard_at = self.left_at = self.counted_at = clock
        self.counted = 0
        self.forget_silences(clock)

    def forget_silences(self, clock: float) -> None:
        """Learn from nothing."""
        self.began = self.last_began = clock
        # The three longest, shortest first, of this window and of the last one.
        self.longest = [0.0] * _EXTREMES
        self.last_longest = [0.0] * _EXTREMES
        self.notable = 0.0
        # What the end of a suspicion taught to be patient for.
        self.lesson = 0.0
        # Samples with a message: silences lie between them.
        self.occupied = self.last_occupied = 0
        self.patience = inf

    def begin(self, clock: float, patience: float, counted: int = 0) -> None:
        """Wait for the first message, for so long; what was learned stays."""
        if self.heard:
            self.left_at = self.heard_at
        self.heard = self.found = self.disproved = False
        self.heard_at = self.counted_at = clock
        self.counted = counted
        self.patience = patience

    def hear_first(self, clock: float, chances: float) -> None:
        """Take the first message. How long it took says nothing of later silences."""
        self.heard = True
        self.heard_at = clock
        self.skip(clock - self.left_at, clock)
        self.occupied += 1
        self.learn(clock, chances)

    def note(self, silence: float) -> None:
        """Remember a silence over ``notable``: one of the longest."""
        self.longest[0] = silence
        self.longest.sort()
        self.notable = self.longest[0]

    def skip(self, seconds: float, clock: float) -> None:
        """Learn nothing from the last so many seconds."""
        self.began = min(self.began + seconds, clock)
        self.last_began = min(self.last_began + seconds, clock)

    def end_suspicion(self, clock: float, allowed: float) -> float:
        """Begin anew after a suspicion; return how long the silence was.

        See `teach` for what is learned from it.
        """
        silence = clock - self.heard_at
        self.teach(clock, allowed)
        self.skip(silence, clock)
        self.heard_at = clock
        self.found = self.disproved = False
        return silence

    def teach(self, clock: float, allowed: float) -> None:
        """Learn from a suspicion that twice what was allowed is, and nothing else.

        A stall that ended must not hide the next one, and where it was natural, what is allowed grows until
        it is enough. What is known to have been a stall teaches nothing.
        """
        if not self.disproved:
            self.lesson = max(self.lesson, 2.0 * min(clock - self.heard_at, allowed))

    def count(self, count: int, clock: float) -> None:
        """Average the messages since the last time."""
        span = clock - self.counted_at
        if span <= 0.0:
            return
        # A count that fell began anew with its connection.
        came = count - self.counted if count >= self.counted else count
        self.average += (
            (came / span - self.average) * span / max(span, min(_AVERAGED, clock - self.last_began))
        )
        self.counted, self.counted_at = count, clock

    def learn(self, clock: float, chances: float) -> None:
        """Work out how long it may be silent; ``chances`` is the logarithm of how many are judged."""
        if not self.heard or self.quiet:
            return
        if clock - self.began >= _MEMORY:
            self.last_began, self.last_longest, self.last_occupied = self.began, self.longest, self.occupied
            self.began, self.longest, self.occupied = clock, [0.0] * _EXTREMES, 0
            self.notable = 0.0
            self.lesson *= 0.5
        watched = clock - self.last_began
        silences = self.occupied + self.last_occupied
        if watched < _LEARNING or silences < _ENOUGH:
            self.rate, self.patience = 0.0, inf
            return
        extremes = sorted(self.longest + self.last_longest)
        # The mean silence of the steady streams that speak in as many samples, and that are silent so long.
        usual = -PERIOD / log1p(-min(silences * PERIOD / watched, 0.999))
        worst = extremes[-_EXTREMES] / (log(silences) - _EXTREME_LOG)
        # What comes by the clock is never silent for as long as what comes at random; many silences show it.
        mean = max(usual * min(1.0, _FEW / silences), worst)
        heavy = min(max(worst / usual, 1.0), _HEAVIEST_TAIL) ** 2
        to_come = max(log(silences * _HORIZON / watched), 0.0)
        tight = max(mean * (to_come + (_TIGHT + chances) * heavy), _OVER * extremes[-1], self.lesson)
        self.rate = (to_come + _TIGHT) / tight
        if tight <= _SHORTEST_PATIENCE:
            self.patience = _SHORTEST_PATIENCE
        else:
            # Beside others nothing is urgent, and one of many is soon far over its longest.
            careful = max(mean * (to_come + _CAREFUL * heavy), _FAR_OVER * extremes[-1])
            self.patience = max(careful * (1.0 + chances), self.lesson)

    def learned(self) -> Learned:
        longest = max(self.longest[-1], self.last_longest[-1])
        return Learned(self.average, min(self.rate, self.average), longest, self.patience)

"""Which streams of one line are alive, judged by their messages alone: a pong proves a socket, not a stream.

`silences` learns how long each stream may be silent. The line is judged by the same rule as one stream
made of all: what is silent one by one is seldom silent together, so a line that stalls is noticed before
any of its streams. One stream's silence beside talking siblings is held to a longer patience, which grows
with their number, as each of them is a chance to be wrong.

::

      QUIET --first message--> LIVE --silent for too long--> STALE
        |                       ^                              |
        |                       +---------- message -----------+
        +--no first message in time--> STALE

A stream that owes no message (naturally quiet, not heard yet, or heard too seldom) is QUIET. DOWN is not
known here: a connection says that of itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf, log
from typing import Final

from fastbinance._protocol.silences import PERIOD, Learned, Silences
from fastbinance.streams import Kind, Stream

__all__ = [
    "Finding",
    "Freshness",
    "Liveness",
    "Recovered",
    "Stalled",
    "StreamSilent",
    "StreamStale",
    "expected_interval",
    "naturally_quiet",
]

# A sample that comes later than this was held up by our own process, which read nothing meanwhile: the
# rest of the time is nobody's silence.
_LONGEST_STEP: Final = 2 * PERIOD

# Of the documented interval, without a first message.
_INTERVALS: Final = 10.0

# Seconds for which what cannot be judged is called alive after a message.
_RECENT: Final = 5.0

# A stream that is silent for too long while the line was silent for this much of it is the line's.
_SHARED: Final = 0.8

# Samples in which each stream's patience, and the line's, is worked out anew once.
_ROUNDS: Final = 100
_LINE_ROUNDS: Final = 20


class Freshness(Enum):
    """What a stream's silence means."""

    LIVE = "live"
    QUIET = "quiet"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Stalled:
    """The whole line is silent for longer than it would be by itself.

    Attributes
    ----------
    names
        The streams that owe messages.
    silence
        Seconds since the last message of any stream.
    """

    names: tuple[str, ...]
    silence: float


@dataclass(frozen=True, slots=True)
class StreamSilent:
    """A stream was acknowledged and has said nothing since: a wrong route, or nothing to say yet."""

    name: str
    silence: float


@dataclass(frozen=True, slots=True)
class StreamStale:
    """A stream is silent for longer than it would be by itself, while others on the line speak."""

    name: str
    silence: float


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found silent speaks again; ``name`` is None for the line."""

    name: str | None
    silence: float


Finding = Stalled | StreamSilent | StreamStale | Recovered


class Liveness:
    """Judges the streams of one line; one object for the line's life, reconnects included.

    Parameters
    ----------
    now
        The time in seconds, on the monotonic clock of all later calls.
    first_message
        Seconds in which a stream has to speak after its confirmation: at least ten of its intervals, and
        four times as long where it has none.
    """

    def __init__(self, now: float, *, first_message: float = 15.0) -> None:
        self._first_message = first_message
        self._known: dict[str, Silences] = {}
        self._tracks: dict[str, Silences] = {}
        self._names: list[str] = []
        self._order: list[Silences] = []
        self._counts: list[int] = []
        self._sampled_at = now
        # Seconds in which this process could have heard a message: what silences are measured in.
        self._clock = 0.0
        self._line = Silences("", 0.0)
        self._chances = 0.0
        self._due = inf  # no stream is silent for too long before this
        self._turn = 0

    @property
    def names(self) -> list[str]:
        """The streams that are judged, in the order in which `sample` wants their counts."""
        return self._names

    @property
    def line_suspected(self) -> bool:
        """Whether the line as a whole is found silent."""
        return self._line.found

    @property
    def suspected(self) -> tuple[str, ...]:
        """The streams that have spoken and are found silent, all that owe messages where the line is."""
        if self._line.found:
            return tuple(track.name for track in self._order if not track.quiet)
        return tuple(track.name for track in self._order if track.found and track.heard)

    def watch(self, name: str, *, expected: float | None, quiet: bool, now: float, arrivals: int = 0) -> None:
        """Judge a stream from now on: it was confirmed on this line, for the first time or again.

        Parameters
        ----------
        name
            Its name.
        expected
            Seconds between messages as documented (`expected_interval`).
        quiet
            Whether it owes no message at all (`naturally_quiet`).
        now
            The time.
        arrivals
            Its messages on this connection so far; where there are any, it has spoken.
        """
        self._advance(now)
        track = self._known.get(name)
        if track is None:
            track = self._known[name] = Silences(name, self._clock)
        track.quiet = quiet
        if quiet:
            track.begin(self._clock, inf, arrivals)
        elif expected is None:
            track.begin(self._clock, 4.0 * self._first_message, arrivals)
        else:
            track.begin(self._clock, max(_INTERVALS * expected, self._first_message), arrivals)
        if name in self._tracks:
            self._counts[self._names.index(name)] = arrivals
        else:
            self._tracks[name] = track
            self._names.append(name)
            self._order.append(track)
            self._counts.append(arrivals)
            self._chances = log(len(self._order))
        if arrivals:
            # Judged by what was learned at once: it may be silent from now on.
            track.hear_first(self._clock, self._chances)
            if not self._line.heard:
                self._line.hear_first(self._clock, 0.0)
        self._due = min(self._due, track.heard_at + track.patience)

    def heard_elsewhere(self, names: Iterable[str]) -> None:
        """Take note that another line has brought messages of streams that are found silent here.

        So it is a fault of this line's. What others were silent of too may be silent by itself, and for how
        long is learned.
        """
        for name in names:
            track = self._tracks.get(name)
            if track is not None and (track.found or self._line.found):
                track.disproved = True
                self._line.disproved = self._line.found

    def forget(self, name: str) -> None:
        """Judge a stream no more, and learn anew how silent the line is without it.

        Does nothing where it was never watched, or is forgotten already.
        """
        track = self._known.pop(name, None)
        if track is None or self._tracks.pop(name, None) is None:
            return
        index = self._names.index(name)
        for column in (self._names, self._order, self._counts):
            del column[index]
        self._chances = log(max(len(self._order), 1))
        if track.heard:
            # What is left is judged one by one until then.
            self._line.forget_silences(self._clock)

    def lost(self) -> None:
        """Judge nothing until it is watched again: the connection is gone. What was learned stays."""
        self._tracks.clear()
        self._names, self._order, self._counts = [], [], []
        self._line.begin(self._clock, inf)
        self._due = inf

    def replaced(self) -> None:
        """Judge nothing until it is watched again: another connection has taken this one's place.

        What is found silent and was not heard there either (`heard_elsewhere`) may be silent by itself.
        """
        line = self._line
        for track in self._order:
            if track.heard and (track.found or line.found):
                track.teach(self._clock, track.patience if track.found else line.patience)
        if line.found:
            line.teach(self._clock, line.patience)
        self.lost()

    def state(self, name: str) -> Freshness:
        """Say what the silence of a stream means.

        Raises
        ------
        KeyError
            It is not watched.
        """
        track = self._tracks[name]
        if track.found or (self._line.found and not track.quiet):
            return Freshness.STALE
        recent = self._clock - track.heard_at < _RECENT
        live = track.heard and not track.quiet and (track.patience < inf or recent)
        return Freshness.LIVE if live else Freshness.QUIET

    def learned(self, name: str | None = None) -> Learned:
        """Return what is known of a stream; without a name, of the line.

        Raises
        ------
        KeyError
            It was never watched, or is forgotten.
        """
        return (self._line if name is None else self._known[name]).learned()

    def sample(self, now: float, arrivals: Sequence[int]) -> list[Finding]:
        """Take the counts of messages so far, and say what changed; wants to be called every 50 ms.

        Parameters
        ----------
        now
            The time. What is over 100 ms since the last call was a pause of ours, and no silence.
        arrivals
            Messages of each stream on this connection so far, in the order of `names`.

        Raises
        ------
        ValueError
            Not as many counts as streams.
        """
        clock = self._advance(now)
        counts = list(arrivals)
        if len(counts) != len(self._order):
            raise ValueError(f"{len(counts)} counts for {len(self._order)} streams")
        findings: list[Finding] = []
        if counts != self._counts:
            self._hear(counts, clock, findings)
        self._learn(clock)
        line = self._line
        if not line.found:
            if clock - line.heard_at >= line.patience:
                self._suspect_line(clock, findings)
            elif clock >= self._due:
                self._look(clock, findings)
        return findings

    def _advance(self, now: float) -> float:
        step = now - self._sampled_at
        # A clock that steps back is no time.
        self._clock += min(max(step, 0.0), _LONGEST_STEP)
        self._sampled_at = now
        return self._clock

    def _hear(self, counts: list[int], clock: float, findings: list[Finding]) -> None:
        before = self._counts
        self._counts = counts
        spoken = False
        line = self._line
        if line.found and any(count and count != old for count, old in zip(counts, before, strict=True)):
            self._line_speaks(clock, findings)
        for track, count, old in zip(self._order, counts, before, strict=True):
            # To 0 is no message: the connection is another. To anything else is some.
            if count == old or not count:
                continue
            spoken = True
            if track.heard and not track.found:
                silence = clock - track.heard_at
                if silence > track.notable:
                    track.note(silence)
                track.heard_at = clock
                track.occupied += 1
            else:
                self._hear_again(track, clock, findings)
        if not spoken:
            return
        if not line.heard:
            line.hear_first(clock, 0.0)
            return
        if clock - line.heard_at > line.notable:
            line.note(clock - line.heard_at)
        line.heard_at = clock
        line.occupied += 1

    def _line_speaks(self, clock: float, findings: list[Finding]) -> None:
        line = self._line
        allowed, disproved = line.patience, line.disproved
        findings.append(Recovered(None, line.end_suspicion(clock, allowed)))
        line.learn(clock, 0.0)
        # It was nobody's silence but the line's, and what is still silent begins anew.
        for track in self._order:
            if track.found:
                continue
            # Of a stall of the line's nothing is learned of its streams either.
            track.disproved = disproved
            if track.heard:
                track.end_suspicion(clock, allowed)
                track.learn(clock, self._chances)
            track.heard_at = clock

    def _hear_again(self, track: Silences, clock: float, findings: list[Finding]) -> None:
        if track.found:
            silence = track.end_suspicion(clock, track.patience) if track.heard else clock - track.heard_at
            findings.append(Recovered(track.name, silence))
        if track.heard:
            track.occupied += 1
            track.learn(clock, self._chances)
        else:
            track.found = False
            track.hear_first(clock, self._chances)
        self._due = min(self._due, clock + track.patience)

    def _learn(self, clock: float) -> None:
        """Work out the patience of some streams: of each one once in so many samples."""
        # All at once would hold the loop for a millisecond where there are a thousand.
        self._turn = (self._turn + 1) % _ROUNDS
        total = len(self._order)
        for index in range(self._turn * total // _ROUNDS, (self._turn + 1) * total // _ROUNDS):
            track = self._order[index]
            track.count(self._counts[index], clock)
            if not track.found:
                track.learn(clock, self._chances)
                self._due = min(self._due, track.heard_at + track.patience)
        line = self._line
        if self._turn % _LINE_ROUNDS == 0 and not line.found:
            line.average = sum(track.average for track in self._order)
            line.learn(clock, 0.0)

    def _suspect_line(self, clock: float, findings: list[Finding]) -> None:
        self._line.found = True
        names = tuple(track.name for track in self._order if not track.quiet)
        findings.append(Stalled(names, clock - self._line.heard_at))

    def _look(self, clock: float, findings: list[Finding]) -> None:
        """Find what is silent for too long, and when that can be so again."""
        due = inf
        for track in self._order:
            if track.found:
                continue
            silence = clock - track.heard_at
            if silence < track.patience:
                due = min(due, track.heard_at + track.patience)
                continue
            if track.heard and clock - self._line.heard_at >= _SHARED * silence:
                # Hardly anybody spoke since: it is not this stream.
                self._suspect_line(clock, findings)
                return
            track.found = True
            found = StreamStale if track.heard else StreamSilent
            findings.append(found(track.name, silence))
        self._due = due


# What a name says of its speed: @100ms, @1s. The 1s of kline_1s is a length, and stands behind no @.
_SPEED: Final = re.compile(r"@([0-9]+)(ms|s)$")

# Seconds between messages whose names do not say it, by kind and market; under "" for all other markets.
_INTERVALS_OF: Final[dict[Kind, dict[str, float]]] = {
    Kind.DIFF_DEPTH: {"spot": 1.0, "usdm": 0.25, "coinm": 0.25},
    Kind.PARTIAL_DEPTH: {"spot": 1.0, "usdm": 0.25, "coinm": 0.25},
    Kind.AGG_TRADE: {"usdm": 0.1, "coinm": 0.1},
    Kind.KLINE: {"spot": 2.0, "usdm": 0.25, "coinm": 0.25},
    Kind.CONTINUOUS_KLINE: {"": 0.25},
    Kind.INDEX_PRICE_KLINE: {"": 0.25},
    Kind.MARK_PRICE_KLINE: {"": 0.25},
    Kind.TICKER: {"spot": 1.0, "usdm": 2.0, "coinm": 0.5, "options": 1.0},
    Kind.ROLLING_TICKER: {"": 1.0},
    Kind.MINI_TICKER: {"spot": 1.0, "usdm": 2.0, "coinm": 0.5},
    Kind.AVERAGE_PRICE: {"": 1.0},
    Kind.REFERENCE_PRICE: {"": 1.0},
    Kind.MARK_PRICE: {"": 3.0},
    Kind.OPTION_MARK_PRICE: {"": 1.0},
    Kind.INDEX_PRICE: {"options": 1.0, "": 3.0},
    Kind.OPEN_INTEREST: {"": 60.0},
    Kind.ASSET_INDEX: {"": 1.0},
}
_SBE_INTERVALS: Final = {Kind.DIFF_DEPTH: 0.02, Kind.PARTIAL_DEPTH: 0.05}
_EVENT_INTERVALS: Final = {"composite_index": 1.0, "trading_session": 1.0}
_ARRAY_INTERVALS: Final[dict[str, dict[str, float]]] = {
    "spot": {"!miniTicker@arr": 1.0},
    "usdm": {"!bookTicker": 5.0, "!miniTicker@arr": 1.0, "!ticker@arr": 1.0},
    "coinm": {"!miniTicker@arr": 1.0, "!ticker@arr": 1.0},
    "options": {},
}
_QUIET_EVENTS: Final = {"contract_info", "option_symbol", "all_tokens", "server_shutdown"}


def expected_interval(stream: Stream) -> float | None:
    """Return the seconds between messages of a stream, as documented; None where they come as things happen.

    Most streams with an interval skip it while nothing changes, so that it is the least time between two
    messages of a calm symbol.
    """
    if stream.format == "sbe":
        return None if stream.kind is None else _SBE_INTERVALS.get(stream.kind)
    speed = _SPEED.search(stream.name)
    if speed is not None:
        # 0ms: as things happen.
        return int(speed[1]) * (0.001 if speed[2] == "ms" else 1.0) or None
    if stream.kind is None:
        return _EVENT_INTERVALS.get(stream.event or "")
    if stream.market == "alpha":
        return None  # nothing is documented
    if stream.name in _ARRAY_INTERVALS[stream.market]:
        return _ARRAY_INTERVALS[stream.market][stream.name]
    if stream.market == "spot" and "@kline_1s" in stream.name:
        return 1.0
    intervals = _INTERVALS_OF.get(stream.kind, {})
    return intervals.get(stream.market, intervals.get(""))


def naturally_quiet(stream: Stream) -> bool:
    """Say whether a stream may be silent for hours with nothing wrong, so that its silence says nothing.

    Liquidations, block trades, news of contracts and tokens; what is traded of one option.
    """
    if stream.kind in (Kind.FORCE_ORDER, Kind.BLOCK_TRADE):
        return True
    if stream.market == "options" and stream.kind in (Kind.TRADE, Kind.KLINE):
        return not stream.many_symbols
    return stream.event in _QUIET_EVENTS

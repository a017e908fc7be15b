"""What a group hears of its streams: their liveness on each line, and what is done about silence."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastbinance._io.mail import Report
from fastbinance._io.wishes import Wish
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.liveness import (
    Finding,
    Freshness,
    Liveness,
    Recovered,
    Stalled,
    StreamSilent,
    expected_interval,
    naturally_quiet,
)
from fastbinance._protocol.shard import Shard
from fastbinance._protocol.subscriptions import Answer
from fastbinance.keys import WsKey

__all__ = ["Hearing"]

logger = logging.getLogger("fastbinance")


@dataclass(slots=True)
class _Witnesses:
    """What other lines have brought since a line is suspected."""

    before: dict[Line, dict[str, int]]  # arrivals when the suspicion was new
    heard: set[str] = field(default_factory=set)  # by the last look


class Hearing:
    """Judges the streams of a group by what comes on its lines.

    Parameters
    ----------
    ws_key
        The service, for the log.
    wishes
        The group's, by name; looked at with each judgement.
    arrivals
        How many messages of some streams have come on a line's present connection.
    report
        Takes the events ``suspect``.
    """

    def __init__(
        self,
        ws_key: WsKey,
        wishes: Mapping[str, Wish],
        arrivals: Callable[[Line, Sequence[str]], list[int]],
        report: Report,
    ) -> None:
        self._ws_key = ws_key
        self._wishes = wishes
        self._arrivals = arrivals
        self._report = report
        self._liveness: dict[Line, Liveness] = {}
        self._witnesses: dict[Line, _Witnesses] = {}
        self._suspected: set[str] = set()
        self._silences: dict[str, float] = {}  # seconds for which a suspected stream had been silent

    # -- lines come and go

    def begin(self, line: Line, now: float) -> None:
        """Judge a new line."""
        self._liveness[line] = Liveness(now)

    def lost(self, line: Line) -> None:
        """Judge nothing of a line until something is confirmed on it again."""
        self._liveness[line].lost()
        self._witnesses.pop(line, None)

    def end(self, line: Line) -> None:
        """Forget a line."""
        self._liveness.pop(line, None)
        self._witnesses.pop(line, None)

    def inherit(self, old: Line, new: Line, now: float) -> None:
        """Go on, on the line that has replaced another, with what was learned of their streams."""
        fresh, known = self._liveness[new], self._liveness[old]
        names = fresh.names
        counts = self._arrivals(new, names)
        known.heard_elsewhere(name for name, count in zip(names, counts, strict=True) if count)
        known.replaced()
        for name, count in zip(names, counts, strict=True):
            wish = self._wishes.get(name)
            if wish is not None:
                self._listen_to(known, wish, now, count)
        self._liveness[new], self._liveness[old] = known, Liveness(now)
        self._witnesses.pop(old, None)
        self._witnesses.pop(new, None)

    # -- streams come and go

    def confirmed(self, line: Line, answer: Answer, now: float) -> None:
        """Judge what has just been confirmed on a line."""
        liveness = self._liveness[line]
        for name in answer.confirmed:
            wish = self._wishes.get(name)
            if wish is not None:
                self._listen_to(liveness, wish, now, 0)

    def taken_back(self, line: Line, wish: Wish, now: float) -> None:
        """Judge a stream that was given up and is wanted again before its line knew of either."""
        self._listen_to(self._liveness[line], wish, now, 0)

    def forget(self, name: str) -> None:
        """Judge a stream no more: nobody wants it, whatever still comes of it."""
        for liveness in self._liveness.values():
            liveness.forget(name)
        self._silences.pop(name, None)

    # -- what is heard

    def listen(self, shard: Shard, now: float) -> None:
        """Look at what has come on each line; have lines replaced whose silence is suspect."""
        changed = False
        for line, liveness in tuple(self._liveness.items()):
            if line.state is not State.LIVE or not liveness.names:
                continue
            for finding in liveness.sample(now, self._arrivals(line, liveness.names)):
                changed = True
                self._found(shard, line, finding, now)
            if liveness.line_suspected:
                # Also later, where it was too soon after the last time.
                shard.replace(line, "stalled", now)
            self._hear_witnesses(line, liveness)
        if changed or self._suspected:
            self._judge(shard)

    def rate_of(self, shard: Shard, name: str) -> float | None:
        """Messages a second of a stream, as learned; None where that is not known."""
        for line in shard.carriers(name):
            try:
                return self._liveness[line].learned(name).average
            except KeyError:
                continue
        return None

    # -- inside

    def _hear_witnesses(self, line: Line, liveness: Liveness) -> None:
        """Tell a line that finds streams silent which of them others have brought meanwhile."""
        names = liveness.suspected
        if not names:
            self._witnesses.pop(line, None)
            return
        others = (other for other in self._liveness if other is not line and other.state is State.LIVE)
        counts = {other: dict(zip(names, self._arrivals(other, names), strict=True)) for other in others}
        witnesses = self._witnesses.get(line)
        if witnesses is None:
            self._witnesses[line] = _Witnesses(counts)
            return
        # Those of the last look: where a silence ends by itself, one line may hear it a moment earlier.
        liveness.heard_elsewhere(witnesses.heard)
        witnesses.heard = {
            name
            for other, come in counts.items()
            for name, count in come.items()
            if count and count != witnesses.before.get(other, {}).get(name, 0)
        }

    @staticmethod
    def _listen_to(liveness: Liveness, wish: Wish, now: float, arrivals: int) -> None:
        stream = wish.stream
        expected, quiet = expected_interval(stream), naturally_quiet(stream)
        liveness.watch(stream.name, expected=expected, quiet=quiet, now=now, arrivals=arrivals)

    def _found(self, shard: Shard, line: Line, finding: Finding, now: float) -> None:
        if isinstance(finding, Recovered):
            return
        names = finding.names if isinstance(finding, Stalled) else (finding.name,)
        if isinstance(finding, StreamSilent):
            # Mostly a wrong name or route: another connection would be as silent.
            reason = "silent"
        else:
            reason = "stalled" if isinstance(finding, Stalled) else "stale"
            shard.replace(line, "stalled", now)
        self._silences.update(dict.fromkeys(names, finding.silence))
        what = f"{len(names)} streams" if len(names) > 1 else names[0]
        logger.warning("%s: %s: nothing for %.1f s", self._ws_key, what, finding.silence)
        self._report("suspect", streams=names, reason=reason, line=line.number)

    def _judge(self, shard: Shard) -> None:
        """Show a stream as stale when every line that carries it finds it so."""
        suspected = set()
        for name, wish in self._wishes.items():
            states = [self._state(line, name) for line in shard.carriers(name)]
            states = [state for state in states if state is not None]
            if states and all(state is Freshness.STALE for state in states):
                suspected.add(name)
                wish.suspect(self._silences.get(name, 0.0))
            elif name in self._suspected:
                wish.suspect(None)
        self._suspected = suspected

    def _state(self, line: Line, name: str) -> Freshness | None:
        try:
            return self._liveness[line].state(name)
        except KeyError:
            return None

"""Refused streams of several lines: when one line's no is the answer, and when others may know better.

A stream that has never been confirmed is refused when all lines that are up refuse it: whoever waits for it
is to know soon. One that some line has confirmed ends only when every line refuses it; a successor, or a line
that was lost and came back, is asked once more where another line has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.subscriptions import Answer

__all__ = ["Refusals"]


@dataclass(slots=True)
class _Refusal:
    line: Line
    answer: Answer
    again: dict[Line, int] = field(default_factory=dict)  # how often others were found to carry it


class Refusals:
    """What is refused, and what was ever confirmed."""

    def __init__(self) -> None:
        self._confirmed: set[str] = set()
        self._refusals: dict[str, _Refusal] = {}

    def confirmed(self, name: str) -> None:
        """Take note that a line has confirmed a stream."""
        self._confirmed.add(name)

    def refused(self, line: Line, name: str, answer: Answer) -> None:
        """Take note that a line refuses a stream."""
        refusal = self._refusals.get(name)
        if refusal is None:
            self._refusals[name] = _Refusal(line, answer)
        else:
            refusal.line, refusal.answer = line, answer

    def forget(self, name: str) -> None:
        """Forget a stream that is not wanted any more."""
        self._confirmed.discard(name)
        self._refusals.pop(name, None)

    def gone(self, line: Line) -> None:
        """Forget a line that another one has replaced: it is not asked again."""
        for refusal in self._refusals.values():
            refusal.again.pop(line, None)

    def alone(self, name: str, lines: Iterable[Line]) -> list[tuple[Line, Answer | None]]:
        """Return the lines that refuse a stream which another carries: each with None to be asked once more.

        The second time with the answer, to be told; after that a line is not named any more.
        """
        refusal = self._refusals.get(name)
        if refusal is None:
            return []
        found: list[tuple[Line, Answer | None]] = []
        for line in lines:
            if name in line.subscriptions.rejected:
                times = refusal.again[line] = refusal.again.get(line, 0) + 1
                if times <= 2:
                    found.append((line, None if times == 1 else _about(name, refusal.answer)))
        return found

    def final(self, lines: Iterable[Line]) -> list[tuple[Line, Answer]]:
        """Return the streams that will not come on any of these lines: each with who refused it last."""
        if not self._refusals:
            return []
        lines = tuple(lines)
        up = tuple(line for line in lines if line.state is State.LIVE)
        found = []
        for name, refusal in self._refusals.items():
            asked = lines if name in self._confirmed else up
            if asked and all(name in line.subscriptions.rejected for line in asked):
                found.append((refusal.line, _about(name, refusal.answer)))
        return found


def _about(name: str, answer: Answer) -> Answer:
    """Return what an answer says of one of the streams that it refuses."""
    return replace(answer, confirmed=(), dropped=(), rejected=(name,))

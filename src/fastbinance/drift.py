"""Drift: what Binance has begun to send and our tables do not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

__all__ = ["Drift", "DriftWhat"]

DriftWhat = Literal["key", "value", "stream"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that has come and is in no table of ours; its text is a sentence.

    Nothing is lost by it: an unknown key is read over, an unknown text of a code field is its ``UNKNOWN``,
    and a stream that nobody asked for is a ``message`` event.

    Attributes
    ----------
    stream
        Binance's stream name; empty where the message had none.
    kind
        Name of the kind of record or typed event that it was read as; empty for an unknown stream.
    what
        ``"key"``: an unknown key. ``"value"``: an unknown text in a field that takes one of a list.
        ``"stream"``: messages of a stream that was not subscribed.
    path
        The key, with those around it, ``"k.zz"``; of a value, the path of its key. Empty for a stream.
    sample
        The first value as on the wire, cut after 48 bytes. Empty for a stream.
    count
        How often it has come.
    first_ns, last_ns
        Receive time of the first and of the newest message with it, UTC nanoseconds since 1970.
    """

    stream: str
    kind: str
    what: DriftWhat
    path: str
    sample: str
    count: int
    first_ns: int
    last_ns: int

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it the same drift when it comes again: each new text of a value is one of its own."""
        return self.stream, self.kind, self.what, self.path, self.sample if self.what == "value" else ""

    def __str__(self) -> str:
        stream = self.stream or "a message without a stream name"
        times = "once" if self.count == 1 else f"{self.count:,} times"
        when = _time(self.first_ns)
        if self.last_ns != self.first_ns:
            when = f"from {when} to {_time(self.last_ns)}"
        if self.what == "stream":
            return f"{stream}: came without having been asked for, {times}, {when}"
        if self.what == "value":
            new = f"{self.sample} is no known value of {self.path!r} ({self.kind})"
        else:
            new = f"{self.path!r} is no known key ({self.kind}), first value {self.sample}"
        return f"{stream}: {new}, {times}, {when}"


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

"""What a group tells of its connections: which event, in which words, for what happens to which line.

A user hears of the service: that a line of it is down (``reconnecting``), that it is back (``reconnected``).
One that is only to take another one's place is not the service yet; what goes wrong with it is an
``exception`` with the reason of the replacement, and no more.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from fastbinance._io.mail import Report
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.line import Line
from fastbinance._protocol.shard import Reason
from fastbinance._protocol.subscriptions import Answer
from fastbinance.errors import SubscriptionRejected, TransportError
from fastbinance.events import Event, EventKind
from fastbinance.keys import WsKey

__all__ = ["Emit", "Telling"]

logger = logging.getLogger("fastbinance")

Emit = Callable[[Event], object]


class Telling:
    """Makes the events of one group.

    Parameters
    ----------
    ws_key
        The service, after routing.
    emit
        Takes every event.
    """

    def __init__(self, ws_key: WsKey, emit: Emit) -> None:
        self._ws_key = ws_key
        self._emit = emit
        self._heirs: dict[Line, Line] = {}  # of lines that were lost before their successors were up

    def report(self, kind: EventKind, /, **fields: Any) -> None:
        """Publish an event; the keywords are the fields of `Event`."""
        fields.setdefault("recv_ns", time.time_ns())
        self._emit(Event(kind=kind, ws_key=str(self._ws_key), **fields))

    def of_line(self, number: int) -> Report:
        """Return what makes the events of one line."""

        def report(kind: EventKind, /, **fields: Any) -> None:
            self.report(kind, line=number, **fields)

        return report

    def opened(self, line: Line, again: bool) -> None:
        """Tell that a line which has its place is up, for the first time or again."""
        self.report("reconnected" if again else "open", line=line.number)

    def failed(self, line: Line, error: TransportError, replaces: Reason | None) -> None:
        """Tell that an attempt has failed, and that another follows."""
        logger.warning("%s", error)
        self.report("exception", error=error, attempt=line.attempts, reason=replaces, line=line.number)
        if replaces is None:
            self.report("reconnecting", error=error, attempt=line.attempts + 1, line=line.number)

    def lost(self, line: Line, error: TransportError, replaces: Reason | None) -> None:
        """Tell why a line that was up is gone, and that an attempt follows: its own, or its successor's."""
        logger.warning("%s", error)
        heir = self._heirs.pop(line, line)
        if replaces is not None:
            self.report("exception", error=error, reason=replaces, line=line.number)
        elif heir.state is not State.LIVE:
            # An attempt of a successor's may be going on already.
            attempt = heir.attempts + (heir.state is not State.CONNECTING)
            self.report("reconnecting", error=error, attempt=max(attempt, 1), line=heir.number)

    def heir(self, line: Line) -> Line | None:
        """Return who took the place of a line that was lost, and was not up then; None where nobody did."""
        return self._heirs.get(line)

    def replaced(self, old: Line, new: Line, reason: Reason, streams: tuple[str, ...]) -> None:
        """Tell that a line has taken another one's place; when it is not up yet, `lost` tells the rest."""
        if new.state is not State.LIVE:
            self._heirs[old] = new
            return
        logger.info("%s: a connection has been replaced: %s", self._ws_key, reason)
        self.report("rollover", streams=streams, reason=reason, line=new.number)

    def ended(self, line: Line) -> None:
        """Forget a line of which nothing is left."""
        self._heirs.pop(line, None)

    def answered(self, line: Line, answer: Answer, payload: bytes, recv_ns: int) -> None:
        """Tell what Binance has answered."""
        streams = answer.confirmed + answer.dropped
        self.report("response", payload=payload, recv_ns=recv_ns, streams=streams, line=line.number)
        if answer.code is not None and not answer.rejected:
            logger.warning("%s answered with code %s: %s", self._ws_key, answer.code, answer.reason)

    def rejected(self, line: Line, error: SubscriptionRejected) -> None:
        """Tell that streams are refused, by every line there is."""
        self.report("exception", error=error, streams=error.streams, line=line.number)

    def refused(self, line: Line, error: SubscriptionRejected) -> None:
        """Tell that one line refuses streams which another carries."""
        logger.warning("%s: line %d: %s; another carries it", self._ws_key, line.number, error)
        self.report("exception", error=error, streams=error.streams, reason="carried", line=line.number)

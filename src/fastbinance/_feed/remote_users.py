"""User data of a feed in another process."""

import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, cast

from fastbinance._accounts import AccountName, account_kind
from fastbinance._feed.handing_over import hand_over_credentials
from fastbinance._feed.messages import EndUser, OpenUser, UserEnded, UserOpened, UserTold, UserTrouble
from fastbinance._io.user_stream import UserState
from fastbinance._protocol.signing import Signer
from fastbinance.answers import OrderPlaced
from fastbinance.credentials import Credentials
from fastbinance.errors import UserDataFailed
from fastbinance.user_events import EventReader, UserDataInterrupted, UserDataReady, UserEvent

__all__ = ["RemoteUserStream", "RemoteUsers"]

_Place = tuple[str, str | None, Signer, tuple[str, ...], bool]

_numbers: Final = itertools.count(1)


class RemoteUserStream:
    """One account's events, as the feed tells them, for all who listen; see `UserStream`."""

    def __init__(self, place: _Place, opening: OpenUser) -> None:
        self.place: Final = place
        self.opening: Final = opening
        self.state: UserState = "connecting"
        self.error: UserDataFailed | None = None
        self.trouble = ""
        self.reader: Final = SimpleNamespace(unknown_fields={})
        self._made: Final = EventReader(opening.account, opening.symbol)
        self._told_ready: UserDataReady | None = None
        self._has_hole = False  # a feed died: what was filled before the next one came is not found out
        self._hear: tuple[Callable[[UserEvent], object], ...] = ()
        self._ends: tuple[Callable[[], object], ...] = ()
        self._answers: tuple[Callable[[OrderPlaced], object], ...] = ()

    def listen(
        self,
        hear: Callable[[UserEvent], object],
        ended: Callable[[], object],
        answered: Callable[[OrderPlaced], object] | None = None,
    ) -> None:
        """See `UserStream.listen`."""
        self._hear = (*self._hear, hear)
        self._ends = (*self._ends, ended)
        if answered is not None:
            self._answers = (*self._answers, answered)
        if self.state in ("failed", "closed"):
            ended()
        elif self._told_ready is not None:
            hear(self._told_ready)

    def forget(
        self,
        hear: Callable[[UserEvent], object],
        ended: Callable[[], object],
        answered: Callable[[OrderPlaced], object] | None = None,
    ) -> bool:
        """See `UserStream.forget`."""
        self._hear = tuple(one for one in self._hear if one != hear)
        self._ends = tuple(one for one in self._ends if one != ended)
        self._answers = tuple(one for one in self._answers if one is not answered)
        return bool(self._hear)

    def answered(self, answer: OrderPlaced) -> None:
        """See `UserStream.answered`."""
        for one in self._answers:
            one(answer)

    def told(self, event: UserEvent) -> None:
        """Take an event of the feed's."""
        if isinstance(event, UserDataReady):
            if self._has_hole:
                # A feed's first look at an account tells what there is, and not what was filled before.
                self._has_hole = not event.reconciled
                event.again, event.reconciled = True, False
            self.state, self._told_ready = "live", event
        elif isinstance(event, UserDataInterrupted):
            self.state, self._told_ready = "interrupted", None
        for hear in self._hear:
            hear(event)

    def interrupted(self, reason: str) -> None:
        """Take note that the feed is gone."""
        self.trouble = reason
        self._has_hole = self._has_hole or self.state in ("live", "interrupted")
        if self.state == "live":
            self.told(self._made.make(UserDataInterrupted, reason=reason, recv_ns=time.time_ns()))

    def end(self, state: UserState, error: Exception | None) -> None:
        """Take note that no more comes."""
        self.state, self.error = state, cast("UserDataFailed | None", error)
        ends, self._ends = self._ends, ()
        for ended in ends:
            ended()


class RemoteUsers:
    """The accounts of one client; see `UserStreams`.

    Parameters
    ----------
    send
        Sends a message to the feed.
    wait_for
        Waits for a message of the feed's that is wanted, and returns it; None where it does not come.
    """

    def __init__(
        self, send: Callable[[Any], object], wait_for: Callable[[Callable[[Any], bool]], Any]
    ) -> None:
        self._send = send
        self._wait_for = wait_for
        self._streams: dict[_Place, RemoteUserStream] = {}
        self._by_number: dict[int, RemoteUserStream] = {}

    def stream(
        self,
        account: AccountName,
        symbol: str | None,
        credentials: Credentials,
        events: tuple[str, ...] = (),
        reconciles: bool = True,
    ) -> RemoteUserStream:
        """See `UserStreams.stream`."""
        account_kind(account, symbol)
        place = (account, symbol, credentials, events, reconciles)
        stream = self._streams.get(place)
        if stream is None or stream.state in ("failed", "closed"):
            handed = hand_over_credentials(credentials)
            opening = OpenUser(next(_numbers), account, symbol, handed, events, reconciles)
            stream = RemoteUserStream(place, opening)
            self._send(opening)
            self._streams[place] = self._by_number[opening.number] = stream
            # What the feed refuses is refused at once; what comes first of a good one says that it is good.
            self._check(stream)
        return stream

    def answered(self, answer: OrderPlaced, credentials: Signer | None) -> None:
        """See `UserStreams.answered`."""
        for (account, _, owner, _, _), stream in tuple(self._streams.items()):
            if account == "spot" and owner == credentials:
                stream.answered(answer)

    def end(self, stream: object) -> None:
        """See `UserStreams.end`."""
        for place, own in tuple(self._streams.items()):
            if own is stream:
                del self._streams[place]
                if self._by_number.pop(own.opening.number, None) is not None:
                    self._send(EndUser(own.opening.number))
                own.end("closed", None)

    # -- called by the pool

    def told(self, message: UserTold) -> None:
        """Take an event."""
        stream = self._by_number.get(message.number)
        if stream is not None:
            if message.unknown_fields is not None:
                stream.reader.unknown_fields = message.unknown_fields
            stream.told(message.event)

    def troubled(self, message: UserTrouble) -> None:
        """Take note of what keeps an account's events from coming."""
        stream = self._by_number.get(message.number)
        if stream is not None:
            stream.trouble = message.trouble

    def ended(self, message: UserEnded) -> None:
        """Take note of an end."""
        stream = self._by_number.pop(message.number, None)
        if stream is not None:
            stream.end("closed" if message.error is None else "failed", message.error)

    def opened(self, message: UserOpened) -> None:
        """Take note of what a new feed says to what the one before has taken."""
        if message.error is not None:
            self.ended(UserEnded(message.number, message.error))

    def interrupted(self, reason: str) -> None:
        """Take note that the feed is gone."""
        for stream in tuple(self._by_number.values()):
            stream.interrupted(reason)

    def resume(self) -> None:
        """Tell a new feed what is wanted."""
        for stream in self._by_number.values():
            self._send(stream.opening)

    def close(self) -> None:
        """End all streams."""
        for stream in tuple(self._by_number.values()):
            stream.end("closed", None)
        self._by_number.clear()

    def _check(self, stream: RemoteUserStream) -> None:
        number = stream.opening.number
        answer = self._wait_for(lambda message: isinstance(message, UserOpened) and message.number == number)
        if answer is not None and answer.error is not None:
            del self._by_number[number]
            del self._streams[stream.place]
            raise answer.error

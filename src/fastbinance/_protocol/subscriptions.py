"""Wanted against confirmed streams of one connection, and the next control frame that brings them together.

A name is in at most one unanswered request at a time, so the order in which a caller changes its mind
never matters: after the answer the name is looked at again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from fastbinance.errors import ConfigurationError

__all__ = ["URL_SAFE", "Answer", "Method", "Subscriptions", "control_frame"]

Method = Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"]

# Signs that names of streams bring into a URL as they are.
URL_SAFE: Final = "@!:,_.-"
# Connections that were lost in a row with the same batch unanswered, before the batch is asked by halves.
_LOSSES_BEFORE_HALVES: Final = 2

# Everything of a frame but its names, with room for the longest id.
_ENVELOPE_BYTES: Final = len('{"method":"UNSUBSCRIBE","params":[],"id":}') + 20


class _Fault(msgspec.Struct):
    code: int | None = None
    msg: str | None = None


class _Reply(msgspec.Struct):
    # Errors come as {"error":{"code":2,"msg":".."},"id":1} and as {"code":2,"msg":".."}; ids may be missing.
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Fault | None = None
    code: int | None = None
    msg: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one control message of the server changed.

    Attributes
    ----------
    confirmed, dropped, rejected
        Names that the server now sends, no longer sends, refuses to send.
    code, reason
        The server's error, also when it only made us ask again in smaller batches; otherwise None.
    id
        The id of our request, None when the message answers none.
    """

    confirmed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    code: int | None = None
    reason: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    method: Method
    names: tuple[str, ...]
    suspect: bool = False  # a part of a refused batch


def control_frame(method: str, params: Iterable[object] | None, request_id: int) -> bytes:
    """Return the text of one control message, in the key order of Binance's documentation."""
    if params is None:
        return msgspec.json.encode({"method": method, "id": request_id})
    return msgspec.json.encode({"method": method, "params": list(params), "id": request_id})


class Subscriptions:
    """The wishes of one connection and what the server has confirmed of them.

    Parameters
    ----------
    max_frame_bytes
        Longest control message. Binance reads 4,096 bytes and answers nothing, or closes, beyond.
    """

    def __init__(self, max_frame_bytes: int = 4000) -> None:
        if max_frame_bytes <= _ENVELOPE_BYTES:
            raise ValueError(f"max_frame_bytes must be above {_ENVELOPE_BYTES}, not {max_frame_bytes}")
        self._max_frame_bytes = max_frame_bytes
        self._connected = False
        self._last_id = 0
        self._wanted: dict[str, None] = {}  # a dict keeps the order of the wishes
        self._confirmed: set[str] = set()
        self._rejected: set[str] = set()
        self._requests: dict[int, _Request] = {}  # unanswered, oldest first
        self._asked: set[str] = set()  # names of the unanswered requests
        self._suspects: deque[tuple[str, ...]] = deque()  # parts of a refused batch, each to be asked alone
        self._suspected: set[str] = set()
        self._to_ask: dict[str, None] = {}
        self._to_leave: dict[str, None] = {}
        self._leaving: set[str] = set()  # sent or about to be sent by the server, but not wanted any more
        self._in_url: tuple[str, ...] = ()  # asked for by the URL, and not asked about yet
        self._unanswered_losses = 0  # connections in a row that were lost with a SUBSCRIBE unanswered

    # -- the caller's wishes

    def want(self, names: Iterable[str]) -> None:
        """Wish for streams. A name refused before is asked for again.

        Raises
        ------
        ConfigurationError
            A name does not fit into a control message even alone. No wish of the call is kept.
        """
        names = tuple(names)
        for name in names:
            if _ENVELOPE_BYTES + len(msgspec.json.encode(name)) > self._max_frame_bytes:
                raise ConfigurationError(
                    f"stream name of {len(name.encode())} bytes does not fit into a control message"
                    f" of {self._max_frame_bytes} bytes: {name[:60]!r}..."
                )
        for name in names:
            self._wanted[name] = None
            self._rejected.discard(name)
            self._place(name)

    def drop(self, names: Iterable[str]) -> None:
        """Give up wishes; names that were never wanted are ignored."""
        for name in tuple(names):
            self._wanted.pop(name, None)
            self._rejected.discard(name)
            self._place(name)

    # -- the connection's life

    def connected(self, in_url: Iterable[str] = ()) -> None:
        """Start on a new connection: nothing is confirmed on it, and everything wanted is due.

        Parameters
        ----------
        in_url
            Names that the URL asked for. No answer comes for them, so the server is asked what it sends.
        """
        self._forget()
        self._connected = True
        self._in_url = tuple(in_url)
        self._asked.update(self._in_url)
        for name in self._in_url:
            self._place(name)

    def frames_due(self) -> int:
        """Tell how many SUBSCRIBE messages a new connection would need for what is wanted."""
        known = self._rejected | self._suspected
        names = [name for name in self._wanted if name not in known]
        frames = 0
        while names:
            frames += 1
            names = names[len(self._fitting(names)) :]
        return frames

    def for_url(self, most_bytes: int) -> tuple[str, ...]:
        """Return as many wanted names as fit into so many bytes of a URL, oldest wish first."""
        known = self._rejected | self._suspected
        size, fitting = 0, []
        for name in self._wanted:
            if name in known:
                continue
            # Binance's names keep their length in a URL but for the plus of a time zone.
            size += len(quote(name, safe=URL_SAFE)) + 1
            if size > most_bytes:
                break
            fitting.append(name)
        return tuple(fitting)

    def lost(self) -> None:
        """End the connection: nothing is confirmed any more and no answer will come."""
        self._forget()
        self._connected = False

    def next_frame(self) -> bytes | None:
        """Return the next control message and mark its names as asked; None when there is nothing to send.

        UNSUBSCRIBE goes first: it makes room where the number of streams per connection is limited.
        """
        if not self._connected:
            return None
        if self._in_url:
            names, self._in_url = self._in_url, ()
            return self._request("LIST_SUBSCRIPTIONS", names)
        if self._to_leave:
            return self._request("UNSUBSCRIBE", self._fitting(self._to_leave))
        if self._to_ask:
            return self._request("SUBSCRIBE", self._fitting(self._to_ask))
        while self._suspects:
            part = self._suspects.popleft()
            self._suspected.difference_update(part)
            names = tuple(name for name in part if name in self._wanted)
            if names:
                return self._request("SUBSCRIBE", names, suspect=True)
        return None

    def answer(self, payload: bytes) -> Answer:
        """Take in one control message of the server.

        An error without an id belongs to the oldest unanswered request: Binance answers in order. A refused
        batch of several names is asked again in halves, so that one bad name does not cost the others.
        """
        try:
            reply = msgspec.json.decode(payload, type=_Reply)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return Answer(reason=f"control message cannot be read: {error}")
        code, reason = reply.code, reply.msg
        if reply.error is not None:
            code, reason = reply.error.code, reply.error.msg
        failed = reply.error is not None or code is not None

        request_id = reply.id if isinstance(reply.id, int) else None
        if failed and reply.id is None and self._requests:
            request_id = next(iter(self._requests))
        if request_id not in self._requests or not (failed or reply.result):
            return Answer(code=code, reason=reason)
        request = self._requests.pop(request_id)
        self._asked.difference_update(request.names)

        confirmed: tuple[str, ...] = ()
        dropped: tuple[str, ...] = ()
        rejected: tuple[str, ...] = ()
        if request.method != "UNSUBSCRIBE":
            self._unanswered_losses = 0
        if request.method == "LIST_SUBSCRIPTIONS":
            # What the server does not name, or all when it cannot tell, is asked for the usual way.
            sent = set() if failed else _names(reply.result)
            confirmed = tuple(name for name in request.names if name in sent)
            self._confirmed.update(confirmed)
        elif request.method == "UNSUBSCRIBE":
            # A refused UNSUBSCRIBE leaves nothing else to try; what still comes is counted as unrouted.
            dropped = request.names
            self._confirmed.difference_update(dropped)
        elif not failed:
            confirmed = request.names
            self._confirmed.update(confirmed)
        elif len(request.names) == 1:
            rejected = request.names
            self._rejected.update(name for name in rejected if name in self._wanted)
        else:
            middle = len(request.names) // 2
            self._suspects.extend((request.names[:middle], request.names[middle:]))
            self._suspected.update(request.names)
        for name in request.names:
            self._place(name)
        return Answer(confirmed, dropped, rejected, code, reason, request_id)

    # -- what is known

    @property
    def wanted(self) -> frozenset[str]:
        """Names wished for, including those rejected."""
        return frozenset(self._wanted)

    @property
    def confirmed(self) -> frozenset[str]:
        """Names that the server has confirmed on this connection."""
        return frozenset(self._confirmed)

    @property
    def rejected(self) -> frozenset[str]:
        """Wanted names that the server refuses. They are not asked for again unless wanted again."""
        return frozenset(self._rejected)

    @property
    def pending(self) -> frozenset[str]:
        """Names asked for or given up in a request that is not answered yet."""
        return frozenset(self._asked)

    @property
    def due(self) -> bool:
        """Whether there is something to send now."""
        if not self._connected:
            return False
        return bool(self._in_url or self._to_leave or self._to_ask or self._suspected & self._wanted.keys())

    @property
    def settled(self) -> bool:
        """Whether nothing is to be sent and nothing is unanswered."""
        return not (self._requests or self.due or self._to_ask or self._suspected & self._wanted.keys())

    @property
    def load(self) -> int:
        """Places taken of the streams a connection may carry: the wanted ones and those not yet given up."""
        return len(self._wanted) + len(self._leaving)

    def is_confirmed(self, name: str) -> bool:
        """Tell whether a wanted stream is confirmed, and not on its way out by an earlier request."""
        return name in self._wanted and name in self._confirmed and name not in self._asked

    def is_leaving(self, name: str) -> bool:
        """Tell whether the server may still send a stream that is not wanted any more."""
        return name in self._leaving

    # -- inside

    def _place(self, name: str) -> None:
        # The one rule, applied to a name after anything about it has changed.
        wanted, idle = name in self._wanted, name not in self._asked
        known = name in self._confirmed or name in self._rejected or name in self._suspected
        _keep(self._to_ask, name, wanted and idle and not known)
        _keep(self._to_leave, name, not wanted and idle and name in self._confirmed)
        if not wanted and (not idle or name in self._confirmed):
            self._leaving.add(name)
        else:
            self._leaving.discard(name)

    def _forget(self) -> None:
        # The parts of a refused batch stay parts. On futures a refusal ends the connection: asked whole again
        # on the next one, the batch would be refused again, for ever.
        unanswered = [request.names for request in self._requests.values() if request.suspect]
        self._suspects.extendleft(reversed(unanswered))
        # A batch that ends every connection without a word has a name in it that does: halves will find it.
        batches = [
            request.names
            for request in self._requests.values()
            if request.method == "SUBSCRIBE" and not request.suspect and len(request.names) > 1
        ]
        self._unanswered_losses = self._unanswered_losses + 1 if batches else 0
        if self._unanswered_losses >= _LOSSES_BEFORE_HALVES:
            self._unanswered_losses = 0
            for names in batches:
                middle = len(names) // 2
                self._suspects.extend((names[:middle], names[middle:]))
        self._suspected = {name for part in self._suspects for name in part}
        self._in_url = ()
        self._confirmed.clear()
        self._requests.clear()
        self._asked.clear()
        self._to_leave.clear()
        self._leaving.clear()
        known = self._rejected | self._suspected
        self._to_ask = {name: None for name in self._wanted if name not in known}

    def _fitting(self, names: Iterable[str]) -> tuple[str, ...]:
        size, fitting = _ENVELOPE_BYTES, []
        for name in names:
            size += len(msgspec.json.encode(name)) + 1
            # The last name has no comma behind it.
            if size - 1 > self._max_frame_bytes:
                break
            fitting.append(name)
        return tuple(fitting)

    def _request(self, method: Method, names: tuple[str, ...], *, suspect: bool = False) -> bytes:
        self._last_id += 1
        self._requests[self._last_id] = _Request(method, names, suspect)
        self._asked.update(names)
        for name in names:
            self._place(name)
        return control_frame(method, None if method == "LIST_SUBSCRIPTIONS" else names, self._last_id)


def _names(result: msgspec.Raw) -> set[str]:
    """Return the names of an answer to LIST_SUBSCRIPTIONS; of anything else, none."""
    try:
        return set(msgspec.json.decode(result, type=list[str]))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return set()


def _keep(place: dict[str, None], name: str, keep: bool) -> None:
    if keep:
        place[name] = None
    else:
        place.pop(name, None)

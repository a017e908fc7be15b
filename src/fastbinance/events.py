"""What a client reports besides its rings: messages, answers, the lifecycle of connections, and drift.

Some streams have messages without a fixed size; they come as events with a struct in `Event.data`. Decimals
in it are `Decimal`, times UTC nanoseconds.
"""

from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

from fastbinance._typed import (
    AllTokens,
    AlphaToken,
    CompositeIndex,
    ContractBracket,
    ContractInfo,
    IndexComponent,
    OptionSymbol,
    ServerShutdown,
    TradingSession,
)
from fastbinance.drift import Drift

__all__ = [
    "EVENT_KINDS",
    "AllTokens",
    "AlphaToken",
    "CompositeIndex",
    "ContractBracket",
    "ContractInfo",
    "Event",
    "EventData",
    "EventKind",
    "IndexComponent",
    "OptionSymbol",
    "ServerShutdown",
    "TradingSession",
]

EventKind = Literal[
    "open", "message", "response", "reconnecting", "reconnected", "resubscribed", "close", "exception",
    "contract_info", "composite_index", "trading_session", "option_symbol", "all_tokens", "server_shutdown",
    "drift", "rollover", "suspect", "gap", "authenticated", "limit", "feed_restarted",
    "book_ready", "book_gap", "book_resynced",
]  # fmt: skip
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)

#: What `Event.data` holds, by kind.
EventData: TypeAlias = (
    ContractInfo | CompositeIndex | TradingSession | OptionSymbol | AllTokens | ServerShutdown | Drift
)


_DULL: Final = (None, 0, ())  # what a field that says nothing is


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened on one connection.

    Attributes
    ----------
    kind
        - ``open``: a connection came up for the first time.
        - ``message``: a payload of a stream that has neither ring nor struct, or that `raw_messages` was
          asked of, raw.
        - ``response``: Binance's answer to a control message, raw.
        - ``reconnecting``: the connection was lost, or an attempt failed, and another attempt follows;
          `error` says why and `attempt` counts the attempts since the connection was last up. Not told of a
          new connection that is to replace one that is up.
        - ``reconnected``: the connection is up again. Nothing is subscribed on it yet.
        - ``resubscribed``: Binance has confirmed again what was wanted; `streams` names it.
        - ``close``: the connection was closed by its user. A loss is ``reconnecting``.
        - ``exception``: an attempt, a subscription or a payload failed; `error` is the exception, not raised.
          With a `reason` the service is up all the same: ``"carried"`` (a stream that one connection refuses
          and another carries), or why a connection is being replaced whose successor has failed, as in
          ``rollover``.
        - ``contract_info``, ``composite_index``, ``trading_session``, ``option_symbol``, ``all_tokens``: a
          message of such a stream; `data` is its struct.
        - ``server_shutdown``: a spot server is about to stop; `data` is a `ServerShutdown`. Comes unasked.
        - ``rollover``: a connection was replaced by a new one, which delivered before the old one went;
          `reason` says why: ``"age"``, ``"shutdown"`` (the server said that it stops), ``"stalled"``,
          ``"unanswered"`` (it owed an answer for too long) or ``"request"``.
        - ``suspect``: `streams` are silent for longer than they would be; `reason` is ``"stalled"`` (all of a
          connection, which is being replaced), ``"stale"`` (one beside others that speak, the same) or
          ``"silent"`` (acknowledged, and nothing has ever come: the wrong name or route, most likely).
        - ``gap``: something is missing in a stream, and its ring's `gaps` say what; `reason` is the cause.
        - ``authenticated``: a connection to the WebSocket API is logged on.
        - ``limit``: four fifths of what Binance allows in requests or orders are used; `reason` says of what.
        - ``feed_restarted``: the feed had a process of its own, which was gone (an ``exception`` with
          `FeedDied`), and another one has taken its place; `reason` names it.
        - ``book_ready``: an order book has begun: its snapshot is joined to the diffs of `streams`.
        - ``book_gap``: an order book is not proved any more; `reason` is the name of a `BookReason`, in small
          letters. The old levels are served meanwhile, as STALE.
        - ``book_resynced``: it is right again.
        - ``drift``: something has come for the first time that our tables do not know; `data` is a `Drift`.
    ws_key
        Name of the service, after routing (``usdmPublic``); over HTTP such as ``"usdm REST"``.
    stream
        Stream name of a message, None where the message carries none.
    payload
        Bytes as on the wire, the combined wrapper ``{"stream":...,"data":...}`` included; None for lifecycle
        events.
    error
        The failure; None for everything that is not one.
    recv_ns
        Our clock at arrival, or when the event was made: UTC nanoseconds since 1970.
    attempt
        Number of the attempt that follows (``reconnecting``) or failed (``exception``); otherwise 0.
    streams
        Stream names that the event is about.
    reason
        Why, in one word, where `kind` says so.
    line
        Number of the connection among those that carry the same streams; 0 where there is one.
    data
        The struct of a typed event, the `Drift` of a ``drift``; None for the other kinds. Made once, and
        shared by all who listen.
    """

    kind: EventKind
    ws_key: str
    recv_ns: int
    stream: str | None = None
    payload: bytes | None = None
    error: Exception | None = None
    attempt: int = 0
    streams: tuple[str, ...] = ()
    data: EventData | None = None
    reason: str | None = None
    line: int = 0

    def __repr__(self) -> str:
        facts = ((name, self._shown(name)) for name in self.__struct_fields__)
        return f"Event({', '.join(f'{name}={value!r}' for name, value in facts if value not in _DULL)})"

    def _shown(self, name: str) -> Any:
        # What comes over the WebSocket API may name a key or a listen key, and a repr ends up in logs.
        if name == "payload" and self.payload is not None and "WSAPI" in self.ws_key:
            return f"<{len(self.payload)} bytes>"
        return getattr(self, name)

    def json(self) -> Any:
        """Decode the payload, each time anew: integers exact, decimals as the text they came in.

        Raises
        ------
        ValueError
            The event has no payload, or the payload is not JSON.
        """
        if self.payload is None:
            raise ValueError(f"an event of kind {self.kind!r} has no payload")
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"payload is not JSON ({error}): {self.payload[:80]!r}") from error

"""What can go wrong, as one tree.

::

    FastBinanceError
      ConfigurationError (ValueError)   the caller's mistake, found before any I/O
      WaitTimeout (TimeoutError)        ready() waited in vain      .stream .timeout_seconds .missing .trouble
      TransportError
        ConnectFailed                   never came up               .ws_key .attempts .cause .kind
        ConnectionLost                  was up                      .ws_key .close_code .reason
      FeedDied                          feed='process': it is gone  .pid .reason
      DecodeError                       payload we cannot read      .ws_key .code .offset .head
      StreamError
        SubscriptionRejected            Binance said no             .streams .code .reason
        Lapped                          our loss: overwritten       .sequence .oldest
        NoData                          nothing published yet       .stream
          BookNotReady                  no order book yet           .stream .reason
        StaleData                       older than was asked for    .stream .age_seconds .max_age_seconds
        StreamClosed                    unsubscribed, or the client is closed   .stream
      UserDataFailed                    an account's events will not come   .account .symbol .ws_key .code
      UserDataDelayed                   an attempt at them failed, another follows        (the same)

Facts are attributes and the message is a sentence made of them. Every class survives `pickle`, because a
feed may live in a process of its own.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from fastbinance.book_states import BookReason

__all__ = [
    "BookNotReady",
    "ConfigurationError",
    "ConnectFailed",
    "ConnectionLost",
    "DecodeError",
    "FastBinanceError",
    "FeedDied",
    "Lapped",
    "NoData",
    "StaleData",
    "StreamClosed",
    "StreamError",
    "SubscriptionRejected",
    "TransportError",
    "UserDataDelayed",
    "UserDataFailed",
    "WaitTimeout",
]


#: What an attempt at a connection failed at; see `ConnectFailed`.
FailureKind: TypeAlias = Literal["dns", "tcp", "tls", "http", "timeout", "proxy", "protocol", "other"]


class FastBinanceError(Exception):
    """Base of every error that fastbinance raises on purpose."""

    def __repr__(self) -> str:
        # The sentence rather than the arguments: the head of a payload may name a listen key,
        # and a repr ends up in logs.
        return f"{type(self).__name__}({str(self)!r})"


class ConfigurationError(FastBinanceError, ValueError):
    """The caller asked for something that cannot be; the message names what is allowed.

    Raised before any I/O: a bad symbol, stream, level, speed, environment or URL.
    """


class WaitTimeout(FastBinanceError, TimeoutError):
    """`ready()` waited as long as it was told to.

    Parameters
    ----------
    stream : str
        Binance's stream name.
    timeout_seconds : float
        How long was waited.
    missing : str
        What had not come by then, such as ``"the confirmation"`` or ``"a first record"``.
    trouble : str
        What the last attempt failed at, of user data; empty where that is not known.
    """

    def __init__(
        self, stream: str, timeout_seconds: float, missing: str = "a first record", trouble: str = ""
    ) -> None:
        self.stream = stream
        self.timeout_seconds = timeout_seconds
        self.missing = missing
        self.trouble = trouble
        # One argument for OSError, the parent of TimeoutError: it reads two as errno and text.
        last = f"; the last attempt: {trouble}" if trouble else ""
        super().__init__(f"{stream}: still without {missing} after {timeout_seconds:g} s{last}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.stream, self.timeout_seconds, self.missing, self.trouble)


class TransportError(FastBinanceError):
    """A connection is not there."""


class ConnectFailed(TransportError):
    """A connection never came up.

    Parameters
    ----------
    ws_key : str
        Name of the service that was to be reached.
    attempts : int
        How many times it was tried.
    cause : str
        What the last attempt said.
    kind : str
        What it failed at: ``"dns"``, no address; ``"tcp"``, no connection; ``"tls"``; ``"http"``, refused
        with a status; ``"timeout"``, no answer; ``"proxy"``; ``"protocol"``, an answer that is not
        WebSocket's; or ``"other"``.
    status : int or None
        HTTP status of the refusal, Binance's or the proxy's; None where there was none.
    body : bytes
        The first 512 bytes of what came with it, as far as they came together with its head. Only Binance's
        ``code`` and ``msg`` in it are part of the message.
    retry_after : float
        Seconds from the attempt in which no other may be made; 0.0 where Binance did not ban this address.
    """

    def __init__(
        self,
        ws_key: str,
        attempts: int,
        cause: str,
        kind: FailureKind = "other",
        status: int | None = None,
        body: bytes = b"",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(ws_key, attempts, cause, kind, status, body, retry_after)
        self.ws_key = ws_key
        self.attempts = attempts
        self.cause = cause
        self.kind = kind
        self.status = status
        self.body = body
        self.retry_after = retry_after

    def __str__(self) -> str:
        times = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{self.ws_key}: no connection after {times}: {self.cause}"


class ConnectionLost(TransportError):
    """A connection that was up has gone.

    Parameters
    ----------
    ws_key : str
        Name of the service.
    close_code : int or None
        The peer's close code; None when it left without a close frame.
    reason : str
        The peer's text, or what the socket said.
    """

    def __init__(self, ws_key: str, close_code: int | None, reason: str) -> None:
        super().__init__(ws_key, close_code, reason)
        self.ws_key = ws_key
        self.close_code = close_code
        self.reason = reason

    def __str__(self) -> str:
        how = "without a close frame" if self.close_code is None else f"with close code {self.close_code}"
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.ws_key}: connection lost {how}{reason}"


class FeedDied(FastBinanceError):
    """The process of a feed has ended unasked. It is started again, with all that is wanted.

    Never raised: it comes as an event of kind ``exception``.

    Parameters
    ----------
    pid : int
        Its number.
    reason : str
        How it has ended.
    """

    def __init__(self, pid: int, reason: str) -> None:
        super().__init__(reason)
        self.pid = pid
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.pid, self.reason)


class DecodeError(FastBinanceError):
    """A payload that is not what Binance documents.

    Parameters
    ----------
    ws_key : str
        Name of the service it came from.
    code : str
        Name of the way in which it failed.
    offset : int
        Byte of the payload where reading stopped.
    head : bytes
        The first bytes of the payload, for inspection. Not part of the message: on a user data
        connection they may name the listen key.
    """

    def __init__(self, ws_key: str, code: str, offset: int, head: bytes) -> None:
        super().__init__(ws_key, code, offset, head)
        self.ws_key = ws_key
        self.code = code
        self.offset = offset
        self.head = head

    def __str__(self) -> str:
        return f"{self.ws_key}: undecodable payload, {self.code} at byte {self.offset}"


class StreamError(FastBinanceError):
    """One stream, or the ring it feeds, cannot give what was asked."""


class SubscriptionRejected(StreamError):
    """Binance refused a subscription.

    Parameters
    ----------
    streams : tuple of str
        Binance's names of the streams that were asked for in the refused message.
    code : int or None
        Binance's code; None when the answer had none.
    reason : str
        Binance's text.
    """

    def __init__(self, streams: tuple[str, ...], code: int | None, reason: str) -> None:
        super().__init__(streams, code, reason)
        self.streams = streams
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        shown = ", ".join(self.streams[:3])
        if len(self.streams) > 3:
            shown += f" and {len(self.streams) - 3} more"
        code = "" if self.code is None else f" with code {self.code}"
        return f"Binance rejected {shown or 'a subscription'}{code}: {self.reason or 'no reason given'}"


class Lapped(StreamError):
    """A record, or the levels of a depth record, was overwritten before it was read: our loss, not Binance's.

    Parameters
    ----------
    sequence : int
        The record that was asked for.
    oldest : int
        The oldest record that could still be read.
    """

    def __init__(self, sequence: int, oldest: int) -> None:
        super().__init__(sequence, oldest)
        self.sequence = sequence
        self.oldest = oldest

    def __str__(self) -> str:
        if self.oldest <= self.sequence:
            return f"the levels of record {self.sequence} have been overwritten; level_capacity= keeps more"
        return f"record {self.sequence} has been overwritten; the oldest still kept is {self.oldest}"


class NoData(StreamError):
    """Nothing has been published yet.

    Parameters
    ----------
    stream : str
        Binance's stream name.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream

    def __str__(self) -> str:
        return f"{self.stream}: no record yet"


class BookNotReady(NoData):
    """There is no order book to read yet.

    Parameters
    ----------
    stream : str
        Binance's name of the stream that it is made of.
    reason : BookReason or int
        Why not.
    """

    def __init__(self, stream: str, reason: int) -> None:
        super().__init__(stream)
        self.args = (stream, reason)
        self.reason = BookReason(reason)

    def __str__(self) -> str:
        return f"{self.stream}: no order book yet: {self.reason.sentence}"


class StaleData(StreamError):
    """The newest record is older than the caller accepts.

    Parameters
    ----------
    stream : str
        Binance's stream name.
    age_seconds : float
        Age of the newest record by our clock.
    max_age_seconds : float
        What was asked for.
    """

    def __init__(self, stream: str, age_seconds: float, max_age_seconds: float) -> None:
        super().__init__(stream, age_seconds, max_age_seconds)
        self.stream = stream
        self.age_seconds = age_seconds
        self.max_age_seconds = max_age_seconds

    def __str__(self) -> str:
        return (
            f"{self.stream}: the newest record is {self.age_seconds:.3f} s old, "
            f"more than the {self.max_age_seconds:g} s allowed"
        )


class StreamClosed(StreamError):
    """The ring gets no more records: it was unsubscribed, its client is closed, or its server is gone.

    Parameters
    ----------
    stream : str
        Binance's stream name.
    reason : str
        Why; empty where it was this program that unsubscribed or closed.
    """

    def __init__(self, stream: str, reason: str = "") -> None:
        super().__init__(stream, reason)
        self.stream = stream
        self.reason = reason

    def __str__(self) -> str:
        why = self.reason or "unsubscribed or its client is closed"
        return f"{self.stream}: {why}; no more records come"


class UserDataFailed(FastBinanceError):
    """The events of an account cannot be had: the API key is wrong, or lacks a permission.

    Attributes
    ----------
    account : str
        What kind of account: ``"usdm"``.
    symbol : str or None
        Pair of an isolated margin account.
    ws_key : str
        The service that they would come over.
    code : int or None
        Binance's code, where it gave one.
    reason : str
        In words.
    """

    def __init__(self, account: str, symbol: str | None, ws_key: str, code: int | None, reason: str) -> None:
        super().__init__(account, symbol, ws_key, code, reason)
        self.account = account
        self.symbol = symbol
        self.ws_key = ws_key
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        what = self.account if self.symbol is None else f"{self.account} {self.symbol}"
        return f"user data of account {what} ({self.ws_key}) cannot be had: {self.reason}"


class UserDataDelayed(FastBinanceError):
    """An attempt at the events of an account has failed, and another one follows.

    Told as an event and never raised. Where events come already, it was an attempt at having them go on:
    a listen key or token is renewed long before its end.

    Attributes
    ----------
    account : str
        What kind of account: ``"usdm"``.
    symbol : str or None
        Pair of an isolated margin account.
    ws_key : str
        The service that they come over.
    code : int or None
        Binance's code, where it gave one.
    reason : str
        In words.
    """

    def __init__(self, account: str, symbol: str | None, ws_key: str, code: int | None, reason: str) -> None:
        super().__init__(account, symbol, ws_key, code, reason)
        self.account = account
        self.symbol = symbol
        self.ws_key = ws_key
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        what = self.account if self.symbol is None else f"{self.account} {self.symbol}"
        return (
            f"user data of account {what} ({self.ws_key}): an attempt has failed, again soon: {self.reason}"
        )

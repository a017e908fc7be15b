"""Errors carry facts, say them in a sentence, and survive the way between processes."""

from __future__ import annotations

import pickle

import pytest

from fastbinance import errors
from fastbinance.book_states import BookReason
from fastbinance.errors import (
    BookNotReady,
    ConfigurationError,
    ConnectFailed,
    ConnectionLost,
    DecodeError,
    FastBinanceError,
    FeedDied,
    Lapped,
    NoData,
    StaleData,
    StreamClosed,
    StreamError,
    SubscriptionRejected,
    TransportError,
    UserDataDelayed,
    UserDataFailed,
    WaitTimeout,
)

EXAMPLES: list[tuple[FastBinanceError, type[Exception], dict[str, object], str]] = [
    (ConfigurationError("levels=7: there are 5, 10, 20"), ValueError, {}, "levels=7: there are 5, 10, 20"),
    (
        WaitTimeout("btcusdt@trade", 5, "the confirmation"),
        TimeoutError,
        {"stream": "btcusdt@trade", "timeout_seconds": 5, "missing": "the confirmation"},
        "btcusdt@trade: still without the confirmation after 5 s",
    ),
    (
        WaitTimeout("user data of usdm", 5, "a proven stream", "refused"),
        TimeoutError,
        {"trouble": "refused"},
        "user data of usdm: still without a proven stream after 5 s; the last attempt: refused",
    ),
    (
        ConnectFailed("usdmPublic", 3, "name not resolved"),
        TransportError,
        {"ws_key": "usdmPublic", "attempts": 3, "cause": "name not resolved", "kind": "other"},
        "usdmPublic: no connection after 3 attempts: name not resolved",
    ),
    (
        ConnectFailed("main", 1, "HTTP status 429", "http", 429, b"a body that may name a secret", 7.0),
        TransportError,
        {"kind": "http", "status": 429, "body": b"a body that may name a secret", "retry_after": 7.0},
        "main: no connection after 1 attempt: HTTP status 429",
    ),
    (
        ConnectionLost("main", 1008, "Too many requests"),
        TransportError,
        {"ws_key": "main", "close_code": 1008, "reason": "Too many requests"},
        "main: connection lost with close code 1008: Too many requests",
    ),
    (
        ConnectionLost("main", None, ""),
        TransportError,
        {"close_code": None},
        "main: connection lost without a close frame",
    ),
    (
        DecodeError("main", "FB_UNEXPECTED_SHAPE", 17, b'{"u":'),
        FastBinanceError,
        {"ws_key": "main", "code": "FB_UNEXPECTED_SHAPE", "offset": 17, "head": b'{"u":'},
        "main: undecodable payload, FB_UNEXPECTED_SHAPE at byte 17",
    ),
    (
        UserDataFailed("isolated", "BTCUSDT", "marginUserData", -2015, "Invalid API-key"),
        FastBinanceError,
        {"account": "isolated", "symbol": "BTCUSDT", "ws_key": "marginUserData", "code": -2015},
        "user data of account isolated BTCUSDT (marginUserData) cannot be had: Invalid API-key",
    ),
    (
        FeedDied(4711, "the feed's process 4711 is gone: it was ended by SIGKILL"),
        FastBinanceError,
        {"pid": 4711, "reason": "the feed's process 4711 is gone: it was ended by SIGKILL"},
        "the feed's process 4711 is gone: it was ended by SIGKILL",
    ),
    (
        BookNotReady("btcusdt@depth", 4),
        NoData,
        {"stream": "btcusdt@depth", "reason": BookReason.GAP},
        "btcusdt@depth: no order book yet: a diff is missing",
    ),
    (
        UserDataDelayed("isolated", "BTCUSDT", "marginUserData", -1000, "refused"),
        FastBinanceError,
        {"account": "isolated", "symbol": "BTCUSDT", "ws_key": "marginUserData", "code": -1000},
        "user data of account isolated BTCUSDT (marginUserData): an attempt has failed, again soon: refused",
    ),
    (
        SubscriptionRejected(("a@trade", "b@trade", "c@trade", "d@trade"), 2, "Invalid request"),
        StreamError,
        {"streams": ("a@trade", "b@trade", "c@trade", "d@trade"), "code": 2, "reason": "Invalid request"},
        "Binance rejected a@trade, b@trade, c@trade and 1 more with code 2: Invalid request",
    ),
    (
        SubscriptionRejected((), None, ""),
        StreamError,
        {"code": None},
        "Binance rejected a subscription: no reason given",
    ),
    (
        Lapped(5, 12),
        StreamError,
        {"sequence": 5, "oldest": 12},
        "record 5 has been overwritten; the oldest still kept is 12",
    ),
    (NoData("btcusdt@trade"), StreamError, {"stream": "btcusdt@trade"}, "btcusdt@trade: no record yet"),
    (
        StaleData("btcusdt@trade", 1.25, 0.2),
        StreamError,
        {"stream": "btcusdt@trade", "age_seconds": 1.25, "max_age_seconds": 0.2},
        "btcusdt@trade: the newest record is 1.250 s old, more than the 0.2 s allowed",
    ),
    (
        StreamClosed("btcusdt@trade"),
        StreamError,
        {"stream": "btcusdt@trade"},
        "btcusdt@trade: unsubscribed or its client is closed; no more records come",
    ),
]
IDS = [str(number) + type(error).__name__ for number, (error, *_) in enumerate(EXAMPLES)]


@pytest.mark.parametrize(("error", "parent", "facts", "sentence"), EXAMPLES, ids=IDS)
def test_every_error_says_its_facts_in_a_sentence(
    error: FastBinanceError, parent: type[Exception], facts: dict[str, object], sentence: str
) -> None:
    assert isinstance(error, FastBinanceError)
    assert isinstance(error, parent)
    assert {name: getattr(error, name) for name in facts} == facts
    assert str(error) == sentence
    assert repr(error) == f"{type(error).__name__}({sentence!r})"


@pytest.mark.parametrize("error", [error for error, *_ in EXAMPLES], ids=IDS)
def test_every_error_survives_pickling(error: FastBinanceError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_there_is_an_example_of_every_class_that_is_raised() -> None:
    bases = {"FastBinanceError", "TransportError", "StreamError"}
    assert {type(error).__name__ for error, *_ in EXAMPLES} | bases == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)


def test_the_head_of_a_payload_reaches_neither_message_nor_repr() -> None:
    error = DecodeError("usdmPrivate", "FB_TRUNCATED", 3, b'{"stream":"a-listen-key"')
    assert "listen-key" not in str(error) + repr(error)


def test_a_wait_that_timed_out_has_no_errno() -> None:
    assert WaitTimeout("btcusdt@trade", 5).errno is None

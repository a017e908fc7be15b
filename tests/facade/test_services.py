"""Connections by service: made ahead of need, looked at, replaced, closed."""

import datetime as dt
from typing import Any

import pytest
from support.faces import Face

import fastbinance
from fastbinance import ConfigurationError, WsKey
from fastbinance.sim import RunningSimulator, run_in_thread

_INDIA = dt.timezone(dt.timedelta(hours=5.5))


@pytest.fixture
def fb(face: Face, sim: RunningSimulator) -> Any:
    return face.client(urls=sim.urls)


def test_a_service_is_connected_to_ahead_of_need(face: Face, sim: RunningSimulator, fb: Any) -> None:
    queue = face.do(fb.events)
    assert face.do(fb.is_connected, "spot") is False
    face.do(fb.connect, WsKey.MAIN)
    face.event(queue, "open")
    assert face.do(fb.is_connected, "main") is True
    assert face.do(fb.url, "spot") == sim.urls[WsKey.MAIN] + "/stream"
    face.live(face.do(fb.book_ticker, "btcusdt"))
    assert len(face.do(fb.stats).connections) == 1, "the connection that was there is used"


def test_a_split_service_is_two_connections(face: Face, fb: Any) -> None:
    queue = face.do(fb.events)
    face.do(fb.connect, "usdm")
    assert {face.event(queue, "open").ws_key for _ in range(2)} == {"usdmPublic", "usdmMarket"}
    assert face.do(fb.is_connected, "usdm") is True
    assert face.do(fb.is_connected, "usdmPublic") is True
    assert face.do(fb.url, "usdm").endswith("/public/stream")


def test_a_service_that_is_not_there_is_refused(face: Face, fb: Any) -> None:
    with pytest.raises(ConfigurationError, match="carries no streams"):
        face.do(fb.connect, WsKey.MARGIN_RISK_USER_DATA)
    for call in (fb.connect, fb.is_connected, fb.url, fb.rollover):
        with pytest.raises(ConfigurationError, match="nosuch"):
            face.do(call, "nosuch")


def test_connections_are_replaced_on_request_without_a_hole(face: Face, fb: Any) -> None:
    trades = face.live(face.do(fb.trades, "btcusdt"))
    queue = face.do(fb.events)
    first = max(trades.cursor, 0)
    for number in range(1, 4):
        assert face.do(fb.rollover) == 1
        event = face.event(queue, "rollover")
        assert (event.ws_key, event.reason, event.streams) == ("main", "request", ("btcusdt@trade",))
        cursor = trades.cursor
        face.until(lambda cursor=cursor: trades.cursor > cursor + 5, trades)
        (stats,) = face.do(fb.stats).connections
        assert (stats.rollovers, stats.reconnects) == (number, 0)
    ids = [trades.at(sequence).trade_id for sequence in range(first, trades.cursor + 1)]
    assert ids == list(range(ids[0], ids[-1] + 1))
    assert trades.gaps() == ()
    recv_ns = [trades.at(sequence).recv_ns for sequence in (first, trades.cursor)]
    assert trades.complete(*recv_ns), trades.why_incomplete(*recv_ns)


def test_a_rollover_of_a_service_leaves_the_others_alone(face: Face, fb: Any) -> None:
    face.live(face.do(fb.book_ticker, "btcusdt"))
    face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    queue = face.do(fb.events)
    assert face.do(fb.rollover, "usdmPublic") == 1
    assert face.event(queue, "rollover").ws_key == "usdmPublic"


def test_a_connection_is_replaced_for_its_age(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls, rollover_after=0.5)
    queue = face.do(fb.events)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    assert face.event(queue, "rollover").reason == "age"
    assert face.event(queue, "rollover").reason == "age"


def test_a_shutdown_notice_has_the_connection_replaced(face: Face, sim: RunningSimulator, fb: Any) -> None:
    queue = face.do(fb.events)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    sim.announce_shutdown()
    face.event(queue, "server_shutdown")
    assert face.event(queue, "rollover").reason == "shutdown"


def test_two_lines_go_to_two_hosts_of_spot(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls, lines=2)
    trades = face.live(face.do(fb.trades, "btcusdt"))
    face.until(lambda: sum(stats.confirmed for stats in fb.stats().connections) == 2, trades)
    connections = face.do(fb.stats).connections
    assert [stats.url for stats in connections] == [
        sim.urls[WsKey.MAIN] + "/stream", sim.urls[WsKey.MAIN2] + "/stream",
    ]  # fmt: skip
    assert [stats.line for stats in connections] == [0, 1]
    first = trades.cursor
    face.until(lambda: trades.cursor > first + 50, trades)
    ids = [trades.at(sequence).trade_id for sequence in range(first + 1, trades.cursor + 1)]
    assert ids == list(range(ids[0], ids[-1] + 1)), "each once"


def test_a_service_is_closed_with_its_streams(face: Face, fb: Any) -> None:
    queue = face.do(fb.events)
    spot = face.live(face.do(fb.book_ticker, "btcusdt"))
    usdm = face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    face.do(fb.close, "spot")
    assert face.event(queue, "close").ws_key == "main"
    with pytest.raises(fastbinance.StreamClosed):
        face.do(spot.wait, timeout=5)
    cursor = usdm.cursor
    face.until(lambda: usdm.cursor > cursor, usdm)
    assert face.do(fb.is_connected, "spot") is False
    again = face.live(face.do(fb.book_ticker, "btcusdt"))
    assert again is not spot


def test_a_stalled_connection_is_noticed_and_replaced(face: Face) -> None:
    with run_in_thread(seed=7, messages_per_second=300) as sim:
        fb = face.client(urls=sim.urls)
        try:
            buf = face.live(face.do(fb.book_ticker, "btcusdt"))
            # Long enough for its silences to be learned.
            face.until(lambda: buf.cursor > 2_500, buf)
            queue = face.do(fb.events)
            sim.call(lambda simulator: simulator.stall("main"))
            event = face.event(queue, "suspect")
            assert (event.streams, event.reason) == (("btcusdt@bookTicker",), "stalled")
            cursor = buf.cursor
            assert face.event(queue, "rollover").reason == "stalled"
            face.until(lambda: buf.cursor > cursor and buf.state is fastbinance.RingState.LIVE, buf)
            (gap,) = face.do(buf.gaps)
            assert gap.cause == "stalled"
            assert not buf.complete(gap.from_ns, gap.to_ns)
            assert "stalled" in str(buf.why_incomplete(gap.from_ns, gap.to_ns))
        finally:
            face.do(fb.close)


def test_a_lost_connection_is_a_gap_of_what_has_no_contiguous_ids(
    face: Face, sim: RunningSimulator, fb: Any
) -> None:
    quotes = face.live(face.do(fb.book_ticker, "btcusdt"))
    face.until(lambda: quotes.cursor > 5, quotes)
    queue = face.do(fb.events)
    sim.cut()
    told = face.event(queue, "gap")
    assert (told.stream, told.reason) == ("btcusdt@bookTicker", "connection lost")
    cursor = quotes.cursor
    face.until(lambda: quotes.cursor > cursor + 5, quotes)
    (gap,) = quotes.gaps()
    assert (gap.cause, gap.first_id) == ("connection lost", 0)
    after = quotes.at(quotes.cursor - 2).recv_ns
    assert quotes.complete(after, quotes.at(quotes.cursor).recv_ns)
    assert quotes.gaps(since_ns=after) == ()


@pytest.mark.parametrize(
    ("from_ns", "to_ns", "reason"),
    [
        (1.7e18, 1_700_000_000_000_000_001, "from_ns is a whole number of UTC nanoseconds, not 1.7e"),
        (1_700_000_000_000_000_000, None, "to_ns is a whole number"),
        (1_700_000_000, 1_700_000_001, "from_ns is in UTC nanoseconds, as recv_ns is; 1700000000 is not"),
        (0, 1_700_000_000_000_000, "to_ns is in UTC nanoseconds"),
        (True, True, "from_ns is in UTC nanoseconds"),
        (1_700_000_000_000_000_001, 1_700_000_000_000_000_000, "is after to_ns"),
    ],
)
def test_an_interval_that_is_none_is_refused_in_a_sentence(
    face: Face, fb: Any, from_ns: Any, to_ns: Any, reason: str
) -> None:
    quotes = face.live(face.do(fb.book_ticker, "btcusdt"))
    with pytest.raises(ConfigurationError, match=reason):
        quotes.complete(from_ns, to_ns)


def test_a_window_may_say_that_it_is_in_utc() -> None:
    window = (dt.time(3, tzinfo=dt.UTC), dt.time(5))
    with fastbinance.Client(rollover_window=window) as client:
        assert client._settings.connection.rollover.window == (3 * 3600, 5 * 3600)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"lines": 0}, "lines is a number from 1 to 4, not 0"),
        ({"lines": True}, "lines is a number"),
        ({"lines": 5}, "lines is a number"),
        ({"ping_interval": 0.5}, "ping_interval is a number of seconds from 1, or None, not 0.5"),
        ({"rollover_after": 0}, "rollover_after is a number of seconds above 0"),
        ({"rollover_after": 86_400}, "below 86400, at which Binance ends connections; not 86400"),
        ({"rollover_after": float("nan")}, "not nan"),
        ({"rollover_after": "1h"}, "rollover_after is a number of seconds"),
        ({"rollover_window": (dt.time(3), dt.time(5, tzinfo=_INDIA))}, "is in UTC"),
        ({"rollover_window": (3, 5)}, "pair of datetime.time"),
        ({"rollover_window": (dt.time(3), dt.time(3))}, "begins and ends at the same time"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_a_sentence(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        fastbinance.Client(**options)

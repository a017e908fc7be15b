"""Connections lost, never made, or saying what they should not: rings survive, and the cause is told."""

from typing import Any

import pytest
from support.addresses import free_port
from support.faces import Face
from support.payloads import spot_book_ticker, usdm_book_ticker

from fastbinance import (
    ConnectFailed,
    ConnectionLost,
    DecodeError,
    RingState,
    StreamClosed,
    SubscriptionRejected,
    WaitTimeout,
    WsKey,
)
from fastbinance.sim import RunningSimulator, run_in_thread

STREAM = "btcusdt@bookTicker"


@pytest.fixture
def refused_port() -> int:
    """Return a port where nobody listens."""
    return free_port()


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls)


def test_ring_survives_a_lost_connection_and_its_sequence_goes_on(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    reader = buf.reader()
    for update_id in (1, 2):
        silent_sim.send("spot", STREAM, spot_book_ticker(update_id))
    face.until(lambda: buf.cursor == 1, buf)
    assert silent_sim.cut("main") == 1
    face.until(lambda: buf.state is RingState.DOWN, buf)
    assert buf.last().update_id == 2, "what is known stays known"
    face.until(lambda: buf.state is RingState.LIVE, buf)
    face.do(buf.ready, timeout=5)
    assert face.do(fb.book_ticker, "btcusdt") is buf
    silent_sim.send("spot", STREAM, spot_book_ticker(3))
    found: list[int] = []
    while len(found) < 3:
        found += face.next(reader)["sequence"].tolist()
    assert (found, reader.lost, buf.last().update_id) == ([0, 1, 2], 0, 3)
    (connection,) = fb.stats().connections
    assert (connection.reconnects, connection.attempts, connection.trouble) == (1, 0, None)
    assert connection.counters.published == 3, "summed over both connections"


def test_every_stream_of_a_lost_connection_is_subscribed_again(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    names = ["btcusdt@bookTicker", "btcusdt@kline_1m", "ethusdt@trade", "btcusdt@depth"]
    rings = face.do(fb.subscribe, names)
    for ring in rings.values():
        face.live(ring)
    face.do(fb.unsubscribe, "ethusdt@trade")
    for _ in range(3):
        silent_sim.cut("main")
        event = face.event(queue, "resubscribed")
        assert sorted(event.streams) == sorted(set(names) - {"ethusdt@trade"})
    assert silent_sim.subscriptions("main") == [tuple(event.streams)]
    assert fb.stats().confirmed == 3


def test_one_lost_connection_leaves_the_others_alone(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    spot = face.live(face.do(fb.book_ticker, "btcusdt"))
    usdm = face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    silent_sim.cut("main")
    # Not DOWN: it may be over before a thread that waits for it has been woken.
    face.until(lambda: any(one.reconnects for one in fb.stats().connections), spot)
    silent_sim.send("usdm", STREAM, usdm_book_ticker(1))
    face.until(lambda: usdm.cursor == 0, usdm)
    face.live(spot)
    assert {one.ws_key: one.reconnects for one in fb.stats().connections} == {
        WsKey.MAIN: 1,
        WsKey.USDM_PUBLIC: 0,
    }


def test_server_that_says_goodbye_is_connected_to_again(face: Face, silent_sim: RunningSimulator) -> None:
    # On futures, what Binance cannot read is answered and the connection closed with 1008.
    fb = face.client(urls=silent_sim.urls)
    good = face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    queue = face.do(fb.events)
    bad = face.do(fb.book_ticker, "btc$usdt", market="usdm")
    with pytest.raises(SubscriptionRejected):
        face.do(bad.ready)
    event = face.event(queue, "reconnecting")
    assert (event.error.close_code, event.error.reason) == (1008, "Invalid request")
    face.live(good)
    assert silent_sim.subscriptions("usdm") == [(STREAM,)]


def test_ready_names_the_cause_when_nobody_listens(face: Face, refused_port: int) -> None:
    fb = face.client(urls={"main": f"ws://127.0.0.1:{refused_port}"})
    buf = face.do(fb.book_ticker, "btcusdt")
    with pytest.raises(ConnectFailed, match=f"main: no connection after.*127.0.0.1:{refused_port} refuses"):
        face.do(buf.ready, timeout=0.3)
    assert buf.state is RingState.DOWN
    (connection,) = fb.stats().connections
    assert isinstance(connection.trouble, ConnectFailed)


def test_ready_without_timeout_gives_up_hope_after_some_attempts(face: Face, refused_port: int) -> None:
    fb = face.client(urls={"main": f"ws://127.0.0.1:{refused_port}"})
    with pytest.raises(ConnectFailed) as caught:
        face.do(face.do(fb.book_ticker, "btcusdt").ready)
    assert (caught.value.ws_key, caught.value.attempts >= 3) == ("main", True)


def test_server_that_comes_up_late_is_found(face: Face, refused_port: int) -> None:
    fb = face.client(urls={"main": f"ws://127.0.0.1:{refused_port}"})
    buf = face.do(fb.book_ticker, "btcusdt")
    with pytest.raises(ConnectFailed):
        face.do(buf.ready, timeout=0.05)
    with run_in_thread(messages_per_second=100, ports={"stream.binance.com:9443": refused_port}):
        face.live(buf)
        face.until(lambda: buf.cursor >= 0, buf)
        face.do(fb.close)


def test_ready_names_a_certificate_that_is_not_trusted(face: Face) -> None:
    with run_in_thread(tls=True) as sim:
        fb = face.client(urls=sim.urls)
        with pytest.raises(ConnectFailed, match="TLS certificate that is not trusted"):
            face.do(face.do(fb.book_ticker, "btcusdt").ready, timeout=0.5)
        face.do(fb.close)


def test_ready_raises_what_binance_says_to_a_stream_and_leaves_the_others(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    bad = face.do(fb.book_ticker, "btc$usdt")
    good = face.do(fb.book_ticker, "btcusdt")
    with pytest.raises(SubscriptionRejected, match="invalid stream") as caught:
        face.do(bad.ready, timeout=10)
    assert (caught.value.streams, caught.value.code) == (("btc$usdt@bookTicker",), 2)
    assert bad.error is caught.value
    assert "rejected" in repr(bad)
    with pytest.raises(SubscriptionRejected):
        face.do(bad.wait)
    face.live(good)
    assert silent_sim.subscriptions("main") == [(STREAM,)]
    assert face.do(fb.book_ticker, "btc$usdt") is not bad, "asked for again, it is tried again"


def test_ready_times_out_while_connected_and_says_what_is_missing(face: Face, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    for timeout in (0.05, 0.0, -1.0):
        with pytest.raises(WaitTimeout, match="still without a first record") as caught:
            face.do(buf.ready, timeout=timeout)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.stream == STREAM


def test_ready_ends_when_the_stream_is_given_up_meanwhile(face: Face, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    face.do(fb.unsubscribe, buf)
    with pytest.raises(StreamClosed, match=STREAM):
        face.do(buf.ready)


def test_pings_are_answered_and_keep_the_connection(face: Face) -> None:
    with run_in_thread(messages_per_second=200, ping_interval=0.3, pong_timeout=0.25) as sim:
        fb = face.client(urls=sim.urls)
        buf = face.do(fb.book_ticker, "btcusdt")
        face.until(lambda: sim.stats.pongs_matched >= 3, buf)
        (connection,) = fb.stats().connections
        assert connection.counters.pings >= 3
        assert connection.reconnects == 0
        assert (sim.stats.closed_for_pong, sim.stats.closed_for_rate, sim.stats.pongs_unmatched) == (0, 0, 0)
        face.do(fb.close)


BAD = [
    ("no JSON", b"hello"),
    ("empty", b""),
    ("cut short", spot_book_ticker(1)[:-9]),
    ("price that is no number", spot_book_ticker(1, "abc")),
    ("price without quotes", spot_book_ticker(1).replace(b'"25.35190000"', b"25.3519")),
    ("missing key", b'{"u":1,"s":"BTCUSDT","b":"1.0","B":"1.0","a":"1.0"}'),
    ("something else", b"[1,2,3]"),
]


@pytest.mark.parametrize("payload", [case[1] for case in BAD], ids=[case[0] for case in BAD])
def test_payload_that_does_not_decode_is_counted_with_code_and_head_and_the_connection_stays(
    face: Face, silent_sim: RunningSimulator, fb: Any, payload: bytes
) -> None:
    queue = face.do(fb.events)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    silent_sim.send("spot", STREAM, payload)
    silent_sim.send("spot", STREAM, spot_book_ticker(2))
    face.until(lambda: buf.cursor == 0, buf)
    assert buf.last().update_id == 2
    (connection,) = fb.stats().connections
    assert (connection.counters.rejected, connection.counters.published, connection.reconnects) == (1, 1, 0)
    (reject,) = connection.rejects
    assert reject.code
    assert payload[:40] in reject.head
    event = face.event(queue, "exception")
    assert isinstance(event.error, DecodeError)
    assert (event.error.code, event.error.head) == (reject.code, reject.head)


def test_text_that_is_not_utf8_costs_the_connection_and_is_told(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    silent_sim.send("spot", STREAM, b'{"u":1,"s":"BTC\xff\xfeUSDT","b":"1","B":"1","a":"1","A":"1"}')
    assert face.event(queue, "exception").error.code == "invalid_utf8"
    lost = face.event(queue, "reconnecting").error
    assert isinstance(lost, ConnectionLost)
    assert (lost.close_code, "not UTF-8" in lost.reason) == (None, True)
    face.event(queue, "resubscribed")
    silent_sim.send("spot", STREAM, spot_book_ticker(2))
    face.until(lambda: buf.cursor == 0, buf)
    (connection,) = fb.stats().connections
    assert (connection.counters.rejected, connection.reconnects) == (1, 1)


def test_many_bad_payloads_are_all_counted_and_the_newest_kept(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    for number in range(40):
        silent_sim.send("spot", STREAM, spot_book_ticker(number, f"bad{number}"))
    silent_sim.send("spot", STREAM, spot_book_ticker(99))
    face.until(lambda: buf.cursor == 0, buf)
    (connection,) = fb.stats().connections
    assert (connection.counters.rejected, buf.stats.rejected) == (40, 40)
    assert [
        f"bad{number}".encode() in reject.head for number, reject in enumerate(connection.rejects, 24)
    ] == ([True] * 16)
    face.do(fb.close)


def test_one_refused_stream_of_several_on_futures_does_not_cost_the_others(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    # Futures answer and hang up: the batch must not be asked whole again on the next connection.
    queue = face.do(fb.events)
    names = [f"{symbol}@bookTicker" for symbol in ("btcusdt", "btc$usdt", "ethusdt", "xrpusdt")]
    rings = face.do(fb.subscribe, names, "usdm")
    event = face.event(queue, "exception")
    assert event.streams == ("btc$usdt@bookTicker",)
    face.event(queue, "reconnected")
    for name in set(names) - set(event.streams):
        face.live(rings[name])
    assert fb.stats().confirmed == 3

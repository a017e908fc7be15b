"""Streams without a fixed size, raw messages and drift, as a user of a client meets them."""

import json
from decimal import Decimal
from typing import Any

import pytest
from support.faces import Face
from support.payloads import combined, spot_book_ticker

import fastbinance
from fastbinance import ConfigurationError, ContractInfo, Drift, ServerShutdown
from fastbinance.sim import RunningSimulator

STREAM = "btcusdt@bookTicker"
CONTRACT = {
    "e": "contractInfo", "E": 1795340000500, "s": "IOTAUSDT", "ps": "IOTAUSDT", "ct": "PERPETUAL",
    "dt": 4133404800000, "ot": 1569398400000, "cs": "TRADING", "st": 1,
    "bks": [{"bs": 1, "bnf": 0, "bnc": 5000, "mmr": 0.01, "cf": 0, "mi": 21, "ma": 50}],
}  # fmt: skip


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls)


def send(sim: RunningSimulator, market: Any, stream: str, **message: Any) -> None:
    assert sim.send(market, stream, json.dumps(message, separators=(",", ":")).encode()) > 0


def confirmed(face: Face, queue: Any, name: str) -> None:
    """Take events until a stream has been confirmed."""
    while name not in face.event(queue, "response").streams:
        pass


def test_a_method_gives_a_queue_of_its_streams_events_alone(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    everything = face.do(fb.events)
    queue = face.do(fb.contract_info)
    confirmed(face, everything, "!contractInfo")
    send(silent_sim, "usdm", "!contractInfo", **CONTRACT)
    event = face.next(queue)
    assert (event.kind, event.stream, event.ws_key) == ("contract_info", "!contractInfo", "usdmMarket")
    info = event.data
    assert isinstance(info, ContractInfo)
    assert (info.symbol, info.brackets[0].maintenance_margin_rate) == ("IOTAUSDT", Decimal("0.01"))
    assert face.event(everything, "contract_info") is event, "decoded once, and shared"
    assert len(queue) == 0


def test_two_queues_of_one_stream_are_two_listeners_and_end_with_the_stream(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    everything = face.do(fb.events)
    queues = [face.do(fb.contract_info), face.do(fb.contract_info)]
    confirmed(face, everything, "!contractInfo")
    assert fb.stats().streams == 1
    send(silent_sim, "usdm", "!contractInfo", **CONTRACT)
    assert face.next(queues[0]) is face.next(queues[1])
    face.do(fb.unsubscribe, "!contractInfo", "usdm")
    for queue in queues:
        with pytest.raises(StopIteration):
            face.next(queue)
    assert not everything.closed


def test_each_market_has_a_contract_info_of_its_own(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    everything = face.do(fb.events)
    usdm, coinm = face.do(fb.contract_info), face.do(fb.contract_info, "coinm")
    for _ in range(2):
        confirmed(face, everything, "!contractInfo")
    send(silent_sim, "coinm", "!contractInfo", **CONTRACT)
    assert face.next(coinm).ws_key == "coinm"
    assert len(usdm) == 0


def test_a_stream_of_a_queue_that_cannot_be_wanted_leaves_no_queue(face: Face) -> None:
    fb = face.client(env="testnet")
    with pytest.raises(ConfigurationError, match="does not exist in 'testnet'"):
        face.do(fb.option_symbols)
    assert fb.stats().streams == 0


def test_a_refused_stream_is_told_to_its_queue(face: Face, fb: Any) -> None:
    refused = face.do(fb.composite_index, "btc$usdt")
    other = face.do(fb.composite_index, "defiusdt")
    event = face.next(refused)
    assert (event.kind, event.streams) == ("exception", ("btc$usdt@compositeIndex",))
    assert isinstance(event.error, fastbinance.SubscriptionRejected)
    assert len(other) == 0


def test_callbacks_get_typed_events(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    seen = []
    face.do(fb.on, "contract_info", seen.append)
    queue = face.do(fb.events)
    face.do(fb.subscribe, "!contractInfo", "usdm")
    confirmed(face, queue, "!contractInfo")
    send(silent_sim, "usdm", "!contractInfo", **CONTRACT)
    face.event(queue, "contract_info")
    face.do(fb.close)
    assert [event.data.symbol for event in seen] == ["IOTAUSDT"]


def test_what_does_not_fit_its_struct_comes_raw_to_the_same_queue(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    everything = face.do(fb.events)
    queue = face.do(fb.contract_info)
    confirmed(face, everything, "!contractInfo")
    send(silent_sim, "usdm", "!contractInfo", **{key: CONTRACT[key] for key in CONTRACT if key != "cs"})
    event = face.next(queue)
    assert (event.kind, event.data) == ("message", None)
    failure = face.event(everything, "exception")
    assert failure.error.code == "missing_key"
    assert fb.stats().connections[0].counters.rejected == 1


def test_a_shutdown_notice_reaches_who_listens_without_having_asked(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    face.do(fb.subscribe, "!serverShutdown")
    confirmed(face, queue, "!serverShutdown")
    send(silent_sim, "spot", "!serverShutdown", e="serverShutdown", E=1795340000123)
    event = face.event(queue, "server_shutdown")
    assert event.data == ServerShutdown(event_ns=1795340000123000000)


def test_a_ring_may_be_read_raw_too(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    queue = face.do(fb.events)
    silent_sim.send("spot", STREAM, spot_book_ticker(1))
    face.until(lambda: buf.cursor == 0, buf)
    face.do(fb.raw_messages, buf)
    silent_sim.send("spot", STREAM, spot_book_ticker(2))
    event = face.event(queue, "message")
    assert event.payload == combined(STREAM, spot_book_ticker(2))
    face.do(fb.raw_messages, [STREAM], enabled=False)
    silent_sim.send("spot", STREAM, spot_book_ticker(3))
    face.until(lambda: buf.cursor == 2, buf)
    assert (buf.last().update_id, len(queue)) == (3, 0)


def test_raw_messages_go_on_after_a_reconnect(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    face.do(fb.raw_messages, STREAM)
    queue = face.do(fb.events)
    silent_sim.cut()
    face.event(queue, "resubscribed")
    silent_sim.send("spot", STREAM, spot_book_ticker(2))
    assert face.event(queue, "message").stream == STREAM
    assert buf.cursor == 0


def test_raw_messages_of_what_is_not_subscribed_change_nothing(face: Face, fb: Any) -> None:
    buf = face.do(fb.book_ticker, "btcusdt")
    with pytest.raises(ConfigurationError, match="ethusdt@trade on main is not subscribed"):
        face.do(fb.raw_messages, [buf, "ethusdt@trade"])


def test_drift_of_a_record_is_told_once_and_counted_over_reconnects(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    queue = face.do(fb.events)
    payloads = [spot_book_ticker(update_id)[:-1] + b',"zz":"new"}' for update_id in (1, 2, 3)]
    for count in (1, 2):
        silent_sim.send("spot", STREAM, payloads[count - 1])
        face.until(lambda count=count: buf.cursor == count - 1, buf)
    told = face.event(queue, "drift")
    assert (told.stream, told.payload) == (STREAM, combined(STREAM, payloads[0]))
    silent_sim.cut()
    face.event(queue, "resubscribed")
    silent_sim.send("spot", STREAM, payloads[2])
    face.until(lambda: buf.cursor == 2, buf)
    (drift,) = fb.stats().drifts
    assert isinstance(drift, Drift)
    assert (drift.stream, drift.what, drift.path, drift.count) == (STREAM, "key", "zz", 3)
    assert drift.first_ns == told.data.first_ns
    assert "'zz' is no known key" in str(drift)
    assert fb.stats().connections[0].drifts == (drift,)
    assert len(queue) == 0, "told once"


def test_drifts_beyond_what_is_kept_are_counted(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    for number in range(70):
        payload = spot_book_ticker(number + 1)[:-1] + b',"z%d":1}' % number
        silent_sim.send("spot", STREAM, payload)
    face.until(lambda: buf.cursor == 69, buf)
    stats = fb.stats()
    assert (len(stats.drifts), stats.connections[0].counters.drift_overflow) == (64, 6)
    assert stats.connections[0].counters.handler_errors == 0


def test_unknown_text_of_a_code_field_is_drift_too(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.trades, "btcusdt", "usdm"))
    queue = face.do(fb.events)
    send(
        silent_sim, "usdm", "btcusdt@trade", e="trade", E=2, T=1, s="BTCUSDT", t=1, p="1.5", q="2", X="FANCY",
        m=False, st=1,
    )  # fmt: skip
    told = face.event(queue, "drift")
    assert (told.data.what, told.data.path, told.data.sample) == ("value", "X", "FANCY")
    assert buf.trade_type == fastbinance.TradeType.UNKNOWN

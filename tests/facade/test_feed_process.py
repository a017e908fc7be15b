"""A feed in a process of its own, started as a user's is: what becomes of all when either process ends."""

import gc
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.faces import AwaitedProcessFace, Face, ProcessFace
from support.payloads import spot_book_ticker
from support.processes import descriptors, is_running, shared_files, wait_until_gone
from support.programs import Program, plain

import fastbinance
from fastbinance import ConfigurationError, Credentials, FeedDied, RingState, WsKey
from fastbinance._core.segment import Segment
from fastbinance._feed import messages, remote_pool, shared
from fastbinance._feed import process as processes
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, run_in_thread
from fastbinance.user_events import ExecutionReport, UserDataInterrupted, UserDataReady

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them"),
    pytest.mark.faces("process"),
]
BOTH = pytest.mark.faces("process", "awaited process")

STREAM = "btcusdt@bookTicker"
LIMIT: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "50000",
    "quantity": "0.01",
}  # fmt: skip
API = WsKey.MAIN_WS_API


@pytest.fixture
def face(request: pytest.FixtureRequest, silent_sim: RunningSimulator) -> Iterator[Face]:
    """Give a face whose feeds are started as a user's: by a Python of their own."""
    made = {"process": ProcessFace, "awaited process": AwaitedProcessFace}[request.param](at_once=False)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


def feed_of(face: Face, fb: Any) -> int:
    """Return the number of the feed's process."""
    return int(face.do(lambda: fb._start().pid))


def kill(face: Face, fb: Any, number: signal.Signals = signal.SIGKILL) -> int:
    """End the feed from outside."""
    pid = feed_of(face, fb)
    os.kill(pid, number)
    return pid


def send(face: Face, sim: RunningSimulator, buf: Any, *update_ids: int) -> None:
    """Have records come, and wait for them."""
    cursor = buf.cursor
    for update_id in update_ids:
        sim.send("spot", STREAM, spot_book_ticker(update_id))
    face.until(lambda: buf.cursor == cursor + len(update_ids), buf)


def confirmed(face: Face, ring: Any) -> None:
    """Wait until a ring's stream is confirmed, whether or not anything comes of it."""
    face.until(lambda: ring.state in (RingState.LIVE, RingState.QUIET), ring)


# -- the feed dies


@BOTH
def test_rings_go_on_with_the_next_feed(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    queue = face.do(fb.events)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    reader = buf.reader()
    send(face, silent_sim, buf, 1, 2)
    epoch, address = buf.epoch, buf[-2:].ctypes.data
    pid = kill(face, fb)
    told = face.event(queue, "exception")
    assert isinstance(told.error, FeedDied)
    assert (told.error.pid, told.error.reason) == (
        pid,
        f"the feed's process {pid} is gone: it was ended by SIGKILL",
    )
    restarted = face.event(queue, "feed_restarted")
    assert restarted.reason == f"process {feed_of(face, fb)}" != f"process {pid}"
    face.live(buf)
    assert (buf.last().update_id, buf.cursor) == (2, 1), "what is known stays known"
    send(face, silent_sim, buf, 3)
    assert buf.epoch == epoch + 1
    assert buf[-3:].ctypes.data == address, "the same memory"
    found: list[int] = []
    while len(found) < 3:
        found += face.next(reader)["sequence"].tolist()
    assert (found, reader.lost) == ([0, 1, 2], 0)
    assert buf[-3:]["update_id"].tolist() == [1, 2, 3]
    wait_until_gone(pid)


@BOTH
def test_the_outage_of_a_dead_feed_is_named(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    queue = face.do(fb.events)
    send(face, silent_sim, buf, 1)
    before = buf.last().recv_ns
    kill(face, fb)
    face.event(queue, "feed_restarted")
    face.live(buf)
    send(face, silent_sim, buf, 2)
    after = buf.last().recv_ns
    (gap,) = buf.gaps()
    assert (gap.symbol, gap.cause) == ("", "connection lost")
    assert before <= gap.from_ns <= gap.to_ns <= after
    assert not buf.complete(before, after)


def test_a_ring_says_that_its_feed_is_gone(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    states: list[RingState] = []

    def seen_down() -> bool:
        states.append(buf.state)
        return RingState.DOWN in states and buf.state is RingState.LIVE

    kill(face, fb)
    face.until(seen_down, buf)
    assert isinstance(buf.last, object)


def test_a_market_in_full_flow_loses_and_doubles_no_sequence(face: Face) -> None:
    with run_in_thread(seed=7, messages_per_second=2_000) as sim:
        fb = face.client(urls=sim.urls)
        queue = face.do(fb.events)
        rings = [
            face.do(fb.book_ticker, "btcusdt"),
            face.do(fb.diff_depth, "btcusdt"),
            face.do(fb.trades, "ethusdt"),
            face.do(fb.book_ticker, "btcusdt", market="usdm"),
            face.do(fb.subscribe, "!miniTicker@arr")["!miniTicker@arr"],
        ]
        epochs = {(ring.stream, ring.ws_key): ring.epoch for ring in rings}
        for _ in range(3):
            for ring in rings:
                face.live(ring)
                cursor = ring.cursor
                face.until(lambda ring=ring, cursor=cursor: ring.cursor > cursor + 1, ring)
            kill(face, fb)
            face.event(queue, "feed_restarted")
        for ring in rings:
            face.live(ring)
            cursor = ring.cursor
            face.until(lambda ring=ring, cursor=cursor: ring.cursor > cursor, ring)
            newest = ring[-min(ring.cursor + 1, ring.capacity) :]["sequence"]
            assert (newest[1:] - newest[:-1] == 1).all(), ring
            assert ring.epoch == epochs[ring.stream, ring.ws_key] + 3
            assert ring.reject_count == 0
        face.do(fb.close)


@BOTH
def test_a_ring_is_stale_while_its_feed_does_nothing(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    send(face, silent_sim, buf, 1)
    pid = kill(face, fb, signal.SIGSTOP)
    while buf.state is not RingState.STALE:
        assert face.do(buf.wait, timeout=0.01) == 0
    with pytest.raises(fastbinance.StaleData):
        buf.last(max_age=0.001)
    os.kill(pid, signal.SIGCONT)
    send(face, silent_sim, buf, 2)
    face.live(buf)
    assert not buf.epoch > 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV], ids=["SIGTERM", "SIGSEGV"])
def test_another_end_is_told_by_its_name(
    face: Face, silent_sim: RunningSimulator, fb: Any, number: signal.Signals
) -> None:
    queue = face.do(fb.events)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    kill(face, fb, number)
    assert face.event(queue, "exception").error.reason.endswith(f"it was ended by {number.name}")
    face.event(queue, "feed_restarted")
    face.live(buf)


def test_ctrl_c_of_the_terminal_does_not_end_the_feed(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    epoch, pid = buf.epoch, kill(face, fb, signal.SIGINT)
    send(face, silent_sim, buf, 1)
    assert (buf.epoch, feed_of(face, fb)) == (epoch, pid)


def test_all_that_was_wanted_is_wanted_of_the_next_feed(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    names = [STREAM, "btcusdt@kline_1m", "ethusdt@trade"]
    rings = face.do(fb.subscribe, names)
    for ring in rings.values():
        face.live(ring)
    face.do(fb.unsubscribe, "ethusdt@trade")
    kill(face, fb)
    face.event(queue, "feed_restarted")
    face.live(face.do(fb.book_ticker, "ethusdt"))
    for name in names[:2]:
        confirmed(face, rings[name])
    assert sorted(name for (_, name) in fb.rings) == sorted([*names[:2], "ethusdt@bookTicker"])
    (subscribed,) = silent_sim.subscriptions("main")
    assert sorted(subscribed) == sorted([*names[:2], "ethusdt@bookTicker"])


def test_what_was_refused_stays_refused(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    queue = face.do(fb.events)
    good = face.live(face.do(fb.book_ticker, "btcusdt", market="usdm"))
    bad = face.do(fb.book_ticker, "btc$usdt", market="usdm")
    with pytest.raises(fastbinance.SubscriptionRejected):
        face.do(bad.ready)
    kill(face, fb)
    face.event(queue, "feed_restarted")
    face.live(good)
    with pytest.raises(fastbinance.SubscriptionRejected):
        face.do(bad.ready)
    assert silent_sim.subscriptions("usdm") == [(STREAM,)]


def test_closing_before_the_feed_is_there_is_at_once_and_no_trouble(
    face: Face, silent_sim: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    fb = face.client(urls=silent_sim.urls)
    face.do(fb.book_ticker, "btcusdt")
    pid = feed_of(face, fb)
    face.do(fb.close)
    assert not is_running(pid)
    assert caplog.text == ""


@BOTH
def test_what_is_asked_of_a_feed_that_dies_is_answered(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    face.live(face.do(fb.book_ticker, "btcusdt"))
    os.kill(feed_of(face, fb), signal.SIGSTOP)  # until it is killed it says nothing

    def kill_soon() -> None:
        os.kill(feed, signal.SIGKILL)

    feed = feed_of(face, fb)
    threading.Timer(0.05, kill_soon).start()
    assert face.do(fb.stats).streams == 1
    assert face.do(fb.is_connected, "main") in (True, False)


@BOTH
def test_requests_without_answer_are_orphaned_with_their_id(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)  # before the death: the next feed may be there at once
    face.do(fb.spot.ping)
    silent_sim.answers(drop=1.0, key=API)
    asked = silent_sim.call(lambda sim: sim.stats.requests)
    pid = feed_of(face, fb)

    def kill_when_asked() -> None:
        silent_sim.wait_for(lambda sim: sim.stats.requests > asked)
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(fastbinance.RequestOrphaned) as lost:
        in_flight(face, fb, kill_when_asked)
    assert lost.value.client_order_id == "mine-1"
    assert (lost.value.method, lost.value.ws_key) == ("order.place", "mainWSAPI")
    assert "SIGKILL" in str(lost.value)
    silent_sim.answers()
    face.event(queue, "feed_restarted")
    # It had arrived: that is why nothing is known of an orphan.
    assert face.do(fb.spot.order_status, symbol="BTCUSDT", origClientOrderId="mine-1").status == "NEW"


def in_flight(face: Face, fb: Any, meanwhile: Any) -> Any:
    """Place an order, and do something while it has no answer."""
    beside = threading.Thread(target=meanwhile)
    beside.start()
    try:
        return face.do(fb.spot.order_place, **LIMIT, newClientOrderId="mine-1")
    finally:
        beside.join()


def test_an_id_that_we_chose_is_known_after_the_feeds_end(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    face.do(fb.spot.ping)
    silent_sim.answers(drop=1.0, key=API)
    asked = silent_sim.call(lambda sim: sim.stats.requests)
    pid = feed_of(face, fb)

    def kill_when_asked() -> None:
        silent_sim.wait_for(lambda sim: sim.stats.requests > asked)
        os.kill(pid, signal.SIGKILL)

    beside = threading.Thread(target=kill_when_asked)
    beside.start()
    with pytest.raises(fastbinance.RequestOrphaned) as lost:
        face.do(fb.spot.order_place, **LIMIT)
    beside.join()
    assert lost.value.client_order_id.startswith("fb")


@BOTH
def test_user_data_are_interrupted_and_ready_again(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    mine = face.do(fb.user_data)
    face.do(mine.ready, timeout=20)
    while not isinstance(face.do(mine.get), UserDataReady):
        pass
    kill(face, fb)
    lost = face.do(mine.get)
    assert isinstance(lost, UserDataInterrupted)
    assert "SIGKILL" in lost.reason
    assert mine.state != "live"
    while not isinstance(back := face.do(mine.get), UserDataReady):
        assert back.recovered
    assert back.again
    face.do(mine.ready, timeout=20)
    order = face.do(fb.spot.order_place, **LIMIT)
    while not isinstance(event := face.do(mine.get), ExecutionReport):
        pass
    assert (event.order_id, event.recovered) == (order.order_id, False)


def test_a_feed_that_ends_at_once_is_tried_with_growing_waits_and_can_be_closed(
    face: Face, silent_sim: RunningSimulator, fb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = face.do(fb.events)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    begun: list[Any] = []

    def begin(its: Any) -> Any:
        begun.append(subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]))
        return begun[-1]

    monkeypatch.setattr(processes.FeedProcess, "begin", staticmethod(begin))
    kill(face, fb)
    for _ in range(2):
        reasons = face.event(queue, "exception").error.reason
    assert reasons.endswith(("it ended with 3", "it was ended by SIGKILL"))
    with pytest.raises((fastbinance.NotSent, fastbinance.RequestOrphaned)):
        face.do(fb.spot.ping)
    assert buf.state is RingState.DOWN
    face.do(fb.close)
    assert all(process.returncode is not None for process in begun)


# -- the client ends


LIVING = """
    if __name__ == "__main__":
        fb = fastbinance.Client(feed="process", urls=urls)
        buf = fb.book_ticker("btcusdt")
        buf.ready(timeout=20)
        print(fb._start().pid, flush=True)
"""


def test_a_client_that_is_killed_leaves_nothing(sim: RunningSimulator) -> None:
    files = shared_files()
    with Program(LIVING + "        input()", urls=plain(sim.urls)) as program:
        pid = int(program.read())
        assert is_running(pid)
        program.signal(signal.SIGKILL)
        wait_until_gone(pid)
    sim.wait_for(lambda sim: sim.connections == 0)
    assert shared_files() <= files


ENDS = [
    ("closes", "fb.close()", 0),
    ("forgets to close", "pass", 0),
    ("exits", "raise SystemExit(3)", 3),
    ("ends at once", "os._exit(4)", 4),
]


@pytest.mark.parametrize(("end", "code"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS])
def test_a_program_that_ends_leaves_nothing_and_its_feed_prints_nothing(
    sim: RunningSimulator, end: str, code: int
) -> None:
    files = shared_files()
    with Program(LIVING + f"        {end}", urls=plain(sim.urls)) as program:
        pid = int(program.read())
        assert program.finish() == (code, [], "")
        wait_until_gone(pid)
    sim.wait_for(lambda sim: sim.connections == 0)
    assert shared_files() <= files


def test_an_async_program_that_forgets_to_close_leaves_nothing(sim: RunningSimulator) -> None:
    text = """
        async def main():
            global fb
            fb = fastbinance.AsyncClient(feed="process", urls=urls)
            await fb.book_ticker("btcusdt").ready(timeout=20)
            print(fb._start().pid, flush=True)
        asyncio.run(main())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        pid = int(program.read())
        code, output, errors = program.finish()
        assert (code, output, errors) == (0, [], "")
        wait_until_gone(pid)


@BOTH
def test_close_ends_also_a_feed_that_does_nothing_any_more(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    face.live(face.do(fb.book_ticker, "btcusdt"))
    pid = kill(face, fb, signal.SIGSTOP)
    face.do(fb.close)
    assert not is_running(pid)


@BOTH
def test_close_leaves_no_process_and_no_descriptor(face: Face, silent_sim: RunningSimulator) -> None:
    before = sorted(descriptors())
    fb = face.client(urls=silent_sim.urls)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    pid = feed_of(face, fb)
    face.do(fb.close)
    assert not is_running(pid)
    face.clients.clear()
    assert buf.closed
    del fb, buf
    gc.collect()
    opened = [each for each in sorted(descriptors()) if each not in before]
    assert [each for each in opened if not each.startswith("socket:")] == []


@pytest.mark.parametrize("kind", [ProcessFace, AwaitedProcessFace])
def test_a_client_that_was_never_used_or_is_refused_leaves_no_descriptor(kind: Any) -> None:
    gc.collect()
    before = sorted(descriptors())
    for _ in range(3):
        kind.client_type()
        with pytest.raises(ConfigurationError):
            kind.client_type(env="nowhere")
    gc.collect()
    assert sorted(descriptors()) == before


def test_a_child_of_the_client_disturbs_nothing(sim: RunningSimulator) -> None:
    text = """
        fb = fastbinance.Client(feed="process", urls=urls)
        buf = fb.book_ticker("btcusdt")
        buf.ready(timeout=20)
        pid, epoch = fb._start().pid, buf.epoch
        for _ in range(3):
            child = os.fork()
            if child == 0:
                del buf
                sys.exit()
            assert os.waitpid(child, 0)[1] == 0
            cursor = buf.cursor
            assert buf.wait(after=cursor, timeout=20) > cursor
            assert len(buf[-1:]) == 1
        other = fb.agg_trades("btcusdt")
        assert other.wait(after=-1, timeout=20) >= 0
        print(fb._start().pid == pid, buf.epoch == epoch, buf.state.name, flush=True)
        fb.close()
        print(left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.finish() == (0, ["True True LIVE", "[]"], "")


# -- memory


def segment_of(fb: Any) -> Any:
    return fb._shared.segment


@BOTH
def test_what_is_given_up_gives_its_memory_back(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    face.live(face.do(fb.book_ticker, "ethusdt"))
    before = segment_of(fb).used_bytes
    used = []
    for _ in range(3):
        buf = face.live(face.do(fb.book_ticker, "btcusdt"))
        send(face, silent_sim, buf, 1)
        used.append(segment_of(fb).used_bytes)
        face.do(fb.unsubscribe, STREAM)
        del buf
        # What comes after it has been asked after it: the feed has let go.
        face.do(fb.stats)
        face.do(lambda: None)
        face.do(fb.stats)
        assert segment_of(fb).used_bytes == before
    assert used[0] > before
    assert len(set(used)) == 1


def test_what_is_read_keeps_its_memory(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    send(face, silent_sim, buf, 1)
    window = buf[-1:]
    before = segment_of(fb).used_bytes
    face.do(fb.unsubscribe, STREAM)
    del buf
    face.do(fb.stats)
    again = face.live(face.do(fb.book_ticker, "btcusdt"))
    send(face, silent_sim, again, 2)
    assert segment_of(fb).used_bytes > before
    assert (window["update_id"][0], again.last().update_id, again.cursor) == (1, 2, 0)


def test_a_thousand_rings_need_no_descriptor_of_their_own(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls, capacity=16)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    ours, its = len(descriptors()), len(descriptors(feed_of(face, fb)))
    names = [f"s{number}usdt@bookTicker" for number in range(1_000)]
    rings = face.do(fb.subscribe, names)
    for ring in rings.values():
        face.live(ring)
    assert len(descriptors()) <= ours + 4
    assert len(descriptors(feed_of(face, fb))) <= its + 8


def test_memory_that_is_used_up_is_a_sentence_and_what_there_is_goes_on(
    face: Face, silent_sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small:
        @staticmethod
        def create(name: str, size: int) -> Segment:
            return Segment.create(name, size=4 << 20, ring_capacity=64)

    monkeypatch.setattr(shared, "Segment", Small)
    fb = face.client(urls=silent_sim.urls)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    words = r"no [\d,]+ bytes are left for the ring of ethusdt@depth@100ms: the segment"
    with pytest.raises(MemoryError, match=words):
        face.do(fb.diff_depth, "ethusdt", capacity=1 << 16)
    send(face, silent_sim, buf, 1)
    small = face.live(face.do(fb.diff_depth, "ethusdt", capacity=16, level_capacity=16))
    assert small.cursor == -1
    assert sorted(name for _, name in fb.rings) == [STREAM, "ethusdt@depth@100ms"]


LIMITS = [
    ("no addresses", "RLIMIT_AS", "bytes of addresses for shared memory are not to be had"),
    ("no long files", "RLIMIT_FSIZE", "bytes of shared memory are to be had"),
    ("no descriptors", "RLIMIT_NOFILE", "no shared memory is to be had"),
]


@pytest.mark.parametrize(("limit", "words"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_a_limit_of_the_system_is_an_error_and_no_crash(limit: str, words: str) -> None:
    text = """
        import resource
        number = getattr(resource, limit)
        most = {"RLIMIT_AS": 1 << 30, "RLIMIT_FSIZE": 1 << 20, "RLIMIT_NOFILE": 3}[limit]
        resource.setrlimit(number, (most, resource.getrlimit(number)[1]))
        try:
            fastbinance.Client(feed="process")
        except OSError as error:
            print(error)
    """
    with Program(text, limit=limit) as program:
        code, output, errors = program.finish()
    assert (code, errors) == (0, "")
    assert words in output[0]


# -- what goes over


def test_what_signs_elsewhere_is_refused_in_a_sentence(silent_sim: RunningSimulator) -> None:
    signer = Credentials(API_KEY, sign=lambda payload: "x")
    words = "sign= cannot go to a feed in another process.*'thread'"
    for kind in (fastbinance.Client, fastbinance.AsyncClient):
        with pytest.raises(ConfigurationError, match=words):
            kind(feed="process", urls=silent_sim.urls, credentials=signer)


def test_what_signs_elsewhere_is_refused_for_user_data_too(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    signer = Credentials(API_KEY, sign=lambda payload: "x")
    with pytest.raises(ConfigurationError, match="sign= cannot go to a feed in another process"):
        face.do(fb.user_data, credentials=signer)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    send(face, silent_sim, buf, 1)


def test_a_context_of_a_class_of_ones_own_is_refused() -> None:
    class Own(ssl.SSLContext):
        pass

    with pytest.raises(ConfigurationError, match=r"a Own cannot go to a feed in another process"):
        fastbinance.Client(feed="process", ssl_context=Own(ssl.PROTOCOL_TLS_CLIENT))


@pytest.mark.parametrize("trusts", [True, False])
def test_certificates_are_checked_as_the_context_says(face: Face, trusts: bool) -> None:
    with run_in_thread(tls=True, messages_per_second=100) as sim:
        context = sim.ssl_context if trusts else ssl.create_default_context()
        fb = face.client(urls=sim.urls, ssl_context=context)
        queue = face.do(fb.events)
        buf = face.do(fb.book_ticker, "btcusdt")
        if trusts:
            face.live(buf)
            face.until(lambda: buf.cursor >= 0, buf)
        else:
            assert face.event(queue, "exception").error.kind == "tls"
        face.do(fb.close)


def test_no_message_shows_a_secret(silent_sim: RunningSimulator) -> None:
    shown: list[str] = []
    sent = remote_pool.Channel.send

    class Telling(remote_pool.Channel):
        def send(self, message: Any) -> None:
            shown.extend((repr(message), str(message)))
            super().send(message)

    assert sent is remote_pool.Channel.send
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote_pool, "Channel", Telling)
        with fastbinance.Client(
            feed="process",
            urls=silent_sim.urls,
            rest_urls=silent_sim.rest_urls,
            api_key=API_KEY,
            api_secret=API_SECRET,
            proxy="http://somebody:a-password@127.0.0.1:9",
            headers={"Authorization": "Bearer a-token"},
        ) as fb:
            fb.user_data()
            other = Credentials("another-key-of-the-caller", "another-secret")
            fb.user_data(credentials=other)
            with pytest.raises(fastbinance.FastBinanceError):
                fb.spot.ping(timeout=0.1)
    text = "\n".join(shown)
    assert messages.Hello.__name__ in text
    assert messages.OpenUser.__name__ in text
    for secret in (API_KEY, API_SECRET, "a-password", "a-token", "another-key", "another-secret"):
        assert secret not in text, secret

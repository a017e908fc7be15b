"""What the feed costs a message beside the parser, and how much dearer 1,000 symbols are than one."""

import time
from functools import partial
from typing import Any

import pytest
from picows import WSListener, WSMsgType, picows

from benchmarks import _compile, _harness, corpus
from benchmarks._flood import Flood, Sender
from benchmarks.bench_decode import native_ns

BATCH = 1_700  # messages in a read of 256 KiB
PAYLOADS = 2_000
CASES = (
    "spot-bookTicker",
    "usdm-bookTicker",
    "spot-trade",
    "spot-aggTrade",
    "spot-depth-few",
    "usdm-depth20",
)


class Handler:
    """Answers everything that a feed tells with nothing."""

    def on_control(self, payload: bytes, recv_ns: int) -> None: ...
    def on_message(self, stream: str | None, payload: bytes, recv_ns: int) -> None: ...
    def on_reject(self, reject: Any) -> None: ...
    def on_ping(self) -> None: ...


def feed_for(case: corpus.Case, capacity: int = 1_024, ring_type: Any = None) -> Any:
    """Return a feed with a ring for every stream of a case."""
    from fastbinance._core.feed import Feed
    from fastbinance._core.ring import RingBase

    feed = Feed(Handler(), case.ws_key)
    for stream, kind, symbol in case.routes:
        feed.add_route(stream, (ring_type or RingBase)(kind, stream, case.ws_key, symbol, capacity=capacity))
    return feed


def replayed(case: corpus.Case, ring_type: Any, capacity: int) -> Any:
    """Return a ring of the given class that has turned over at least once."""
    from fastbinance._core.feed import Feed

    stream, kind, symbol = case.routes[0]
    ring = ring_type(kind, stream, case.ws_key, symbol, capacity=capacity)
    feed = Feed(Handler(), case.ws_key)
    feed.add_route(stream, ring)
    _compile.replay().Replay(case.payloads).run(feed, 2 * capacity + 17, BATCH)
    return ring


def _replay_once(replay: Any, listener: Any, count: int) -> float:
    ns: int = replay.run(listener, count, BATCH)
    return ns / count


def replay_ns(cases: dict[str, corpus.Case], rounds: int, messages: int = 200_000) -> dict[str, list[float]]:
    """Return CPU nanoseconds a message of C-level delivery from memory, rounds of all cases interleaved.

    Under ``"frame alone"`` stands the same loop into a listener that does nothing: frame object and call.
    """
    replay_type = _compile.replay().Replay
    feeds = {name: feed_for(case) for name, case in cases.items()}
    plain = corpus.book_tickers(PAYLOADS)
    runs = {"frame alone": partial(_replay_once, replay_type(plain.payloads), WSListener(), messages)}
    for name, case in cases.items():
        count = max(4_000, int(messages / max(1.0, case.mean_levels)))
        runs[name] = partial(_replay_once, replay_type(case.payloads), feeds[name], count)
    found = _harness.interleaved(runs, rounds + 1)
    for name, feed in feeds.items():
        if not feed.fast == feed.messages == feed.published:
            raise RuntimeError(
                f"{name}: {feed.fast} by the fast path, {feed.published} published of {feed.messages}"
            )
    return {name: rows[1:] for name, rows in found.items()}


def python_frames_ns(case: corpus.Case, rounds: int) -> float:
    """Return the same through Python calls with picows' in-memory frames, which the feed copies."""
    frames = [picows._make_test_ws_frame(WSMsgType.TEXT, payload, True, False) for payload in case.payloads]

    def run() -> float:
        feed = feed_for(case)  # whose rings have none of it yet
        begin = time.thread_time_ns()
        for frame in frames:
            feed.on_ws_frame(None, frame)
        return (time.thread_time_ns() - begin) / len(frames)

    return _harness.median(run() for _ in range(rounds))


def symbol_cases(payloads: int = PAYLOADS) -> dict[str, corpus.Case]:
    """Return bookTickers of one symbol and of 1,000, of equally long payloads."""
    return {
        "1 symbol": corpus.many_symbols(1, payloads),
        "1,000 in turn": corpus.many_symbols(1_000, payloads),
        "1,000 at random": corpus.many_symbols(1_000, payloads, "random"),
    }


def native_symbols_ns(rounds: int) -> dict[str, list[float]]:
    """Return CPU nanoseconds a message of the native loop: parser, rings and the feed's look-ahead.

    A feed looks ahead only where it has many streams, so one symbol is measured without.
    """

    def run(case: corpus.Case) -> float:
        decoder = "ahead" if len(case.routes) > 1 else "fast"
        return float(native_ns(case, [decoder], rounds=3)[decoder]["ns"])

    runs = {name: partial(run, case) for name, case in symbol_cases().items()}
    return _harness.interleaved(runs, rounds)


def flood_symbols_ns(rounds: int) -> dict[str, list[float]]:
    """Return client CPU nanoseconds a message over loopback ws: picows, feed, rings."""
    with Flood("ws") as flood:

        def run(sender: Sender) -> float:
            return flood.python("ours", sender, 200).ns

        runs = {name: partial(run, flood.sender(case)) for name, case in symbol_cases(8_000).items()}
        return _harness.interleaved(runs, rounds)


def main() -> None:
    """Measure the feed from memory, and one symbol against 1,000 in three places."""
    core = _harness.pin(1)
    cases = {name: corpus.cases()[name] for name in CASES}
    memory = replay_ns(cases, 15)
    frame = _harness.median(memory["frame alone"])
    feed = _harness.Table(
        "feed, frames from memory",
        "C-level replay, ns a message",
        "less the frame itself",
        "Python call, copied",
    )
    python = {name: python_frames_ns(case, 9) for name, case in cases.items()}
    for name in CASES:
        ns = _harness.median(memory[name])
        feed.add(name, ns, ns - frame, python[name])
    feed.add("frame alone: WSFrame object and call", frame, 0.0, "")
    places = {
        "native loop": native_symbols_ns(7),
        "feed from memory": replay_ns(symbol_cases(), 15),
        "loopback ws": flood_symbols_ns(7),
    }
    symbols = _harness.Table(
        "ns a message", "1 symbol", "1,000 in turn", "ratio", "1,000 at random", "ratio", "target"
    )
    for place, found in places.items():
        one, turn, chance = (_harness.median(found[name]) for name in symbol_cases(1_000))
        symbols.add(place, one, turn, turn / one, chance, chance / one, "1.10")
    _harness.report(
        "feed",
        "nanoseconds of CPU a message from on_ws_frame to a readable record; rings of 1,024 slots",
        [feed, symbols],
        {"core": core, "memory": memory, "python": python, "symbols": places},
    )


@pytest.mark.parametrize("name", CASES)
def test_feed_from_memory(benchmark: Any, name: str) -> None:
    """A round of the case's payloads, delivered as picows' read loop does."""
    case = corpus.cases()[name]
    feed, replay = feed_for(case), _compile.replay().Replay(case.payloads)
    benchmark.group = "feed from memory"
    benchmark.extra_info["messages"] = len(case.payloads)
    benchmark.pedantic(replay.run, (feed, len(case.payloads), BATCH), setup=replay.begin_again, rounds=100)
    assert feed.fast == feed.messages == feed.published


@pytest.mark.parametrize("name", ["1 symbol", "1,000 in turn", "1,000 at random"])
def test_symbols(benchmark: Any, name: str) -> None:
    """2,000 bookTickers of one symbol or of a thousand."""
    case = symbol_cases()[name]
    feed, replay = feed_for(case), _compile.replay().Replay(case.payloads)
    benchmark.group = "symbols, 2,000 messages a call"
    benchmark.pedantic(replay.run, (feed, PAYLOADS, BATCH), setup=replay.begin_again, rounds=100)
    assert feed.published == feed.messages


if __name__ == "__main__":
    main()

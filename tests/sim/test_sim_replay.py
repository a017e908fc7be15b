"""Captured frames and floods: order, pace, and a reader that takes its time."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.sim import Replay, Simulator

TICKER, TRADE, DEPTH = "ethusdt@bookTicker", "ethusdt@trade", "ethusdt@depth@100ms"


def combined(stream: str, data: str) -> str:
    return f'{{"stream":"{stream}","data":{data}}}'


LINES = [
    combined(TICKER, '{"u":1,"s":"ETHUSDT","b":"1.0","B":"1","a":"1.1","A":"1"}'),
    combined(DEPTH, '{"e":"depthUpdate","E":5,"s":"ETHUSDT","U":1,"u":2,"b":[],"a":[]}'),
    '{"lastUpdateId":2,"bids":[],"asks":[]}',
    combined(TRADE, '{"e":"trade","E":6,  "s":"ETHUSDT","p":"1.10"}'),
    combined(TICKER, '{"u":3,"s":"ETHUSDT","b":"1.0","B":"2","a":"1.1","A":"1"}'),
]
RAW = [
    ('{"u":3,"s":"ETHUSDT","b":"1.0","B":"2","a":"1.1","A":"1"}', "ethusdt@bookTicker"),
    ('{"e":"bookTicker","u":3,"s":"ETHUSDT"}', "ethusdt@bookTicker"),
    ('{"e":"depthUpdate","s":"ETHUSDT","U":1,"u":2,"b":[],"a":[]}', "ethusdt@depth@100ms"),
    ('{"e":"kline","E":1,"s":"ETHUSDT","k":{"i":"1m"}}', "ethusdt@kline_1m"),
    ('{"e":"markPriceUpdate","E":1,"s":"ETHUSDT"}', "ethusdt@markPrice@1s"),
    ('{"e":"forceOrder","E":1,"o":{"s":"ETHUSDT"}}', "ethusdt@forceOrder"),
]


def written(folder: Path, lines: list[str], times: list[str] | None = None) -> Path:
    path = folder / "capture.jsonl"
    path.write_text("\n".join(lines) + "\n")
    if times is not None:
        path.with_suffix(".recv").write_text("\n".join(times) + "\n")
    return path


def test_replay_keeps_order_and_bytes_and_skips_what_has_no_stream(
    client: SimpleNamespace, tmp_path: Path
) -> None:
    replay = Replay.load(written(tmp_path, LINES), wait_for=(TICKER, TRADE))
    assert (len(replay.frames), replay.skipped, replay.streams) == (4, 1, frozenset((TICKER, TRADE, DEPTH)))

    async def scene() -> None:
        async with (
            Simulator(replay={"spot": replay}) as sim,
            client.connect(sim.urls[WsKey.MAIN] + "/stream") as peer,
        ):
            await peer.ask("SUBSCRIBE", TICKER)
            await peer.ask("SUBSCRIBE", TRADE)
            assert [await peer.text() for _ in range(3)] == [LINES[0], LINES[3], LINES[4]]
            await sim.replayed("spot")
            with pytest.raises(ConfigurationError, match="coinm"):
                await sim.replayed("coinm")

    client.run(scene())


def test_raw_connection_gets_the_captured_payload_without_its_wrapper(
    client: SimpleNamespace, tmp_path: Path
) -> None:
    replay = Replay.load(written(tmp_path, LINES), wait_for=(TRADE,))

    async def scene() -> None:
        async with (
            Simulator(replay={"spot": replay}) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/ws/{DEPTH}/{TRADE}") as peer,
        ):
            assert await peer.text() == '{"e":"depthUpdate","E":5,"s":"ETHUSDT","U":1,"u":2,"b":[],"a":[]}'
            assert await peer.text() == '{"e":"trade","E":6,  "s":"ETHUSDT","p":"1.10"}'

    client.run(scene())


@pytest.mark.parametrize(("line", "stream"), RAW)
def test_frame_without_a_wrapper_finds_its_stream_by_content(
    client: SimpleNamespace, tmp_path: Path, line: str, stream: str
) -> None:
    replay = Replay.load(written(tmp_path, [line]))

    async def scene() -> None:
        async with (
            Simulator(replay={"spot": replay}) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/stream?streams={stream}") as peer,
        ):
            assert await peer.text() == combined(stream, line)

    client.run(scene())


def test_replayed_market_does_not_trade_and_the_others_do(
    client: SimpleNamespace, clock: Any, tmp_path: Path
) -> None:
    replay = Replay.load(written(tmp_path, LINES), wait_for=(DEPTH,))

    async def scene() -> None:
        async with (
            Simulator(replay={"spot": replay}, clock=clock) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/ws/{TICKER}") as spot,
            client.connect(sim.urls[WsKey.MAIN_TESTNET_PUBLIC] + f"/ws/{TICKER}") as testnet,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            clock.advance(2000)
            sim.step()
            assert await spot.until_answer() == []
            assert len(await testnet.until_answer()) > 10

    client.run(scene())


def test_looped_replay_starts_over(client: SimpleNamespace, tmp_path: Path) -> None:
    replay = Replay.load(written(tmp_path, LINES), loop=True)

    async def scene() -> None:
        async with (
            Simulator(replay={"spot": replay}) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/ws/{TICKER}") as peer,
        ):
            assert [(await peer.json())["u"] for _ in range(7)] == [1, 3, 1, 3, 1, 3, 1]

    client.run(scene())


@pytest.mark.parametrize("unit", ["seconds", "nanoseconds"])
def test_replay_keeps_the_pace_of_the_capture_scaled(
    client: SimpleNamespace, tmp_path: Path, unit: str
) -> None:
    seconds = [1723161254.0, 1723161254.1, 1723161254.1, 1723161254.2, 1723161264.2]
    times = [str(time) if unit == "seconds" else str(round(time * 1e9)) for time in seconds]
    replay = Replay.load(written(tmp_path, LINES, times), speed=50.0)
    # What belongs to no stream still takes its time.
    assert [round(frame.at_ns / 1e8) for frame in replay.frames] == [0, 1, 2, 102]

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        async with (
            Simulator(replay={"spot": replay}) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/ws/{TICKER}") as peer,
        ):
            await peer.text()
            first = loop.time()
            await peer.text()
            # 10.2 s of capture at fifty times its speed; a busy machine may only be later.
            assert loop.time() - first > 0.9 * 10.2 / 50

    client.run(scene())


@pytest.mark.parametrize(
    ("lines", "times", "speed", "words"),
    [
        (LINES, None, 1.0, "no times"),
        (LINES, ["1.0"], None, "1 times for 5"),
        (LINES, None, 0.0, "above 0"),
        ([LINES[2]], None, None, "belongs to a stream"),
        (["not json"], None, None, "no JSON"),
    ],
)
def test_capture_that_cannot_be_played_is_refused_with_the_reason(
    tmp_path: Path, lines: list[str], times: list[str] | None, speed: float | None, words: str
) -> None:
    path = written(tmp_path, lines, times)
    with pytest.raises(ConfigurationError, match=words):
        Replay.load(path, speed=speed)


def test_flood_sends_every_message_once_and_in_turn(client: SimpleNamespace) -> None:
    payloads = [b'{"n":%d}' % index for index in range(7)]

    async def scene() -> None:
        async with Simulator(messages_per_second=0.001) as sim:
            base = sim.urls[WsKey.MAIN]
            async with (
                client.connect(f"{base}/ws/{TICKER}") as peer,
                client.connect(f"{base}/ws/{TRADE}") as other,
            ):
                await sim.wait_for(lambda sim: sim.connections == 2)
                for count in (1, 7, 20, 1000):
                    done = await sim.flood(payloads, count=count, stream=TICKER, block_bytes=100)
                    assert (done.connections, done.messages) == (1, count)
                    assert [(await peer.json())["n"] for _ in range(count)] == [
                        index % 7 for index in range(count)
                    ]
                single = await sim.flood([b"[]"], count=5000, market="spot")
                assert (single.connections, single.messages, single.wire_bytes) == (2, 10_000, 40_000)
                assert [await other.text() for _ in range(5000)] == ["[]"] * 5000

    client.run(scene())


def test_flood_waits_for_a_slow_reader_and_memory_stays_flat(client: SimpleNamespace) -> None:
    payload = b"x" * 60_000
    count = 2000

    async def scene() -> None:
        async with (
            Simulator(messages_per_second=0.001) as sim,
            client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer,
        ):
            await sim.wait_for(lambda sim: sim.connections == 1)
            peer.transport.pause_reading()
            pouring = asyncio.create_task(sim.flood([payload], count=count))
            # It stops by itself: with nobody reading, the counters come to rest far below the total.
            connection = next(iter(sim._connections))
            while connection._writable.is_set():
                await asyncio.sleep(0)
            assert connection._transport is not None
            held = connection._transport.underlying_transport.get_write_buffer_size()
            assert not pouring.done()
            assert held < 2 * 1024 * 1024
            peer.transport.resume_reading()
            for _ in range(count):
                assert len(await peer.text()) == len(payload)
            assert (await pouring).messages == count
            assert sim.stats.cut_for_backlog == 0

    client.run(scene())


def test_flood_of_a_connection_that_leaves_ends(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer:
            await sim.wait_for(lambda sim: sim.connections == 1)
            pouring = asyncio.create_task(sim.flood([b"x" * 1000], count=10**7))
            await peer.text()
            sim.cut()
            assert (await pouring).messages < 10**7

    client.run(scene())


@pytest.mark.parametrize(("payloads", "count"), [([], 1), ([b"x"], 0)])
def test_flood_of_nothing_is_refused(client: SimpleNamespace, payloads: list[bytes], count: int) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises(ConfigurationError):
                await sim.flood(payloads, count=count)

    client.run(scene())


def test_reader_that_never_reads_is_cut_before_memory_is_gone(
    client: SimpleNamespace, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastbinance.sim.connection._LONGEST_BACKLOG_BYTES", 1024 * 1024)

    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            client.connect(sim.urls[WsKey.MAIN] + f"/ws/{TICKER}") as peer,
        ):
            await sim.wait_for(lambda sim: sim.connections == 1)
            peer.transport.pause_reading()
            payload = json.dumps({"filling": "x" * 100_000}).encode()
            while sim.connections:
                sim.send("spot", TICKER, payload)
                await asyncio.sleep(0)
            assert sim.stats.cut_for_backlog == 1
            peer.transport.resume_reading()

    client.run(scene())

"""SBE as the simulator speaks it: bytes of each template, and the hosts that send them."""

import json
import struct
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import pytest

from fastbinance._core.decode import decode
from fastbinance.keys import WsKey
from fastbinance.sim import Replay, ReplayFrame, Simulator
from fastbinance.sim.binary import BinaryOutbox
from fastbinance.sim.book import Level
from fastbinance.sim.channels import Channel, Topic, parse_channel
from fastbinance.sim.events import BookTickerEvent, DepthEvent, TradeEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.sbe import binary_payload
from fastbinance.sim.timeunit import micros

START_MS: Final = 1_795_340_000_000
SECOND_MS: Final = 1000
KEY: Final = "a-key-of-this-test"
HEADERS: Final = {"X-MBX-APIKEY": KEY}
NAMES: Final = ("btcusdt@trade", "btcusdt@bestBidAsk", "btcusdt@depth20", "btcusdt@depth")
TEMPLATES: Final = {10000: "trade", 10001: "bestBidAsk", 10002: "depth20", 10003: "depth"}

BTC: Final = Instrument("BTCUSDT", "spot")
TICKER: Final = Channel(Topic.BOOK_TICKER)
TRADE: Final = Channel(Topic.TRADE)
QUOTE: Final = BookTickerEvent(77, Level(9_123_456, 120_000), Level(9_123_457, 3), START_MS)


def trade(trade_id: int, time_ms: int = START_MS, is_buyer_maker: bool = False) -> TradeEvent:
    return TradeEvent(trade_id, 9_123_456, 150, "MARKET", is_buyer_maker, time_ms)


class Binary:
    """One binary WebSocket, seen from the client."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, method: str, *params: Any) -> Any:
        """Send a control message and give its answer, which is text."""
        await self.socket.send_json({"method": method, "params": list(params), "id": 1})
        message = await self.socket.receive()
        assert message.type == aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def until_answer(self) -> list[bytes]:
        """Give every binary message that was sent before an answer to a question asked now."""
        await self.socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": "last"})
        seen: list[bytes] = []
        while True:
            message = await self.socket.receive()
            if message.type == aiohttp.WSMsgType.TEXT:
                assert json.loads(message.data)["id"] == "last"
                return seen
            assert message.type == aiohttp.WSMsgType.BINARY, message
            seen.append(message.data)


class Dial:
    """Opens binary sockets for the length of a block."""

    async def __aenter__(self) -> "Dial":
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *what: object) -> None:
        await self._session.close()

    async def __call__(self, url: str, headers: dict[str, str] | None = None) -> Binary:
        return Binary(await self._session.ws_connect(url, headers=HEADERS if headers is None else headers))


def template_of(message: bytes) -> str:
    _, template, schema, version = struct.unpack_from("<HHHH", message)
    assert (schema, version) == (1, 0)
    return TEMPLATES[template]


def test_best_bid_and_ask_have_the_bytes_of_the_schema() -> None:
    message = binary_payload(BTC, TICKER, [QUOTE])
    assert struct.unpack_from("<HHHH", message) == (50, 10001, 1, 0)
    assert struct.unpack_from("<qqbbqqqq", message, 8) == (
        micros(START_MS), 77, -2, -5, 9_123_456, 120_000, 9_123_457, 3,
    )  # fmt: skip
    assert message[58:] == b"\x07BTCUSDT"


def test_trades_of_a_moment_are_one_group() -> None:
    message = binary_payload(BTC, TRADE, [trade(5), trade(6, is_buyer_maker=True)])
    assert struct.unpack_from("<HHHH", message) == (18, 10000, 1, 0)
    assert struct.unpack_from("<qqbb", message, 8) == (micros(START_MS), micros(START_MS), -2, -5)
    assert struct.unpack_from("<HI", message, 26) == (25, 2)
    assert struct.unpack_from("<qqqB", message, 32) == (5, 9_123_456, 150, 0)
    assert struct.unpack_from("<qqqB", message, 57) == (6, 9_123_456, 150, 1)
    assert message[82:] == b"\x07BTCUSDT"


@pytest.mark.parametrize(
    ("channel", "head", "root"),
    [
        (Channel(Topic.DIFF_DEPTH, 20), (26, 10003, 1, 0), ("<qqqbb", (11, 14))),
        (Channel(Topic.PARTIAL_DEPTH, 50, 20), (18, 10002, 1, 0), ("<qqbb", (14,))),
    ],
)
def test_depths_have_a_group_for_each_side(
    channel: Channel, head: tuple[int, ...], root: tuple[str, tuple[int, ...]]
) -> None:
    event = DepthEvent(11, 14, 10, [Level(100, 5), Level(99, 0)], [Level(101, 7)], START_MS - 3, START_MS)
    message = binary_payload(BTC, channel, [event])
    layout, ids = root
    assert struct.unpack_from("<HHHH", message) == head
    assert struct.unpack_from(layout, message, 8) == (micros(START_MS), *ids, -2, -5)
    at = 8 + head[0]
    assert struct.unpack_from("<HHqqqq", message, at) == (16, 2, 100, 5, 99, 0)
    assert struct.unpack_from("<HHqq", message, at + 36) == (16, 1, 101, 7)
    assert message[at + 56 :] == b"\x07BTCUSDT"


def test_numbers_say_what_the_json_of_the_event_says() -> None:
    (record,) = decode(binary_payload(BTC, TICKER, [QUOTE]), "mainSBE")
    assert record.bid_price == float(BTC.price_text(QUOTE.bid.price))
    assert record.ask_qty == float(BTC.qty_text(QUOTE.ask.qty))
    assert record.event_ns == micros(START_MS) * 1000


def test_of_quotes_only_the_newest_of_a_step_is_sent() -> None:
    outbox: BinaryOutbox[str] = BinaryOutbox()
    for update_id in (1, 2, 3):
        event = QUOTE._replace(update_id=update_id)
        assert list(outbox.take("a", BTC, TICKER, event)) == []
    assert list(outbox.release()) == [("a", binary_payload(BTC, TICKER, [QUOTE._replace(update_id=3)]))]
    assert list(outbox.release()) == []


def test_trades_of_another_moment_are_another_message() -> None:
    outbox: BinaryOutbox[str] = BinaryOutbox()
    assert list(outbox.take("a", BTC, TRADE, trade(1))) == []
    assert list(outbox.take("b", BTC, TRADE, trade(9))) == []
    assert list(outbox.take("a", BTC, TRADE, trade(2))) == []
    assert list(outbox.take("a", BTC, TRADE, trade(3, START_MS + 1))) == [
        binary_payload(BTC, TRADE, [trade(1), trade(2)])
    ]
    assert list(outbox.release()) == [
        ("a", binary_payload(BTC, TRADE, [trade(3, START_MS + 1)])),
        ("b", binary_payload(BTC, TRADE, [trade(9)])),
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("btcusdt@depth", Channel(Topic.DIFF_DEPTH, 20)),
        ("btcusdt@depth20", Channel(Topic.PARTIAL_DEPTH, 50, 20)),
        ("btcusdt@bestBidAsk", Channel(Topic.BOOK_TICKER)),
        ("btcusdt@trade", Channel(Topic.TRADE)),
        ("btcusdt@bookTicker", None),
        ("btcusdt@depth5", None),
        ("btcusdt@depth@100ms", None),
        ("btcusdt@aggTrade", None),
        ("!bestBidAsk@trade", None),
    ],
)
def test_names_are_those_of_sbe(name: str, asked: Channel | None) -> None:
    found = parse_channel(name, "spot", "sbe")
    assert (None if found is None else found.channel) == asked


@pytest.mark.parametrize("key", [WsKey.MAIN_SBE, WsKey.MAIN_SBE_TESTNET, WsKey.MAIN_SBE_DEMO])
@pytest.mark.parametrize("path", ["/stream?streams=", "/ws/"])
def test_each_stream_comes_in_binary_frames_without_a_wrapper(
    client: SimpleNamespace, clock: Any, key: WsKey, path: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, Dial() as dial:
            peer = await dial(sim.urls[key] + path + "/".join(NAMES))
            await sim.wait_for(lambda sim: sim.subscriptions(key) == [NAMES])
            clock.advance(3 * SECOND_MS)
            sim.step()
            messages = await peer.until_answer()
            assert {template_of(message) for message in messages} == set(TEMPLATES.values())
            assert all(decode(message, key) for message in messages)
            await peer.ask("UNSUBSCRIBE", *NAMES)
            clock.advance(SECOND_MS)
            sim.step()
            assert await peer.until_answer() == []

    client.run(scene())


def test_answers_are_json_and_names_of_json_streams_are_silent(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/ws")
            assert await peer.ask("SUBSCRIBE", "btcusdt@bookTicker", "btcusdt@aggTrade") == {
                "result": None, "id": 1,
            }  # fmt: skip
            assert (await peer.ask("SUBSCRIBE", 7))["error"]["code"] == 2
            clock.advance(3 * SECOND_MS)
            sim.step()
            assert await peer.until_answer() == []

    client.run(scene())


def test_speeds_are_those_of_sbe_beside_json_of_the_same_names(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, messages_per_second=2000) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/stream")
            json_url = f"{sim.urls[WsKey.MAIN]}/stream?streams=btcusdt@depth"
            async with client.connect(json_url) as plain:
                await peer.ask("SUBSCRIBE", "btcusdt@depth", "btcusdt@depth20")
                await sim.wait_for(lambda sim: sim.subscriptions("main") == [("btcusdt@depth",)])
                clock.advance(2 * SECOND_MS)
                sim.step()
                messages = await peer.until_answer()
                assert len(await plain.until_answer()) == 2
            templates = [template_of(message) for message in messages]
            assert (templates.count("depth"), templates.count("depth20")) == (100, 40)
            diffs = [decode(one, "mainSBE")[0] for one in messages if template_of(one) == "depth"]
            assert all(a.update_id + 1 == b.first_update_id for a, b in pairwise(diffs))

    client.run(scene())


def test_it_tells_the_story_of_the_json_streams(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/ws")
            url = f"{sim.urls[WsKey.MAIN]}/stream?streams=btcusdt@trade/btcusdt@bookTicker"
            async with client.connect(url + "&timeUnit=MICROSECOND") as plain:
                await peer.ask("SUBSCRIBE", "btcusdt@trade", "btcusdt@bestBidAsk")
                await sim.wait_for(lambda sim: len(sim.subscriptions("main")[0]) == 2)
                clock.advance(20 * SECOND_MS)
                sim.step()
                binary = [record for one in await peer.until_answer() for record in decode(one, "mainSBE")]
                texts = [json.dumps(one) for one in await plain.until_answer()]
        told = [record for text in texts for record in decode(text, "main")]
        same = ("trade_id", "price", "qty", "is_buyer_maker", "event_ns", "transaction_ns")
        trades, quotes = (
            [[one for one in records if type(one).__name__ == kind] for records in (binary, told)]
            for kind in ("Trade", "BookTicker")
        )
        assert len(trades[0]) > 10
        assert [[one[name] for name in same] for one in trades[0]] == [
            [one[name] for name in same] for one in trades[1]
        ]
        assert len(quotes[0]) == 1, "one step, one quote"
        same = ("update_id", "bid_price", "bid_qty", "ask_price", "ask_qty")
        assert [quotes[0][0][name] for name in same] == [quotes[1][-1][name] for name in same]

    client.run(scene())


@pytest.mark.parametrize(
    ("api_keys", "headers", "is_let_in"),
    [
        (None, {}, False),
        (None, {"X-MBX-APIKEY": ""}, False),
        (None, {"x-mbx-apikey": "anything"}, True),
        ([KEY], HEADERS, True),
        (["another", KEY], HEADERS, True),
        ([KEY], {"X-MBX-APIKEY": KEY + "x"}, False),
        ([KEY], {"X-MBX-APIKEY": KEY[:-1]}, False),
        ([], HEADERS, False),
        ([KEY], {}, False),
    ],
)
def test_handshake_wants_a_key(
    client: SimpleNamespace, api_keys: list[str] | None, headers: dict[str, str], is_let_in: bool
) -> None:
    async def scene() -> None:
        async with Simulator(api_keys=api_keys) as sim, aiohttp.ClientSession() as session:
            url = sim.urls[WsKey.MAIN_SBE].replace("ws://", "http://") + "/ws"
            asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            asked["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
            if is_let_in:
                socket = await session.ws_connect(sim.urls[WsKey.MAIN_SBE] + "/ws", headers=headers)
                await socket.close()
                assert (sim.stats.opened, sim.stats.refused) == (1, 0)
                return
            async with session.get(url, headers=asked | headers) as response:
                assert response.status == 401
                body = await response.json()
            assert (body["code"], sorted(body)) == (-2015, ["code", "msg"])
            assert KEY not in body["msg"]
            assert (sim.stats.opened, sim.stats.refused) == (0, 1)

    client.run(scene())


def test_no_json_host_wants_a_key(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(api_keys=[]) as sim, client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer:
            assert (await peer.ask("LIST_SUBSCRIPTIONS"))["result"] == []

    client.run(scene())


def test_shutdown_is_plain_text_on_the_combined_path_too(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/stream?timeUnit=MICROSECOND")
            await sim.wait_for(lambda sim: sim.connections == 1)
            assert sim.announce_shutdown() == 1
            message = await peer.socket.receive()
            assert (message.type, json.loads(message.data)) == (
                aiohttp.WSMsgType.TEXT, {"e": "serverShutdown", "E": clock.now_ms},
            )  # fmt: skip

    client.run(scene())


def test_payload_of_ones_own_goes_to_the_subscribers_of_its_format(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/stream")
            await peer.ask("SUBSCRIBE", "btcusdt@trade")
            assert sim.send("spot", "btcusdt@trade", b"{}") == 0
            assert sim.send("spot", "btcusdt@trade", bytes(70_000), format="sbe") == 1
            assert await peer.until_answer() == [bytes(70_000)]

    client.run(scene())


def test_replay_of_spot_leaves_sbe_silent(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        replay = Replay((ReplayFrame(("btcusdt@trade",), b"{}", 0),))
        async with Simulator(clock=clock, replay={"spot": replay}) as sim, Dial() as dial:
            peer = await dial(sim.urls[WsKey.MAIN_SBE] + "/ws")
            await peer.ask("SUBSCRIBE", "btcusdt@trade")
            clock.advance(3 * SECOND_MS)
            sim.step()
            assert await peer.until_answer() == []

    client.run(scene())

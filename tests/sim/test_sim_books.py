"""Books of the simulator: a client that goes by Binance's rules rebuilds them to the last digit.

The peer is `ReferenceBook`, over real sockets. What it has to have is `Simulator.book`.
"""

import asyncio
import json
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import pytest
from support.reference_book import ReferenceBook
from support.rest import RestPeer, connect_rest

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market, WsKey
from fastbinance.sim import Simulator, run_in_thread
from fastbinance.sim.book import Book

STEP_MS: Final = 35
OPTION: Final = "BTC-261225-90000-C"
SYMBOLS: Final = {
    "spot": "ETHUSDT", "usdm": "1000PEPEUSDT", "coinm": "BTCUSD_PERP", "options": OPTION,
    "alpha": "ALPHA_118USDT",
}  # fmt: skip
URLS: Final = {
    "spot": (WsKey.MAIN, "/stream"), "usdm": (WsKey.USDM_PUBLIC, "/public/stream"),
    "coinm": (WsKey.COINM, "/stream"), "options": (WsKey.EOPTIONS_PUBLIC, "/public/stream"),
    "alpha": (WsKey.ALPHA, "/w3w/wsa/stream"),
}  # fmt: skip
PATHS: Final = {
    "spot": "/api/v3/depth", "usdm": "/fapi/v1/depth", "coinm": "/dapi/v1/depth", "options": "/eapi/v1/depth",
}  # fmt: skip
#: Every stream of diffs, with its speed in milliseconds.
DIFFS: Final[list[tuple[Market, str, int]]] = [
    ("spot", "depth", 1000), ("spot", "depth@100ms", 100),
    ("usdm", "depth", 250), ("usdm", "depth@100ms", 100), ("usdm", "depth@500ms", 500),
    ("usdm", "depth@0ms", 0),
    ("coinm", "depth", 250), ("coinm", "depth@100ms", 100), ("coinm", "depth@500ms", 500),
    ("options", "depth@100ms", 100), ("options", "depth@500ms", 500),
]  # fmt: skip


class World:
    """A simulator whose time is stepped, a connection to one of its markets, and its REST."""

    def __init__(self, sim: Simulator, clock: Any, peer: Any, rest: RestPeer, market: Market) -> None:
        self.sim = sim
        self.clock = clock
        self.peer = peer
        self.rest = rest
        self.market: Market = market
        self.symbol = SYMBOLS[market]

    async def after(self, milliseconds: int) -> list[dict[str, Any]]:
        """Let time go by and give what was sent meanwhile."""
        for _ in range(0, milliseconds, STEP_MS):
            self.clock.advance(STEP_MS)
            self.sim.step()
        return list(await self.peer.until_answer())

    async def snapshot(self, limit: int = 1000, path: str = "") -> dict[str, Any]:
        status, body = await self.rest.ask(
            self.market, "GET", path or PATHS[self.market], symbol=self.symbol, limit=limit
        )
        assert status == 200, body
        return dict(body)

    async def rebuild(self, book: ReferenceBook, speed_ms: int, limit: int = 1000, path: str = "") -> None:
        """Buffer, fetch and bridge, as the rules have it."""
        for one in await self.after(3 * speed_ms + 200):
            book.hear(one["data"])
        # The first may have been born before the first diff.
        while not book.take(await self.snapshot(limit, path), limit):
            for one in await self.after(speed_ms + STEP_MS):
                book.hear(one["data"])


@asynccontextmanager
async def world(
    client: SimpleNamespace, clock: Any, market: Market, *topics: str, **options: Any
) -> AsyncIterator[World]:
    options = {"messages_per_second": 150, "message_limit": 10**6} | options
    key, path = URLS[market]
    async with (
        Simulator(clock=clock, **options) as sim,
        client.connect(sim.urls[key] + path) as peer,
        connect_rest(sim) as rest,
    ):
        one = World(sim, clock, peer, rest, market)
        await peer.ask("SUBSCRIBE", *(f"{one.symbol.lower()}@{topic}" for topic in topics))
        yield one


@pytest.mark.parametrize(("market", "topic", "speed_ms"), DIFFS)
def test_diffs_and_a_snapshot_of_rest_rebuild_the_book_to_the_last_digit(
    client: SimpleNamespace, clock: Any, market: Market, topic: str, speed_ms: int
) -> None:
    async def scene() -> None:
        async with world(client, clock, market, topic) as one:
            book = ReferenceBook(is_spot=market == "spot")
            await one.rebuild(book, speed_ms)
            told = await one.after(4 * speed_ms + 500)
            for message in told:
                # A broken link would be raised here.
                book.hear(message["data"])
                truth = one.sim.book(one.symbol, market, book.update_id)
                assert truth.update_id == book.update_id
                assert not book.differences(truth.bids, truth.asks)
                assert book.top(10**6) == (truth.bids, truth.asks)
            assert len(told) >= 4
            assert book.is_bridged

    client.run(scene())


def test_diffs_and_a_snapshot_with_hidden_orders_rebuild_the_book_of_rpi(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with world(client, clock, "usdm", "rpiDepth@500ms") as one:
            book = ReferenceBook(is_spot=False)
            await one.rebuild(book, 500, path="/fapi/v1/rpiDepth")
            for message in await one.after(3000):
                book.hear(message["data"])
                truth = one.sim.book(one.symbol, "usdm", book.update_id, rpi=True)
                assert book.top(10**6) == (truth.bids, truth.asks)
            assert truth.bids != one.sim.book(one.symbol, "usdm", book.update_id).bids

    client.run(scene())


def test_diffs_in_sbe_rebuild_the_book_with_a_snapshot_in_json(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, messages_per_second=300, message_limit=10**6) as sim,
            aiohttp.ClientSession() as session,
            session.ws_connect(
                sim.urls[WsKey.MAIN_SBE] + "/ws/ethusdt@depth", headers={"X-MBX-APIKEY": "key"}
            ) as socket,
            connect_rest(sim) as rest,
        ):
            await sim.wait_for(lambda sim: sim.connections == 1)
            book = ReferenceBook(is_spot=True)
            await _hear_sbe(book, sim, clock, socket, 10)
            _, body = await rest.ask("spot", "GET", "/api/v3/depth", symbol="ETHUSDT", limit=5000)
            assert book.take(body, 5000)
            for _ in range(20):
                await _hear_sbe(book, sim, clock, socket, 3)
                truth = sim.book("ETHUSDT", "spot", book.update_id)
                assert book.top(10**6) == (truth.bids, truth.asks)
            assert book.is_bridged

    client.run(scene())


def test_a_gap_in_sbe_is_none_in_json_under_the_same_name(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        name, headers = "ethusdt@depth", {"X-MBX-APIKEY": "key"}
        async with (
            Simulator(clock=clock, messages_per_second=300, message_limit=10**6) as sim,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{sim.urls[WsKey.MAIN_SBE]}/ws/{name}", headers=headers) as socket,
            client.connect(f"{sim.urls[WsKey.MAIN]}/ws/{name}") as peer,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            sim.disturb(name, "spot", "drop", every=5, count=1, key="mainSBE")
            heard: list[dict[str, Any]] = []
            hearing = SimpleNamespace(hear=heard.append)
            await _hear_sbe(hearing, sim, clock, socket, 100)
            assert sum(after["U"] != before["u"] + 1 for before, after in pairwise(heard)) == 1
            assert heard[4]["U"] != heard[3]["u"] + 1
            whole = await peer.until_answer()
            assert len(whole) >= 3
            assert all(after["U"] == before["u"] + 1 for before, after in pairwise(whole))
            # Levels in SBE are left as they are.
            sim.disturb(name, "spot", "negative")
            heard.clear()
            await _hear_sbe(hearing, sim, clock, socket, 10)
            assert heard
            assert all(not qty.startswith("-") for one in heard for _, qty in (*one["b"], *one["a"]))

    client.run(scene())


async def _hear_sbe(book: Any, sim: Simulator, clock: Any, socket: Any, steps: int) -> None:
    for _ in range(steps):
        clock.advance(STEP_MS)
        sim.step()
    await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": "last"})
    while (message := await socket.receive()).type == aiohttp.WSMsgType.BINARY:
        book.hear(_read_sbe(message.data))
    assert message.type == aiohttp.WSMsgType.TEXT


def _read_sbe(frame: bytes) -> dict[str, Any]:
    block, template = struct.unpack_from("<HH", frame)
    assert template == 10003
    _, first, last, price_exponent, qty_exponent = struct.unpack_from("<qqqbb", frame, 8)
    sides, at = [], 8 + block
    for _ in range(2):
        size, count = struct.unpack_from("<HH", frame, at)
        at += 4
        levels = [struct.unpack_from("<qq", frame, at + size * index) for index in range(count)]
        at += size * count
        sides.append([[_sbe_text(p, price_exponent), _sbe_text(q, qty_exponent)] for p, q in levels])
    return {"U": first, "u": last, "b": sides[0], "a": sides[1]}


def _sbe_text(mantissa: int, exponent: int) -> str:
    # JSON has eight decimals on spot, whatever the symbol.
    return f"{Decimal(mantissa).scaleb(exponent):.8f}"


@pytest.mark.parametrize("market", [market for market in URLS if market != "alpha"])
def test_a_book_ticker_is_the_top_of_the_book_at_its_id(
    client: SimpleNamespace, clock: Any, market: Market
) -> None:
    async def scene() -> None:
        async with world(client, clock, market, "depth@100ms", "bookTicker") as one:
            book = ReferenceBook(is_spot=market == "spot")
            told = await one.after(300)
            for message in told:
                if "depth" in message["stream"]:
                    book.hear(message["data"])
            assert book.take(await one.snapshot(), 1000) or market != "spot"
            if book.update_id is None:
                assert book.take(await one.snapshot(), 1000)
            compared, newest = 0, None
            for message in await one.after(3000):
                data = message["data"]
                if "bookTicker" in message["stream"]:
                    newest = data
                    at = one.sim.book(one.symbol, market, data["u"])
                    assert at.update_id == data["u"]
                    assert (at.bids[0], at.asks[0]) == ((data["b"], data["B"]), (data["a"], data["A"]))
                    continue
                book.hear(data)
                # The newest quote that is not ahead of the diffs, as in the captures.
                if newest is not None:
                    assert newest["u"] <= data["u"]
                    bids, asks = book.top(1)
                    assert (*bids, *asks) == ((newest["b"], newest["B"]), (newest["a"], newest["A"]))
                    compared += 1
            assert compared > 20

    client.run(scene())


@pytest.mark.parametrize("market", list(URLS))
@pytest.mark.parametrize("levels", [5, 20])
def test_a_partial_depth_is_the_top_of_the_book_at_its_id(
    client: SimpleNamespace, clock: Any, market: Market, levels: int
) -> None:
    async def scene() -> None:
        async with world(client, clock, market, f"depth{levels}@100ms") as one:
            told = [message["data"] for message in await one.after(1500)]
            for data in told:
                update_id = data.get("lastUpdateId", data.get("u"))
                truth = one.sim.book(one.symbol, market, update_id)
                bids, asks = data.get("bids", data.get("b")), data.get("asks", data.get("a"))
                assert truth.update_id == update_id
                assert [tuple(level) for level in bids] == truth.bids[:levels]
                assert [tuple(level) for level in asks] == truth.asks[:levels]
            assert len(told) > 10

    client.run(scene())


def test_diffs_of_alpha_lead_from_one_book_to_the_next(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with world(client, clock, "alpha", "fulldepth@100ms") as one:
            (first, *told) = [message["data"] for message in await one.after(2000)]
            start = one.sim.book(one.symbol, "alpha", first["u"])
            book = ReferenceBook(is_spot=False)
            assert book.take({"lastUpdateId": first["u"], "bids": start.bids, "asks": start.asks}, 10**6)
            book.hear(first)
            for data in told:
                book.hear(data)
                truth = one.sim.book(one.symbol, "alpha", data["u"])
                assert book.top(10**6) == (truth.bids, truth.asks)

    client.run(scene())


def test_clients_of_every_product_rebuild_books_in_the_midst_of_traffic(client: SimpleNamespace) -> None:
    """Nothing is stepped here: streams go on while REST is asked."""

    async def prove(sim: Simulator, rest: RestPeer, market: Market) -> None:
        symbol = SYMBOLS[market]
        key, path = URLS[market]
        book, limit = ReferenceBook(is_spot=market == "spot"), 1000
        async with client.connect(sim.urls[key] + path) as peer:
            await peer.ask("SUBSCRIBE", f"{symbol.lower()}@depth@100ms")

            async def hear() -> None:
                book.hear((await peer.json())["data"])

            await hear()
            while True:
                asked = asyncio.create_task(
                    rest.ask(market, "GET", PATHS[market], symbol=symbol, limit=limit)
                )
                while not asked.done():
                    listening = asyncio.create_task(hear())
                    await asyncio.wait({asked, listening}, return_when=asyncio.FIRST_COMPLETED)
                    await listening
                if book.take((await asked)[1], limit):
                    break
            for _ in range(4):
                await hear()
                truth = sim.book(symbol, market, book.update_id)
                assert book.top(10**6) == (truth.bids, truth.asks)

    async def scene() -> None:
        async with Simulator(messages_per_second=400) as sim, connect_rest(sim) as rest:
            markets: tuple[Market, ...] = ("spot", "usdm", "coinm", "options")
            await asyncio.gather(*(prove(sim, rest, market) for market in markets))

    client.run(scene())


@pytest.mark.parametrize(("market", "limit", "levels"), [("spot", 5000, 6000), ("usdm", 1000, 2500)])
def test_a_deep_book_is_cut_off_at_the_limit_and_known_beyond_it_where_it_was_touched(
    client: SimpleNamespace, clock: Any, market: Market, limit: int, levels: int
) -> None:
    async def scene() -> None:
        async with world(
            client, clock, market, "depth@100ms", book_levels=levels, messages_per_second=2000
        ) as one:
            whole = one.sim.book(one.symbol, market)
            assert len(whole.bids) == len(whole.asks) == levels
            book = ReferenceBook(is_spot=market == "spot")
            await one.rebuild(book, 100, limit)
            assert len(book.bids) - limit < 100
            for message in await one.after(1500):
                book.hear(message["data"])
            truth = one.sim.book(one.symbol, market, book.update_id)
            assert not book.differences(truth.bids, truth.asks)
            # Levels that nobody has told, and levels far out that a diff has.
            assert len(book.bids) < len(truth.bids)
            assert book.top(10**6)[0] != truth.bids[: len(book.bids)]

    client.run(scene())


def test_two_hundred_busy_books_are_rebuilt_beside_each_other(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        symbols = [f"S{number:03}USDT" for number in range(200)]
        async with (
            Simulator(clock=clock, book_levels=1000, message_limit=10**6) as sim,
            client.connect(sim.urls[WsKey.MAIN] + "/ws") as peer,
            connect_rest(sim) as rest,
        ):
            names = [f"{symbol.lower()}@depth@100ms" for symbol in symbols]
            for half in (names[:100], names[100:]):
                await peer.ask("SUBSCRIBE", *half)  # no message has room for all
            books = {symbol: ReferenceBook(is_spot=True) for symbol in symbols}

            async def hear() -> None:
                for _ in range(10):
                    clock.advance(STEP_MS)
                    sim.step()
                for diff in await peer.until_answer():
                    books[diff["s"]].hear(diff)

            await hear()
            for symbol, book in books.items():
                _, body = await rest.ask("spot", "GET", "/api/v3/depth", symbol=symbol, limit=100)
                assert book.take(body, 100)
            assert sim.stats.snapshots == 200
            await hear()
            for symbol, book in books.items():
                truth = sim.book(symbol, "spot", book.update_id)
                assert len(truth.bids) > 900
                assert not book.differences(truth.bids, truth.asks)

    client.run(scene())


@pytest.mark.parametrize(
    ("market", "symbol", "levels"),
    [("spot", "PEPEBTC", 1400), ("spot", "BNBBTC", 20_000), ("options", "BTC-261225-500000-C", 20_000)],
)
def test_a_book_has_as_many_levels_as_there_are_prices(
    client: SimpleNamespace, clock: Any, market: Market, symbol: str, levels: int
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, book_levels=20_000) as sim:
            whole = sim.book(symbol, market)
            assert len(whole.bids) == len(whole.asks) == levels
            assert all(Decimal(price) > 0 for price, _ in whole.bids)
            assert len({price for price, _ in whole.bids}) == len(whole.bids)

    client.run(scene())


def test_ids_of_usdm_leap_as_far_as_they_do_in_life(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with world(client, clock, "usdm", "depth@100ms", messages_per_second=20) as one:
            told = [message["data"] for message in await one.after(10_000)]
            spans = sorted(data["u"] - data["U"] for data in told)
            assert 500 < spans[len(spans) // 2] < 10_000
            # What lies between two diffs belongs to other symbols.
            assert any(data["U"] > data["pu"] + 100 for data in told)

    client.run(scene())


# -- what the simulator says its book is


def test_a_book_is_shown_as_it_was_at_any_id_that_is_remembered() -> None:
    rng = random.Random(7)
    book = Book(1000, lambda last: last + rng.randint(1, 9), changes_kept=50)
    history = {1000: ({}, {})}
    for _ in range(180):
        book.set(rng.random() < 0.5, rng.randint(1, 40), rng.choice((0, 0, 1, 2, 3)))
        history[book.update_id] = (dict(book.bids), dict(book.asks))
        ids = [update_id for update_id in history if _is_remembered(book, update_id)]
        # At least fifty changes and the present, once there are so many.
        assert len(ids) >= min(51, len(history))
        assert len(ids) <= 101
    for back, update_id in enumerate(reversed(ids)):
        shown = book.at(update_id)
        assert (shown.update_id, (dict(shown.bids), dict(shown.asks))) == (update_id, history[update_id])
        assert [level.price for level in shown.bids] == sorted(history[update_id][0], reverse=True)
        assert [level.price for level in shown.asks] == sorted(history[update_id][1])
        assert book.before(back) == shown
    # Between two ids it is that of the first.
    gap = next(number for number in range(ids[0], ids[-1]) if number not in history)
    assert book.at(gap) == book.at(max(known for known in ids if known < gap))
    # Older than anything that is remembered: only the id goes on.
    oldest = book.at(ids[0])
    assert book.before(len(ids) + 9) == oldest._replace(update_id=ids[0] - 10)


def _is_remembered(book: Book, update_id: int) -> bool:
    try:
        book.at(update_id)
    except LookupError:
        return False
    return True


def test_a_book_that_cannot_be_shown_is_told(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim:
            now = sim.book("BTCUSDT")
            assert sim.book("BTCUSDT", "spot", now.update_id) == now
            for missing in (now.update_id + 1, now.update_id - 1):
                with pytest.raises(LookupError, match=str(missing)):
                    sim.book("BTCUSDT", "spot", missing)
            for symbol, market in (("BTCUSD", "coinm"), ("BTCUSDT", "margin"), ("BTCUSDT", "options")):
                with pytest.raises(ConfigurationError, match="no book"):
                    sim.book(symbol, market)
            with pytest.raises(ConfigurationError, match="no snapshots of 'alpha'"):
                sim.snapshot("alpha", "ALPHA_118USDT")
            assert sim.book("BTCUSDT", environment="testnet") != now

    client.run(scene())


@pytest.mark.parametrize("levels", [19, 20_001])
def test_books_have_a_size_that_can_be(levels: int) -> None:
    with pytest.raises(ConfigurationError, match="book_levels is"):
        Simulator(book_levels=levels)


def test_a_simulator_in_a_thread_shows_its_books_too(clock: Any) -> None:
    with run_in_thread(clock=clock, book_levels=50) as sim:
        now = sim.book("BTCUSDT", "usdm", rpi=True)
        assert len(now.bids) == len(now.asks) == 50
        assert sim.book("BTCUSDT", "usdm", now.update_id).update_id == now.update_id
        body = json.loads(sim.snapshot("usdm", "BTCUSDT", 50))
        assert body["lastUpdateId"] == now.update_id

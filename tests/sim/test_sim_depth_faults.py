"""Faults of order books: what a client has to notice, by symbol, by count, and by the seed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import pytest
from support.api import connect_api
from support.reference_book import LinkBroken, ReferenceBook
from support.rest import RestPeer, connect_rest

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market, WsKey
from fastbinance.sim import Simulator, run_in_thread

STEP_MS: Final = 100
SYMBOL: Final = "BTCUSDT"
OTHER: Final = "ETHUSDT"
TOPIC: Final = "@depth@100ms"
STREAM: Final = f"{SYMBOL.lower()}{TOPIC}"
MARKETS: Final[tuple[Market, ...]] = ("spot", "usdm")
PATHS: Final = {"spot": "/api/v3/depth", "usdm": "/fapi/v1/depth"}


class Scene:
    """Two symbols of a market, on one connection."""

    def __init__(self, sim: Simulator, clock: Any, peer: Any, rest: RestPeer, market: Market) -> None:
        self.sim = sim
        self.clock = clock
        self.peer = peer
        self.rest = rest
        self.market = market

    def step(self, times: int) -> None:
        for _ in range(times):
            self.clock.advance(STEP_MS)
            self.sim.step()

    async def diffs(self, times: int, symbol: str = SYMBOL, peer: Any = None) -> list[dict[str, Any]]:
        """Give the diffs of a symbol that come in so many tenths of a second."""
        self.step(times)
        told = await (peer or self.peer).until_answer()
        return [one["data"] for one in told if one["data"]["s"] == symbol]

    async def ask(self, symbol: str = SYMBOL, limit: int = 1000) -> tuple[int, Any]:
        return await self.rest.ask(self.market, "GET", PATHS[self.market], symbol=symbol, limit=limit)

    async def snapshot(self, symbol: str = SYMBOL) -> dict[str, Any]:
        status, body = await self.ask(symbol)
        assert status == 200, body
        return dict(body)

    async def book(self) -> ReferenceBook:
        """Give a book of the symbol that is as it should be."""
        book = ReferenceBook(is_spot=self.market == "spot")
        for diff in await self.diffs(5):
            book.hear(diff)
        assert book.take(await self.snapshot(), 1000)
        for diff in await self.diffs(3):
            book.hear(diff)
        return book

    def is_true(self, book: ReferenceBook) -> bool:
        truth = self.sim.book(SYMBOL, self.market, book.update_id)
        return book.top(10**6) == (truth.bids, truth.asks)


@asynccontextmanager
async def scene_of(
    client: SimpleNamespace, clock: Any, market: Market = "spot", **options: Any
) -> AsyncIterator[Scene]:
    options = {"messages_per_second": 100, "message_limit": 10**6} | options
    url = (WsKey.MAIN, "/stream") if market == "spot" else (WsKey.USDM_PUBLIC, "/public/stream")
    async with (
        Simulator(clock=clock, **options) as sim,
        client.connect(sim.urls[url[0]] + url[1]) as peer,
        connect_rest(sim) as rest,
    ):
        await peer.ask("SUBSCRIBE", *(f"{symbol.lower()}{TOPIC}" for symbol in (SYMBOL, OTHER)))
        yield Scene(sim, clock, peer, rest, market)


def play(
    client: SimpleNamespace, clock: Any, run: Callable[[Scene], Any], market: Market = "spot", **options: Any
) -> None:
    async def scene() -> None:
        async with scene_of(client, clock, market, **options) as one:
            await run(one)

    client.run(scene())


def breaks(diffs: list[dict[str, Any]]) -> int:
    """Count the diffs that do not join the one before them."""
    return sum(
        after["pu"] != before["u"] if "pu" in after else after["U"] != before["u"] + 1
        for before, after in pairwise(diffs)
    )


# -- diffs


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("how", ["drop", "reorder"])
def test_diffs_that_are_missing_or_swapped_break_the_link_and_a_snapshot_mends_it(
    client: SimpleNamespace, clock: Any, market: Market, how: Any
) -> None:
    async def scene(one: Scene) -> None:
        book = await one.book()
        one.sim.disturb(STREAM, market, how, count=1)
        diffs = await one.diffs(6)
        assert breaks(diffs) == (0 if how == "drop" else 2)
        if how == "reorder":
            assert diffs[0]["u"] > diffs[1]["u"]
        # What follows the gap is the first to be missing something.
        with pytest.raises(LinkBroken):
            book.hear(diffs[0])
        # The other symbol has nothing of it.
        one.sim.undisturb(STREAM, market)
        assert breaks(await one.diffs(10, OTHER)) == 0
        book.buffer.clear()
        for diff in await one.diffs(3):
            book.hear(diff)
        assert book.take(await one.snapshot(), 1000)
        for diff in await one.diffs(3):
            book.hear(diff)
        assert one.is_true(book)

    play(client, clock, scene, market)


def test_a_gap_can_be_that_of_one_connection_alone(client: SimpleNamespace, clock: Any) -> None:
    async def scene(one: Scene) -> None:
        async with client.connect(one.sim.urls[WsKey.MAIN2] + f"/stream?streams={STREAM}") as second:
            await one.sim.wait_for(lambda sim: sim.connections == 2)
            await one.diffs(5)
            await second.until_answer()
            one.sim.disturb(STREAM, "spot", "drop", every=3, count=1, key="main2")
            whole = await one.diffs(6)
            holed = [message["data"] for message in await second.until_answer()]
            assert (breaks(whole), breaks(holed)) == (0, 1)
            assert [diff for diff in whole if diff not in holed] == [whole[2]]

    play(client, clock, scene)


def test_which_messages_a_share_is_depends_on_the_seed_alone(client: SimpleNamespace, clock: Any) -> None:
    async def missing(seed: int, share: float) -> list[int]:
        clock.now_ms = 1_795_340_000_000
        async with scene_of(client, clock, seed=seed) as one:
            one.sim.disturb(STREAM, "spot", "drop", share=share)
            await one.diffs(20)  # of another symbol, all of them
            one.sim.undisturb(STREAM, "spot")
            one.sim.disturb(STREAM, "spot", "drop", share=share)
            told = {round((diff["E"] - clock.now_ms) / STEP_MS) for diff in await one.diffs(40)}
            return [tenth for tenth in range(-40, 0) if tenth not in told]

    async def scene() -> None:
        some = await missing(1, 0.25)
        assert 2 <= len(some) <= 20
        assert await missing(1, 0.25) == some
        assert await missing(2, 0.25) != some
        assert len(await missing(1, 0.0)) <= 1
        assert len(await missing(1, 1.0)) == 40

    client.run(scene())


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(
    ("how", "is_so"),
    [
        ("negative", lambda diff: any(Decimal(qty) < 0 for _, qty in (*diff["b"], *diff["a"]))),
        ("zero", lambda diff: any(Decimal(price) == 0 for price, _ in (*diff["b"], *diff["a"]))),
        ("crossed", lambda diff: any(Decimal(price) > 100_000 for price, _ in diff["b"])),
    ],
)
def test_levels_of_a_diff_are_spoilt(
    client: SimpleNamespace, clock: Any, market: Market, how: Any, is_so: Callable[[Any], bool]
) -> None:
    async def scene(one: Scene) -> None:
        await one.diffs(3)
        one.sim.disturb(STREAM, market, how, every=2, count=1)
        diffs = await one.diffs(6)
        # The ids are right all the same.
        assert breaks(diffs) == 0
        assert [is_so(diff) for diff in diffs[:4]] == [False, True, False, False]
        (book, spoilt) = await one.snapshot(), diffs[1]
        if how == "crossed":
            assert all(Decimal(spoilt["b"][0][0]) > Decimal(price) for price, _ in book["asks"])
            assert Decimal(spoilt["b"][0][1]) > 0

    play(client, clock, scene, market)


def test_a_partial_depth_is_spoilt_too(client: SimpleNamespace, clock: Any) -> None:
    async def scene(one: Scene) -> None:
        async with client.connect(one.sim.urls[WsKey.MAIN] + "/ws/btcusdt@depth5@100ms") as peer:
            await one.sim.wait_for(lambda sim: sim.connections == 2)
            one.sim.disturb("btcusdt@depth5@100ms", "spot", "zero", count=1)
            one.step(5)
            spoilt, *others = await peer.until_answer()
            assert Decimal(spoilt["bids"][0][0]) == 0
            assert all(Decimal(other["bids"][0][0]) > 0 for other in others)

    play(client, clock, scene)


# -- snapshots


@pytest.mark.parametrize("market", MARKETS)
def test_a_stale_snapshot_lies_before_what_a_client_has_buffered(
    client: SimpleNamespace, clock: Any, market: Market
) -> None:
    async def scene(one: Scene) -> None:
        book = ReferenceBook(is_spot=market == "spot")
        for diff in await one.diffs(5):
            book.hear(diff)
        first = book.buffer[0]["U"]
        # So far back that only ids go there: the market is as old as the subscription.
        one.sim.snapshots(SYMBOL, market, stale=5000, times=1)
        body = await one.snapshot()
        assert body["lastUpdateId"] < first
        assert not book.take(body, 1000)
        # A few changes back there is a book which was that once, and may be gone on from.
        for stale in (1, 7):
            one.sim.snapshots(SYMBOL, market, stale=stale)
            body = await one.snapshot()
            truth = one.sim.book(SYMBOL, market, body["lastUpdateId"])
            assert [tuple(level) for level in body["bids"]] == truth.bids
            assert [tuple(level) for level in body["asks"]] == truth.asks
            assert truth.update_id == body["lastUpdateId"] < one.sim.book(SYMBOL, market).update_id
        assert book.take(body, 1000)
        for diff in await one.diffs(3):
            book.hear(diff)
        assert one.is_true(book)
        one.sim.snapshots(SYMBOL, market)
        assert (await one.snapshot())["lastUpdateId"] == one.sim.book(SYMBOL, market).update_id

    play(client, clock, scene, market)


def test_a_slow_snapshot_is_that_of_the_time_of_asking(client: SimpleNamespace, clock: Any) -> None:
    async def scene(one: Scene) -> None:
        await one.diffs(5)
        one.sim.snapshots(late=0.1, times=1)
        began, asked_at = asyncio.get_running_loop().time(), one.sim.book(SYMBOL).update_id
        slow = asyncio.create_task(one.snapshot())
        await one.sim.wait_for(lambda sim: sim.stats.snapshots == 1)
        later = await one.diffs(5)
        # Whoever asks next is answered at once, and before.
        assert (await one.snapshot())["lastUpdateId"] == one.sim.book(SYMBOL).update_id
        assert (await slow)["lastUpdateId"] == asked_at < later[-1]["u"]
        assert asyncio.get_running_loop().time() - began >= 0.1

    play(client, clock, scene)


@pytest.mark.parametrize(
    ("how", "is_so"),
    [
        ("negative", lambda body: Decimal(body["bids"][0][1]) < 0),
        ("zero", lambda body: Decimal(body["bids"][0][0]) == 0),
        ("crossed", lambda body: Decimal(body["bids"][0][0]) > Decimal(body["asks"][0][0])),
    ],
)
def test_a_snapshot_is_spoilt(
    client: SimpleNamespace, clock: Any, how: Any, is_so: Callable[[Any], bool]
) -> None:
    async def scene(one: Scene) -> None:
        one.sim.snapshots(SYMBOL, malform=how, times=1)
        # With a body that is otherwise what it was, whatever else was asked for meanwhile.
        assert not is_so(await one.snapshot(OTHER))
        body = await one.snapshot()
        assert is_so(body)
        whole = await one.snapshot()
        assert not is_so(whole)
        assert (body["asks"], body["lastUpdateId"]) == (whole["asks"], whole["lastUpdateId"])
        assert list(body) == list(whole)

    play(client, clock, scene)


@pytest.mark.parametrize(
    ("fault", "expected", "header"),
    [
        ({"status": 500}, (-1001, "Internal error; unable to process your request. Please try again."), None),
        (
            {"status": 429, "retry_after": 7},
            (-1003, "Too many requests; please use the websocket for live updates."),
            "7",
        ),
        ({"status": 418, "code": -1003, "msg": "Banned.", "retry_after": 120.0}, (-1003, "Banned."), "120"),
        ({"status": 400}, (-1000, "An unknown error occurred while processing the request."), None),
    ],
)
def test_a_snapshot_is_refused(
    client: SimpleNamespace, clock: Any, fault: Any, expected: tuple[int, str], header: str | None
) -> None:
    async def scene(one: Scene) -> None:
        body = dict(zip(("code", "msg"), expected, strict=True))
        one.sim.snapshots(SYMBOL, "spot", **fault, times=2)
        for _ in range(2):
            assert await one.ask() == (fault["status"], body)
            assert one.rest.headers.get("Retry-After") == header
        assert (await one.ask())[0] == 200
        stats = one.sim.stats
        counted = (stats.snapshots, stats.rest_errors, stats.rest_limited, stats.rest_banned)
        assert counted == (1, 2, 2 * (fault["status"] == 429), 2 * (fault["status"] == 418))

    play(client, clock, scene)


def test_what_holds_for_a_symbol_goes_before_what_holds_for_its_market_and_for_all(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene(one: Scene) -> None:
        async def statuses() -> list[int]:
            asked = [("spot", PATHS["spot"], SYMBOL), ("spot", PATHS["spot"], OTHER)]
            asked += [("usdm", PATHS["usdm"], SYMBOL), ("usdm", PATHS["usdm"], OTHER)]
            return [(await one.rest.ask(m, "GET", path, symbol=s))[0] for m, path, s in asked]

        one.sim.snapshots(status=500)
        one.sim.snapshots(market="spot", status=501)
        one.sim.snapshots(SYMBOL, status=502)
        one.sim.snapshots(SYMBOL, "spot", status=503)
        assert await statuses() == [503, 501, 502, 500]
        one.sim.snapshots(SYMBOL, "spot")
        assert await statuses() == [502, 501, 502, 500]
        one.sim.snapshots(SYMBOL, status=504, times=1)
        assert await statuses() == [504, 501, 500, 500]
        one.sim.snapshots()
        assert await statuses() == [200, 200, 200, 200]

    play(client, clock, scene)


def test_which_snapshots_a_share_is_depends_on_the_seed_alone(client: SimpleNamespace, clock: Any) -> None:
    async def refused(seed: int, others: int) -> list[int]:
        async with scene_of(client, clock, seed=seed) as one:
            one.sim.snapshots(SYMBOL, status=500, share=0.3)
            one.sim.snapshots(OTHER, status=500, share=0.3)
            statuses = []
            for _ in range(30):
                for _ in range(others):
                    await one.ask(OTHER, 5)
                statuses.append((await one.ask(limit=5))[0])
            assert set(statuses) == {200, 500}
            return statuses

    async def scene() -> None:
        found = await refused(1, 0)
        assert await refused(1, 1) == found
        assert await refused(2, 0) != found

    client.run(scene())


@pytest.mark.parametrize(("service", "market"), [("mainWSAPI", "spot"), ("usdmWSAPI", "usdm")])
def test_snapshots_of_the_ws_api_have_the_same_faults(
    client: SimpleNamespace, clock: Any, service: str, market: Market
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, service, clock) as peer:
            now = sim.book(SYMBOL, market).update_id
            sim.snapshots(SYMBOL, market, stale=100, late=0.05, malform="zero", times=1)
            began = asyncio.get_running_loop().time()
            body = await peer.result("depth", symbol=SYMBOL)
            assert asyncio.get_running_loop().time() - began >= 0.05
            assert body["lastUpdateId"] < now
            assert Decimal(body["bids"][0][0]) == 0
            sim.snapshots(SYMBOL, market, status=429, retry_after=3, late=0.01, times=1)
            answer = await peer.ask("depth", symbol=SYMBOL)
            assert (answer["status"], answer["error"]["code"]) == (429, -1003)
            data = answer["error"]["data"]
            assert data["retryAfter"] - data["serverTime"] == 3000
            assert (await peer.result("depth", symbol=SYMBOL))["lastUpdateId"] >= now

    client.run(scene())


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"stale": -1}, "stale is -1"),
        ({"late": -0.5}, "late is -0.5"),
        ({"malform": "odd"}, "malform is 'odd'"),
        ({"status": 200}, "status is 200"),
        ({"share": 1.5}, "share is 1.5"),
        ({"times": 0}, "times is 0"),
        ({"market": "alpha", "stale": 1}, "no snapshots of 'alpha'"),
    ],
)
def test_figures_that_cannot_be_are_refused(figures: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Simulator().snapshots(**figures)


@pytest.mark.parametrize(
    ("stream", "how", "share", "words"),
    [
        ("btcusdt@depth", "drop", -0.1, "share is -0.1"),
        ("btcusdt@trade", "zero", 1.0, "no levels"),
        ("btcusdt@depth", "odd", 1.0, "no disturbance"),
    ],
)
def test_disturbances_that_cannot_be_are_refused(stream: str, how: Any, share: float, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Simulator().disturb(stream, "spot", how, share=share)


def test_a_simulator_in_a_thread_has_the_same_switches(clock: Any) -> None:
    with run_in_thread(clock=clock) as sim:

        async def ask(simulator: Simulator) -> tuple[int, Any]:
            async with connect_rest(simulator) as rest:
                return await rest.ask("coinm", "GET", "/dapi/v1/depth", symbol="BTCUSD_PERP", limit=5)

        sim.snapshots("BTCUSD_PERP", "coinm", status=503, msg="Busy.", code=-1008)
        assert sim.wait(ask) == (503, {"code": -1008, "msg": "Busy."})
        sim.snapshots()
        status, body = sim.wait(ask)
        assert (status, body) == (200, json.loads(sim.snapshot("coinm", "BTCUSD_PERP", 5)))
        sim.disturb("btcusdt@depth", "spot", "drop", share=0.5)
        sim.undisturb("btcusdt@depth", "spot")

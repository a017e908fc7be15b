"""Snapshots of books over REST: what they look like, how many levels they have, and what they cost."""

from types import SimpleNamespace
from typing import Any, Final

import pytest
from support.rest import connect_rest

from fastbinance.sim import Simulator

SYMBOL: Final = "BTCUSDT"
OPTION: Final = "BTC-261225-90000-C"

SHAPES: Final = [
    ("spot", "/api/v3/depth", "BTCUSDT", 100, ["lastUpdateId", "bids", "asks"]),
    ("usdm", "/fapi/v1/depth", "BTCUSDT", 500, ["lastUpdateId", "E", "T", "bids", "asks"]),
    ("usdm", "/fapi/v1/rpiDepth", "BTCUSDT", 1000, ["lastUpdateId", "E", "T", "bids", "asks"]),
    (
        "coinm", "/dapi/v1/depth", "BTCUSD_PERP", 500,
        ["lastUpdateId", "E", "T", "symbol", "pair", "bids", "asks"],
    ),
    ("options", "/eapi/v1/depth", OPTION, 100, ["bids", "asks", "T", "lastUpdateId"]),
]  # fmt: skip


@pytest.mark.parametrize(("product", "path", "symbol", "default", "keys"), SHAPES)
def test_a_snapshot_looks_as_documented_and_has_the_documented_number_of_levels(
    client: SimpleNamespace, clock: Any, product: Any, path: str, symbol: str, default: int, keys: list[str]
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, book_levels=1200) as sim, connect_rest(sim) as rest:
            # It is nobody's symbol before somebody has asked for it.
            if product == "options":
                for unknown in ("BTC-261225-90001-C", "BTCUSDT"):
                    answer = await rest.ask(product, "GET", path, symbol=unknown)
                    assert answer == (400, {"code": -1121, "msg": "Invalid symbol."})
            whole = sim.book(symbol, product, rpi="rpi" in path)
            status, body = await rest.ask(product, "GET", path, symbol=symbol)
            assert status == 200
            assert list(body) == keys
            assert body["lastUpdateId"] == whole.update_id
            assert [tuple(level) for level in body["bids"]] == whole.bids[:default]
            assert [tuple(level) for level in body["asks"]] == whole.asks[:default]
            assert all(body[key] == clock.now_ms for key in ("E", "T") if key in body)
            if product == "coinm":
                assert (body["symbol"], body["pair"]) == ("BTCUSD_PERP", "BTCUSD")

    client.run(scene())


_OF_FUTURES: Final = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20, None: 10}
WEIGHTS: Final[list[tuple[Any, str, str, dict[int | None, int]]]] = [
    (
        "spot", "/api/v3/depth", SYMBOL,
        {1: 5, 100: 5, 101: 25, 500: 25, 501: 50, 1000: 50, 1001: 250, 5000: 250, None: 5},
    ),
    ("usdm", "/fapi/v1/depth", SYMBOL, _OF_FUTURES),
    ("usdm", "/fapi/v1/rpiDepth", SYMBOL, {1000: 20, None: 20}),
    ("coinm", "/dapi/v1/depth", "BTCUSD_PERP", _OF_FUTURES),
    ("options", "/eapi/v1/depth", OPTION, {10: 1, 20: 1, 50: 1, 100: 5, 500: 10, 1000: 20, None: 5}),
]  # fmt: skip


@pytest.mark.parametrize(("product", "path", "symbol", "weights"), WEIGHTS)
def test_a_snapshot_costs_what_its_limit_says(
    client: SimpleNamespace, clock: Any, product: Any, path: str, symbol: str, weights: dict[int | None, int]
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_rest(sim) as rest:
            for limit, weight in weights.items():
                clock.advance(60_000)
                params = {"symbol": symbol} | ({} if limit is None else {"limit": limit})
                status, body = await rest.ask(product, "GET", path, **params)
                assert (status, rest.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(weight)), limit
                assert len(body["bids"]) <= (limit or 1000)

    client.run(scene())


@pytest.mark.parametrize(
    ("product", "path", "symbol", "limit"),
    [
        ("usdm", "/fapi/v1/depth", SYMBOL, 25),
        ("usdm", "/fapi/v1/rpiDepth", SYMBOL, 500),
        ("coinm", "/dapi/v1/depth", "BTCUSD_PERP", 5000),
        ("options", "/eapi/v1/depth", OPTION, 0),
    ],
)
def test_futures_know_few_limits(
    client: SimpleNamespace, clock: Any, product: Any, path: str, symbol: str, limit: int
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_rest(sim) as rest:
            error = {"code": -4021, "msg": f"{limit} is not valid depth limit."}
            assert await rest.ask(product, "GET", path, symbol=symbol, limit=limit) == (400, error)

    client.run(scene())


@pytest.mark.parametrize(
    ("product", "path", "symbol", "limit", "a_minute"),
    [
        ("spot", "/api/v3/depth", "BTCUSDT", 5000, 6000 // 250),
        ("usdm", "/fapi/v1/depth", "BTCUSDT", 1000, 2400 // 20),
        ("coinm", "/dapi/v1/depth", "BTCUSD_PERP", 1000, 2400 // 20),
        ("options", "/eapi/v1/depth", OPTION, 1000, 400 // 20),
    ],
)
def test_snapshots_use_up_the_minute_and_then_are_refused_and_banned(
    client: SimpleNamespace, clock: Any, product: Any, path: str, symbol: str, limit: int, a_minute: int
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, api_limits={"refusals_before_ban": 2}) as sim,
            connect_rest(sim) as rest,
        ):
            sim.book(symbol, product)

            async def ask() -> int:
                return (await rest.ask(product, "GET", path, symbol=symbol, limit=limit))[0]

            left_s = 60 - clock.now_ms // 1000 % 60
            assert {await ask() for _ in range(a_minute)} == {200}
            assert await ask() == 429
            assert rest.headers["Retry-After"] == str(left_s)
            clock.advance(60_000)
            assert {await ask() for _ in range(a_minute)} == {200}
            assert [await ask() for _ in range(4)] == [429, 429, 418, 418]
            assert rest.headers["Retry-After"] == "120"
            stats = sim.stats
            assert (stats.snapshots, stats.rest_limited, stats.rest_banned) == (2 * a_minute, 3, 2)

    client.run(scene())


def test_a_minute_of_weight_can_be_as_short_as_a_test_wants_it(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        limits: Any = {"weight": 50, "weight_seconds": 2}
        async with Simulator(clock=clock, api_limits=limits) as sim, connect_rest(sim) as rest:

            async def ask() -> int:
                return (await rest.ask("spot", "GET", "/api/v3/depth", symbol=SYMBOL, limit=1000))[0]

            assert [await ask(), await ask()] == [200, 429]
            assert rest.headers["Retry-After"] == "2"
            clock.advance(2000)
            assert [await ask(), await ask()] == [200, 429]
            assert sim.stats.rest_limited == 2

    client.run(scene())

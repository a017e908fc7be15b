"""Market data of the WS APIs: the markets that the streams tell of."""

import itertools
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import connect_api

from fastbinance.keys import WsKey
from fastbinance.sim import Simulator

MINUTE_MS = 60_000
DAY_MS = 86_400_000
KLINE_KEYS = 12


def test_the_server_answers_and_tells_its_time(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim) as peer:
            assert await peer.result("ping") == {}
            assert await peer.result("time") == {"serverTime": clock.now_ms}

    client.run(scene())


def test_symbols_are_described_with_the_filters_of_their_orders(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(api_limits={"weight": 1200}) as sim, connect_api(sim) as peer:
            info = await peer.result("exchangeInfo")
            assert list(info) == [
                "timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols", "sors"
            ]  # fmt: skip
            assert [limit["limit"] for limit in info["rateLimits"]] == [1200, 100, 200_000, 300_000, 300]
            assert {"BTCUSDT", "BNBBTC"} < {symbol["symbol"] for symbol in info["symbols"]}
            one = await peer.result("exchangeInfo", symbol="BNBBTC", showPermissionSets=False)
            (symbol,) = one["symbols"]
            assert (symbol["baseAsset"], symbol["quoteAsset"], symbol["status"]) == ("BNB", "BTC", "TRADING")
            assert "permissionSets" not in symbol
            filters = {one["filterType"]: one for one in symbol["filters"]}
            (level,) = (await peer.result("depth", symbol="BNBBTC", limit=1))["bids"]
            assert Decimal(level[0]) % Decimal(filters["PRICE_FILTER"]["tickSize"]) == 0
            assert Decimal(level[1]) % Decimal(filters["LOT_SIZE"]["stepSize"]) == 0
            two = await peer.result("exchangeInfo", symbols=["BTCUSDT", "ETHUSDT"])
            assert [symbol["symbol"] for symbol in two["symbols"]] == ["BTCUSDT", "ETHUSDT"]
            assert (await peer.result("exchangeInfo", permissions=["MARGIN"]))["symbols"] == []
            assert (await peer.result("exchangeInfo", symbolStatus="HALT"))["symbols"] == []
            rules = await peer.result("executionRules", symbol="BTCUSDT")
            assert [rule["symbol"] for rule in rules["symbolRules"]] == ["BTCUSDT"]

    client.run(scene())


@pytest.mark.parametrize(
    ("service", "stream", "market"), [("mainWSAPI", "main", "spot"), ("usdmWSAPI", "usdm", "usdm")]
)
def test_the_book_is_that_of_the_streams(
    client: SimpleNamespace, clock: Any, service: str, stream: str, market: Any
) -> None:
    async def scene() -> None:
        path = "/ws/btcusdt@depth@100ms" if market == "spot" else "/public/ws/btcusdt@depth@100ms"
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim, service, clock) as peer,
            client.connect(sim.urls[WsKey(stream)] + path) as streams,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            clock.advance(5000)
            sim.step()
            told = await peer.result("depth", symbol="BTCUSDT", limit=1000)
            assert told == json.loads(sim.snapshot(market, "BTCUSDT", 1000))
            before = (await streams.until_answer())[-1]["u"]
            clock.advance(1000)
            sim.step()
            after = (await streams.until_answer())[0]["u"]
            assert before <= told["lastUpdateId"] <= after
            assert len((await peer.result("depth", symbol="BTCUSDT", limit=5))["asks"]) == 5

    client.run(scene())


def test_trades_and_aggregates_are_those_of_the_streams(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim, clock=clock) as peer,
            client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@trade") as trades,
            client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@aggTrade") as aggregates,
        ):
            await sim.wait_for(lambda sim: sim.connections == 3)
            clock.advance(5000)
            sim.step()
            told = await trades.until_answer()
            assert len(told) > 10
            found = await peer.result("trades.recent", symbol="BTCUSDT", limit=len(told))
            names = {"id": "t", "price": "p", "qty": "q", "time": "T", "isBuyerMaker": "m"}
            assert [{name: one[name] for name in names} for one in found] == [
                {name: one[key] for name, key in names.items()} for one in told
            ]
            assert all(
                Decimal(one["quoteQty"]) == Decimal(one["price"]) * Decimal(one["qty"]) for one in found
            )
            again = await peer.result("trades.historical", symbol="BTCUSDT", fromId=told[3]["t"], limit=2)
            assert [one["id"] for one in again] == [told[3]["t"], told[4]["t"]]
            told = await aggregates.until_answer()
            found = await peer.result("trades.aggregate", symbol="BTCUSDT", limit=len(told))
            keys = ("a", "p", "q", "f", "l", "T", "m", "M")
            assert found == [{key: one[key] for key in keys} for one in told]

    client.run(scene())


def test_trades_before_the_market_was_watched_have_no_gaps(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            newest = await peer.result("trades.recent", symbol="ETHUSDT", limit=1000)
            ids = [one["id"] for one in newest]
            assert ids == list(range(ids[0], ids[0] + 1000))
            times = [one["time"] for one in newest]
            assert times == sorted(times)
            assert times[-1] <= clock.now_ms
            older = await peer.result("trades.historical", symbol="ETHUSDT", fromId=ids[0] - 5, limit=6)
            assert older[-1] == newest[0]
            # A first id that is too old begins with the oldest that there is.
            oldest = await peer.result("trades.historical", symbol="ETHUSDT", fromId=0, limit=2)
            assert 0 < oldest[0]["id"] < ids[0]
            aggregates = await peer.result("trades.aggregate", symbol="ETHUSDT", limit=100)
            first = aggregates[0]["a"]
            assert [one["a"] for one in aggregates] == list(range(first, first + 100))
            for one, following in itertools.pairwise(aggregates):
                assert following["f"] == one["l"] + 1
            start_ms = clock.now_ms - 3_600_000
            span = {"startTime": start_ms, "endTime": start_ms + 1000}
            found = await peer.result("trades.aggregate", symbol="ETHUSDT", **span)
            assert found
            assert all(start_ms <= one["T"] <= start_ms + 1000 for one in found)
            # Times may be in microseconds.
            fine = {name: at_ms * 1000 for name, at_ms in span.items()}
            assert await peer.result("trades.aggregate", symbol="ETHUSDT", **fine) == found
            before = await peer.result("trades.aggregate", symbol="ETHUSDT", endTime=start_ms - 1, limit=3)
            assert (len(before), before[-1]["a"] < found[0]["a"]) == (3, True)

    client.run(scene())


def test_no_block_trade_is_kept(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert await peer.result("blockTrades.historical", symbol="BTCUSDT", fromId=1) == []

    client.run(scene())


def test_the_current_kline_is_that_of_the_stream(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim, clock=clock) as peer,
            client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@kline_1m") as streams,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            told: list[Any] = []
            for _ in range(5):
                clock.advance(MINUTE_MS // 2)
                sim.step()
                told += await streams.until_answer()
            closed = [one["k"] for one in told if one["k"]["x"]]
            assert len(closed) >= 2
            rows = await peer.result("klines", symbol="BTCUSDT", interval="1m", limit=5)
            assert [len(row) for row in rows] == [KLINE_KEYS] * 5
            by_start = {row[0]: row for row in rows}
            for kline in closed[1:]:
                assert by_start[kline["t"]] == [
                    kline["t"], kline["o"], kline["h"], kline["l"], kline["c"], kline["v"], kline["T"],
                    kline["q"], kline["n"], kline["V"], kline["Q"], "0",
                ]  # fmt: skip

    client.run(scene())


@pytest.mark.parametrize("interval", ["1s", "1m", "3m", "15m", "1h", "4h", "1d", "3d", "1w"])
def test_klines_follow_each_other(client: SimpleNamespace, clock: Any, interval: str) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            rows = await peer.result("klines", symbol="BTCUSDT", interval=interval, limit=10)
            assert rows[-1][0] <= clock.now_ms <= rows[-1][6]
            for row, following in itertools.pairwise(rows):
                assert following[0] == row[6] + 1
            for row in rows:
                opened, high, low, close = map(Decimal, row[1:5])
                assert low <= min(opened, close) <= max(opened, close) <= high
                assert Decimal(row[9]) <= Decimal(row[5])
            start = await peer.result(
                "uiKlines", symbol="BTCUSDT", interval=interval, startTime=rows[2][0], limit=3
            )
            assert start == rows[2:5]
            end = await peer.result(
                "klines", symbol="BTCUSDT", interval=interval, endTime=rows[4][6], limit=2
            )
            assert end == rows[3:5]

    client.run(scene())


def test_klines_go_back_to_the_month_before(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            rows = await peer.result("klines", symbol="BTCUSDT", interval="1M", limit=10)
            assert [row[0] for row in rows] == [1_790_812_800_000, 1_793_491_200_000]
            assert await peer.result("klines", symbol="BTCUSDT", interval="1M", startTime=0) == rows

    client.run(scene())


def test_klines_of_minutes_add_up_to_those_of_hours(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            hours = await peer.result("klines", symbol="BTCUSDT", interval="1h", limit=8)
            hour = hours[1]
            span = {"startTime": hour[0], "endTime": hour[6]}
            minutes = await peer.result("klines", symbol="BTCUSDT", interval="1m", **span)
            assert len(minutes) == 60
            assert (minutes[0][1], minutes[-1][4]) == (hour[1], hour[4])
            assert max(Decimal(row[2]) for row in minutes) == Decimal(hour[2])
            assert min(Decimal(row[3]) for row in minutes) == Decimal(hour[3])
            assert sum(Decimal(row[5]) for row in minutes) == Decimal(hour[5])
            assert sum(row[8] for row in minutes) == hour[8]

    client.run(scene())


def test_days_begin_where_a_time_zone_says(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            asked = {"symbol": "BTCUSDT", "interval": "1d", "limit": 2}
            for zone, hours in (("8", 8), ("-1:00", -1), ("+05:45", 5.75), ("0", 0)):
                (_, today) = await peer.result("klines", **asked, timeZone=zone)
                assert (today[0] + hours * 3_600_000) % DAY_MS == 0
                ticker = await peer.result("ticker.tradingDay", symbol="BTCUSDT", timeZone=zone)
                assert (ticker["openTime"], ticker["closeTime"]) == (today[0], today[6])
                assert (ticker["highPrice"], ticker["count"]) == (today[2], today[8])

    client.run(scene())


def test_the_ticker_of_a_day_is_that_of_the_stream(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            # Nothing trades, so that it does not matter when each of them is told.
            Simulator(clock=clock, messages_per_second=0.000_001) as sim,
            connect_api(sim, clock=clock) as peer,
            client.connect(sim.urls[WsKey.MAIN] + "/ws/btcusdt@ticker") as streams,
        ):
            await sim.wait_for(lambda sim: sim.connections == 2)
            clock.advance(500)
            sim.step()
            (event,) = await streams.until_answer()
            event["C"] = clock.now_ms
            ticker = await peer.result("ticker.24hr", symbol="BTCUSDT")
            names = {
                "symbol": "s", "priceChange": "p", "priceChangePercent": "P", "weightedAvgPrice": "w",
                "prevClosePrice": "x", "lastPrice": "c", "lastQty": "Q", "bidPrice": "b", "bidQty": "B",
                "askPrice": "a", "askQty": "A", "openPrice": "o", "highPrice": "h", "lowPrice": "l",
                "volume": "v", "quoteVolume": "q", "openTime": "O", "closeTime": "C", "firstId": "F",
                "lastId": "L", "count": "n",
            }  # fmt: skip
            assert list(ticker) == list(names)
            assert ticker == {name: event[key] for name, key in names.items()}
            mini = await peer.result("ticker.24hr", symbol="BTCUSDT", type="MINI")
            assert mini == {name: ticker[name] for name in mini}
            assert list(mini) == ["symbol", *list(names)[11:14], "lastPrice", *list(names)[14:]]
            assert (await peer.result("ticker.price", symbol="BTCUSDT"))["price"] == ticker["lastPrice"]

    client.run(scene())


@pytest.mark.parametrize(
    "method", ["ticker.24hr", "ticker.tradingDay", "ticker", "ticker.price", "ticker.book"]
)
def test_tickers_come_alone_or_as_a_list(client: SimpleNamespace, method: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert (await peer.result(method, symbol="BTCUSDT"))["symbol"] == "BTCUSDT"
            wanted = ["ETHUSDT", "BTCUSDT"]
            assert [one["symbol"] for one in await peer.result(method, symbols=wanted)] == wanted
            assert [one["symbol"] for one in await peer.result(method, symbols=wanted[:1])] == wanted[:1]
            assert await peer.result(method, symbols=wanted, symbolStatus="BREAK") == []
            if method not in ("ticker", "ticker.tradingDay"):
                assert len(await peer.result(method)) >= 8

    client.run(scene())


def test_a_window_begins_on_its_minute(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            seen = []
            for window, minutes in (("1m", 1), ("90m", None), ("4h", 240), ("7d", 7 * 1440)):
                if minutes is None:
                    assert (await peer.error("ticker", symbol="BTCUSDT", windowSize=window))[1] == -1130
                    continue
                ticker = await peer.result("ticker", symbol="BTCUSDT", windowSize=window)
                start_ms = clock.now_ms - minutes * MINUTE_MS
                assert ticker["openTime"] == start_ms - start_ms % MINUTE_MS
                assert ticker["closeTime"] == clock.now_ms
                assert ticker["lastId"] - ticker["firstId"] + 1 == ticker["count"]
                seen.append(ticker["count"])
            assert seen == sorted(seen)

    client.run(scene())


def test_averages_and_reference_prices_are_near_the_market(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            top = await peer.result("ticker.book", symbol="BTCUSDT")
            middle = (Decimal(top["bidPrice"]) + Decimal(top["askPrice"])) / 2
            average = await peer.result("avgPrice", symbol="BTCUSDT")
            assert list(average) == ["mins", "price", "closeTime"]
            assert abs(Decimal(average["price"]) / middle - 1) < Decimal("0.02")
            # Once a minute there is none for a moment, as on the stream.
            clock.now_ms += 30_000 - clock.now_ms % MINUTE_MS
            told = await peer.result("referencePrice", symbol="BTCUSDT")
            assert (told["symbol"], told["timestamp"]) == ("BTCUSDT", clock.now_ms)
            assert abs(Decimal(told["referencePrice"]) / middle - 1) < Decimal("0.02")
            clock.now_ms += 30_000
            assert (await peer.result("referencePrice", symbol="BTCUSDT"))["referencePrice"] is None
            how = await peer.result("referencePrice.calculation", symbol="BTCUSDT")
            assert how["calculationType"] == "ARITHMETIC_MEAN"

    client.run(scene())


def test_usdm_has_books_and_prices(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, "usdmWSAPI", clock) as peer:
            depth = await peer.result("depth", symbol="BTCUSDT", limit=5)
            assert list(depth) == ["lastUpdateId", "E", "T", "bids", "asks"]
            top = await peer.result("ticker.book", symbol="BTCUSDT")
            assert [top["bidPrice"], top["bidQty"]] == depth["bids"][0]
            assert [top["askPrice"], top["askQty"]] == depth["asks"][0]
            assert top["lastUpdateId"] == depth["lastUpdateId"]
            price = await peer.result("ticker.price", symbol="BTCUSDT")
            assert list(price) == ["symbol", "price", "time"]
            for method in ("ticker.price", "ticker.book"):
                assert "1000PEPEUSDT" in {one["symbol"] for one in await peer.result(method)}

    client.run(scene())


def test_a_symbol_is_there_once_a_stream_asked_for_it(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert (await peer.error("depth", symbol="ADAUSDT"))[1] == -1121
            async with client.connect(sim.urls[WsKey.MAIN] + "/ws/adausdt@bookTicker"):
                await sim.wait_for(lambda sim: sim.connections == 2)
                assert (await peer.result("ticker.book", symbol="ADAUSDT"))["symbol"] == "ADAUSDT"

    client.run(scene())

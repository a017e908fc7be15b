"""What the streams say fits together: klines are their trades, tickers their klines, marks their books."""

import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import pytest
from support.stepped import START_MS, SteppedExchange

from fastbinance.keys import Market
from fastbinance.sim.intervals import SPOT_INTERVALS

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
ON_A_MINUTE_MS: Final = START_MS - START_MS % MINUTE_MS
SYMBOLS: Final[dict[Market, str]] = {
    "spot": "ethusdt",
    "usdm": "ethusdt",
    "coinm": "btcusd_perp",
    "options": "btc-261225-90000-c",
    "alpha": "alpha_474usdt",
}
TRADES: Final[dict[Market, str]] = {
    "spot": "trade", "usdm": "trade", "coinm": "trade", "options": "optionTrade", "alpha": "trade"
}  # fmt: skip
MARKETS: Final = list(SYMBOLS)


def total(values: Iterable[str]) -> Decimal:
    return sum(map(Decimal, values), Decimal(0))


def watch(market: Market, *names: str, rate: float = 60.0, at_ms: int = START_MS) -> SteppedExchange:
    stepped = SteppedExchange(rate=rate, at_ms=at_ms)
    stepped.join(market, *names)
    return stepped


def value_of(trade: dict[str, Any], market: Market) -> Decimal:
    if market == "coinm":  # contracts of a hundred dollars, told in base asset with eight decimals
        value = 100 * Decimal(trade["q"]) / Decimal(trade["p"])
        return Decimal(int(value * 10**8)) / 10**8
    return Decimal(trade["p"]) * Decimal(trade["q"])


@pytest.mark.parametrize("market", MARKETS)
def test_closed_kline_is_exactly_the_trades_of_its_minute(market: Market) -> None:
    kline, trade = (f"{SYMBOLS[market]}@{topic}" for topic in ("kline_1m", TRADES[market]))
    stepped = watch(market, kline, trade, at_ms=ON_A_MINUTE_MS).after(MINUTE_MS + 4000)
    closed = [payload["k"] for payload in stepped.payloads(kline) if payload["k"]["x"]]
    assert len(closed) == 1
    candle = closed[0]
    assert (candle["t"], candle["T"]) == (ON_A_MINUTE_MS, ON_A_MINUTE_MS + MINUTE_MS - 1)
    trades = [
        one for one in stepped.payloads(trade) if one["T"] < ON_A_MINUTE_MS + MINUTE_MS and Decimal(one["q"])
    ]
    prices = [Decimal(one["p"]) for one in trades]
    takers = [one for one in trades if not one["m"]]
    told = [Decimal(candle[key]) for key in "ohlc"]
    assert told == [prices[0], max(prices), min(prices), prices[-1]]
    assert (candle["f"], candle["L"], candle["n"]) == (trades[0]["t"], trades[-1]["t"], len(trades))
    assert Decimal(candle["v"]) == total(one["q"] for one in trades)
    assert Decimal(candle["V"]) == total(one["q"] for one in takers)
    assert Decimal(candle["q"]) == sum(value_of(one, market) for one in trades)
    assert Decimal(candle["Q"]) == sum(value_of(one, market) for one in takers)


@pytest.mark.parametrize("market", MARKETS)
def test_kline_after_a_closed_one_begins_where_it_ended(market: Market) -> None:
    name = f"{SYMBOLS[market]}@kline_1m"
    story = [one["k"] for one in watch(market, name).after(3 * MINUTE_MS).payloads(name)]
    starts = list(dict.fromkeys(candle["t"] for candle in story))
    assert len(starts) == 4
    assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {MINUTE_MS}
    for start in starts[:-1]:
        closed = [candle["x"] for candle in story if candle["t"] == start]
        assert closed == [False] * (len(closed) - 1) + [True]


def test_every_second_has_its_kline_whether_there_were_trades_or_not() -> None:
    name = "btcusdt@kline_1s"
    story = [one["k"] for one in watch("spot", name, rate=1.0).after(30_000).payloads(name)]
    closed = [candle for candle in story if candle["x"]]
    assert {later["t"] - earlier["t"] for earlier, later in itertools.pairwise(closed)} == {1000}
    silent = [candle for candle in closed if candle["n"] == 0]
    assert silent
    assert len(closed) > len(silent)
    for candle in silent:
        assert (candle["f"], candle["L"], float(candle["v"])) == (-1, -1, 0.0)
        assert candle["o"] == candle["h"] == candle["l"] == candle["c"]


@pytest.mark.parametrize("interval", sorted(SPOT_INTERVALS))
@pytest.mark.parametrize("zone", ["", "@+08:00"])
def test_kline_of_every_interval_holds_its_time_and_the_market_before_it(interval: str, zone: str) -> None:
    name = f"btcusdt@kline_{interval}{zone}"
    event = watch("spot", name).after(250).payloads(name)[0]
    candle = event["k"]
    assert candle["t"] <= event["E"] <= candle["T"]
    assert candle["i"] == interval
    low, high = Decimal(candle["l"]), Decimal(candle["h"])
    assert low <= min(Decimal(candle["o"]), Decimal(candle["c"]))
    assert high >= max(Decimal(candle["o"]), Decimal(candle["c"]))
    if interval != "1s":
        assert candle["n"] == candle["L"] - candle["f"] + 1 > 0
        assert low * Decimal(candle["v"]) <= Decimal(candle["q"]) <= high * Decimal(candle["v"])
    if candle["T"] - candle["t"] >= DAY_MS - 1:
        assert candle["t"] % DAY_MS == (16 * 3_600_000 if zone else 0)


@pytest.mark.parametrize(
    ("market", "name"),
    [
        ("spot", "ethusdt@ticker"),
        *(("spot", f"ethusdt@ticker_{window}") for window in ("1h", "4h", "1d")),
        ("usdm", "ethusdt@ticker"),
        ("coinm", "ethusd_perp@ticker"),
        ("options", "btc-261225-90000-c@optionTicker"),
        ("alpha", "alpha_474usdt@ticker"),
    ],
)
def test_ticker_adds_up(market: Market, name: str) -> None:
    ticker = watch(market, name).after(65_000).payloads(name)[-1]
    numbers = {key: Decimal(ticker[key]) for key in "pPwcohlvq"}
    assert numbers["l"] <= min(numbers["o"], numbers["c"], numbers["w"])
    assert numbers["h"] >= max(numbers["o"], numbers["c"], numbers["w"])
    assert numbers["p"] == numbers["c"] - numbers["o"]
    assert abs(numbers["P"] - 100 * numbers["p"] / numbers["o"]) <= Decimal("0.0005")
    hours = {"1h": 1, "4h": 4}.get(ticker["e"].removesuffix("Ticker"), 24)
    assert 0 <= ticker["C"] - ticker["O"] - hours * 3_600_000 < MINUTE_MS
    assert ticker["O"] % MINUTE_MS == 0
    assert ticker["n"] <= ticker["L"] - ticker["F"] + 1
    assert numbers["v"] > 0
    assert numbers["q"] > 0
    if market == "spot" and "x" in ticker:
        assert Decimal(ticker["b"]) < Decimal(ticker["a"])
        assert Decimal(ticker["x"]) > 0


@pytest.mark.parametrize(
    ("market", "symbol"), [(market, SYMBOLS[market]) for market in ("spot", "usdm", "coinm", "alpha")]
)
def test_mini_ticker_and_ticker_say_the_same(market: Market, symbol: str) -> None:
    mini, full = f"{symbol}@miniTicker", f"{symbol}@ticker"
    stepped = watch(market, mini, full).after(10_000)
    assert stepped.payloads(mini)
    for one, other in zip(stepped.payloads(mini), stepped.payloads(full), strict=True):
        assert {key: one[key] for key in "Esohlcvq"} == {key: other[key] for key in "Esohlcvq"}


def test_average_price_is_that_of_the_last_minutes_trades() -> None:
    name = "ethusdt@avgPrice"
    stepped = watch("spot", name, "ethusdt@trade").after(7 * MINUTE_MS)
    average = stepped.payloads(name)[-1]
    trades = [trade for trade in stepped.payloads("ethusdt@trade") if trade["T"] <= average["E"]]
    assert average["T"] == trades[-1]["T"]
    # The five minutes begin on a minute.
    since = average["E"] - average["E"] % MINUTE_MS - 5 * MINUTE_MS
    window = [trade for trade in trades if trade["T"] >= since]
    mean = sum(value_of(trade, "spot") for trade in window) / total(trade["q"] for trade in window)
    assert abs(Decimal(average["w"]) - mean) <= Decimal("0.01")


def test_reference_price_is_near_the_book_and_sometimes_null() -> None:
    name = "bnbbtc@referencePrice"
    stepped = watch("spot", name, "bnbbtc@bookTicker").after(2 * MINUTE_MS)
    prices = [payload["r"] for payload in stepped.payloads(name)]
    assert prices.count(None) == 2
    quote = stepped.payloads("bnbbtc@bookTicker")[0]
    for price in prices:
        assert price is None or abs(Decimal(price) / Decimal(quote["b"]) - 1) < Decimal("0.02")


@pytest.mark.parametrize(("market", "symbol"), [("usdm", "btcusdt"), ("coinm", "btcusd_perp")])
def test_mark_price_is_the_middle_of_the_book_and_the_index_is_near(market: Market, symbol: str) -> None:
    name, book = f"{symbol}@markPrice@1s", f"{symbol}@bookTicker"
    stepped = watch(market, name, book, rate=200.0).after(5000)
    told = 0
    for mark in stepped.payloads(name):
        quotes = [quote for quote in stepped.payloads(book) if quote["T"] <= mark["E"]]
        if quotes:
            middle = (Decimal(quotes[-1]["b"]) + Decimal(quotes[-1]["a"])) / 2
            assert abs(Decimal(mark["p"]) - middle) < Decimal("0.01")
            told += 1
        assert abs(Decimal(mark["i"]) / Decimal(mark["p"]) - 1) < Decimal("0.02")
        assert min(mark["p"], mark["i"]) <= mark["ap"] <= max(mark["p"], mark["i"])
        assert abs(Decimal(mark["r"])) <= Decimal("0.003")
        assert mark["T"] % (8 * 3_600_000) == 0
        assert 0 < mark["T"] - mark["E"] <= 8 * 3_600_000
    assert told > 2


def test_mark_price_array_tells_shares_and_metals_in_a_frame_of_their_own() -> None:
    frames = watch("usdm", "!markPrice@arr@1s").after(2500).payloads("!markPrice@arr@1s")
    symbols = [{item["s"] for item in frame} for frame in frames]
    assert len(frames) == 6
    assert symbols[1] == {"TSLAUSDT", "XAUUSDT"}
    assert symbols[0] > {"BTCUSDT", "BTCUSDT_261225"}
    assert not symbols[0] & symbols[1]
    assert [frames[0][0]["E"], frames[2][0]["E"]] == [frames[1][0]["E"], frames[3][0]["E"]]


def test_pair_array_has_the_pairs_contracts_with_one_index() -> None:
    frame = watch("coinm", "btcusd@markPrice@1s").after(250).payloads("btcusd@markPrice@1s")[0]
    assert {item["s"] for item in frame} == {"BTCUSD_PERP", "BTCUSD_261225"}
    assert len({item["i"] for item in frame}) == 1


@pytest.mark.parametrize("market", ["usdm", "coinm"])
@pytest.mark.parametrize("name", ["!miniTicker@arr", "!ticker@arr"])
def test_merged_array_has_both_products_on_both_hosts_and_symbols_born_later(
    market: Market, name: str
) -> None:
    stepped = watch(market, name).after(250)
    stepped.join("usdm", "latecomerusdt@trade")
    frames = stepped.after(3000).payloads(name)
    assert {(item["st"], item["s"]) for item in frames[0]} > {(1, "BTCUSDT"), (2, "BTCUSD_PERP")}
    assert (1, "LATECOMERUSDT") in {(item["st"], item["s"]) for frame in frames[1:] for item in frame}


def test_array_of_tickers_has_only_what_traded_since_the_last_one() -> None:
    frames = watch("spot", "!miniTicker@arr", rate=2.0).after(20_000).payloads("!miniTicker@arr")
    everybody = {item["s"] for item in frames[0]}
    assert len(everybody) == 8
    for frame in frames[1:]:
        assert {item["s"] for item in frame} < everybody
    last: dict[str, dict[str, Any]] = {}
    for item in itertools.chain.from_iterable(frames):
        before = last.get(item["s"])
        assert before is None or before["v"] != item["v"]
        last[item["s"]] = item


def test_rpi_depth_is_the_public_depth_with_hidden_lots_on_top() -> None:
    public, hidden = "btcusdt@depth@500ms", "btcusdt@rpiDepth@500ms"
    stepped = watch("usdm", public, hidden, rate=200.0).after(5000)
    more = 0
    for plain, full in zip(stepped.payloads(public), stepped.payloads(hidden), strict=True):
        assert [plain[key] for key in ("U", "u", "pu")] == [full[key] for key in ("U", "u", "pu")]
        for side in "ba":
            for (price, qty), (same, whole) in zip(plain[side], full[side], strict=True):
                assert price == same
                assert Decimal(whole) >= Decimal(qty)
                assert (Decimal(qty) == 0) is (Decimal(whole) == 0)
                more += Decimal(whole) > Decimal(qty)
    assert more > 0


@pytest.mark.parametrize("topic", ["depth5", "fulldepth"])
def test_depth_of_zero_milliseconds_comes_with_every_change(topic: str) -> None:
    name = f"alpha_474usdt@{topic}@0ms"
    story = watch("alpha", name, rate=60.0).after(10_000).payloads(name)
    assert 700 < len(story) < 1300  # a hundred actions a second
    assert all(later["pu"] == earlier["u"] < later["U"] for earlier, later in itertools.pairwise(story))


def test_greeks_have_the_signs_of_their_options() -> None:
    frame = watch("options", "btcusdt@optionMarkPrice").after(250).payloads("btcusdt@optionMarkPrice")[0]
    assert len(frame) == 20
    assert {item["s"].split("-")[0] for item in frame} == {"BTC"}
    assert len({item["s"].split("-")[1] for item in frame}) == 2
    for item in frame:
        numbers = {key: float(item[key]) for key in item if key not in "seE"}
        assert 0 < numbers["bo"] <= numbers["mp"] <= numbers["ao"]
        assert numbers["ll"] < numbers["mp"] < numbers["hl"]
        assert 0 < numbers["b"] < numbers["vo"] < numbers["a"] < 3
        assert (0 < numbers["d"] < 1) if item["s"].endswith("-C") else (-1 < numbers["d"] < 0)
        assert numbers["t"] <= 0 <= min(numbers["g"], numbers["v"])
        assert abs(numbers["i"] / 91234.56 - 1) < 0.01


def test_streams_of_an_expiry_have_that_expirys_options_only() -> None:
    names = ["ethusdt@openInterest@270326", "ethusdt@optionTicker@270326"]
    stepped = watch("options", *names, "eth-270326-9000-p@bookTicker").after(1500)
    for name in names:
        symbols = {item["s"] for item in stepped.payloads(name)[-1]}
        assert {symbol.rpartition("-")[0].rpartition("-")[0] for symbol in symbols} == {"ETH-270326"}
        assert {symbol[-1] for symbol in symbols} == {"C", "P"}
    assert "ETH-270326-9000-P" in {item["s"] for frame in stepped.payloads(names[1]) for item in frame}


def test_composite_index_is_the_sum_of_its_components() -> None:
    name = "defiusdt@compositeIndex"
    event = watch("usdm", name).after(250).payloads(name)[0]
    assert event["s"] == "DEFIUSDT"
    assert abs(total(part["W"] for part in event["c"]) - 1) < Decimal("0.00001")
    worth = sum(float(part["w"]) * float(part["i"]) for part in event["c"])
    assert worth == pytest.approx(float(event["p"]), rel=1e-5)


def test_asset_index_rates_lie_around_its_price() -> None:
    stepped = watch("usdm", "!assetIndex@arr", "adausd@assetIndex").after(250)
    every, one = stepped.payloads("!assetIndex@arr")[0], stepped.payloads("adausd@assetIndex")[0]
    assert one in every
    for asset in every:
        numbers = {key: Decimal(asset[key]) for key in "ibaBAqgQG"}
        assert numbers["B"] < numbers["Q"] < numbers["i"] < numbers["G"] < numbers["A"]


def test_every_session_is_told_each_second_and_holds_its_time() -> None:
    # A Monday, so that not every market is closed.
    stepped = watch("usdm", "tradingSession", at_ms=START_MS + DAY_MS).after(2500)
    events = stepped.payloads("tradingSession")
    assert len(events) == 3 * 6
    assert len({event["e"] for event in events[:6]}) == 6
    assert all(event["t"] <= event["E"] < event["T"] for event in events)
    assert {event["S"] for event in events} == {"REGULAR", "NO_TRADING", "PRE_MARKET"}


def test_index_kline_follows_the_index() -> None:
    kline, price = "btcusd@indexPriceKline_1m", "btcusd@indexPrice@1s"
    stepped = watch("coinm", kline, price, at_ms=ON_A_MINUTE_MS).after(MINUTE_MS + 500)
    (closed,) = (event["k"] for event in stepped.payloads(kline) if event["k"]["x"])
    told = [Decimal(event["p"]) for event in stepped.payloads(price)]
    assert Decimal(closed["l"]) <= min(told)
    assert max(told) <= Decimal(closed["h"])
    assert (closed["n"], closed["v"], closed["q"], closed["f"]) == (60, "0", "0", 0)

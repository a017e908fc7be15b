"""Every method's parameters give the name that Binance knows, or are refused with what it offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance import _builders as build
from fastbinance._grammar import forms_of
from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS
from fastbinance.streams import Kind, Stream, parse

K = Kind
OPTION = "BTC-261225-126000-C"

# The stream, its name, kind, route, and the symbol of its ring: None for many.
BUILT: list[tuple[Stream, str, Kind | None, str | None, str | None]] = [
    (build.book_ticker("BTCUSDT", "spot"), "btcusdt@bookTicker", K.BOOK_TICKER, None, "BTCUSDT"),
    (build.book_ticker("BTCUSDT", "usdm"), "btcusdt@bookTicker", K.BOOK_TICKER, "public", "BTCUSDT"),
    (build.book_ticker(OPTION, "options"), "btc-261225-126000-c@bookTicker", K.BOOK_TICKER, "public", OPTION),
    (build.book_ticker(None, "usdm"), "!bookTicker", K.BOOK_TICKER, "public", None),
    (build.book_ticker(None, "coinm"), "!bookTicker", K.BOOK_TICKER, None, None),
    (build.book_ticker(None, "alpha"), "!bookTicker", K.BOOK_TICKER, None, None),
    (build.book_ticker("btcusdt", "spot", "sbe"), "btcusdt@bestBidAsk", K.BOOK_TICKER, None, "BTCUSDT"),
    (build.trades("btcusdt", "spot"), "btcusdt@trade", K.TRADE, None, "BTCUSDT"),
    (build.trades("btcusdt", "usdm"), "btcusdt@trade", K.TRADE, "public", "BTCUSDT"),
    (build.trades("alpha_1usdt", "alpha"), "alpha_1usdt@trade", K.TRADE, None, "ALPHA_1USDT"),
    (build.trades(OPTION, "options"), "btc-261225-126000-c@optionTrade", K.TRADE, "public", OPTION),
    (build.trades("btcusdt", "options"), "btcusdt@optionTrade", K.TRADE, "public", None),
    (build.trades("btcusdt", "spot", "sbe"), "btcusdt@trade", K.TRADE, None, "BTCUSDT"),
    (build.agg_trades("btcusdt", "usdm"), "btcusdt@aggTrade", K.AGG_TRADE, "market", "BTCUSDT"),
    (build.agg_trades("BTCUSD_PERP", "coinm"), "btcusd_perp@aggTrade", K.AGG_TRADE, None, "BTCUSD_PERP"),
    (build.block_trades("btcusdt"), "btcusdt@blockTrade", K.BLOCK_TRADE, None, "BTCUSDT"),
    (build.diff_depth("btcusdt", "spot"), "btcusdt@depth@100ms", K.DIFF_DEPTH, None, "BTCUSDT"),
    (build.diff_depth("btcusdt", "spot", 1000), "btcusdt@depth", K.DIFF_DEPTH, None, "BTCUSDT"),
    (build.diff_depth("btcusdt", "usdm", 250), "btcusdt@depth", K.DIFF_DEPTH, "public", "BTCUSDT"),
    (build.diff_depth("eth_perp", "coinm", 500), "eth_perp@depth@500ms", K.DIFF_DEPTH, None, "ETH_PERP"),
    (build.diff_depth(OPTION, "options", 500),
     "btc-261225-126000-c@depth@500ms", K.DIFF_DEPTH, "public", OPTION),
    (build.diff_depth("btcusdt", "spot", None, "sbe"), "btcusdt@depth", K.DIFF_DEPTH, None, "BTCUSDT"),
    (build.diff_depth("btcusdt", "spot", 20, "sbe"), "btcusdt@depth", K.DIFF_DEPTH, None, "BTCUSDT"),
    (build.partial_depth("btcusdt", "spot"), "btcusdt@depth20@100ms", K.PARTIAL_DEPTH, None, "BTCUSDT"),
    (build.partial_depth("btcusdt", "spot", 5, 1000), "btcusdt@depth5", K.PARTIAL_DEPTH, None, "BTCUSDT"),
    (build.partial_depth("btcusdt", "usdm", 10, 250),
     "btcusdt@depth10", K.PARTIAL_DEPTH, "public", "BTCUSDT"),
    (build.partial_depth("a_1usdt", "alpha", 10), "a_1usdt@depth10@0ms", K.PARTIAL_DEPTH, None, "A_1USDT"),
    (build.partial_depth("btcusdt", "spot", 20, 50, "sbe"),
     "btcusdt@depth20", K.PARTIAL_DEPTH, None, "BTCUSDT"),
    (build.rpi_depth("btcusdt"), "btcusdt@rpiDepth@500ms", K.DIFF_DEPTH, "public", "BTCUSDT"),
    (build.full_depth("alpha_1usdt"), "alpha_1usdt@fulldepth@0ms", K.DIFF_DEPTH, None, "ALPHA_1USDT"),
    (build.full_depth("alpha_1usdt", 500), "alpha_1usdt@fulldepth@500ms", K.DIFF_DEPTH, None, "ALPHA_1USDT"),
    (build.klines("btcusdt", "1s", "spot"), "btcusdt@kline_1s", K.KLINE, None, "BTCUSDT"),
    (build.klines("btcusdt", "1d", "spot", "+08:00"), "btcusdt@kline_1d@+08:00", K.KLINE, None, "BTCUSDT"),
    (build.klines("btcusdt", "1M", "usdm"), "btcusdt@kline_1M", K.KLINE, "market", "BTCUSDT"),
    (build.klines(OPTION, "12h", "options"), "btc-261225-126000-c@kline_12h", K.KLINE, "market", OPTION),
    (build.continuous_klines("BTCUSDT", "PERPETUAL", "1s", "usdm"),
     "btcusdt_perpetual@continuousKline_1s", K.CONTINUOUS_KLINE, "market", "BTCUSDT_PERPETUAL"),
    (build.continuous_klines("btcusd", "next_quarter", "1m", "coinm"),
     "btcusd_next_quarter@continuousKline_1m", K.CONTINUOUS_KLINE, None, "BTCUSD_NEXT_QUARTER"),
    (build.index_price_klines("btcusd", "1m"),
     "btcusd@indexPriceKline_1m", K.INDEX_PRICE_KLINE, None, "BTCUSD"),
    (build.mark_price_klines("btcusd_perp", "1m"),
     "btcusd_perp@markPriceKline_1m", K.MARK_PRICE_KLINE, None, "BTCUSD_PERP"),
    (build.contract_klines("0xAbC", 56, "1m"), "came@0xAbC@56@kline_1m", K.CONTRACT_KLINE, None, None),
    (build.contract_klines("So1", "CT_501", "1s"), "came@So1@CT_501@kline_1s", K.CONTRACT_KLINE, None, None),
    (build.ticker("btcusdt", "spot"), "btcusdt@ticker", K.TICKER, None, "BTCUSDT"),
    (build.ticker("btcusdt", "spot", "4h"), "btcusdt@ticker_4h", K.ROLLING_TICKER, None, "BTCUSDT"),
    (build.ticker(None, "spot", "1d"), "!ticker_1d@arr", K.ROLLING_TICKER, None, None),
    (build.ticker(None, "usdm"), "!ticker@arr", K.TICKER, "market", None),
    (build.ticker(OPTION, "options"), "btc-261225-126000-c@optionTicker", K.TICKER, "public", OPTION),
    (build.option_tickers("btcusdt", "261225"), "btcusdt@optionTicker@261225", K.TICKER, "public", None),
    (build.mini_ticker("btcusdt", "spot"), "btcusdt@miniTicker", K.MINI_TICKER, None, "BTCUSDT"),
    (build.mini_ticker(None, "alpha"), "!miniTicker@arr", K.MINI_TICKER, None, None),
    (build.average_price("btcusdt"), "btcusdt@avgPrice", K.AVERAGE_PRICE, None, "BTCUSDT"),
    (build.reference_price("btcusdt"), "btcusdt@referencePrice", K.REFERENCE_PRICE, None, "BTCUSDT"),
    (build.mark_price("btcusdt", "usdm", 1000), "btcusdt@markPrice@1s", K.MARK_PRICE, "market", "BTCUSDT"),
    (build.mark_price(None, "usdm", 3000), "!markPrice@arr", K.MARK_PRICE, "market", None),
    (build.mark_price("btcusd_perp", "coinm", 3000),
     "btcusd_perp@markPrice", K.MARK_PRICE, None, "BTCUSD_PERP"),
    (build.pair_mark_prices("btcusd", 1000), "btcusd@markPrice@1s", K.MARK_PRICE, None, None),
    (build.option_mark_prices("btcusdt"), "btcusdt@optionMarkPrice", K.OPTION_MARK_PRICE, "market", None),
    (build.index_price("btcusd", 3000), "btcusd@indexPrice", K.INDEX_PRICE, None, "BTCUSD"),
    (build.index_price("btcusd", 1000), "btcusd@indexPrice@1s", K.INDEX_PRICE, None, "BTCUSD"),
    (build.force_orders("btcusdt", "usdm"), "btcusdt@forceOrder", K.FORCE_ORDER, "market", "BTCUSDT"),
    (build.force_orders(None, "coinm"), "!forceOrder@arr", K.FORCE_ORDER, None, None),
    (build.open_interest("btcusdt", "261225"),
     "btcusdt@openInterest@261225", K.OPEN_INTEREST, "market", None),
    (build.asset_index("adausd"), "adausd@assetIndex", K.ASSET_INDEX, "market", "ADAUSD"),
    (build.asset_index(None), "!assetIndex@arr", K.ASSET_INDEX, "market", None),
    (build.composite_index("DEFIUSDT"), "defiusdt@compositeIndex", None, "market", "DEFIUSDT"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stream", "name", "kind", "part", "ring_symbol"), BUILT, ids=[row[1] for row in BUILT]
)
def test_builders_give_the_name_that_binance_knows(
    stream: Stream, name: str, kind: Kind | None, part: str | None, ring_symbol: str | None
) -> None:
    assert (stream.name, stream.kind, stream.part, stream.ring_symbol) == (name, kind, part, ring_symbol)
    assert parse(name, stream.market, format=stream.format) == stream


# Built by no method: undocumented, superseded, or without a parameter to build it from.
NOT_BUILT = {
    "<symbol>@depth@0ms", "<underlying>@optionOpenInterest@<yymmdd>", "!serverShutdown", "!contractInfo",
    "tradingSession", "!index@arr", "!optionSymbol", "came@allTokens@ticker24",
}  # fmt: skip


def test_every_method_has_a_builder_here() -> None:
    tested = {row[0].kind for row in BUILT}
    forms = [form for market in MARKETS for form in forms_of(market, "json") if form.text not in NOT_BUILT]
    assert {form.kind for form in forms} <= tested
    assert len(tested - {None}) == len(Kind)


REFUSED: list[tuple[Callable[[], Stream], str]] = [
    (lambda: build.partial_depth("btcusdt", "spot", 7), "levels=7: spot has 5, 10, 20"),
    (lambda: build.partial_depth("btcusdt", "spot", True), "levels=True: spot has 5, 10, 20"),
    (lambda: build.partial_depth("btcusdt", "spot", 5, format="sbe"), "levels=5: spot as sbe has 20"),
    (lambda: build.partial_depth("btcusdt", "spot", 20, 100, "sbe"), "speed_ms=100: spot as sbe has 50"),
    (lambda: build.partial_depth("btcusdt", "spot", 5, 500), "speed_ms=500: spot has 100, 1000"),
    (lambda: build.diff_depth("btcusdt", "spot", 250), "speed_ms=250: spot has 100, 1000"),
    (lambda: build.diff_depth("btcusdt", "usdm", 1000), "speed_ms=1000: usdm has 100, 250, 500"),
    (lambda: build.diff_depth("btcusd_perp", "coinm", 0), "speed_ms=0: coinm has 100, 250, 500"),
    (lambda: build.diff_depth("btcusd_perp", "coinm", False), "speed_ms=False: coinm has 100, 250, 500"),
    (lambda: build.diff_depth(OPTION, "options", 250), "speed_ms=250: options has 100, 500"),
    (lambda: build.diff_depth("btcusdt", "spot", 100, "sbe"), "speed_ms=100: spot as sbe has 20"),
    (lambda: build.diff_depth("alpha_1usdt", "alpha"), "offered by spot, usdm, coinm, options; not by alpha"),
    (lambda: build.full_depth("alpha_1usdt", 250), "speed_ms=250: alpha has 0, 100, 500"),
    (
        lambda: build.book_ticker(None, "spot"),
        "without a symbol is offered by usdm, coinm, alpha; not by spot",
    ),
    (lambda: build.book_ticker(None, "usdm", "sbe"), "format='sbe' is offered by spot; usdm has json"),
    (lambda: build.agg_trades(OPTION, "options"), "offered by spot, usdm, coinm, alpha; not by options"),
    (lambda: build.klines("btcusdt", "1s", "usdm"), "interval='1s': usdm has 1m, 3m, .* 1M"),
    (lambda: build.klines(OPTION, "8h", "options"), "interval='8h': options has 1m, .*, 6h, 12h"),
    (lambda: build.klines("btcusdt", 1, "spot"), "interval=1: spot has"),  # type: ignore[arg-type]
    (
        lambda: build.klines("btcusdt", "1d", "usdm", "+08:00"),
        "with a timezone is offered by spot; not by usdm",
    ),
    (lambda: build.klines("btcusdt", "1d", "spot", "+01:00"), r"spot has \+08:00"),
    (
        lambda: build.continuous_klines("btcusd", "tradifi_perpetual", "1m", "coinm"),
        "coinm has perpetual, current",
    ),
    (lambda: build.continuous_klines("btcusdt_perp", "perpetual", "1m", "usdm"), "pairs are like 'BTCUSDT'"),
    (lambda: build.continuous_klines("btcusdt", None, "1m", "usdm"), "usdm has perpetual"),  # type: ignore[arg-type]
    (lambda: build.continuous_klines("btcusdt", "perpetual", "1m", "spot"), "offered by usdm, coinm"),
    (lambda: build.contract_klines("0x/../", 56, "1m"), "contract_address='0x/../'"),
    (lambda: build.contract_klines("0xAbC", "5 6", "1m"), "chain_id='5 6'"),
    (lambda: build.contract_klines("0xAbC", 56, "3m"), "has 1s, 1m, 5m, 15m, 1h, 4h, 1d"),
    (lambda: build.ticker("btcusdt", "usdm", "1h"), "with a window is offered by spot; not by usdm"),
    (lambda: build.ticker("btcusdt", "spot", "24h"), "window='24h': spot has 1h, 4h, 1d"),
    (lambda: build.ticker(None, "options"), "offered by usdm, coinm, alpha; not by options"),
    (lambda: build.option_tickers(OPTION, "261225"), "underlyings are like 'BTCUSDT'"),
    (lambda: build.option_tickers("btcusdt", "２６１２２５"), "six digits, YYMMDD"),
    (lambda: build.open_interest("btcusdt", 261225), "six digits, YYMMDD"),  # type: ignore[arg-type]
    (lambda: build.mini_ticker(None, "options"), "not by options"),
    (lambda: build.mark_price(None, "coinm"), "without a symbol is offered by usdm; not by coinm"),
    (lambda: build.mark_price("btcusdt", "usdm", 250), "speed_ms=250: usdm has 1000, 3000"),
    (lambda: build.mark_price("btcusdt", "spot"), "offered by usdm, coinm; not by spot"),
    (lambda: build.mark_price("btcusdt", "options"), r"by underlying: option_mark_prices\('BTCUSDT'\)"),
    (lambda: build.index_price("btcusd_perp"), "pairs are like 'BTCUSD'"),
    (lambda: build.force_orders(None, "spot"), "offered by usdm, coinm; not by spot"),
    (lambda: build.klines("btcusdt", "1m", "options"), "options are like 'BTC-261225-126000-C'"),
    (lambda: build.trades("btcusdt", "futures"), "'futures' is no market; there are spot, usdm"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[row[1][:50] for row in REFUSED])
def test_what_binance_does_not_offer_is_refused_with_what_it_does(
    call: Callable[[], Stream], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        call()


@given(st.sampled_from(MARKETS), st.text(max_size=12), st.sampled_from(["1m", "1M", "1s", "8h"]))
def test_any_symbol_gives_a_name_that_reads_back_or_is_refused(
    market: Any, symbol: str, interval: str
) -> None:
    calls: list[Callable[[], Stream]] = [
        lambda: build.book_ticker(symbol, market), lambda: build.trades(symbol, market),
        lambda: build.agg_trades(symbol, market), lambda: build.diff_depth(symbol, market),
        lambda: build.partial_depth(symbol, market), lambda: build.klines(symbol, interval, market),
        lambda: build.ticker(symbol, market), lambda: build.mini_ticker(symbol, market),
        lambda: build.mark_price(symbol, market), lambda: build.pair_mark_prices(symbol),
        lambda: build.option_mark_prices(symbol), lambda: build.force_orders(symbol, market),
    ]  # fmt: skip
    for call in calls:
        try:
            stream = call()
        except ConfigurationError:
            continue
        assert parse(stream.name, stream.market) == stream
        assert stream.symbol == symbol.lower()

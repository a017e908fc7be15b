"""The page for those who come from the JavaScript SDK: it has every name, and what it points to is there.

The SDK's names are those of its type declarations, frozen in ``vectors/js_sdk_websocket_client.json``.
"""

import ast
import functools
import inspect
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.faces import Face

import fastbinance
from fastbinance import AsyncClient, AsyncRing, Client, EventQueue, Ring, WsKey
from fastbinance.events import EVENT_KINDS
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "from-the-js-sdk.md"
SDK = json.loads((TESTS / "vectors" / "js_sdk_websocket_client.json").read_text())
SDK_NAMES = {
    "Methods": [name for names in SDK["methods"].values() for name in names],
    "Options": SDK["options"],
    "Events": SDK["events"],
    "Keys": SDK["ws_keys"],
    "Type guards": SDK["type_guards"],
}


class Row(NamedTuple):
    """What stands in code marks in the first two cells of a row: their names, and what we have for them."""

    theirs: tuple[str, ...]
    ours: tuple[str, ...]


def rows(heading: str) -> list[Row]:
    """Read the rows of all tables under a heading."""
    text = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = []
    for line in re.findall(r"^\| (`.*)\|$", text, re.MULTILINE):
        theirs, ours, _ = (cell.strip() for cell in line.split("|"))
        codes = tuple(re.findall(r"`([^`]+)`", ours))
        assert codes or ours == "-", f"neither code nor '-' for {theirs}"
        found.append(Row(tuple(code.partition("(")[0] for code in re.findall(r"`([^`]+)`", theirs)), codes))
    return found


def ours_in(heading: str) -> list[str]:
    return sorted({code for row in rows(heading) for code in row.ours})


# -- the page has every name of the SDK, and no other


@pytest.mark.parametrize("heading", SDK_NAMES)
def test_every_name_of_the_sdk_has_one_row(heading: str) -> None:
    documented = [name for row in rows(heading) for name in row.theirs]
    assert sorted(documented) == sorted(SDK_NAMES[heading])


def test_page_says_which_version_of_the_sdk_it_is_about() -> None:
    start = " ".join(PAGE.read_text().partition("\n## ")[0].split())
    assert f"npm package `{SDK['package']}`" in start
    assert f"version {SDK['version']}:" in start


# -- what it points to is there


def resolve(path: list[str]) -> list[Any]:
    """Give what a name of the page means: in both ways to use the facade, where there are two."""
    first, *rest = path
    if first == "fastbinance":
        return [functools.reduce(getattr, rest, fastbinance)]
    classes: dict[str, list[Any]] = {"ring": [Ring, AsyncRing], "event": [fastbinance.Event]}
    owners = classes.get(first, [Client, AsyncClient])
    return [getattr(owner, path[-1]) for owner in owners]


def assert_callable_as_written(function: Any, call: ast.Call) -> None:
    """Bind a call of the page; a bare name in it stands for the argument of that name."""
    signature = inspect.signature(function)
    unbound = [None] * ("self" in signature.parameters)
    names: dict[str, None] = {str(keyword.arg): None for keyword in call.keywords}
    signature.bind(*unbound, *call.args, **names)
    places = list(signature.parameters)[len(unbound) :]
    assert [ast.unparse(argument) for argument in call.args] == places[: len(call.args)]


@pytest.mark.parametrize("code", [*ours_in("Methods"), *ours_in("Type guards")])
def test_what_stands_for_a_method_can_be_called_as_written(code: str) -> None:
    expression = ast.parse(code, mode="eval").body
    call = expression if isinstance(expression, ast.Call) else None
    path = ast.unparse(expression if call is None else call.func).split(".")
    for found in resolve(path):
        assert callable(found) == (call is not None)
        if call is not None:
            assert_callable_as_written(found, call)


@pytest.mark.parametrize("code", ours_in("Options"))
def test_what_stands_for_an_option_is_taken_by_both_clients(face: Face, code: str) -> None:
    call = ast.parse(f"Client({code})", mode="eval").body
    assert isinstance(call, ast.Call)
    [keyword] = call.keywords
    assert keyword.arg is not None
    # A bare name stands for an object that the page cannot write; None is taken in its place.
    value = None if isinstance(keyword.value, ast.Name) else ast.literal_eval(keyword.value)
    face.client(**{keyword.arg: value})


def test_an_option_that_is_not_there_is_refused(face: Face) -> None:
    with pytest.raises(TypeError, match="beautify"):
        face.client(beautify=True)


def test_what_stands_for_an_event_is_a_kind_of_event() -> None:
    assert set(ours_in("Events")) <= set(EVENT_KINDS)


def test_what_stands_for_a_key_has_its_value() -> None:
    for row in rows("Keys"):
        assert [WsKey[code.removeprefix("WsKey.")].value for code in row.ours] == list(row.theirs)


# -- every stream method brings data

# What takes long to come, on Binance and so in the simulator: the test sends one of each. Figures of our own.
BOOK_TICKER = (
    b'{"e":"bookTicker","u":9100000000001,"s":"BTCUSDT","ps":"BTCUSDT","b":"91230.00","B":"4.1","a":"91230.10",'
    b'"A":"2.2","T":1795340000148,"E":1795340000150,"st":1}'
)
BLOCK_TRADE = (
    b'{"e":"blockTrade","E":1795340000500,"s":"BTCUSDT","t":582,"p":"91000.00","q":"58.00",'
    b'"T":1795340000321,"m":true}'
)
CONTRACT_INFO = (
    b'{"e":"contractInfo","E":1795340000500,"s":"BTCUSDT","ps":"BTCUSDT","ct":"PERPETUAL",'
    b'"dt":4133404800000,"ot":1569398400000,"cs":"TRADING","st":1}'
)
FORCE_ORDER = (
    b'{"e":"forceOrder","E":1795340000500,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014",'
    b'"p":"90900","ap":"91000","X":"FILLED","l":"0.014","z":"0.014","T":1795340000490,"ps":"BTCUSDT","st":1}}'
)
RARE = {
    "!bookTicker": BOOK_TICKER,
    "btcusdt@blockTrade": BLOCK_TRADE,
    "!contractInfo": CONTRACT_INFO,
    "!forceOrder@arr": FORCE_ORDER,
    "btcusdt@forceOrder": FORCE_ORDER,
    "btcusd_perp@forceOrder": FORCE_ORDER.replace(b'"s":"BTCUSDT"', b'"s":"BTCUSD_PERP"'),
}


class Use(NamedTuple):
    """One call of ours that stands for a method of theirs, where it leads, and a field that has a value."""

    theirs: str
    call: str
    ws_key: str
    stream: str
    field: str


# fmt: off
USES = [
    Use("subscribeTrades", "trades('BTCUSDT', 'spot')", "main", "btcusdt@trade", "price"),
    Use("subscribeTrades", "trades('BTCUSDT', 'usdm')", "usdmPublic", "btcusdt@trade", "price"),
    Use("subscribeTrades", "trades('BTCUSD_PERP', 'coinm')", "coinm", "btcusd_perp@trade", "price"),
    Use("subscribeSpotTrades", "trades('BTCUSDT')", "main", "btcusdt@trade", "price"),
    Use("subscribeAggregateTrades", "agg_trades('BTCUSDT', 'spot')", "main", "btcusdt@aggTrade", "price"),
    Use("subscribeAggregateTrades", "agg_trades('BTCUSDT', 'usdm')",
        "usdmMarket", "btcusdt@aggTrade", "price"),
    Use("subscribeAggregateTrades", "agg_trades('BTCUSD_PERP', 'coinm')",
        "coinm", "btcusd_perp@aggTrade", "price"),
    Use("subscribeSpotAggregateTrades", "agg_trades('BTCUSDT')", "main", "btcusdt@aggTrade", "price"),
    Use("subscribeAlphaAggTrade", "agg_trades('ALPHA_474USDT', market='alpha')",
        "alpha", "alpha_474usdt@aggTrade", "price"),
    Use("subscribeBlockTrades", "block_trades('BTCUSDT')", "main", "btcusdt@blockTrade", "price"),
    Use("subscribeSpotBlockTrades", "block_trades('BTCUSDT')", "main", "btcusdt@blockTrade", "price"),

    Use("subscribeSymbolBookTicker", "book_ticker('BTCUSDT', 'spot')",
        "main", "btcusdt@bookTicker", "bid_price"),
    Use("subscribeSymbolBookTicker", "book_ticker('BTCUSDT', 'usdm')",
        "usdmPublic", "btcusdt@bookTicker", "bid_price"),
    Use("subscribeSymbolBookTicker", "book_ticker('BTCUSD_PERP', 'coinm')",
        "coinm", "btcusd_perp@bookTicker", "bid_price"),
    Use("subscribeSpotSymbolBookTicker", "book_ticker('BTCUSDT')", "main", "btcusdt@bookTicker", "bid_price"),
    Use("subscribeAllBookTickers", "book_ticker(market='usdm')", "usdmPublic", "!bookTicker", "bid_price"),
    Use("subscribeAllBookTickers", "book_ticker(market='coinm')", "coinm", "!bookTicker", "bid_price"),
    Use("subscribePartialBookDepths", "partial_depth('BTCUSDT', 'spot', levels=10, speed_ms=1000)",
        "main", "btcusdt@depth10", "update_id"),
    Use("subscribePartialBookDepths", "partial_depth('BTCUSDT', 'usdm', levels=10, speed_ms=250)",
        "usdmPublic", "btcusdt@depth10", "update_id"),
    Use("subscribePartialBookDepths", "partial_depth('BTCUSD_PERP', 'coinm', levels=5, speed_ms=500)",
        "coinm", "btcusd_perp@depth5@500ms", "update_id"),
    Use("subscribeSpotPartialBookDepth", "partial_depth('BTCUSDT', levels=5, speed_ms=100)",
        "main", "btcusdt@depth5@100ms", "update_id"),
    Use("subscribeDiffBookDepth", "diff_depth('BTCUSDT', 'spot', speed_ms=100)",
        "main", "btcusdt@depth@100ms", "update_id"),
    Use("subscribeDiffBookDepth", "diff_depth('BTCUSDT', 'usdm', speed_ms=250)",
        "usdmPublic", "btcusdt@depth", "update_id"),
    Use("subscribeDiffBookDepth", "diff_depth('BTCUSD_PERP', 'coinm', speed_ms=500)",
        "coinm", "btcusd_perp@depth@500ms", "update_id"),
    Use("subscribeSpotDiffBookDepth", "diff_depth('BTCUSDT', speed_ms=1000)",
        "main", "btcusdt@depth", "update_id"),
    Use("subscribeAlphaFulldepth", "full_depth('ALPHA_474USDT', speed_ms=500)",
        "alpha", "alpha_474usdt@fulldepth@500ms", "update_id"),

    Use("subscribeKlines", "klines('BTCUSDT', '1m', 'spot')", "main", "btcusdt@kline_1m", "open_price"),
    Use("subscribeKlines", "klines('BTCUSDT', '1M', 'usdm')", "usdmMarket", "btcusdt@kline_1M", "open_price"),
    Use("subscribeKlines", "klines('BTCUSD_PERP', '1m', 'coinm')",
        "coinm", "btcusd_perp@kline_1m", "open_price"),
    Use("subscribeSpotKline", "klines('BTCUSDT', '1s')", "main", "btcusdt@kline_1s", "open_price"),
    Use("subscribeContinuousContractKlines", "continuous_klines('BTCUSDT', 'perpetual', '1m', 'usdm')",
        "usdmMarket", "btcusdt_perpetual@continuousKline_1m", "open_price"),
    Use("subscribeContinuousContractKlines", "continuous_klines('BTCUSD', 'next_quarter', '1m', 'coinm')",
        "coinm", "btcusd_next_quarter@continuousKline_1m", "open_price"),
    Use("subscribeIndexKlines", "index_price_klines('BTCUSD', '1m')",
        "coinm", "btcusd@indexPriceKline_1m", "open_price"),
    Use("subscribeMarkPriceKlines", "mark_price_klines('BTCUSD_PERP', '1m')",
        "coinm", "btcusd_perp@markPriceKline_1m", "open_price"),
    Use("subscribeAlphaKline", "contract_klines('0xAbC0123', '56', '1m')",
        "alpha", "came@0xAbC0123@56@kline_1m", "open_price"),

    Use("subscribeSymbol24hrTicker", "ticker('BTCUSDT', 'spot')", "main", "btcusdt@ticker", "last_price"),
    Use("subscribeSymbol24hrTicker", "ticker('BTCUSDT', 'usdm')",
        "usdmMarket", "btcusdt@ticker", "last_price"),
    Use("subscribeSymbol24hrTicker", "ticker('BTCUSD_PERP', 'coinm')",
        "coinm", "btcusd_perp@ticker", "last_price"),
    Use("subscribeSpotSymbol24hrTicker", "ticker('BTCUSDT')", "main", "btcusdt@ticker", "last_price"),
    Use("subscribeAll24hrTickers", "ticker(market='usdm')", "usdmMarket", "!ticker@arr", "last_price"),
    Use("subscribeAll24hrTickers", "ticker(market='coinm')", "coinm", "!ticker@arr", "last_price"),
    Use("subscribeSpotAll24hrTickers", "ticker(window='1d')", "main", "!ticker_1d@arr", "last_price"),
    Use("subscribeSpotAll24hrTickers", "mini_ticker()", "main", "!miniTicker@arr", "last_price"),
    Use("subscribeAllRollingWindowTickers", "ticker(window='1h')", "main", "!ticker_1h@arr", "last_price"),
    Use("subscribeSymbolMini24hrTicker", "mini_ticker('BTCUSDT', 'spot')",
        "main", "btcusdt@miniTicker", "last_price"),
    Use("subscribeSymbolMini24hrTicker", "mini_ticker('BTCUSDT', 'usdm')",
        "usdmMarket", "btcusdt@miniTicker", "last_price"),
    Use("subscribeSymbolMini24hrTicker", "mini_ticker('BTCUSD_PERP', 'coinm')",
        "coinm", "btcusd_perp@miniTicker", "last_price"),
    Use("subscribeSpotSymbolMini24hrTicker", "mini_ticker('BTCUSDT')",
        "main", "btcusdt@miniTicker", "last_price"),
    Use("subscribeAllMini24hrTickers", "mini_ticker(market='usdm')",
        "usdmMarket", "!miniTicker@arr", "last_price"),
    Use("subscribeAllMini24hrTickers", "mini_ticker(market='coinm')",
        "coinm", "!miniTicker@arr", "last_price"),
    Use("subscribeSpotAllMini24hrTickers", "mini_ticker()", "main", "!miniTicker@arr", "last_price"),
    Use("subscribeAlphaAllTokensTicker24", "all_tokens()", "alpha", "came@allTokens@ticker24", "tokens"),

    Use("subscribeMarkPrice", "mark_price('BTCUSDT', 'usdm', speed_ms=1000)",
        "usdmMarket", "btcusdt@markPrice@1s", "mark_price"),
    Use("subscribeMarkPrice", "mark_price('BTCUSD_PERP', 'coinm', speed_ms=1000)",
        "coinm", "btcusd_perp@markPrice@1s", "mark_price"),
    Use("subscribeAllMarketMarkPrice", "mark_price(speed_ms=1000)",
        "usdmMarket", "!markPrice@arr@1s", "mark_price"),
    Use("subscribeAllMarketMarkPrice", "pair_mark_prices('BTCUSD', speed_ms=1000)",
        "coinm", "btcusd@markPrice@1s", "mark_price"),
    Use("subscribeCoinIndexPrice", "index_price('BTCUSD', speed_ms=1000)",
        "coinm", "btcusd@indexPrice@1s", "price"),
    Use("subscribeSymbolLiquidationOrders", "force_orders('BTCUSDT', 'usdm')",
        "usdmMarket", "btcusdt@forceOrder", "price"),
    Use("subscribeSymbolLiquidationOrders", "force_orders('BTCUSD_PERP', 'coinm')",
        "coinm", "btcusd_perp@forceOrder", "price"),
    Use("subscribeAllLiquidationOrders", "force_orders(market='usdm')",
        "usdmMarket", "!forceOrder@arr", "price"),
    Use("subscribeAllLiquidationOrders", "force_orders(market='coinm')", "coinm", "!forceOrder@arr", "price"),
    Use("subscribeContractInfoStream", "contract_info('usdm')", "usdmMarket", "!contractInfo", "symbol"),
    Use("subscribeContractInfoStream", "contract_info('coinm')", "coinm", "!contractInfo", "symbol"),

    Use("subscribe", "subscribe(['btcusdt@rpiDepth@500ms'], ws_key='usdm')",
        "usdmPublic", "btcusdt@rpiDepth@500ms", "update_id"),
    Use("subscribeAlpha", "subscribe('alpha_474usdt@trade', ws_key='alpha')",
        "alpha", "alpha_474usdt@trade", "price"),
    Use("subscribeEndpoint", "subscribe('btcusdt@markPrice@1s', ws_key='usdm', strict=False)",
        "usdmMarket", "btcusdt@markPrice@1s", "mark_price"),
]
# fmt: on


def test_every_stream_method_of_the_page_is_used_below_as_the_page_says() -> None:
    documented = {
        (name, code.partition("(")[0])
        for row in rows("Methods")
        for name in row.theirs
        for code in row.ours
        if name.startswith("subscribe") and not code.startswith("user_data")
    }
    assert {(use.theirs, use.call.partition("(")[0]) for use in USES} == documented


def ask(face: Face, fb: Any, use: Use) -> Any:
    """Make the call, and give its ring or queue."""
    found = face.do(eval, f"fb.{use.call}", {"fb": fb})
    if isinstance(found, dict):
        [found] = found.values()
    if not isinstance(found, EventQueue):
        assert (found.ws_key, found.stream) == (use.ws_key, use.stream)
    return found


def value_of(face: Face, use: Use, found: Any) -> Any:
    """Wait for a record or an event, and give a field of it."""
    if isinstance(found, EventQueue):
        event = face.next(found)
        assert (event.ws_key, event.stream) == (use.ws_key, use.stream)
        return getattr(event.data, use.field)
    face.do(found.ready, timeout=10)
    return found.last()[use.field]


def test_every_stream_method_brings_data(face: Face, sim: RunningSimulator) -> None:
    fb = face.client(urls=sim.urls)
    found = [(use, ask(face, fb, use)) for use in USES]
    rare = {(use.ws_key, use.stream) for use in USES if use.stream in RARE}
    face.beside(
        sim.wait_for,
        lambda sim: all(any(stream in names for names in sim.subscriptions(key)) for key, stream in rare),
    )
    for key, stream in rare:
        market = fastbinance.keys.market_of(key)
        assert market is not None
        assert face.beside(sim.send, market, stream, RARE[stream]) == 1
    for use, ring_or_queue in found:
        value = value_of(face, use, ring_or_queue)
        assert value if isinstance(value, (str, tuple)) else value > 0, use
    stats = fb.stats()
    assert sum(connection.counters.rejected for connection in stats.connections) == 0
    assert stats.drifts == ()


@pytest.mark.parametrize("code", [code for code in ours_in("Methods") if code.startswith("user_data")])
def test_every_user_data_method_of_the_page_has_events_come(
    face: Face, silent_sim: RunningSimulator, code: str
) -> None:
    where = {"urls": silent_sim.urls, "rest_urls": silent_sim.rest_urls}
    fb = face.client(**where, api_key=API_KEY, api_secret=API_SECRET)
    face.do(face.do(eval, f"fb.{code}", {"fb": fb}).ready, timeout=10)

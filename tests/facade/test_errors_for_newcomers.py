"""Every mistake in a call is a `ConfigurationError` before any I/O, and its text says what would be right."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from support.faces import Face

import fastbinance
from fastbinance import ConfigurationError
from fastbinance.sim import RunningSimulator

OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("unknown environment", {"env": "production"}, "'prod', 'testnet', 'demo', not 'production'"),
    ("environment in capitals", {"env": "PROD"}, "env is one of 'prod'"),
    ("no environment", {"env": None}, "env is one of 'prod'"),
    ("feed nowhere", {"feed": "nowhere"}, "not 'nowhere'"),
    ("unknown feed", {"feed": "threads"}, "not 'threads'"),
    (
        "capacity no power of two",
        {"capacity": 1000},
        "capacity is a power of two from 2 to 16,777,216, not 1000",
    ),
    ("capacity of nothing", {"capacity": 0}, "power of two from 2"),
    ("capacity of one", {"capacity": 1}, "power of two from 2"),
    ("negative capacity", {"capacity": -8}, "power of two from 2"),
    ("huge capacity", {"capacity": 2**25}, "power of two from 2"),
    ("capacity as text", {"capacity": "1024"}, "power of two from 2 to 16,777,216, not '1024'"),
    ("capacity as float", {"capacity": 1024.0}, "power of two"),
    ("capacity as bool", {"capacity": True}, "power of two"),
    ("urls as text", {"urls": "ws://127.0.0.1:9000"}, 'such as {"main": "ws://127.0.0.1:9000"}'),
    (
        "urls of an unknown key",
        {"urls": {"margin": "ws://127.0.0.1:9000"}},
        "'margin' is no WsKey.*main, main2",
    ),
    ("urls of a mistyped key", {"urls": {"usdmpublic": "ws://h:1"}}, "did you mean 'usdmPublic'"),
    ("urls over http", {"urls": {"main": "http://127.0.0.1:9000"}}, "ws://host:port"),
    ("urls without scheme", {"urls": {"main": "127.0.0.1:9000"}}, "ws://host:port"),
    ("urls without host", {"urls": {"main": "ws://"}}, "no host"),
    ("urls with a query", {"urls": {"main": "ws://127.0.0.1:9000/?a=b"}}, "query"),
    ("urls with a number", {"urls": {"main": 9000}}, "ws://host:port"),
    ("rest_urls as text", {"rest_urls": "http://h:1"}, 'such as {"usdm": "http://127.0.0.1:9100"}'),
    ("rest_urls of a WsKey", {"rest_urls": {"main": "http://h:1"}}, "no REST of its own; there are spot"),
    ("rest_urls over ws", {"rest_urls": {"usdm": "ws://h:1"}}, "scheme is not http:// or https://"),
    ("rest_urls with a password", {"rest_urls": {"usdm": "http://u:p@h:1"}}, "has user information"),
    ("no context of ssl", {"ssl_context": True}, "ssl.SSLContext, not bool"),
    ("unknown unit of time", {"time_unit": "us"}, "'millisecond', 'microsecond', not 'us'"),
    ("API key as bytes", {"api_key": b"key"}, "api_key is a str, not bytes"),
    ("empty API key", {"api_key": ""}, "api_key is empty"),
    ("API key with a line end", {"api_key": "key\r\nX: y"}, "api_key is empty, or has white space"),
    ("proxy as bytes", {"proxy": b"http://h:1"}, "proxy is a str, not bytes"),
    ("proxy without scheme", {"proxy": "127.0.0.1:3128"}, r'such as "http://user:password@host:port"'),
    ("proxy without port", {"proxy": "socks5://127.0.0.1"}, "this one has no port"),
    ("path as context of ssl", {"ssl_context": "ca.pem"}, "ssl.SSLContext, not str"),
]

Call = Callable[[Any], Any]
CALLS: list[tuple[str, Call, str]] = [
    ("symbol with a slash", lambda fb: fb.book_ticker("BTC/USDT"), "Binance writes 'BTCUSDT'"),
    ("symbol with a hyphen", lambda fb: fb.trades("BTC-USDT"), "Binance writes 'BTCUSDT'"),
    ("empty symbol", lambda fb: fb.trades(""), "cannot be empty"),
    ("symbol with space", lambda fb: fb.trades(" btcusdt"), "symbols are like 'BTCUSDT'"),
    ("stream name as symbol", lambda fb: fb.book_ticker("btcusdt@bookTicker"), "only its symbol is wanted"),
    ("list of symbols", lambda fb: fb.book_ticker(["btcusdt", "ethusdt"]), "a symbol is a str, not list"),
    ("no symbol on spot", lambda fb: fb.book_ticker(), "book_ticker without a symbol.*usdm, coinm"),
    ("no symbol for trades", lambda fb: fb.trades(None), "a symbol is a str, not NoneType"),
    ("unknown market", lambda fb: fb.trades("btcusdt", "futures"), "there are spot, usdm, coinm"),
    ("market in capitals", lambda fb: fb.trades("btcusdt", "USDM"), "there are spot, usdm, coinm"),
    (
        "market without ring",
        lambda fb: fb.diff_depth("btcusdt", "alpha"),
        "spot, usdm, coinm, options; not by alpha",
    ),
    ("levels", lambda fb: fb.partial_depth("btcusdt", levels=50), "spot has 5, 10, 20"),
    ("levels as text", lambda fb: fb.partial_depth("btcusdt", levels="5"), "spot has 5, 10, 20"),
    ("spot speed", lambda fb: fb.diff_depth("btcusdt", speed_ms=250), "spot has 100, 1000"),
    ("futures speed", lambda fb: fb.diff_depth("btcusdt", "usdm", speed_ms=1000), "usdm has 100, 250, 500"),
    ("speed as text", lambda fb: fb.partial_depth("btcusdt", speed_ms="100ms"), "spot has 100, 1000"),
    ("interval", lambda fb: fb.klines("btcusdt", "2m"), "interval='2m': spot has 1s, 1m, 3m"),
    ("interval in capitals", lambda fb: fb.klines("btcusdt", "1H", "usdm"), "usdm has 1m, 3m"),
    (
        "timezone",
        lambda fb: fb.klines("btcusdt", "1d", timezone="+09:00"),
        r"timezone='\+09:00': spot has \+08:00",
    ),
    (
        "contract type",
        lambda fb: fb.continuous_klines("btcusdt", "weekly", "1m"),
        "usdm has perpetual, current",
    ),
    ("window", lambda fb: fb.ticker("btcusdt", window="2h"), "window='2h': spot has 1h, 4h, 1d"),
    (
        "all tickers of spot",
        lambda fb: fb.ticker(),
        "without a symbol and a window is offered by usdm, coinm",
    ),
    ("expiry", lambda fb: fb.open_interest("btcusdt", "2026-12-25"), "six digits, YYMMDD"),
    ("option as underlying", lambda fb: fb.option_mark_prices("BTC-261225-126000-C"), "like 'BTCUSDT'"),
    ("underlying as option", lambda fb: fb.book_ticker("btcusdt", "options"), "like 'BTC-261225-126000-C'"),
    ("symbol as pair", lambda fb: fb.index_price("btcusd_perp"), "pairs are like 'BTCUSD'"),
    ("market as symbol", lambda fb: fb.mini_ticker("usdm"), "that is a market; say market='usdm'"),
    ("pair as symbol of trades", lambda fb: fb.trades("btcusd", "coinm"), "like 'BTCUSD_PERP'"),
    ("USD-M symbol on COIN-M", lambda fb: fb.book_ticker("BTCUSDT", "coinm"), "like 'BTCUSD_PERP'"),
    ("pair as symbol", lambda fb: fb.mark_price("btcusd", "coinm"), r"pair_mark_prices\(\) takes a pair"),
    ("format", lambda fb: fb.trades("btcusdt", format="xml"), "format='xml': there are json, sbe"),
    ("format of a market", lambda fb: fb.trades("btcusdt", "usdm", format="sbe"), "'sbe' is offered by spot"),
    ("sbe without a key", lambda fb: fb.trades("btcusdt", format="sbe"), "mainSBE .*wants an API key"),
    ("sbe name without a key", lambda fb: fb.subscribe("btcusdt@depth", "mainSBE"), "wants an API key"),
    ("sbe name as json", lambda fb: fb.subscribe("btcusdt@bestBidAsk"), r"\(but of spot as sbe\)"),
    ("json name as sbe", lambda fb: fb.subscribe("btcusdt@ticker", "mainSBE"), r"\(but of spot as json\)"),
    ("contract info of spot", lambda fb: fb.contract_info("spot"), "offered by usdm, coinm; not by spot"),
    ("raw messages of nothing", lambda fb: fb.raw_messages("btcusdt@trade"), "is not subscribed"),
    ("capacity", lambda fb: fb.book_ticker("btcusdt", capacity=1000), "power of two.*not 1000"),
    ("level capacity", lambda fb: fb.diff_depth("btcusdt", level_capacity=1000), "level_capacity.*not 1000"),
    ("unknown stream", lambda fb: fb.subscribe("btcusdt@bookticker"), "<symbol>@bookTicker.*strict=False"),
    ("retired stream", lambda fb: fb.subscribe("!ticker@arr"), "gone from spot since"),
    ("other market's stream", lambda fb: fb.subscribe("btcusdt@markPrice"), "but of usdm"),
    ("one bad of two streams", lambda fb: fb.subscribe(["btcusdt@trade", "btcusdt@x"]), "no stream of spot"),
    ("symbol as stream", lambda fb: fb.subscribe("btcusdt"), "no stream of spot"),
    ("no stream", lambda fb: fb.subscribe(None), "one or several stream names, not None"),
    ("number as stream", lambda fb: fb.subscribe([1]), "a stream name is a str, not int"),
    ("unknown key", lambda fb: fb.subscribe("btcusdt@trade", "binance"), "'binance' is no WsKey"),
    ("key of user data", lambda fb: fb.subscribe("btcusdt@trade", "usdmPrivate"), "no market streams"),
    ("key of a WS API", lambda fb: fb.subscribe("btcusdt@trade", "mainWSAPI"), "these do: main, main2"),
    ("wrong route", lambda fb: fb.subscribe("btcusdt@aggTrade", "usdmPublic"), "would be silent"),
    ("never subscribed", lambda fb: fb.unsubscribe("btcusdt@trade"), "on main is not subscribed"),
    ("unsubscribing nothing", lambda fb: fb.unsubscribe(None), "stream names or rings, not None"),
    ("unsubscribing a number", lambda fb: fb.unsubscribe([1]), "a stream name is a str, not int"),
    ("unknown event", lambda fb: fb.on("trade", print), "no kind of event; there are open, message"),
    ("callback that is none", lambda fb: fb.on("message", None), "plain function of one event"),
    ("coroutine as callback", lambda fb: fb.on("message", _coroutine), r"plain function.*events\(\)"),
    ("awaitable as callback", lambda fb: fb.on("message", _Awaitable()), r"plain function.*events\(\)"),
    ("reader without rings", lambda fb: fb.reader([]), "at least one ring"),
    ("reader of a name", lambda fb: fb.reader("btcusdt"), r"several rings, such as \[a, b\], not 'btcusdt'"),
    # These can be iterated, for as long as the client lasts: nobody must wait for their end.
    ("reader of a queue", lambda fb: fb.reader(fb.events()), "several rings.*not <EventQueue"),
    ("unsubscribing a queue", lambda fb: fb.unsubscribe(fb.events()), "stream names or rings, not <EventQ"),
    ("subscribing a queue", lambda fb: fb.subscribe(fb.events()), "stream names, not <EventQueue"),
]  # fmt: skip


class _Awaitable:
    async def __call__(self, event: fastbinance.Event) -> None:
        """Be awaited by nobody."""


async def _coroutine(event: fastbinance.Event) -> None:
    pass


@pytest.mark.parametrize(
    ("options", "text"), [case[1:] for case in OPTIONS], ids=[case[0] for case in OPTIONS]
)
def test_impossible_option_is_refused_when_the_client_is_made(
    face: Face, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError, match=text):
        face.client_type(**options)


@pytest.mark.parametrize(("call", "text"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_impossible_wish_is_refused_before_anything_is_connected(
    face: Face, silent_sim: RunningSimulator, call: Call, text: str
) -> None:
    fb = face.client(urls=silent_sim.urls)
    with pytest.raises(ConfigurationError, match=f"(?s){text}"):
        face.do(call, fb)
    assert (dict(fb.rings), fb.stats().streams, fb.stats().connections) == ({}, 0, ())
    face.do(fb.close)
    assert silent_sim.stats.opened == 0


def test_environment_that_a_market_has_not_is_refused_with_those_it_has(face: Face) -> None:
    fb = face.client(env="testnet")
    with pytest.raises(ConfigurationError, match="does not exist in 'testnet'; it exists in 'prod', 'demo'"):
        face.do(fb.subscribe, "btc-261225-126000-c@optionTrade", "options")


def test_second_wish_with_another_capacity_is_refused(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls, capacity=64)
    face.do(fb.diff_depth, "btcusdt")
    face.do(fb.diff_depth, "btcusdt", capacity=64)
    with pytest.raises(
        ConfigurationError, match="a ring of capacity 64 already; unsubscribe it to have one of 128"
    ):
        face.do(fb.diff_depth, "btcusdt", capacity=128)
    with pytest.raises(ConfigurationError, match="level_capacity 32768 already"):
        face.do(fb.diff_depth, "btcusdt", level_capacity=1024)


def test_stream_of_another_service_is_unsubscribed_by_naming_it(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.do(fb.book_ticker, "btcusdt", market="usdm")
    with pytest.raises(ConfigurationError, match="it is on usdmPublic: name that as ws_key"):
        face.do(fb.unsubscribe, "btcusdt@bookTicker")
    with pytest.raises(ConfigurationError, match="is not subscribed"):
        face.do(fb.unsubscribe, [buf, "btcusdt@trade"])
    assert not buf.closed, "nothing was given up"
    face.do(fb.unsubscribe, "btcusdt@bookTicker", "usdm")
    with pytest.raises(ConfigurationError, match="not subscribed by this client"):
        face.do(fb.unsubscribe, buf)


AFTER_CLOSE: list[tuple[str, Call]] = [
    ("book_ticker", lambda fb: fb.book_ticker("btcusdt")),
    ("subscribe", lambda fb: fb.subscribe("btcusdt@trade")),
    ("unsubscribe", lambda fb: fb.unsubscribe("btcusdt@trade")),
    ("events", lambda fb: fb.events()),
    ("on", lambda fb: fb.on("message", print)),
]


@pytest.mark.parametrize("used", [False, True], ids=["never used", "used"])
@pytest.mark.parametrize("call", [case[1] for case in AFTER_CLOSE], ids=[case[0] for case in AFTER_CLOSE])
def test_closed_client_says_that_it_is_closed(
    face: Face, silent_sim: RunningSimulator, used: bool, call: Call
) -> None:
    fb = face.client(urls=silent_sim.urls)
    if used:
        face.do(fb.book_ticker, "btcusdt")
    face.do(fb.close)
    with pytest.raises(ConfigurationError, match="the client is closed; make a new one"):
        face.do(call, fb)
    assert fb.closed


def test_options_are_named_and_a_misspelt_one_is_pythons_own_error(face: Face) -> None:
    with pytest.raises(TypeError, match="environment"):
        face.client_type(environment="testnet")
    with pytest.raises(TypeError, match="positional"):
        face.client_type("testnet")


def test_async_client_outside_a_loop_points_to_the_other_client() -> None:
    fb = fastbinance.AsyncClient()
    for call in (lambda: fb.book_ticker("btcusdt"), fb.events, lambda: fb.on("message", print)):
        with pytest.raises(ConfigurationError, match="inside a running event loop; Client is the one"):
            call()


def test_async_client_is_not_used_from_a_second_loop(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.AsyncClient(urls=silent_sim.urls)

    async def first() -> Any:
        return fb.book_ticker("btcusdt")

    async def second(ring: Any) -> None:
        calls: list[Callable[[], Any]] = [
            lambda: fb.book_ticker("btcusdt"), fb.events, ring.wait, ring.ready, fb.close,
            lambda: anext(ring.reader()), lambda: fb.wait_any([ring]),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(ConfigurationError, match="belongs to the event loop that first used it"):
                await call()

    with asyncio.Runner() as one, asyncio.Runner() as two:
        ring = one.run(first())
        two.run(second(ring))
        one.run(fb.close())


def test_context_of_ssl_is_taken_as_it_is() -> None:
    fastbinance.Client(ssl_context=ssl.create_default_context()).close()

"""Every stream that Binance documents, by market: its name, when its first event is due, and its shape."""

from typing import Any, Final

from fastbinance.keys import Market
from fastbinance.sim.channels import Topic
from support.wire_shapes import (
    K_CONTINUOUS,
    K_OPTIONS,
    TICKER_NUMBERS,
    K,
    Shape,
    count,
    dec_or_empty,
    dec_or_null,
    depth,
    flag,
    keys,
    levels,
    ms,
    ms_or_zero,
    named,
    number,
    one_of,
    text,
)

UM, CM = one_of(1), one_of(2)
EITHER = one_of(1, 2)
OPTION: Final = "btc-261225-90000-c"

SPOT_AGG = keys("e E s a p q f l T m M", **named("aggTrade"), a=count, M=flag)
SPOT_TRADE = keys("e E s t p q T m M", **named("trade"), t=count, M=flag)
SPOT_KLINE = keys("e E s k", **named("kline"), k=K)
MINI = keys("e E s c o h l v q", **named("24hrMiniTicker"), l=text)
SPOT_TICKER = keys("e E s p P w x c Q b B a A o h l v q O C F L n", **named("24hrTicker"), l=text)
SPOT_DEPTH = depth("e E s U u b a")
SPOT_PARTIAL = keys("lastUpdateId bids asks", lastUpdateId=count, bids=levels, asks=levels)
SPOT_BOOK = keys("u s b B a A")


def rolling(window: str) -> Shape:
    return keys("e E s p P o h l c w v q O C F L n", **named(f"{window}Ticker"), l=text)


SPOT: Final[list[tuple[str, int, Shape]]] = [
    ("btcusdt@aggTrade", 2000, SPOT_AGG),
    ("btcusdt@trade", 2000, SPOT_TRADE),
    (
        "bnbbtc@referencePrice",
        250,
        keys("e s r t", **named("referencePrice"), r=dec_or_null, t=ms),
    ),
    ("btcusdt@kline_1m", 250, SPOT_KLINE),
    ("btcusdt@kline_1d@+08:00", 250, SPOT_KLINE),
    ("btcusdt@miniTicker", 250, MINI),
    ("!miniTicker@arr", 250, [MINI]),
    ("btcusdt@ticker", 250, SPOT_TICKER),
    *((f"btcusdt@ticker_{window}", 250, rolling(window)) for window in ("1h", "4h", "1d")),
    *((f"!ticker_{window}@arr", 250, [rolling(window)]) for window in ("1h", "4h", "1d")),
    ("btcusdt@bookTicker", 1000, SPOT_BOOK),
    ("btcusdt@avgPrice", 250, keys("e E s i w T", **named("avgPrice"), i=one_of("5m"))),
    *((f"btcusdt@depth{n}", 1100, SPOT_PARTIAL) for n in (5, 10, 20)),
    *((f"btcusdt@depth{n}@100ms", 500, SPOT_PARTIAL) for n in (5, 10, 20)),
    ("btcusdt@depth", 1100, SPOT_DEPTH),
    ("btcusdt@depth@100ms", 500, SPOT_DEPTH),
]


def futures_agg(quantities: str, st: Any) -> Shape:
    return keys(f"e E a s p {quantities} f l T m st", **named("aggTrade"), a=count, st=st)


def futures_trade(st: Any) -> Shape:
    types = one_of("MARKET", "RPI", "NA")
    return keys("e E T s t p q X m st", **named("trade"), t=count, X=types, st=st)


def futures_book(st: Any) -> Shape:
    return keys("e u s ps b B a A T E st", **named("bookTicker"), st=st)


def futures_ticker(st: Any) -> Shape:
    return keys(f"e E s ps {TICKER_NUMBERS} st", **named("24hrTicker"), l=text, st=st)


def futures_mini(st: Any) -> Shape:
    return keys("e E s ps c o h l v q st", **named("24hrMiniTicker"), l=text, st=st)


def mark_price(st: Any, rate: Any = text, next_ms: Any = ms) -> Shape:
    names = "e E s p ap P i r T st"
    return keys(names, **named("markPriceUpdate"), r=rate, T=next_ms, st=st)


def continuous(contract: str) -> Shape:
    return keys("e E ps ct k", **named("continuous_kline"), ct=one_of(contract), k=K_CONTINUOUS)


KLINE = keys("e E s k", **named("kline"), k=K)
FUTURES_DEPTH = "e E T s ps U u pu b a st"
ASSET = keys("e E s i b a B A q g Q G", **named("assetIndexUpdate"))
COMPONENT = keys("b q w W i", b=text, q=text)
COMPOSITE = keys("e E s p C c", **named("compositeIndex"), C=one_of("baseAsset"), c=[COMPONENT])
SESSION = keys(
    "e E t T S",
    e=one_of(
        "EquityUpdate", "CommodityUpdate", "KR_EquityUpdate", "HK_EquityUpdate", "CN_EquityUpdate", "FXUpdate"
    ),
    t=ms,
    S=text,
)
MERGED: Final[list[tuple[str, int, Shape]]] = [
    ("!miniTicker@arr", 250, [futures_mini(EITHER)]),
    ("!ticker@arr", 250, [futures_ticker(EITHER)]),
    ("!bookTicker", 250, futures_book(EITHER)),
]


def futures_depths(symbol: str, st: Any) -> list[tuple[str, int, Shape]]:
    shape = {**depth(FUTURES_DEPTH), "st": st}
    names = ["depth", "depth5", "depth10", "depth20"]
    rows = [(f"{symbol}@{name}{speed}", 1100, shape) for name in names for speed in ("", "@100ms", "@500ms")]
    return [*rows, (f"{symbol}@depth@0ms", 500, shape)]


USDM: Final[list[tuple[str, int, Shape]]] = [
    *MERGED,
    ("btcusdt@aggTrade", 2000, futures_agg("q nq", UM)),
    ("btcusdt@trade", 2000, futures_trade(UM)),
    ("btcusdt@bookTicker", 1000, futures_book(UM)),
    *futures_depths("btcusdt", UM),
    ("btcusdt@rpiDepth@500ms", 1100, {**depth(FUTURES_DEPTH), "st": UM}),
    ("btcusdt@markPrice", 250, mark_price(UM)),
    ("btcusdt@markPrice@1s", 250, mark_price(UM)),
    ("btcusdt_261225@markPrice@1s", 250, mark_price(UM, one_of(""), one_of(0))),
    ("!markPrice@arr", 250, [mark_price(UM, dec_or_empty, ms_or_zero)]),
    ("!markPrice@arr@1s", 250, [mark_price(UM, dec_or_empty, ms_or_zero)]),
    ("btcusdt@ticker", 250, futures_ticker(UM)),
    ("btcusdt@miniTicker", 250, futures_mini(UM)),
    ("btcusdt@kline_1m", 250, KLINE),
    ("btcusdt_perpetual@continuousKline_1m", 250, continuous("PERPETUAL")),
    ("btcusdt_current_quarter@continuousKline_1s", 250, continuous("CURRENT_QUARTER")),
    ("btcusdt_next_quarter@continuousKline_1M", 250, continuous("NEXT_QUARTER")),
    ("tslausdt_tradifi_perpetual@continuousKline_1m", 250, continuous("TRADIFI_PERPETUAL")),
    ("defiusdt@compositeIndex", 250, COMPOSITE),
    ("!assetIndex@arr", 250, [ASSET]),
    ("adausd@assetIndex", 250, ASSET),
    ("tradingSession", 250, SESSION),
]


def price_kline(event: str, symbol: Any) -> Shape:
    return keys("e E ps k", **named(event), k={**K, "s": symbol})


COINM: Final[list[tuple[str, int, Shape]]] = [
    *MERGED,
    ("btcusd_perp@aggTrade", 2000, futures_agg("q", CM)),
    ("btcusd_perp@trade", 2000, futures_trade(CM)),
    ("btcusd_perp@bookTicker", 1000, futures_book(CM)),
    *futures_depths("btcusd_perp", CM),
    ("btcusd_perp@markPrice", 250, mark_price(CM)),
    ("btcusd_261225@markPrice@1s", 250, mark_price(CM, one_of(""), one_of(0))),
    ("btcusd@markPrice", 250, [mark_price(CM, dec_or_empty, ms_or_zero)]),
    ("btcusd@markPrice@1s", 250, [mark_price(CM, dec_or_empty, ms_or_zero)]),
    ("btcusd@indexPrice", 250, keys("e E i p", **named("indexPriceUpdate"), i=one_of("BTCUSD"))),
    ("btcusd@indexPrice@1s", 250, keys("e E i p", **named("indexPriceUpdate"), i=one_of("BTCUSD"))),
    ("btcusd_perp@kline_1h", 250, KLINE),
    ("btcusd_perpetual@continuousKline_1m", 250, continuous("PERPETUAL")),
    ("btcusd_current_quarter@continuousKline_1m", 250, continuous("CURRENT_QUARTER")),
    ("btcusd_next_quarter@continuousKline_1m", 250, continuous("NEXT_QUARTER")),
    ("btcusd@indexPriceKline_1m", 250, price_kline("indexPrice_kline", one_of("0"))),
    ("btcusd_perp@markPriceKline_1m", 250, price_kline("markPrice_kline", one_of("BTCUSD_PERP"))),
    ("btcusd_perp@miniTicker", 250, futures_mini(CM)),
    ("btcusd_perp@ticker", 250, futures_ticker(CM)),
]
OPTION_DEPTH = depth("e E T s U u pu b a")
OPTION_TICKER = keys(f"e E s {TICKER_NUMBERS}", **named("24hrTicker"), l=text)
OPTION_TRADE = keys(
    "e E T s t p q X S m", **named("trade"), t=count, X=one_of("MARKET"), S=one_of("BUY", "SELL")
)
OPEN_INTEREST = keys("e E s o h", **named("openInterest"))
OPTIONS: Final[list[tuple[str, int, Shape]]] = [
    ("!index@arr", 250, [keys("e E s p", **named("indexPrice"))]),
    (f"{OPTION}@kline_1m", 250, keys("e E s k", **named("kline"), k=K_OPTIONS)),
    ("btcusdt@openInterest@261225", 250, [OPEN_INTEREST]),
    ("btcusdt@optionOpenInterest@261225", 250, [OPEN_INTEREST]),
    (
        "btcusdt@optionMarkPrice",
        250,
        [keys("s mp E e i P bo ao bq aq b a hl ll vo rf d t g v", **named("markPrice"), i=text)],
    ),
    *((f"{OPTION}@depth@{speed}ms", 1100, OPTION_DEPTH) for speed in (100, 500)),
    *((f"{OPTION}@depth{n}@{speed}ms", 1100, OPTION_DEPTH) for n in (5, 10, 20) for speed in (100, 500)),
    (f"{OPTION}@optionTicker", 250, OPTION_TICKER),
    ("btcusdt@optionTicker@261225", 250, [OPTION_TICKER]),
    (f"{OPTION}@bookTicker", 1000, keys("e u s b B a A T E", **named("bookTicker"))),
    (f"{OPTION}@optionTrade", 2000, OPTION_TRADE),
    ("btcusdt@optionTrade", 1000, OPTION_TRADE),
]
ALPHA_BOOK = keys("e E T u s b B a A", **named("bookTicker"))
ALPHA_DEPTH = depth("e E T U u pu s b a")
ALPHA_TICKER = OPTION_TICKER
TOKEN = keys("ca cnt24 fdv hc liq mc p pc24 s t vol24", ca=text, cnt24=count, t=count)
CONTRACT: Final = "0xAbC0000000000000000000000000000000000123@56"
CAME_KLINE = {
    "ca": one_of(CONTRACT), "e": one_of("kline"), "k": keys("o c h l v ot ct i", l=text, ot=ms, ct=ms)
}  # fmt: skip
ALPHA: Final[list[tuple[str, int, Shape]]] = [
    (
        "alpha_474usdt@aggTrade",
        2000,
        keys("e E T a f l m p q s", **named("aggTrade"), a=count),
    ),
    ("alpha_474usdt@trade", 2000, keys("e E T s t p q m", **named("trade"), t=count)),
    ("alpha_474usdt@bookTicker", 1000, ALPHA_BOOK),
    ("!bookTicker", 1000, ALPHA_BOOK),
    ("alpha_474usdt@miniTicker", 250, MINI),
    ("!miniTicker@arr", 250, [MINI]),
    ("alpha_474usdt@ticker", 250, ALPHA_TICKER),
    ("!ticker@arr", 250, [ALPHA_TICKER]),
    ("alpha_474usdt@kline_1M", 250, KLINE),
    (f"came@{CONTRACT}@kline_1s", 250, CAME_KLINE),
    (f"came@{CONTRACT}@kline_4h", 250, CAME_KLINE),
    ("came@allTokens@ticker24", 250, {"e": text, "d": [TOKEN]}),
    *(
        (f"alpha_474usdt@{kind}@{speed}ms", 1100, ALPHA_DEPTH)
        for kind in ("depth5", "depth10", "depth20", "fulldepth")
        for speed in (0, 100, 500)
    ),
]
TABLES: Final[dict[Market, list[tuple[str, int, Shape]]]] = {
    "spot": SPOT,
    "usdm": USDM,
    "coinm": COINM,
    "options": OPTIONS,
    "alpha": ALPHA,
}
#: Market, name, milliseconds until the first event, shape.
STREAMS: Final = [(market, *row) for market, rows in TABLES.items() for row in rows]
FORCE_ORDER: Final = "S o f q p ap X l z T"
ORDER_CHECKS: Final[dict[str, Any]] = {
    "S": one_of("BUY", "SELL"), "o": one_of("LIMIT"), "f": one_of("IOC"), "X": one_of("FILLED"), "l": text,
}  # fmt: skip
BRACKET = keys(
    "bs bnf bnc mmr cf mi ma", bs=count, bnf=count, bnc=count, mmr=number, cf=number, mi=count, ma=count
)
CONTRACT_INFO = keys(
    "e E s ps ct dt ot cs bks st", **named("contractInfo"), ct=text, dt=ms, ot=ms, cs=text, bks=[BRACKET],
    st=EITHER,
)  # fmt: skip
UM_FORCE = {
    "e": one_of("forceOrder"), "E": ms, "o": keys(f"s {FORCE_ORDER} ps st", **ORDER_CHECKS, st=UM),
}  # fmt: skip
CM_FORCE = {
    "e": one_of("forceOrder"), "E": ms, "o": keys(f"s ps {FORCE_ORDER}", **ORDER_CHECKS), "st": CM,
}  # fmt: skip
LISTING = keys(
    "e E s ps qa d sp dt u ot cs", **named("optionSymbol"), qa=text, d=one_of("CALL", "PUT"), dt=ms, ot=ms,
    cs=text,
)  # fmt: skip
#: Market and name of a stream, and whose event of which topic is to happen.
RARE: Final[list[tuple[Market, str, Market, str, Topic, Shape]]] = [
    (
        "spot", "bnbbtc@blockTrade", "spot", "BNBBTC", Topic.BLOCK_TRADE,
        keys("e E s t p q T m", **named("blockTrade"), t=count),
    ),
    ("usdm", "btcusdt@forceOrder", "usdm", "BTCUSDT", Topic.FORCE_ORDER, UM_FORCE),
    ("usdm", "!forceOrder@arr", "usdm", "BTCUSDT", Topic.FORCE_ORDER, UM_FORCE),
    ("usdm", "!forceOrder@arr", "coinm", "BTCUSD_PERP", Topic.FORCE_ORDER, CM_FORCE),
    ("coinm", "btcusd_perp@forceOrder", "coinm", "BTCUSD_PERP", Topic.FORCE_ORDER, CM_FORCE),
    ("coinm", "!forceOrder@arr", "usdm", "NEWUSDT", Topic.FORCE_ORDER, UM_FORCE),
    ("usdm", "!contractInfo", "usdm", "BTCUSDT_261225", Topic.CONTRACT_INFO, CONTRACT_INFO),
    ("coinm", "!contractInfo", "usdm", "TSLAUSDT", Topic.CONTRACT_INFO, CONTRACT_INFO),
    ("coinm", "!contractInfo", "coinm", "ETHUSD_PERP", Topic.CONTRACT_INFO, CONTRACT_INFO),
    ("options", "!optionSymbol", "options", "BTC-270326-130000-P", Topic.OPTION_SYMBOL, LISTING),
]  # fmt: skip

"""The wire text of klines, tickers, prices and notices, digit for digit."""

from typing import Final

import pytest

from fastbinance.keys import Market
from fastbinance.sim import events
from fastbinance.sim.bars import Bar
from fastbinance.sim.book import Level
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.payload import event_payload

T: Final = 1795340000148
E: Final = 1795340000150
E8: Final = 10**8

BAR: Final = Bar(
    1795339980000, 9120000, 9124000, 9119999, 9123456, 1234500, 11260001000000, 610000, 5560002000000,
    5600000001, 5600000210, 210,
)  # fmt: skip
BID, ASK = Level(9123455, 120000), Level(9123456, 40000)
KLINE: Final = events.KlineEvent(BAR, 1795340039999, False, E)
PRICE_KLINE: Final = events.PriceKlineEvent(
    1795339980000, 1795340039999, 91200 * E8, 91240 * E8, 91190 * E8, 91231 * E8, 20, False, E
)
TICKER: Final = events.TickerEvent(BAR, 9110000, 500, BID, ASK, E, E)
MARK: Final = events.MarkPriceEvent(
    9123150000000, 9122990000000, 9122810000000, 9123300000000, 10000, 1795363200000, E
)
DELIVERY: Final = MARK._replace(rate_e8=None, next_funding_ms=0)
OPTION_MARK: Final = events.OptionMarkPriceEvent(
    77050, 91231 * E8, Level(77000, 200), Level(77100, 50), 0.35, 0.9, 228000, 10000, 0.61, 0.1, -92.1,
    0.00002, 26.3, E,
)  # fmt: skip
FORCE: Final = events.ForceOrderEvent(True, 909000, 910000, 14, T, E)
BRACKET: Final = events.Bracket(1, 0, 5000, 0.01, 0, 21, 50)
NEWS: Final = events.ContractInfoEvent("PERPETUAL", 4133404800000, 1569398400000, "TRADING", (BRACKET,), E)
LISTING: Final = events.OptionSymbolEvent(1798185600000, 1795340400000, E)
COMPOSITE: Final = events.CompositeIndexEvent(
    "DEFIUSDT", 55441000000, (events.IndexComponent("BAL", "USDT", 104884844, 1457800, 2433521021),), E
)
ASSET: Final = events.AssetIndexEvent(
    "ADAUSD", 27460000, 10000000, 24714000, 30206000, 5000000, 26087000, 28833000, E
)
SESSION: Final = events.TradingSessionEvent("EquityUpdate", 1795316400000, 1795345200000, "REGULAR", E)
TOKEN: Final = events.TokenEvent("0xab@56", "ALPHA_474", 12, 0.05, -1.5, 120.0, 360.0, 1e9, 7, E)

Row = tuple[str, str, Market, Channel, events.Event | events.Reported, str]
VECTORS: Final[list[Row]] = [
    (
        "spot kline", "BTCUSDT", "spot",
        Channel(Topic.KLINE, interval="1m"),
        KLINE,
        (
            '{"e":"kline","E":1795340000150,"s":"BTCUSDT","k":{"t":1795339980000,"T":1795340039999,"s":"BTCUSDT",'
            '"i":"1m","f":5600000001,"L":5600000210,"o":"91200.00000000","c":"91234.56000000",'
            '"h":"91240.00000000","l":"91199.99000000","v":"12.34500000","n":210,"x":false,'
            '"q":"1126000.10000000","V":"6.10000000","Q":"556000.20000000","B":"0"}}'
        ),
    ),
    (
        "options kline", "BTC-261225-90000-C", "options",
        Channel(Topic.KLINE, interval="1m"),
        KLINE,
        (
            '{"e":"kline","E":1795340000150,"s":"BTC-261225-90000-C","k":{"t":1795339980000,"T":1795340039999,'
            '"s":"BTC-261225-90000-C","i":"1m","f":5600000001,"L":5600000210,"o":"912000.0","c":"912345.6",'
            '"h":"912400.0","l":"911999.9","v":"12345.00","n":210,"x":false,"q":"11260001000.000","V":"6100.00",'
            '"Q":"5560002000.000"}}'
        ),
    ),
    (
        "continuous kline", "BTCUSDT", "usdm",
        Channel(Topic.CONTINUOUS_KLINE, interval="1m", variant="PERPETUAL"),
        KLINE._replace(is_closed=True),
        (
            '{"e":"continuous_kline","E":1795340000150,"ps":"BTCUSDT","ct":"PERPETUAL","k":{"t":1795339980000,'
            '"T":1795340039999,"i":"1m","f":5600000001,"L":5600000210,"o":"912000.00","c":"912345.60",'
            '"h":"912400.00","l":"911999.90","v":"1234.500","n":210,"x":true,"q":"1126000100.00000",'
            '"V":"610.000","Q":"556000200.00000","B":"0"}}'
        ),
    ),
    (
        "kline of an address", "0xAb@56", "alpha",
        Channel(Topic.CONTRACT_KLINE, interval="1m"),
        KLINE,
        (
            '{"ca":"0xAb@56","e":"kline","k":{"o":"91.20000","c":"91.23456","h":"91.24000","l":"91.19999",'
            '"v":"1234500","ot":1795339980000,"ct":1795340039999,"i":"1m"}}'
        ),
    ),
    (
        "index price kline", "BTCUSD_PERP", "coinm",
        Channel(Topic.INDEX_PRICE_KLINE, interval="1m"),
        PRICE_KLINE,
        (
            '{"e":"indexPrice_kline","E":1795340000150,"ps":"BTCUSD","k":{"t":1795339980000,"T":1795340039999,'
            '"s":"0","i":"1m","f":0,"L":0,"o":"91200.00000000","c":"91231.00000000","h":"91240.00000000",'
            '"l":"91190.00000000","v":"0","n":20,"x":false,"q":"0","V":"0","Q":"0","B":"0"}}'
        ),
    ),
    (
        "mark price kline", "BTCUSD_PERP", "coinm",
        Channel(Topic.MARK_PRICE_KLINE, interval="1m"),
        PRICE_KLINE,
        (
            '{"e":"markPrice_kline","E":1795340000150,"ps":"BTCUSD","k":{"t":1795339980000,"T":1795340039999,'
            '"s":"BTCUSD_PERP","i":"1m","f":0,"L":0,"o":"91200.00000000","c":"91231.00000000",'
            '"h":"91240.00000000","l":"91190.00000000","v":"0","n":20,"x":false,"q":"0","V":"0","Q":"0","B":"0"}}'
        ),
    ),
    (
        "spot ticker", "BTCUSDT", "spot",
        Channel(Topic.TICKER),
        TICKER,
        (
            '{"e":"24hrTicker","E":1795340000150,"s":"BTCUSDT","p":"34.56000000","P":"0.038",'
            '"w":"91211.02000000","x":"91100.00000000","c":"91234.56000000","Q":"0.00500000",'
            '"b":"91234.55000000","B":"1.20000000","a":"91234.56000000","A":"0.40000000","o":"91200.00000000",'
            '"h":"91240.00000000","l":"91199.99000000","v":"12.34500000","q":"1126000.10000000",'
            '"O":1795339980000,"C":1795340000150,"F":5600000001,"L":5600000210,"n":210}'
        ),
    ),
    (
        "spot rolling ticker", "BTCUSDT", "spot",
        Channel(Topic.ROLLING_TICKER, interval="1h"),
        TICKER,
        (
            '{"e":"1hTicker","E":1795340000150,"s":"BTCUSDT","p":"34.56000000","P":"0.038","o":"91200.00000000",'
            '"h":"91240.00000000","l":"91199.99000000","c":"91234.56000000","w":"91211.02000000",'
            '"v":"12.34500000","q":"1126000.10000000","O":1795339980000,"C":1795340000150,"F":5600000001,'
            '"L":5600000210,"n":210}'
        ),
    ),
    (
        "usdm ticker", "BTCUSDT", "usdm",
        Channel(Topic.TICKER),
        TICKER,
        (
            '{"e":"24hrTicker","E":1795340000150,"s":"BTCUSDT","ps":"BTCUSDT","p":"345.60","P":"0.038",'
            '"w":"912110.20","c":"912345.60","Q":"0.500","o":"912000.00","h":"912400.00","l":"911999.90",'
            '"v":"1234.500","q":"1126000100.00000","O":1795339980000,"C":1795340000150,"F":5600000001,'
            '"L":5600000210,"n":210,"st":1}'
        ),
    ),
    (
        "alpha ticker", "ALPHA_474USDT", "alpha",
        Channel(Topic.TICKER),
        TICKER,
        (
            '{"e":"24hrTicker","E":1795340000150,"s":"ALPHA_474USDT","p":"34.56","P":"0.038","w":"91211.02",'
            '"c":"91234.56","Q":"5.00","o":"91200.00","h":"91240.00","l":"91199.99","v":"12345.00",'
            '"q":"1126000100.0000","O":1795339980000,"C":1795340000150,"F":5600000001,"L":5600000210,"n":210}'
        ),
    ),
    (
        "coinm mini ticker", "BTCUSD_PERP", "coinm",
        Channel(Topic.MINI_TICKER),
        events.MiniTickerEvent(BAR, E),
        (
            '{"e":"24hrMiniTicker","E":1795340000150,"s":"BTCUSD_PERP","ps":"BTCUSD","c":"912345.6",'
            '"o":"912000.0","h":"912400.0","l":"911999.9","v":"1234500","q":"112600.01000000","st":2}'
        ),
    ),
    (
        "average price", "BTCUSDT", "spot",
        Channel(Topic.AVERAGE_PRICE),
        events.AveragePriceEvent(5, 9123012, T, E),
        (
            '{"e":"avgPrice","E":1795340000150,"s":"BTCUSDT","i":"5m","w":"91230.12000000","T":1795340000148}'
        ),
    ),
    (
        "reference price", "BTCUSDT", "spot",
        Channel(Topic.REFERENCE_PRICE),
        events.ReferencePriceEvent(9123012, E),
        (
            '{"e":"referencePrice","s":"BTCUSDT","r":"91230.12000000","t":1795340000150}'
        ),
    ),
    (
        "no reference price", "BTCUSDT", "spot",
        Channel(Topic.REFERENCE_PRICE),
        events.ReferencePriceEvent(None, E),
        (
            '{"e":"referencePrice","s":"BTCUSDT","r":null,"t":1795340000150}'
        ),
    ),
    (
        "block trade", "BNBBTC", "spot",
        Channel(Topic.BLOCK_TRADE),
        events.BlockTradeEvent(582, 95000, 5838000, True, T, E),
        (
            '{"e":"blockTrade","E":1795340000150,"s":"BNBBTC","t":582,"p":"0.00950000","q":"5838.00000000",'
            '"T":1795340000148,"m":true}'
        ),
    ),
    (
        "mark price", "BTCUSDT", "usdm",
        Channel(Topic.MARK_PRICE),
        MARK,
        (
            '{"e":"markPriceUpdate","E":1795340000150,"s":"BTCUSDT","p":"91231.50000000","ap":"91229.90000000",'
            '"P":"91228.10000000","i":"91233.00000000","r":"0.00010000","T":1795363200000,"st":1}'
        ),
    ),
    (
        "mark price of a delivery", "BTCUSD_261225", "coinm",
        Channel(Topic.MARK_PRICE),
        DELIVERY,
        (
            '{"e":"markPriceUpdate","E":1795340000150,"s":"BTCUSD_261225","p":"91231.50000000",'
            '"ap":"91229.90000000","P":"91228.10000000","i":"91233.00000000","r":"","T":0,"st":2}'
        ),
    ),
    (
        "mark price array", "", "coinm",
        Channel(Topic.MARK_PRICE),
        events.MarketArray([(Instrument("BTCUSD_261225", "coinm"), DELIVERY)]),
        (
            '[{"e":"markPriceUpdate","E":1795340000150,"s":"BTCUSD_261225","p":"91231.50000000",'
            '"ap":"91229.90000000","P":"91228.10000000","i":"91233.00000000","r":"","T":0,"st":2}]'
        ),
    ),
    (
        "option mark price", "BTC-261225-126000-C", "options",
        Channel(Topic.OPTION_MARK_PRICE),
        OPTION_MARK,
        (
            '{"s":"BTC-261225-126000-C","mp":"770.50","E":1795340000150,"e":"markPrice","i":"91231.00000000",'
            '"P":"0.000","bo":"770.00","ao":"771.00","bq":"2.00","aq":"0.50","b":"0.3500","a":"0.9000",'
            '"hl":"2280.00","ll":"100.00","vo":"0.6100","rf":"0.0","d":"0.10000","t":"-92.10000",'
            '"g":"0.00002000","v":"26.30000"}'
        ),
    ),
    (
        "open interest", "BTC-261225-126000-C", "options",
        Channel(Topic.OPEN_INTEREST),
        events.OpenInterestEvent(1250, 1140000 * E8, E),
        (
            '{"e":"openInterest","E":1795340000150,"s":"BTC-261225-126000-C","o":"12.50","h":"1140000.00000000"}'
        ),
    ),
    (
        "usdm liquidation", "BTCUSDT", "usdm",
        Channel(Topic.FORCE_ORDER),
        FORCE,
        (
            '{"e":"forceOrder","E":1795340000150,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014",'
            '"p":"90900.00","ap":"91000.00","X":"FILLED","l":"0.014","z":"0.014","T":1795340000148,'
            '"ps":"BTCUSDT","st":1}}'
        ),
    ),
    (
        "coinm liquidation", "BTCUSD_PERP", "coinm",
        Channel(Topic.FORCE_ORDER),
        FORCE,
        (
            '{"e":"forceOrder","E":1795340000150,"o":{"s":"BTCUSD_PERP","ps":"BTCUSD","S":"SELL","o":"LIMIT",'
            '"f":"IOC","q":"14","p":"90900.0","ap":"91000.0","X":"FILLED","l":"14","z":"14","T":1795340000148},'
            '"st":2}'
        ),
    ),
    (
        "contract info", "IOTAUSDT", "usdm",
        Channel(Topic.CONTRACT_INFO),
        NEWS,
        (
            '{"e":"contractInfo","E":1795340000150,"s":"IOTAUSDT","ps":"IOTAUSDT","ct":"PERPETUAL",'
            '"dt":4133404800000,"ot":1569398400000,"cs":"TRADING","bks":[{"bs":1,"bnf":0,"bnc":5000,"mmr":0.01,'
            '"cf":0,"mi":21,"ma":50}],"st":1}'
        ),
    ),
    (
        "contract info without brackets", "BTCUSD_PERP", "coinm",
        Channel(Topic.CONTRACT_INFO),
        NEWS._replace(brackets=()),
        (
            '{"e":"contractInfo","E":1795340000150,"s":"BTCUSD_PERP","ps":"BTCUSD","ct":"PERPETUAL",'
            '"dt":4133404800000,"ot":1569398400000,"cs":"TRADING","st":2}'
        ),
    ),
    (
        "option symbol", "BTC-261225-130000-C", "options",
        Channel(Topic.OPTION_SYMBOL),
        LISTING,
        (
            '{"e":"optionSymbol","E":1795340000150,"s":"BTC-261225-130000-C","ps":"BTCUSDT","qa":"USDT",'
            '"d":"CALL","sp":"130000.00","dt":1798185600000,"u":1,"ot":1795340400000,"cs":"TRADING"}'
        ),
    ),
    (
        "coinm index price", "", "coinm",
        Channel(Topic.INDEX_PRICE),
        events.IndexPriceEvent("BTCUSD", 9123112000000, E),
        (
            '{"e":"indexPriceUpdate","E":1795340000150,"i":"BTCUSD","p":"91231.12000000"}'
        ),
    ),
    (
        "options index", "", "options",
        Channel(Topic.OPTION_INDEX),
        events.IndexArray([events.IndexPriceEvent("BTCUSDT", 9123112000000, E)]),
        (
            '[{"e":"indexPrice","E":1795340000150,"s":"BTCUSDT","p":"91231.12000000"}]'
        ),
    ),
    (
        "composite index", "", "usdm",
        Channel(Topic.COMPOSITE_INDEX),
        COMPOSITE,
        (
            '{"e":"compositeIndex","E":1795340000150,"s":"DEFIUSDT","p":"554.41000000","C":"baseAsset",'
            '"c":[{"b":"BAL","q":"USDT","w":"1.04884844","W":"0.01457800","i":"24.33521021"}]}'
        ),
    ),
    (
        "asset index", "", "usdm",
        Channel(Topic.ASSET_INDEX),
        ASSET,
        (
            '{"e":"assetIndexUpdate","E":1795340000150,"s":"ADAUSD","i":"0.27460000","b":"0.10000000",'
            '"a":"0.10000000","B":"0.24714000","A":"0.30206000","q":"0.05000000","g":"0.05000000",'
            '"Q":"0.26087000","G":"0.28833000"}'
        ),
    ),
    (
        "trading session", "", "usdm",
        Channel(Topic.TRADING_SESSION),
        SESSION,
        (
            '{"e":"EquityUpdate","E":1795340000150,"t":1795316400000,"T":1795345200000,"S":"REGULAR"}'
        ),
    ),
    (
        "token list", "", "alpha",
        Channel(Topic.ALL_TOKENS),
        events.IndexArray([TOKEN]),
        (
            '{"e":"tickerList","d":[{"ca":"0xab@56","cnt24":12,"fdv":"50000000.00","hc":"7","liq":"360.00",'
            '"mc":"25000000.00","p":"0.05000000","pc24":"-1.5000","s":"ALPHA_474","t":1795340000150,'
            '"vol24":"120.00"}]}'
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "market", "channel", "event", "text"),
    [row[1:] for row in VECTORS],
    ids=[row[0] for row in VECTORS],
)
def test_event_is_spelled_as_on_the_wire(
    symbol: str, market: Market, channel: Channel, event: events.Event | events.Reported, text: str
) -> None:
    instrument = Instrument(symbol, market) if symbol else None
    assert event_payload(instrument, channel, event).decode() == text

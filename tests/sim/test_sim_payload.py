"""The wire shape of every payload: keys in order, numbers as Binance spells them."""

import json
from typing import Final

import pytest

from fastbinance.keys import Market
from fastbinance.sim.book import Level, Snapshot
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import AggTradeEvent, BookTickerEvent, DepthEvent, Event, TradeEvent
from fastbinance.sim.instrument import Instrument, is_listable
from fastbinance.sim.payload import event_payload, snapshot_body
from fastbinance.sim.wire import blocks, combined_text, text_frame

T: Final = 1795340000148
E: Final = 1795340000150

BOOK_TICKER = BookTickerEvent(80012345678, Level(9123455, 120000), Level(9123456, 40000), T)
TRADE = TradeEvent(5600000003, 9123456, 500, "MARKET", True, T)
AGG_TRADE = AggTradeEvent(3791000001, 9123456, 1200, 1100, 5600000001, 5600000003, False, T, E)
DEPTH = DepthEvent(11, 19, 9, [Level(9123455, 120000)], [Level(9123456, 0), Level(9123460, 1)], T, E)
FUTURES_TICKER = BookTickerEvent(9100000000001, Level(912300, 4100), Level(912301, 2200), T)
FUTURES_TRADE = TradeEvent(6500000002, 912301, 10, "RPI", False, T)
FILLER = TradeEvent(6500000003, 0, 0, "NA", True, T)
FUTURES_AGG = AggTradeEvent(2900000001, 912301, 20, 15, 6500000001, 6500000002, False, T, E)
FUTURES_DEPTH = DepthEvent(11, 19, 9, [Level(912300, 4100)], [Level(912301, 0)], T, E)

VECTORS: Final[list[tuple[str, str, Market, Topic, Event, str]]] = [
    (
        "spot bookTicker", "BTCUSDT", "spot", Topic.BOOK_TICKER, BOOK_TICKER,
        ('{"u":80012345678,"s":"BTCUSDT","b":"91234.55000000","B":"1.20000000","a":"91234.56000000",'
        '"A":"0.40000000"}'),
    ),
    (
        "spot trade", "BTCUSDT", "spot", Topic.TRADE, TRADE,
        ('{"e":"trade","E":1795340000148,"s":"BTCUSDT","t":5600000003,"p":"91234.56000000","q":"0.00500000",'
        '"T":1795340000148,"m":true,"M":true}'),
    ),
    (
        "spot aggTrade", "BTCUSDT", "spot", Topic.AGG_TRADE, AGG_TRADE,
        ('{"e":"aggTrade","E":1795340000150,"s":"BTCUSDT","a":3791000001,"p":"91234.56000000","q":"0.01200000",'
        '"f":5600000001,"l":5600000003,"T":1795340000148,"m":false,"M":true}'),
    ),
    (
        "spot depth", "BTCUSDT", "spot", Topic.DIFF_DEPTH, DEPTH,
        ('{"e":"depthUpdate","E":1795340000150,"s":"BTCUSDT","U":11,"u":19,"b":[["91234.55000000","1.20000000"]],'
        '"a":[["91234.56000000","0.00000000"],["91234.60000000","0.00001000"]]}'),
    ),
    (
        "spot partial depth", "BTCUSDT", "spot", Topic.PARTIAL_DEPTH, DEPTH,
        ('{"lastUpdateId":19,"bids":[["91234.55000000","1.20000000"]],'
        '"asks":[["91234.56000000","0.00000000"],["91234.60000000","0.00001000"]]}'),
    ),
    (
        "usdm bookTicker", "BTCUSDT", "usdm", Topic.BOOK_TICKER, FUTURES_TICKER,
        ('{"e":"bookTicker","u":9100000000001,"s":"BTCUSDT","ps":"BTCUSDT","b":"91230.00","B":"4.100",'
        '"a":"91230.10","A":"2.200","T":1795340000148,"E":1795340000148,"st":1}'),
    ),
    (
        "usdm trade", "BTCUSDT", "usdm", Topic.TRADE, FUTURES_TRADE,
        ('{"e":"trade","E":1795340000148,"T":1795340000148,"s":"BTCUSDT","t":6500000002,"p":"91230.10",'
        '"q":"0.010","X":"RPI","m":false,"st":1}'),
    ),
    (
        "usdm filler", "DOGEUSDT", "usdm", Topic.TRADE, FILLER,
        ('{"e":"trade","E":1795340000148,"T":1795340000148,"s":"DOGEUSDT","t":6500000003,"p":"0","q":"0",'
        '"X":"NA","m":true,"st":1}'),
    ),
    (
        "usdm aggTrade", "BTCUSDT", "usdm", Topic.AGG_TRADE, FUTURES_AGG,
        ('{"e":"aggTrade","E":1795340000150,"a":2900000001,"s":"BTCUSDT","p":"91230.10","q":"0.020","nq":"0.015",'
        '"f":6500000001,"l":6500000002,"T":1795340000148,"m":false,"st":1}'),
    ),
    (
        "usdm depth of a dated contract", "BTCUSDT_261225", "usdm", Topic.DIFF_DEPTH, FUTURES_DEPTH,
        ('{"e":"depthUpdate","E":1795340000150,"T":1795340000148,"s":"BTCUSDT_261225","ps":"BTCUSDT","U":11,"u":19,'
        '"pu":9,"b":[["91230.00","4.100"]],"a":[["91230.10","0.000"]],"st":1}'),
    ),
    (
        "usdm partial depth", "BTCUSDT", "usdm", Topic.PARTIAL_DEPTH, FUTURES_DEPTH,
        ('{"e":"depthUpdate","E":1795340000150,"T":1795340000148,"s":"BTCUSDT","ps":"BTCUSDT","U":11,"u":19,'
        '"pu":9,"b":[["91230.00","4.100"]],"a":[["91230.10","0.000"]],"st":1}'),
    ),
    (
        "coinm bookTicker", "BTCUSD_PERP", "coinm", Topic.BOOK_TICKER, FUTURES_TICKER,
        ('{"e":"bookTicker","u":9100000000001,"s":"BTCUSD_PERP","ps":"BTCUSD","b":"91230.0","B":"4100",'
        '"a":"91230.1","A":"2200","T":1795340000148,"E":1795340000148,"st":2}'),
    ),
    (
        "coinm aggTrade", "BTCUSD_PERP", "coinm", Topic.AGG_TRADE, FUTURES_AGG,
        ('{"e":"aggTrade","E":1795340000150,"a":2900000001,"s":"BTCUSD_PERP","p":"91230.1","q":"20",'
        '"f":6500000001,"l":6500000002,"T":1795340000148,"m":false,"st":2}'),
    ),
    (
        "coinm depth", "BTCUSD_PERP", "coinm", Topic.DIFF_DEPTH, FUTURES_DEPTH,
        ('{"e":"depthUpdate","E":1795340000150,"T":1795340000148,"s":"BTCUSD_PERP","ps":"BTCUSD","U":11,"u":19,'
        '"pu":9,"b":[["91230.0","4100"]],"a":[["91230.1","0"]],"st":2}'),
    ),
]  # fmt: skip

SPELLINGS: Final[list[tuple[str, Market, str, str]]] = [
    ("BTCUSDT", "spot", "91234.56000000", "0.00001000"),
    ("ETHUSDT", "spot", "3012.40000000", "0.00010000"),
    ("DOGEUSDT", "spot", "0.15320000", "1.00000000"),
    ("ETHBTC", "spot", "0.03301800", "0.00010000"),
    ("BTCUSDT", "usdm", "91234.60", "0.001"),
    ("ETHUSDT", "usdm", "3012.40", "0.001"),
    ("1000PEPEUSDT", "usdm", "0.0046200", "1"),
    ("BTCUSD_PERP", "coinm", "91234.6", "1"),
    ("ETHUSD_PERP", "coinm", "3012.40", "1"),
]


@pytest.mark.parametrize(("symbol", "market", "kind", "event", "text"), [row[1:] for row in VECTORS],
                         ids=[row[0] for row in VECTORS])  # fmt: skip
def test_payload_is_spelled_as_on_the_wire(
    symbol: str, market: Market, kind: Topic, event: Event, text: str
) -> None:
    assert event_payload(Instrument(symbol, market), Channel(kind), event).decode() == text


@pytest.mark.parametrize(("symbol", "market", "price", "lot"), SPELLINGS)
def test_first_price_and_smallest_lot_look_like_the_symbols(
    symbol: str, market: Market, price: str, lot: str
) -> None:
    instrument = Instrument(symbol, market)
    assert (instrument.price_text(instrument.start_ticks), instrument.qty_text(1)) == (price, lot)


@pytest.mark.parametrize("market", ["spot", "usdm", "coinm"])
@pytest.mark.parametrize(
    "symbol", ["FOOUSDT", "牛来USDT", "XYZ", "PEPEBTC", "ZZZ_PERP", "A", "USDT", "12USDT"]
)
def test_any_symbol_has_a_price_and_room_below_it(symbol: str, market: Market) -> None:
    instrument = Instrument(symbol, market)
    assert instrument.start_ticks >= 2000
    assert instrument.typical_lots >= 5
    assert float(instrument.price_text(instrument.start_ticks)) > 0


@pytest.mark.parametrize(
    ("market", "head"),
    [
        ("spot", '{"lastUpdateId":7,"bids":'),
        ("usdm", '{"lastUpdateId":7,"E":1795340000150,"T":1795340000148,"bids":'),
        (
            "coinm",
            '{"lastUpdateId":7,"E":1795340000150,"T":1795340000148,"symbol":"ETHUSD_PERP","pair":"ETHUSD","bids":',
        ),
    ],
)
def test_snapshot_body_has_the_products_head(market: Market, head: str) -> None:
    instrument = Instrument("ETHUSD_PERP" if market == "coinm" else "ETHUSDT", market)
    text = snapshot_body(instrument, Snapshot(7, [Level(301240, 1)], []), time_ms=T, event_ms=E).decode()
    assert text.startswith(head)
    body = json.loads(text)
    assert (len(body["bids"]), body["asks"]) == (1, [])


@pytest.mark.parametrize(
    ("symbol", "market", "is_there"),
    [
        ("BTCUSDT", "spot", True),
        ("BTCUSD_PERP", "spot", False),
        ("BTCUSDT_261225", "usdm", True),
        ("BTCUSDT", "coinm", False),
        ("BTCUSD_PERP", "coinm", True),
        ("BTCUSD_", "coinm", False),
        ("", "usdm", False),
    ],
)
def test_symbol_must_fit_its_market(symbol: str, market: Market, is_there: bool) -> None:
    assert is_listable(symbol, market) is is_there


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_frame_head_says_the_size_in_the_shortest_form(size: int, head: bytes) -> None:
    assert text_frame(b"x" * size) == head + b"x" * size


def test_combined_payload_is_wrapped_with_its_name() -> None:
    assert (
        combined_text("牛来usdt@trade", b'{"e":1}').decode() == '{"stream":"牛来usdt@trade","data":{"e":1}}'
    )


def test_blocks_hold_whole_frames_in_order_and_lose_none() -> None:
    frames = [bytes([index]) * (index % 7 + 1) for index in range(50)]
    joined = blocks(frames, 16)
    assert b"".join(block.data for block in joined) == b"".join(frames)
    assert sum(block.frames for block in joined) == 50
    assert all(len(block.data) <= 16 for block in joined)
    assert [block.frames for block in blocks([b"x" * 100, b"y"], 16)] == [1, 1]

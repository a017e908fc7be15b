"""Real messages: each decodes by both ways to what its text says, bit for bit, or is no market data."""

import json
import re

import pytest
from support.expected import differs, flags_of
from support.frames import Recorder, feed_for, pack

from fastbinance import streams
from fastbinance._core.decode import decode
from fastbinance._core.ring import RingBase
from fastbinance._typed import read_event
from fastbinance.errors import DecodeError
from fastbinance.records import FLAG_END_OF_FRAME
from fastbinance.streams import Kind

KEYS = {"spot": "main", "usdm": "usdm", "coinm": "coinm", "options": "eoptions", "alpha": "alpha"}

#: What a payload without a stream name is, by its "e"; of diff and partial depth a diff.
KINDS = {
    "bookTicker": Kind.BOOK_TICKER, "trade": Kind.TRADE, "aggTrade": Kind.AGG_TRADE,
    "depthUpdate": Kind.DIFF_DEPTH, "blockTrade": Kind.BLOCK_TRADE, "kline": Kind.KLINE,
    "continuous_kline": Kind.CONTINUOUS_KLINE, "indexPrice_kline": Kind.INDEX_PRICE_KLINE,
    "markPrice_kline": Kind.MARK_PRICE_KLINE, "24hrTicker": Kind.TICKER, "1hTicker": Kind.ROLLING_TICKER,
    "24hrMiniTicker": Kind.MINI_TICKER, "avgPrice": Kind.AVERAGE_PRICE,
    "referencePrice": Kind.REFERENCE_PRICE,
    "markPriceUpdate": Kind.MARK_PRICE, "markPrice": Kind.OPTION_MARK_PRICE,
    "indexPriceUpdate": Kind.INDEX_PRICE, "forceOrder": Kind.FORCE_ORDER, "openInterest": Kind.OPEN_INTEREST,
    "assetIndexUpdate": Kind.ASSET_INDEX,
}  # fmt: skip

#: The same of payloads that become typed events.
TYPED = {
    "contractInfo": "contract_info", "compositeIndex": "composite_index", "EquityUpdate": "trading_session",
    "optionSymbol": "option_symbol", "serverShutdown": "server_shutdown",
}  # fmt: skip

USER_DATA = {
    "ACCOUNT_CONFIG_UPDATE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT",
    "GRID_UPDATE",
    "MARGIN_CALL", "MARGIN_LEVEL_STATUS_CHANGE", "ORDER_TRADE_UPDATE", "STRATEGY_UPDATE", "TRADE_LITE",
    "USER_LIABILITY_CHANGE", "balanceUpdate", "executionReport", "listStatus", "outboundAccountPosition",
}  # fmt: skip


class Message:
    """One captured line, read by Python's own JSON."""

    def __init__(self, market, line):
        self.market, self.line = market, line
        whole = json.loads(line)
        wrapped = isinstance(whole, dict) and {"stream", "data"} <= whole.keys()
        self.stream = whole["stream"] if wrapped else None
        self.data = whole["data"] if wrapped else whole
        self.elements = self.data if isinstance(self.data, list) else [self.data]
        self.first = self.elements[0] if self.elements else {}
        self.keys = self.first.keys() if isinstance(self.first, dict) else set()
        self.event = self.first.get("e") if self.keys else None

    @property
    def kind(self):
        """The kind of its records, or None."""
        if self.stream is not None:
            return streams.parse(self.stream, self.market, strict=False).kind
        if self.event is not None:
            return Kind.CONTRACT_KLINE if "ca" in self.keys else KINDS.get(self.event)
        if {"u", "b", "B", "a", "A"} <= self.keys:
            return Kind.BOOK_TICKER
        return Kind.PARTIAL_DEPTH if {"lastUpdateId", "bids"} <= self.keys else None


#: Why a message becomes neither record nor typed event, and which messages those are.
OTHERS = {
    "the options system that was retired": lambda m: m.market == "options" and m.stream in (
        "ETH-231208-1950-C@depth100@100ms", "ETH-231215-2150-C@ticker", "BTCUSDT@TICKER_ALL",
        "ETH-231202-2100-C@trade", "BTCUSDT_C@TRADE_ALL",
    ),
    "gone from spot": lambda m: (m.market, m.stream) in (("spot", "!bookTicker"), ("spot", "!ticker@arr")),
    "not documented on COIN-M": lambda m: (m.market, m.stream) == ("coinm", "!markPrice@arr"),
    "an event that is documented nowhere": lambda m: m.event == "IndexUpdate",
    "user data": lambda m: m.event in USER_DATA,
    "user data of the WS API": lambda m: {"subscriptionId", "event"} <= m.keys,
    "requests and answers of the WS API": lambda m: "id" in m.keys and bool({"method", "status"} & m.keys),
    "answers to control frames": lambda m: m.keys == {"id", "result"},
    "errors": lambda m: m.keys == {"code", "msg"},
    "bodies of REST calls": lambda m: bool({"openInterest", "lastFundingRate"} & m.keys),
    "pieces of answers of the WS API": lambda m: m.keys in ({"openTime", "closeTime"}, {"event"}),
    "elements that the documentation leaves out": lambda m: m.data == [{}],
}  # fmt: skip


def messages_in(captures):
    for path in sorted(captures.glob("*.jsonl")):
        market = path.name.removeprefix("docs-").partition("-")[0]
        for line in path.read_bytes().splitlines():
            yield path.name, Message(market, line)


def fast_or_code(line, key):
    """Return what the fast path makes of a message, or the code of its refusal."""
    try:
        return decode(line, key, scanner="fast")
    except DecodeError as error:
        return error.code


def check(message):
    """Hold the records of a message against its events; return whether the fast path took it."""
    key, kind = KEYS[message.market], message.kind
    slow = decode(message.line, key, scanner="fallback")
    quick = fast_or_code(message.line, key)
    assert quick in ("declined", slow), message.line
    told = [event for event in message.elements if event.get("X") != "NA"]
    assert len(slow) == len(told), message.line
    for record, event in zip(slow, told, strict=True):
        end = FLAG_END_OF_FRAME if isinstance(message.data, list) and record is slow[-1] else 0
        assert record.flags == flags_of(event) | end
        assert [text for text in differs(kind, record, event) if not text.startswith("flags")] == [], (
            message.line
        )
    return quick != "declined"


def test_every_captured_message_becomes_what_its_text_says(captures, capsys):
    counts, fast = {}, {}
    for name, message in messages_in(captures):
        if message.kind is None:
            continue
        counts[name] = counts.get(name, 0) + 1
        fast[name] = fast.get(name, 0) + check(message)
    with capsys.disabled():
        print()
        for name, count in counts.items():
            print(f"{name:36} {count:7} messages, {fast[name] / count:8.3%} by the fast path")
    assert sum(counts.values()) > 30_000


def test_what_becomes_no_record_is_a_typed_event_or_has_a_reason(captures):
    reasons = dict.fromkeys(OTHERS, 0)
    typed = set()
    for name, message in messages_in(captures):
        if message.kind is not None:
            continue
        if message.event in TYPED:
            read_event(TYPED[message.event], message.line)
            typed.add(message.event)
            continue
        found = [reason for reason, fits in OTHERS.items() if fits(message)]
        assert len(found) == 1, (name, found, message.line[:200])
        reasons[found[0]] += 1
        assert decode(message.line, KEYS[message.market]) == []
    # No reason is there for nothing.
    assert [reason for reason, count in reasons.items() if count == 0] == []
    assert typed == {"contractInfo", "compositeIndex", "serverShutdown"}


SECTIONS = {"2": "spot", "3": "usdm", "4": "coinm", "5": "options", "6": "alpha"}


@pytest.fixture
def examples(captures):
    """Market and text of every example payload of the reference, where it lies beside the captures."""
    reference = captures.parent / "spec" / "streams.md"
    if not reference.is_file():
        pytest.skip("the reference of the streams does not lie beside the captures")
    market, found = None, []
    for line in reference.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            market = SECTIONS.get(line[3])
        found += [(market, text) for text in re.findall(r"^`([\[{].*[\]}])`$", line)]
    return found


def test_every_example_of_the_reference_becomes_records_or_a_typed_event(examples):
    kinds, typed = set(), set()
    for market, text in examples:
        message = Message(market, text.encode())
        if message.kind is None:
            read_event(TYPED[message.event], message.line)
            typed.add(message.event)
        else:
            check(message)
            kinds.add(message.kind)
    # It has no example of a candle of an index.
    assert kinds == set(Kind) - {Kind.INDEX_PRICE_KLINE}
    assert typed == {"contractInfo", "compositeIndex", "EquityUpdate", "optionSymbol"}


@pytest.mark.parametrize(
    "name", ["spot-session-ethusdt", "usdm-session-ethusdt", "coinm-session-ethusd_perp"]
)
def test_a_session_fits_into_one_feed_as_it_came(captures, name):
    lines = (captures / f"{name}.jsonl").read_bytes().splitlines()
    market = name.partition("-")[0]
    rings, counts = {}, {}
    for line in lines:
        stream = json.loads(line).get("stream")
        if stream is None:
            continue
        parsed = streams.parse(stream, market, strict=False)
        if parsed.kind is not None:
            counts[stream] = counts.get(stream, 0) + 1
            if stream in rings:
                continue
            rings[stream] = RingBase(
                int(parsed.kind),
                stream,
                KEYS[market],
                parsed.symbol.upper(),
                capacity=16_384,
                level_capacity=1 << 20,
            )
    feed = feed_for(*rings.values(), handler=(handler := Recorder()))
    published = feed.replay(*pack(lines))
    assert published == sum(counts.values()) - feed.skipped
    assert (feed.rejected, handler.rejects) == (0, [])
    assert feed.fast >= 0.99 * published
    for stream, ring in rings.items():
        assert ring.cursor + 1 == counts[stream] - feed.route_stats(stream).skipped

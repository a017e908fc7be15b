"""Real messages: each decodes by both ways to the same record, bit for bit what its text says."""

import json

import pytest

from fastbinance import streams
from fastbinance._core.decode import decode
from fastbinance.errors import DecodeError

KEYS = {"spot": "main", "usdm": "usdm", "coinm": "coinm"}
EVENTS = ("bookTicker", "trade", "aggTrade", "depthUpdate")
NS_PER_MS = 1_000_000


def market_of(path):
    return path.name.removeprefix("docs-").partition("-")[0]


def messages_of(path):
    """Yield stream name, event and line of the messages that have a record, or are a filler."""
    for line in path.read_bytes().splitlines():
        message = json.loads(line)
        stream, event = None, message
        if isinstance(message, dict) and "data" in message:
            stream, event = message.get("stream"), message["data"]
        if not isinstance(event, dict):
            continue
        if stream is not None:
            if streams.parse(stream, market_of(path), strict=False).kind is not None:
                yield stream, event, line
        elif (
            event.get("e") in EVENTS
            or {"u", "b", "B", "a", "A"} <= event.keys()
            or ("lastUpdateId" in event and "bids" in event)
        ):
            yield stream, event, line


def fast_or_code(line, key):
    """Return what the fast path makes of a message, or the code of its refusal."""
    try:
        return decode(line, key, scanner="fast")
    except DecodeError as error:
        return error.code


def number(text):
    return float(text).hex()


def check(record, event):
    """Hold a record against the event that Python's own JSON reads."""
    assert record["event_ns"] == event.get("E", 0) * NS_PER_MS
    assert record["transaction_ns"] == event.get("T", 0) * NS_PER_MS
    if "B" in event:
        assert record["update_id"] == event["u"]
        for name, key in (("bid_price", "b"), ("bid_qty", "B"), ("ask_price", "a"), ("ask_qty", "A")):
            assert record[name].hex() == number(event[key])
    elif "p" in event:
        assert (record["price"].hex(), record["qty"].hex()) == (number(event["p"]), number(event["q"]))
        assert record["is_buyer_maker"] is event["m"]
        if event["e"] == "trade":
            assert record["trade_id"] == event["t"]
        else:
            ids = (record["agg_trade_id"], record["first_trade_id"], record["last_trade_id"])
            assert ids == (event["a"], event["f"], event["l"])
    else:
        assert record["update_id"] == event.get("u", event.get("lastUpdateId"))
        assert (record["first_update_id"], record["prev_update_id"]) == (
            event.get("U", 0),
            event.get("pu", 0),
        )
        bids, asks = event.get("b", event.get("bids")), event.get("a", event.get("asks"))
        assert (record["bid_count"], record["ask_count"], record["flags"]) == (len(bids), len(asks), 0)
        for got, told in ((record["bids"], bids), (record["asks"], asks)):
            assert [[one.hex() for one in level] for level in got.tolist()] == [
                [number(price), number(qty)] for price, qty in told
            ]


def test_every_captured_message_decodes_by_both_ways_to_what_its_text_says(captures, capsys):
    report, total = [], 0
    for path in sorted(captures.glob("*.jsonl")):
        if market_of(path) not in KEYS:
            continue
        key, count, fast, fillers = KEYS[market_of(path)], 0, 0, 0
        for _, event, line in messages_of(path):
            slow = decode(line, key, scanner="fallback")
            quick = fast_or_code(line, key)
            assert quick in ("declined", slow), (path.name, line, quick)
            fast += quick != "declined"
            count += 1
            if event.get("X") == "NA":
                assert slow == [], (path.name, line)
                fillers += 1
                continue
            (record,) = slow
            check(record, event)
        if count:
            report.append(
                f"{path.name:36} {count:7} messages, {fast / count:8.3%} by the fast path, {fillers} fillers"
            )
            total += count
    with capsys.disabled():
        print("", *report, sep="\n")
    assert total > 30_000


def test_messages_of_other_streams_have_no_record_and_raise_nothing(captures):
    seen = 0
    for path in sorted(captures.glob("*.jsonl")):
        if market_of(path) not in KEYS or "userData" in path.name or "wsapi" in path.name:
            continue
        wanted = {line for _, _, line in messages_of(path)}
        for line in path.read_bytes().splitlines():
            if line not in wanted and len(line) < 10_000:
                assert decode(line, KEYS[market_of(path)]) == []
                seen += 1
    assert seen > 100


@pytest.mark.parametrize(
    "name", ["spot-session-ethusdt", "usdm-session-ethusdt", "coinm-session-ethusd_perp"]
)
def test_a_session_fits_into_one_feed_as_it_came(captures, name):
    from support.frames import Recorder, feed_for, pack

    from fastbinance._core.ring import RingBase

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

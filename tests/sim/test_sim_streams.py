"""Every stream of every market: asked for by name, it comes soon, with the wire's keys in their order."""

from typing import Final

import pytest
from support.stepped import START_MS, SteppedExchange
from support.wire_shapes import Shape, mismatch
from support.wire_streams import OPTION, RARE, STREAMS

from fastbinance.keys import Market, Part
from fastbinance.sim.channels import Topic

WRONG_ROUTES: Final[list[tuple[Market, str, Part]]] = [
    ("usdm", "btcusdt@rpiDepth@500ms", "market"),
    ("usdm", "btcusdt@markPrice@1s", "public"),
    ("usdm", "!miniTicker@arr", "public"),
    ("usdm", "tradingSession", "public"),
    ("options", "!index@arr", "public"),
    ("options", "btcusdt@optionMarkPrice", "public"),
    ("options", "btcusdt@openInterest@261225", "public"),
    ("options", f"{OPTION}@kline_1m", "public"),
    ("options", f"{OPTION}@optionTicker", "market"),
    ("options", "btcusdt@optionTrade", "market"),
    ("options", f"{OPTION}@bookTicker", "market"),
    ("options", f"{OPTION}@depth@100ms", "market"),
]


@pytest.mark.parametrize(
    ("market", "name", "within_ms", "shape"), STREAMS, ids=[f"{row[0]}-{row[1]}" for row in STREAMS]
)
def test_stream_comes_within_its_time_and_looks_like_the_wire(
    market: Market, name: str, within_ms: int, shape: Shape
) -> None:
    stepped = SteppedExchange(rate=100.0)
    stepped.join(market, name)
    payloads = stepped.after(within_ms).payloads(name)
    assert payloads, f"{name} said nothing within {within_ms} ms"
    payloads += stepped.after(3000).payloads(name)
    assert [text for text in (mismatch(payload, shape) for payload in payloads) if text] == []
    assert {message["stream"] for message in stepped.listener.messages} == {name}


@pytest.mark.parametrize(
    ("market", "name", "of", "symbol", "topic", "shape"), RARE, ids=[f"{row[1]}-{row[3]}" for row in RARE]
)
def test_rare_event_comes_when_it_is_forced_and_looks_like_the_wire(
    market: Market, name: str, of: Market, symbol: str, topic: Topic, shape: Shape
) -> None:
    stepped = SteppedExchange()
    stepped.join(market, name)
    # Brackets come with some news only.
    for _ in range(12):
        assert stepped.publisher.happen(of, symbol, topic, START_MS) == 1
    payloads = stepped.payloads(name)
    assert len(payloads) == 12
    rightly = [payload for payload in payloads if not mismatch(payload, shape)]
    others = [payload for payload in payloads if mismatch(payload, shape)]
    assert rightly, mismatch(payloads[0], shape)
    assert topic == Topic.CONTRACT_INFO or not others
    assert all("bks" not in payload and payload["s"] == symbol for payload in others)


@pytest.mark.parametrize(
    ("market", "name", "seconds"),
    [
        ("spot", "btcusdt@blockTrade", 400),
        ("usdm", "btcusdt@forceOrder", 120),
        ("coinm", "!contractInfo", 120),
        ("options", "!optionSymbol", 240),
    ],
)
def test_rare_events_happen_by_themselves_now_and_then(market: Market, name: str, seconds: int) -> None:
    stepped = SteppedExchange(rate=1.0)
    stepped.join(market, name)
    stepped.after(seconds * 1000)
    assert 0 < len(stepped.payloads(name)) < seconds


@pytest.mark.parametrize(("market", "name", "part"), WRONG_ROUTES)
def test_stream_on_the_wrong_route_is_silent(market: Market, name: str, part: Part) -> None:
    stepped = SteppedExchange()
    stepped.join(market, name, part=part)
    assert stepped.after(5000).listener.messages == []
    assert stepped.exchange.due_ms is None


@pytest.mark.parametrize(("market", "name"), [(row[0], row[1]) for row in STREAMS])
def test_stream_that_nobody_watches_any_more_costs_nothing(market: Market, name: str) -> None:
    stepped = SteppedExchange()
    stepped.join(market, name)
    assert stepped.exchange.due_ms is not None
    stepped.after(300).leave(market, name)
    told = len(stepped.listener.messages)
    assert stepped.exchange.due_ms is None
    assert not any(one.is_watched for one in stepped.exchange.markets)
    assert not any(one.book.watchers for one in stepped.exchange.markets)
    assert len(stepped.after(5000).listener.messages) == told


def test_what_happens_does_not_depend_on_the_steps_in_which_time_is_told() -> None:
    names = ["!ticker@arr", "btcusdt@kline_1m", "!markPrice@arr@1s", "btcusdt@trade", "adausd@assetIndex"]
    whole, parts = SteppedExchange(), SteppedExchange()
    for stepped in (whole, parts):
        stepped.join("usdm", *names)
    whole.after(4000)
    for _ in range(80):
        parts.after(50)
    for name in names:
        assert parts.payloads(name) == whole.payloads(name) != []


def test_market_that_only_a_slow_report_looked_at_has_no_old_events_for_a_newcomer() -> None:
    stepped, name = SteppedExchange(), "btc-261225-90000-c@bookTicker"
    stepped.join("options", "btcusdt@openInterest@261225", name)
    stepped.leave("options", name)
    stepped.after(30_000).join("options", name)
    assert stepped.payloads(name) == []
    assert min(quote["E"] for quote in stepped.after(2000).payloads(name)) > START_MS + 30_000

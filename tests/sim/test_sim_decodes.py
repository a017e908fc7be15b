"""What the simulator spells, the decoder reads: a record for every element, none refused."""

import json

import pytest
from support.stepped import SteppedExchange
from support.wire_streams import RARE, STREAMS

from fastbinance import decode
from fastbinance.keys import Market, key_for
from fastbinance.sim.channels import Topic
from fastbinance.streams import parse

WITH_RECORDS = [(market, name) for market, name, *_ in STREAMS if parse(name, market).kind is not None]
RARE_WITH_RECORDS = [
    (market, name, of, symbol, topic)
    for market, name, of, symbol, topic, _ in RARE
    if parse(name, market).kind is not None
]


def check(stepped: SteppedExchange, market: Market, name: str) -> None:
    payloads = stepped.payloads(name)
    assert payloads
    for payload in payloads:
        elements = payload if isinstance(payload, list) else [payload]
        # Fillers are no trades.
        expected = sum(element.get("X") != "NA" for element in elements)
        records = decode(json.dumps(payload), key_for(market), stream=name)
        assert len(records) == expected


@pytest.mark.parametrize(("market", "name"), WITH_RECORDS, ids=[f"{row[0]}-{row[1]}" for row in WITH_RECORDS])
def test_every_element_of_a_stream_is_a_record(market: Market, name: str) -> None:
    stepped = SteppedExchange(rate=100.0)
    stepped.join(market, name)
    check(stepped.after(2500), market, name)


@pytest.mark.parametrize(("market", "name", "of", "symbol", "topic"), RARE_WITH_RECORDS)
def test_rare_event_is_a_record(market: Market, name: str, of: Market, symbol: str, topic: Topic) -> None:
    stepped = SteppedExchange()
    stepped.join(market, name)
    stepped.publisher.happen(of, symbol, topic, stepped.now_ms)
    check(stepped, market, name)

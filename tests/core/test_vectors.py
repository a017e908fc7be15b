"""Every documented shape decodes to the records that its vector says, by both ways."""

import json
import math
from pathlib import Path

import pytest
from support.events import CASES

from fastbinance import decode, streams
from fastbinance._core.record import record_types
from fastbinance.errors import DecodeError
from fastbinance.keys import market_of
from fastbinance.streams import Kind

LINES = (Path(__file__).parents[1] / "vectors" / "market_data.jsonl").read_text(encoding="utf-8").splitlines()
VECTORS = [json.loads(line) for line in LINES]
NAMES = [vector["name"] for vector in VECTORS]


def wanted(vector):
    """Return the fields of every record that the payload has; an empty record is none."""
    return vector["records"] if "records" in vector else [record for record in [vector["record"]] if record]


def check(vector, records):
    assert len(records) == len(wanted(vector))
    for record, fields in zip(records, wanted(vector), strict=True):
        for name, value in fields.items():
            got = record[name]
            if value is None:
                assert math.isnan(got), name
            else:
                assert (got.tolist() if name in ("bids", "asks") else got) == value, name


def fast_or_none(vector):
    """Return what the fast path makes of a payload, or None when it declines."""
    try:
        return decode(vector["payload"], vector["ws_key"], scanner="fast")
    except DecodeError:
        return None


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_a_documented_shape_decodes_to_its_records(vector):
    check(vector, decode(vector["payload"], vector["ws_key"], scanner="fallback"))
    check(vector, decode(vector["payload"], vector["ws_key"]))


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_the_fast_path_takes_what_it_is_made_for_and_says_the_same(vector):
    fast = fast_or_none(vector)
    if fast is None:
        assert not vector["fast"]
    else:
        assert fast == decode(vector["payload"], vector["ws_key"], scanner="fallback")


def test_every_vector_names_its_source():
    assert all(vector["source"] for vector in VECTORS)
    assert len(set(NAMES)) == len(VECTORS)


def test_every_vector_is_of_a_stream_that_we_know():
    for vector in VECTORS:
        stream = json.loads(vector["payload"])
        if isinstance(stream, dict) and "stream" in stream:
            assert streams.parse(stream["stream"], market_of(vector["ws_key"])).kind is not None, vector[
                "name"
            ]


def test_every_kind_of_every_market_has_vectors():
    found = set()
    for vector in VECTORS:
        whole = json.loads(vector["payload"])
        if isinstance(whole, dict) and "stream" in whole:
            market = market_of(vector["ws_key"])
            found.add((streams.parse(whole["stream"], market).kind, market))
    assert found == set(CASES)
    assert {kind for kind, _ in found} == set(Kind)
    assert set(record_types) == set(map(int, Kind))

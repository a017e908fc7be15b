"""Every documented shape decodes to the record that its vector says, by both ways."""

import json
from pathlib import Path

import pytest

from fastbinance import decode

LINES = (Path(__file__).parents[1] / "vectors" / "market_data.jsonl").read_text(encoding="utf-8").splitlines()
VECTORS = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("scanner", ["fast", "fallback"])
@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_documented_shape_decodes_to_its_record(vector, scanner):
    records = decode(vector["payload"], vector["ws_key"], scanner=scanner)
    if not vector["record"]:
        assert records == []
        return
    (record,) = records
    for name, value in vector["record"].items():
        got = record[name]
        assert (got.tolist() if name in ("bids", "asks") else got) == value, name


def test_every_vector_names_its_source():
    assert all(vector["source"] for vector in VECTORS)
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)

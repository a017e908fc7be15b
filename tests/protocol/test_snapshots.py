"""Snapshots of order books: which request, what it weighs, and whose turn it is."""

import pytest

from fastbinance._protocol.snapshots import SnapshotRequest, Turn, in_turn, snapshot_request
from fastbinance.errors import ConfigurationError

REQUESTS = [
    ("spot", 1, "spot", "/api/v3/depth", 5),
    ("spot", 100, "spot", "/api/v3/depth", 5),
    ("spot", 101, "spot", "/api/v3/depth", 25),
    ("spot", 500, "spot", "/api/v3/depth", 25),
    ("spot", 1_000, "spot", "/api/v3/depth", 50),
    ("spot", 1_001, "spot", "/api/v3/depth", 250),
    ("spot", 5_000, "spot", "/api/v3/depth", 250),
    ("usdm", 50, "usdm", "/fapi/v1/depth", 2),
    ("usdm", 100, "usdm", "/fapi/v1/depth", 5),
    ("usdm", 500, "usdm", "/fapi/v1/depth", 10),
    ("coinm", 1_000, "coinm", "/dapi/v1/depth", 20),
    ("options", 1_000, "options", "/eapi/v1/depth", 20),
    ("options", 50, "options", "/eapi/v1/depth", 1),
]


@pytest.mark.parametrize(("market", "limit", "product", "path", "weight"), REQUESTS)
def test_each_market_has_its_path_and_each_depth_its_weight(market, limit, product, path, weight):
    request = snapshot_request(market, "BTCUSDT", limit)
    assert request == SnapshotRequest(product, path, "BTCUSDT", limit, weight)


def test_retail_price_improvement_has_a_path_of_its_own():
    assert snapshot_request("usdm", "BTCUSDT", 1_000, rpi=True) == SnapshotRequest(
        "usdm", "/fapi/v1/rpiDepth", "BTCUSDT", 1_000, 20
    )
    with pytest.raises(ConfigurationError, match="has limit=1000, not 500"):
        snapshot_request("usdm", "BTCUSDT", 500, rpi=True)


@pytest.mark.parametrize(
    ("market", "limit", "why"),
    [
        ("spot", 0, "from 1 to 5,000 levels on spot, not 0"),
        ("spot", 5_001, "from 1 to 5,000 levels on spot, not 5001"),
        ("usdm", 200, "one of 5, 10, 20, 50, 100, 500, 1000 levels on usdm, not 200"),
        ("spot", "100", "limit is a number of levels, not '100'"),
        ("spot", True, "limit is a number of levels, not True"),
        ("alpha", 100, "alpha has no snapshots to begin an order book with: give levels=20"),
    ],
)
def test_what_cannot_be_is_refused(market, limit, why):
    with pytest.raises(ConfigurationError, match=why):
        snapshot_request(market, "BTCUSDT", limit)


def test_books_that_are_not_right_come_first_and_of_them_the_hottest():
    turns = [
        Turn("renewal of a hot one", 50, 90.0, False),
        Turn("cold", 50, 0.1, True),
        Turn("hot", 50, 40.0, True),
        Turn("renewal of a cold one", 50, 0.0, False),
    ]
    assert [turn.who for turn in in_turn(turns)] == [
        "hot", "cold", "renewal of a hot one", "renewal of a cold one",
    ]  # fmt: skip

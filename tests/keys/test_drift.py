"""What our tables do not know is a sentence that says what, where and how often."""

from __future__ import annotations

import pickle

import pytest

from fastbinance.drift import Drift

NOON = 1_795_341_600_000_000_000  # 2026-11-22 10:00:00 UTC
LATER = NOON + 90 * 1_000_000_000

SENTENCES = [
    (
        Drift("btcusdt@kline_1m", "kline", "key", "k.zz", '"5"', 1, NOON, NOON),
        "btcusdt@kline_1m: 'k.zz' is no known key (kline), first value \"5\", once, 2026-11-22 10:00:00 UTC",
    ),
    (
        Drift("btcusdt@trade", "trade", "value", "X", "FANCY", 1_200, NOON, LATER),
        "btcusdt@trade: FANCY is no known value of 'X' (trade), 1,200 times,"
        " from 2026-11-22 10:00:00 UTC to 2026-11-22 10:01:30 UTC",
    ),
    (
        Drift("btcusdt@new", "", "stream", "", "", 2, NOON, NOON),
        "btcusdt@new: came without having been asked for, 2 times, 2026-11-22 10:00:00 UTC",
    ),
    (
        Drift("", "", "stream", "", "", 1, NOON, NOON),
        "a message without a stream name: came without having been asked for, once, 2026-11-22 10:00:00 UTC",
    ),
]


@pytest.mark.parametrize(("drift", "sentence"), SENTENCES)
def test_text_of_a_drift_is_a_sentence(drift: Drift, sentence: str) -> None:
    assert str(drift) == sentence


def test_a_key_is_the_same_whatever_its_value_and_a_value_is_not() -> None:
    key = Drift("s", "kline", "key", "zz", "1", 1, NOON, NOON)
    assert key.identity == Drift("s", "kline", "key", "zz", "2", 5, LATER, LATER).identity
    value = Drift("s", "trade", "value", "X", "A", 1, NOON, NOON)
    assert value.identity != Drift("s", "trade", "value", "X", "B", 1, NOON, NOON).identity


def test_drifts_survive_pickle() -> None:
    for drift, _ in SENTENCES:
        assert pickle.loads(pickle.dumps(drift)) == drift

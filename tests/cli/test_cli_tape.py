import math
import signal

import numpy as np
import pytest

from fastbinance.cli.stop import Stop
from fastbinance.cli.tape import LagGauge

SECOND_NS = 1_000_000_000
START_NS = 1_795_340_000 * SECOND_NS


def test_a_gauge_without_records_knows_nothing() -> None:
    assert all(math.isnan(share) for share in LagGauge().percentiles(START_NS))


def test_percentiles_are_lags_that_there_were() -> None:
    gauge = LagGauge()
    gauge.add(np.arange(101), START_NS)
    assert gauge.percentiles(START_NS) == (50.0, 99.0)


def test_lags_older_than_ten_seconds_are_forgotten() -> None:
    gauge = LagGauge()
    gauge.add(np.array([1_000]), START_NS)
    gauge.add(np.array([10]), START_NS + 5 * SECOND_NS)
    assert gauge.percentiles(START_NS + 9 * SECOND_NS).p99 == 1_000
    assert gauge.percentiles(START_NS + 11 * SECOND_NS) == (10, 10)
    assert math.isnan(gauge.percentiles(START_NS + 16 * SECOND_NS).p50)


@pytest.mark.parametrize("batch", [1, 7, 2_048, 5_000])
def test_a_full_gauge_keeps_the_newest(batch: int) -> None:
    gauge = LagGauge()
    lags = np.arange(10_000)
    for begin in range(0, len(lags), batch):
        gauge.add(lags[begin : begin + batch], START_NS)
    assert gauge.percentiles(START_NS).p50 == pytest.approx(10_000 - 1_024, abs=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noticed_and_the_second_is_the_old_handlers(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Stop() as stop:
        assert not stop.wait(0)
        signal.raise_signal(number)
        assert stop.wait(0)
        assert stop.wait(None), "it stays noticed"
        assert signal.getsignal(number) is before
    assert signal.getsignal(number) is before


def test_handlers_come_back_without_a_signal() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stop():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before

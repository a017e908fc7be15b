"""What liveness says of captured sessions, and of a day of arrivals in bursts: next to nothing."""

import json

import numpy as np
import pytest
from support.arrivals import DAY, activity, bursts, counts, held_up, paced, pareto, poisson

from fastbinance._protocol.liveness import Liveness, Recovered, Stalled

# Sessions of one liquid symbol: quotes, trades and depth on one connection.
LIQUID = ["spot-session-ethusdt", "usdm-session-ethusdt", "coinm-session-ethusd_perp"]


def session(captures, name):
    """Receive times of each stream of a captured session, in seconds from the first."""
    texts = (captures / f"{name}.recv").read_text().split()
    nanoseconds = "." not in texts[0]
    times = [int(text) * 1e-9 if nanoseconds else float(text) for text in texts]
    streams = {}
    for line, time in zip((captures / f"{name}.jsonl").read_text().splitlines(), times, strict=True):
        message = json.loads(line)
        if "stream" in message:
            streams.setdefault(message["stream"], []).append(time - times[0])
    return {stream: np.array(heard) for stream, heard in streams.items()}, times[-1] - times[0]


def found_in(streams, seconds, start=0.0):
    """Let every stream be confirmed at the start; return what is found, with its time, and the judge."""
    liveness = Liveness(start)
    for name in streams:
        liveness.watch(name, expected=None, quiet=False, now=start)
    found = []
    for now, row in counts(streams, seconds, start):
        findings = liveness.sample(now, row)
        if findings:
            found += [(now, finding) for finding in findings]
    return found, liveness


def suspicions(found):
    return [(now, finding) for now, finding in found if not isinstance(finding, Recovered)]


def test_captured_sessions_raise_no_suspicion_whole_or_stream_by_stream(captures):
    names = sorted(path.stem for path in captures.glob("*.recv"))
    assert names
    for name in names:
        streams, seconds = session(captures, name)
        lines = [streams, *({stream: times} for stream, times in streams.items())]
        assert [suspicions(found_in(line, seconds)[0]) for line in lines] == [[]] * len(lines)


@pytest.mark.parametrize("name", LIQUID)
def test_a_captured_session_that_stops_is_noticed_within_a_second(captures, name):
    streams, seconds = session(captures, name)
    ((now, finding),) = suspicions(found_in(streams, seconds + 2.0)[0])
    assert type(finding) is Stalled
    assert now - max(times[-1] for times in streams.values()) <= 1.0


def one_symbol(name, quotes, trades, level, rng):
    """Four streams of a symbol: one market, so that they are lively and calm together."""
    book = bursts(quotes, 0.85, 0.01, level, rng)
    deals = bursts(trades, 0.8, 0.02, level, rng)
    changes = np.concatenate([book, poisson(quotes / 10.0, level, rng)])
    return {
        f"{name}@bookTicker": book,
        f"{name}@trade": deals,
        f"{name}@depth@100ms": paced(changes, 0.1, 0.03),
        f"{name}@kline_1m": paced(deals, 2.0, 0.7),
    }


def day_of_lines(rng):
    """Two lines of a day each, liquid and thin, and a quarter of a day of one quote alone."""
    liquid = one_symbol("btcusdt", 60.0, 20.0, activity(DAY, rng), rng)
    # A network that holds everything up once in two minutes, for 150 ms in the mean.
    pauses = np.sort(rng.random(720) * DAY)
    lengths = rng.exponential(0.15, len(pauses))
    several = one_symbol("solusdt", 15.0, 4.0, activity(DAY, rng), rng)
    thin = activity(DAY, rng)
    several["xrpusdt@trade"] = pareto(2.0, 2.3, thin, rng)
    several["xrpusdt@bookTicker"] = bursts(5.0, 0.85, 0.01, thin, rng)
    several["btcusdt@markPrice@1s"] = np.arange(0.4, DAY, 1.0) + rng.normal(0.0, 0.02, int(DAY))
    return {
        "one liquid symbol through a jittery network": {
            name: held_up(times, pauses, lengths) for name, times in liquid.items()
        },
        "one quote alone": {"ethusdt@bookTicker": bursts(40.0, 0.85, 0.01, activity(DAY / 4.0, rng), rng)},
        "several symbols": several,
    }


@pytest.mark.slow
def test_a_day_of_bursts_raises_one_false_alarm_at_most_on_all_its_lines_together():
    lines = day_of_lines(np.random.default_rng(20261125))
    alarms = {
        name: suspicions(found_in(line, min(max(times[-1] for times in line.values()), DAY))[0])
        for name, line in lines.items()
    }
    assert sum(len(found) for found in alarms.values()) <= 1, alarms


CALM_AND_LIVELY = [(15.0, 10.0), (60.0, 3.0), (300.0, 1.0)]


@pytest.mark.parametrize(("quotes", "within"), CALM_AND_LIVELY)
def test_a_line_that_stalls_is_noticed_the_sooner_the_livelier_it_was(quotes, within):
    # Half an hour of one symbol with so many quotes a second, in bursts of six or seven.
    line = one_symbol("btcusdt", quotes, quotes / 3.0, np.ones(1801), np.random.default_rng(11))
    last = max(times[-1] for times in line.values())
    found = suspicions(found_in(line, 1815.0)[0])
    assert found[0][0] > last, "a false alarm"
    assert min(now for now, finding in found if isinstance(finding, Stalled)) - last <= within

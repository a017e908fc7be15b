"""A stream that stops is found, one that rests is not, and a pause of our own is nobody's silence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.arrivals import PERIOD, bursts, counts, poisson

from fastbinance._protocol.liveness import (
    Freshness,
    Liveness,
    Recovered,
    Stalled,
    StreamSilent,
    StreamStale,
    expected_interval,
    naturally_quiet,
)
from fastbinance.streams import parse


class Line:
    """A line whose streams speak when told to, sampled as the supervisor does."""

    def __init__(self, *names, expected=None, quiet=()):
        self.now = 1000.0
        self.liveness = Liveness(self.now)
        self.counts = {}
        for name in names:
            self.watch(name, expected=expected, quiet=name in quiet)

    def watch(self, name, expected=None, quiet=False):
        self.liveness.watch(name, expected=expected, quiet=quiet, now=self.now)
        self.counts[name] = 0

    def sample(self, after=PERIOD):
        self.now += after
        return self.liveness.sample(self.now, [self.counts[name] for name in self.liveness.names])

    def run(self, seconds, **every):
        """Let streams speak every so many samples; return what is found, each with how long it took."""
        start, found = self.now, []
        for sample in range(1, round(seconds / PERIOD) + 1):
            for name, samples in every.items():
                self.counts[name] += sample % samples == 0
            found += [(finding, self.now - start) for finding in self.sample()]
        return found


def watched(streams, seconds, **kwargs):
    """Judge the streams of a dictionary of times; return the line and what was found, with its time."""
    liveness = Liveness(0.0)
    for name in streams:
        liveness.watch(name, expected=None, quiet=False, now=0.0, **kwargs)
    found = [(finding, now) for now, row in counts(streams, seconds) for finding in liveness.sample(now, row)]
    return liveness, found


def regular(rate, seconds, phase=0.013):
    return np.arange(phase, seconds, 1.0 / rate)


def seeded(rate, seconds):
    return poisson(rate, np.ones(seconds + 1), np.random.default_rng(7))


BUSY = [
    ("regular, 20/s", regular(20.0, 60.0)),
    ("regular, 25/s", regular(25.0, 60.0)),
    ("regular, 1000/s", regular(1000.0, 60.0)),
    ("ten at once, 20 times a second", np.repeat(regular(20.0, 60.0), 10)),
    ("at random, 30/s", seeded(30.0, 60)),
    ("at random, 200/s", seeded(200.0, 60)),
    ("from ten seconds on, at random, 50/s", seeded(50.0, 10)),
]


@pytest.mark.parametrize("times", [times for _, times in BUSY], ids=[name for name, _ in BUSY])
def test_a_busy_stream_that_stops_is_noticed_within_a_second(times):
    liveness, found = watched({"a": times}, times[-1] + 1.0)
    assert liveness.learned("a").rate >= 19.0
    assert [(type(finding), finding.names) for finding, _ in found] == [(Stalled, ("a",))]
    assert liveness.state("a") is Freshness.STALE


def test_a_line_of_which_every_stream_stopped_is_suspected_as_one_and_at_once():
    streams = {f"s{index}": seeded(8.0 + index, 60) for index in range(6)}
    streams["rare"] = regular(0.5, 60.0)
    liveness, found = watched(streams, 61.0)
    ((finding, now),) = found
    assert finding == Stalled(tuple(streams), pytest.approx(finding.silence))
    assert now <= max(times[-1] for times in streams.values()) + 1.0
    assert liveness.line_suspected


def test_one_busy_stream_that_stops_is_found_while_its_siblings_run():
    line = Line("a", "b", "rare")
    assert line.run(60.0, a=1, b=2, rare=20) == []
    ((finding, seconds),) = line.run(5.0, b=2, rare=20)
    assert (type(finding), finding.name) == (StreamStale, "a")
    assert seconds <= 1.0
    states = [line.liveness.state(name) for name in ("a", "b", "rare")]
    assert states == [Freshness.STALE, Freshness.LIVE, Freshness.LIVE]
    assert not line.liveness.line_suspected


def test_a_burst_every_three_seconds_is_not_busy_however_much_it_brings():
    times = (np.arange(3.0, 300.0, 3.0)[:, None] + np.arange(300) * 1e-3).ravel()
    liveness, found = watched({"a": times}, 300.0)
    learned = liveness.learned("a")
    assert found == []
    assert learned.average > 60.0
    assert learned.rate < 3.0
    assert learned.patience > 3.0


def test_a_quote_that_comes_in_bursts_may_rest_for_longer_than_it_ever_did():
    level = np.ones(3601)
    times = bursts(40.0, 0.85, 0.01, level, np.random.default_rng(3))
    liveness, found = watched({"a": times}, 3600.0)
    learned = liveness.learned("a")
    assert found == []
    assert learned.longest < learned.patience < 10.0 * learned.longest


def test_a_stall_is_told_once_and_so_is_its_end():
    line = Line("a", "b", "liquidations", quiet={"liquidations"})
    line.run(60.0, a=1, b=3)
    ((finding, _),) = line.run(30.0)
    assert (type(finding), finding.names) == (Stalled, ("a", "b"))
    states = [line.liveness.state(name) for name in line.liveness.names]
    assert states == [Freshness.STALE, Freshness.STALE, Freshness.QUIET]
    line.counts["b"] += 1
    (recovered,) = line.sample()
    assert recovered == Recovered(None, pytest.approx(30.05, abs=0.1))
    # What did not speak yet has as long as ever.
    assert line.liveness.state("a") is Freshness.LIVE
    assert [type(finding) for finding, _ in line.run(20.0, b=3)] == [StreamStale]


def test_a_stall_that_ended_hides_the_next_one_for_seconds_at_most():
    line = Line("a")
    line.run(60.0, a=1)
    line.run(300.0)
    line.run(20.0, a=1)
    ((finding, seconds),) = line.run(60.0)
    assert type(finding) is Stalled
    assert 1.0 < seconds < 6.0


def test_a_silence_that_comes_again_is_suspected_only_the_first_times():
    line = Line("a")
    line.run(60.0, a=1)
    found = []
    for _ in range(50):
        found += line.run(1.5)
        found += line.run(20.0, a=1)
    assert sum(type(finding) is Stalled for finding, _ in found) <= 2


def test_a_pause_of_ours_is_nobody_s_silence():
    line = Line("a", "b")
    line.run(60.0, a=1, b=5)
    assert line.sample(after=3600.0) == []
    assert line.run(0.5) == []
    # The silence goes on where it was: half a second more is one.
    ((finding, _),) = line.run(0.5)
    assert type(finding) is Stalled


def test_a_clock_that_steps_back_is_no_time():
    line = Line("a")
    line.run(60.0, a=1)
    assert line.sample(after=-500.0) == []
    assert line.run(0.5) == []
    assert len(line.run(0.6)) == 1


FIRST_MESSAGE = [(None, 60.0), (0.1, 15.0), (1.0, 15.0), (2.0, 20.0), (60.0, 600.0)]


@pytest.mark.parametrize(("expected", "seconds"), FIRST_MESSAGE)
def test_what_is_acknowledged_and_silent_is_reported_once(expected, seconds):
    line = Line("talks")
    line.watch("silent", expected=expected)
    ((finding, after),) = line.run(seconds + 30.0, talks=1)
    assert finding == StreamSilent("silent", pytest.approx(seconds, abs=0.06))
    assert after == pytest.approx(seconds, abs=0.11)
    assert line.liveness.state("silent") is Freshness.STALE
    line.counts["silent"] += 1
    assert line.sample() == [Recovered("silent", pytest.approx(seconds + 30.0, abs=0.1))]
    assert line.liveness.state("silent") is Freshness.LIVE


def test_how_long_a_first_message_may_take_can_be_said():
    liveness = Liveness(0.0, first_message=0.5)
    liveness.watch("a", expected=0.01, quiet=False, now=0.0)
    assert [liveness.sample(PERIOD * index, [0]) for index in range(1, 10)] == [[]] * 9
    assert liveness.sample(0.5, [0]) == [StreamSilent("a", pytest.approx(0.5))]


def test_a_naturally_quiet_stream_is_never_found():
    line = Line("quiet", "talks", quiet={"quiet"})
    assert line.run(300.0, talks=1) == []
    assert line.liveness.state("quiet") is Freshness.QUIET
    assert line.run(30.0, quiet=1, talks=1) == []
    assert line.run(300.0, talks=1) == []


def test_a_stream_heard_too_seldom_owes_nothing():
    line = Line("rare", "talks")
    line.counts["rare"] = 3
    line.run(10.0, talks=1)
    assert line.run(3600.0, talks=1) == []
    assert line.liveness.state("rare") is Freshness.QUIET


def test_a_stream_that_has_spoken_before_it_is_watched_is_heard():
    line = Line("a")
    line.run(60.0, a=1)
    line.liveness.replaced()
    line.liveness.watch("a", expected=None, quiet=False, now=line.now, arrivals=5)
    line.counts["a"] = 5
    assert line.liveness.state("a") is Freshness.LIVE
    # It may stop right then: a first message is not what is waited for.
    ((finding, seconds),) = line.run(5.0)
    assert finding == Stalled(("a",), pytest.approx(seconds))
    assert seconds <= 1.0


def test_a_new_connection_is_waited_for_and_then_judged_by_what_was_learned():
    line = Line("a", "b")
    line.run(60.0, a=1, b=2)
    line.liveness.lost()
    assert line.liveness.names == []
    assert line.run(120.0) == []
    for name in ("b", "a"):
        line.watch(name)
    assert line.liveness.names == ["b", "a"]
    assert line.run(2.0) == []
    assert line.liveness.state("a") is Freshness.QUIET
    # Counts began anew; one second of messages is enough to know them again.
    assert line.run(1.0, a=1, b=2) == []
    ((finding, seconds),) = line.run(2.0)
    assert (type(finding), finding.names) == (Stalled, ("b", "a"))
    assert seconds <= 1.0


def test_a_count_that_fell_began_anew():
    line = Line("a", "b")
    line.run(60.0, a=1, b=1)
    line.counts = {"a": 0, "b": 2}
    line.sample()
    assert (line.liveness.state("a"), line.liveness.learned("b").average > 0.0) == (Freshness.LIVE, True)
    ((finding, _),) = line.run(2.0, b=1)
    assert (type(finding), finding.name) == (StreamStale, "a")


def test_a_line_without_its_busiest_stream_is_learned_anew():
    line = Line("busy", "slow")
    line.run(120.0, busy=1, slow=60)
    line.liveness.forget("busy")
    assert line.run(600.0, slow=60) == []
    with pytest.raises(KeyError):
        line.liveness.state("busy")


def test_what_is_not_watched_has_no_state_and_wrong_counts_are_refused():
    liveness = Liveness(0.0)
    with pytest.raises(KeyError):
        liveness.state("a")
    liveness.forget("a")
    with pytest.raises(ValueError, match="1 counts for 0 streams"):
        liveness.sample(PERIOD, [1])
    assert liveness.sample(1.0, []) == []


NAMES = ["a", "b", "c", "quiet"]
speak = st.tuples(st.just("speak"), st.sets(st.sampled_from(NAMES)), st.integers(1, 60))
acts = st.one_of(
    speak,
    speak,
    st.tuples(st.just("pause"), st.floats(0.0, 1e4)),
    st.tuples(st.sampled_from(["watch", "forget"]), st.sampled_from(NAMES)),
    st.tuples(st.just("lost")),
)


@settings(max_examples=200)
@given(acts=st.lists(acts, max_size=60), rate=st.integers(1, 3))
def test_findings_take_turns_with_their_ends_whatever_happens(acts, rate):
    line, open_findings = Line(*NAMES, quiet={"quiet"}), set()
    silent_since = line.now

    def take(findings):
        for finding in findings:
            name = None if isinstance(finding, Stalled) else finding.name
            if isinstance(finding, Recovered):
                open_findings.remove(name)
                continue
            assert name not in open_findings
            assert name != "quiet"
            open_findings.add(name)
            if isinstance(finding, Stalled):
                assert set(finding.names) == set(line.liveness.names) - {"quiet"}
            if not isinstance(finding, StreamSilent):
                assert finding.silence >= 0.88
            if name is None:
                assert line.now - silent_since >= 0.88

    for act in acts:
        if act[0] == "speak":
            for index in range(act[2] * 5):
                told = [name for name in act[1] if name in line.liveness.names and index % rate == 0]
                for name in told:
                    line.counts[name] += 1
                silent_since = line.now + PERIOD if told else silent_since
                take(line.sample())
        elif act[0] == "pause":
            take(line.sample(after=act[1]))
        elif act[0] == "lost":
            line.liveness.lost()
            open_findings.clear()
        elif act[0] == "watch":
            open_findings.discard(act[1])
            line.watch(act[1], quiet=act[1] == "quiet")
        elif act[1] in line.liveness.names:
            open_findings.discard(act[1])
            line.liveness.forget(act[1])
        for name in line.liveness.names:
            stale = name in open_findings or (None in open_findings and name != "quiet")
            assert (line.liveness.state(name) is Freshness.STALE) == stale
            learned = line.liveness.learned(name)
            assert learned.rate <= learned.average + 1e-9


INTERVALS = [
    ("btcusdt@depth@100ms", "spot", 0.1),
    ("btcusdt@depth", "spot", 1.0),
    ("btcusdt@depth20", "spot", 1.0),
    ("btcusdt@kline_1s", "spot", 1.0),
    ("btcusdt@kline_1s@+08:00", "spot", 1.0),
    ("btcusdt@kline_1m", "spot", 2.0),
    ("!miniTicker@arr", "spot", 1.0),
    ("btcusdt@bookTicker", "spot", None),
    ("btcusdt@trade", "spot", None),
    ("btcusdt@aggTrade", "spot", None),
    ("btcusdt@aggTrade", "usdm", 0.1),
    ("btcusdt@depth", "usdm", 0.25),
    ("btcusdt@depth@0ms", "usdm", None),
    ("btcusdt@rpiDepth@500ms", "usdm", 0.5),
    ("btcusdt@markPrice", "usdm", 3.0),
    ("btcusdt@markPrice@1s", "usdm", 1.0),
    ("btcusdt@kline_1m", "usdm", 0.25),
    ("btcusdt_perpetual@continuousKline_1s", "usdm", 0.25),
    ("btcusdt@ticker", "usdm", 2.0),
    ("!ticker@arr", "usdm", 1.0),
    ("!bookTicker", "usdm", 5.0),
    ("!bookTicker", "coinm", None),
    ("btcusd_perp@miniTicker", "coinm", 0.5),
    ("btcusd@indexPrice", "coinm", 3.0),
    ("defiusdt@compositeIndex", "usdm", 1.0),
    ("!index@arr", "options", 1.0),
    ("btcusdt@openInterest@261225", "options", 60.0),
    ("btcusdt@kline_1m", "alpha", None),
    ("btcusdt@fulldepth@100ms", "alpha", 0.1),
    ("btcusdt@fulldepth@0ms", "alpha", None),
]


@pytest.mark.parametrize(("name", "market", "interval"), INTERVALS)
def test_intervals_are_those_of_the_documentation(name, market, interval):
    assert expected_interval(parse(name, market)) == interval


def test_binary_streams_have_intervals_of_their_own():
    intervals = [
        expected_interval(parse(f"btcusdt@{form}", "spot", format="sbe"))
        for form in ("depth", "depth20", "trade", "bestBidAsk")
    ]
    assert intervals == [0.02, 0.05, None, None]


QUIET = [
    ("btcusdt@forceOrder", "usdm"),
    ("!forceOrder@arr", "coinm"),
    ("btcusdt@blockTrade", "spot"),
    ("!contractInfo", "usdm"),
    ("!serverShutdown", "spot"),
    ("!optionSymbol", "options"),
    ("btc-261225-126000-c@optionTrade", "options"),
    ("came@allTokens@ticker24", "alpha"),
]


@pytest.mark.parametrize(("name", "market"), QUIET)
def test_streams_of_rare_things_are_naturally_quiet(name, market):
    stream = parse(name, market)
    assert (naturally_quiet(stream), expected_interval(stream)) == (True, None)


def test_everything_else_owes_messages():
    names = [(name, market) for name, market, _ in INTERVALS] + [("btcusdt@optionTrade", "options")]
    assert not any(naturally_quiet(parse(name, market)) for name, market in names)
    assert not naturally_quiet(parse("btcusdt@unheardOf", "spot", strict=False))

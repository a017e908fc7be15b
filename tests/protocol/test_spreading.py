"""Whatever the traffic does, few streams move, none to and fro, and no connection carries too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.spreading import Move, ShardLoad, Spreader, expected_load, weight
from fastbinance.streams import parse

MOST = 1000.0  # max_rate


def load(shard, *, ready=True, leaving=0, guessed=None, **measured):
    return ShardLoad(shard, measured, guessed or {}, leaving, ready)


def spreader(max_streams=100, **options):
    return Spreader(max_streams, max_rate=MOST, **options)


def plan_after(seconds, shards, made=None):
    """Return the moves of a spreader that has seen the same shards for so long."""
    made = spreader() if made is None else made
    assert made.plan(0.0, shards) == []
    return made.plan(seconds, shards)


# -- guesses


def test_depth_and_quotes_are_expected_to_be_heavy():
    names = ["btcusdt@depth", "btcusdt@bookTicker", "btcusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@ticker"]
    loads = [expected_load(parse(name, "usdm")) for name in names]
    assert min(loads[:2]) > loads[2] > loads[3] > loads[4]
    assert expected_load(parse("!bookTicker", "usdm")) > 10 * loads[1]
    assert expected_load(parse("!contractInfo", "usdm")) == 1.0


def test_a_message_weighs_what_it_holds():
    weights = {
        name: weight(parse(name, "usdm"))
        for name in ("btcusdt@bookTicker", "btcusdt@depth5", "btcusdt@depth", "!ticker@arr", "tradingSession")
    }
    assert weights["btcusdt@bookTicker"] == weights["tradingSession"] == 1.0
    assert 1.0 < weights["btcusdt@depth5"] < weights["btcusdt@depth"] < weights["!ticker@arr"]
    assert expected_load(parse("!ticker@arr", "usdm")) == weights["!ticker@arr"]


# -- a place for a new stream

QUOTES = parse("btcusdt@bookTicker", "usdm")  # 50 expected
ALL_QUOTES = parse("!bookTicker", "usdm")  # 1000 expected

PLACES = [
    ("the first stream needs a shard", QUOTES, [], None),
    ("a shard with room takes it", QUOTES, [load(1, a=10.0)], 0),
    ("the fullest that stays comfortable", QUOTES, [load(1, a=10.0), load(2, b=550.0), load(3, c=551.0)], 1),
    ("guesses count", QUOTES, [load(1, guessed={"a": 551.0})], None),
    ("none is comfortable", QUOTES, [load(1, a=551.0)], None),
    ("none has room", QUOTES, [load(1, a=1.0, b=1.0, leaving=2), load(2, c=1.0, d=1.0, e=1.0, f=1.0)], None),
    ("streams on their way out need room", QUOTES, [load(1, a=100.0, leaving=3), load(2, b=1.0)], 1),
    ("a heavy one has a shard of its own", ALL_QUOTES, [load(1, a=1.0)], None),
    ("which may be there already", ALL_QUOTES, [load(1, a=1.0), load(2)], 1),
    (
        "of the most shards, the least loaded",
        QUOTES,
        [load(1, a=900.0), load(2, b=800.0), load(3, c=950.0)],
        1,
    ),
    (
        "beyond the most shards only for want of room",
        QUOTES,
        [load(number, leaving=4, a=1.0) for number in range(3)],
        None,
    ),
]


@pytest.mark.parametrize(("stream", "shards", "place"), [c[1:] for c in PLACES], ids=[c[0] for c in PLACES])
def test_a_new_stream_has_its_place(stream, shards, place):
    assert spreader(max_streams=4, max_shards=3).place(stream, shards) == place


# -- a shard with too much traffic


def test_a_shard_is_split_when_it_has_been_too_busy_for_a_while():
    made, shards = spreader(), [load(1, a=500.0, b=400.0, c=300.0)]
    assert made.plan(0.0, shards) == []
    assert made.plan(29.9, shards) == []
    # 400 too much for calm: b alone suffices, a would be more than needed and c too little.
    assert made.plan(30.0, shards) == [Move("b", 0, None)]


def test_a_burst_splits_nothing():
    made = spreader()
    busy, calm = [load(1, a=600.0, b=600.0)], [load(1, a=500.0, b=499.0)]
    for step in range(1000):
        assert made.plan(29.0 * step, busy if step % 2 else calm) == []


def test_a_shard_with_room_is_chosen_before_a_new_one():
    shards = [load(1, a=500.0, b=400.0, c=300.0), load(2, d=399.0), load(3, e=100.0), load(4, f=401.0)]
    assert plan_after(30.0, shards) == [Move("b", 0, 2)]


@pytest.mark.parametrize(
    "other",
    [load(2, ready=False, d=1.0), load(2, d=401.0), load(2, d=1.0, leaving=99)],
    ids=["not ready", "too busy", "full"],
)
def test_a_shard_that_cannot_take_it_is_not_chosen(other):
    shards = [load(1, a=500.0, b=400.0, c=300.0), other]
    (move,) = plan_after(30.0, shards)
    assert move.target is None


def test_several_light_streams_move_to_one_new_shard_the_heaviest_first():
    shards = [load(1, **{f"s{number}": 100.0 + number for number in range(10)})]
    moves = plan_after(30.0, shards)
    assert moves == [Move(name, 0, None) for name in ("s9", "s8", "s0")]


@pytest.mark.parametrize("leaving", [0, 1])
def test_one_stream_cannot_be_split(leaving):
    assert plan_after(30.0, [load(1, a=5000.0, leaving=leaving)]) == []


def test_of_a_stream_too_heavy_for_all_and_others_one_moves():
    assert plan_after(30.0, [load(1, a=5000.0, b=1.0, c=1.0)]) == [Move("a", 0, None)]


def test_a_shard_that_is_not_ready_is_not_split():
    assert plan_after(30.0, [load(1, ready=False, a=600.0, b=600.0)]) == []


def test_nothing_is_split_on_a_guess():
    assert plan_after(30.0, [load(1, a=600.0, b=300.0, guessed={"c": 5000.0})]) == []
    assert [move.name for move in plan_after(30.0, [load(1, a=600.0, b=500.0, guessed={"c": 9.0})])] == ["b"]


def test_the_last_stream_of_a_shard_does_not_move():
    assert [move.name for move in plan_after(30.0, [load(1, a=5000.0, b=4000.0)])] == ["a"]


def test_the_busiest_shard_is_split_first():
    shards = [load(1, a=600.0, b=500.0), load(2, c=700.0, d=600.0), load(3, e=600.0, f=550.0)]
    assert [move.source for move in plan_after(30.0, shards, spreader(moves_per_minute=1))] == [1]


def test_where_no_place_is_left_nothing_moves():
    shards = [load(1, a=600.0, b=600.0), load(2, c=600.0, d=300.0)]
    assert plan_after(30.0, shards, spreader(max_shards=2)) == []


def test_what_brings_nothing_is_not_moved_to_lighten_a_shard():
    shards = [load(1, a=1001.0, b=0.0), load(2, c=700.0, d=0.0)]
    assert plan_after(30.0, shards, spreader(max_shards=2)) == []


# -- nearly idle shards


def test_a_nearly_idle_shard_moves_to_the_fullest_that_can_take_it():
    made, shards = spreader(), [load(1, a=20.0, b=10.0), load(2, c=400.0), load(3, d=300.0), load(4, e=480.0)]
    assert made.plan(0.0, shards) == []
    assert made.plan(299.9, shards) == []
    assert made.plan(300.0, shards) == [Move("a", 0, 1), Move("b", 0, 1)]


def test_of_two_nearly_idle_shards_the_smaller_one_moves():
    assert plan_after(300.0, [load(1, a=1.0, b=1.0), load(2, c=1.0)]) == [Move("c", 1, 0)]


NOT_MERGED = [
    ("the last one", [load(1, a=1.0)]),
    ("one that is still guessed about", [load(1, a=1.0, guessed={"b": 1.0}), load(2, c=400.0)]),
    ("one that is not ready", [load(1, ready=False, a=1.0), load(2, c=400.0)]),
    ("into one that is not ready", [load(1, a=1.0), load(2, ready=False, c=400.0)]),
    ("into a smaller one", [load(1, a=1.0, b=1.0), load(2, guessed={"c": 1.0})]),
    ("into one that is busy", [load(1, a=99.0), load(2, c=402.0)]),
    ("into one without room", [load(1, a=1.0), load(2, c=400.0, leaving=99)]),
    ("one with many streams", [load(1, **{f"s{n}": 0.1 for n in range(31)}), load(2, c=400.0)]),
    ("while another is too busy", [load(1, a=1.0), load(2, c=400.0), load(3, ready=False, d=600.0, e=600.0)]),
]


@pytest.mark.parametrize("shards", [c[1] for c in NOT_MERGED], ids=[c[0] for c in NOT_MERGED])
def test_a_shard_is_not_merged(shards):
    assert plan_after(300.0, shards) == []


def test_a_merge_of_many_streams_goes_on_minute_by_minute():
    made, names = spreader(), [f"s{number:02}" for number in range(14)]
    left, taken = dict.fromkeys(names, 1.0), {"busy": 300.0}
    assert made.plan(0.0, [ShardLoad(1, left), ShardLoad(2, taken)]) == []
    moved = []
    for second in range(300, 500):
        for move in made.plan(float(second), [ShardLoad(1, left), ShardLoad(2, taken)]):
            assert (move.source, move.target) == (0, 1)
            taken[move.name] = left.pop(move.name)
            moved.append(second)
    assert moved == [300] * 6 + [361] * 6 + [422] * 2


@pytest.mark.parametrize("options", [{"max_shards": 0}, {"moves_per_minute": 0}, {"hot_after": 0.0}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        spreader(**options)
    with pytest.raises(ValueError, match="must be"):
        Spreader(0, max_rate=1.0)
    with pytest.raises(ValueError, match="must be"):
        Spreader(1, max_rate=float("nan"))


# -- any traffic


class Service:
    """Shards that do what they are told, and check it."""

    def __init__(self, shards, max_streams, **options):
        self.spreader = spreader(max_streams, **options)
        self.max_streams = max_streams
        self.shards = dict(enumerate(shards))
        self.made = len(shards)
        self.moves = []

    def step(self, now):
        numbers = list(self.shards)
        loads = [ShardLoad(number, dict(self.shards[number])) for number in numbers]
        moves = self.spreader.plan(now, loads)
        if any(move.target is None for move in moves):
            self.shards[self.made] = {}
            numbers.append(self.made)
            self.made += 1
        for move in moves:
            source = numbers[move.source]
            target = numbers[-1 if move.target is None else move.target]
            assert source != target
            self.shards[target][move.name] = self.shards[source].pop(move.name)
            self.moves.append((now, move.name))
        assert all(len(streams) <= self.max_streams for streams in self.shards.values())
        self.shards = {number: streams for number, streams in self.shards.items() if streams}

    def run(self, first, end):
        for step in range(first, end):
            self.step(30.0 * step)

    def check_moves(self):
        times = [at for at, _ in self.moves]
        assert all(sum(start <= at <= start + 60.0 for at in times) <= 6 for start in times)
        by_name = {}
        for at, name in self.moves:
            by_name.setdefault(name, []).append(at)
        assert all(b - a >= 600.0 for ats in by_name.values() for a, b in pairwise(ats))


def services(most_load):
    """Return a strategy of shards' streams, named so that no two are the same."""
    shards = st.lists(st.lists(st.floats(0.0, most_load), min_size=1, max_size=12), min_size=1, max_size=5)
    return shards.map(
        lambda drawn: [
            {f"s{shard}.{stream}": rate for stream, rate in enumerate(rates)}
            for shard, rates in enumerate(drawn)
        ]
    )


@given(shards=services(400.0), max_streams=st.integers(12, 40))
def test_under_constant_traffic_moves_come_to_an_end_and_no_shard_is_too_busy(shards, max_streams):
    service, streams = Service(shards, max_streams, max_shards=100), sum(map(len, shards))
    service.run(0, 240)
    service.check_moves()
    settled = len(service.moves)
    service.run(240, 360)
    assert len(service.moves) == settled
    assert all(sum(carried.values()) <= MOST * (1.0 + 1e-6) for carried in service.shards.values())
    assert settled <= 2 * streams


@given(shards=services(3 * MOST), max_streams=st.integers(12, 40), max_shards=st.integers(1, 6))
def test_moves_come_to_an_end_also_where_traffic_is_more_than_the_shards_can_take(
    shards, max_streams, max_shards
):
    service = Service(shards, max_streams, max_shards=max_shards)
    service.run(0, 240)
    settled = len(service.moves)
    service.run(240, 360)
    assert len(service.moves) == settled
    service.check_moves()


@given(
    shards=services(600.0),
    factors=st.lists(st.sampled_from([0.0, 0.01, 0.2, 1.0, 3.0]), min_size=2, max_size=5),
    period=st.sampled_from([20.0, 45.0, 320.0, 700.0]),
)
def test_under_any_traffic_moves_are_few_and_no_stream_moves_twice_in_ten_minutes(shards, factors, period):
    service = Service(shards, max_streams=12)
    first = {name: rate for streams in shards for name, rate in streams.items()}
    order = {name: place for place, name in enumerate(first)}
    for step in range(400):
        now = 10.0 * step
        for streams in service.shards.values():
            for name in streams:
                # Each stream has the tides of the others, at another time.
                tide = int(now // period) + order[name]
                streams[name] = first[name] * factors[tide % len(factors)]
        service.step(now)
    service.check_moves()
    assert {name for streams in service.shards.values() for name in streams} == set(first)

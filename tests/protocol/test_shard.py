"""A shard in simulated time: in whatever order things happen, its rules hold and its wishes come true."""

from random import Random

import pytest
from support.exchange import SimulatedExchange

from fastbinance._protocol.lifecycle import State

ORDERS_IN_THE_SUITE = 1_000


def up(names=("a@trade", "b@trade"), **options):
    exchange = SimulatedExchange(Random(1), **options)
    exchange.want(*names)
    exchange.run(5.0)
    assert exchange.settled
    return exchange


def ids_once(exchange, name, since=0):
    """Return the ids of a stream in the order in which they first came."""
    return list(dict.fromkeys(number for number, _ in exchange.delivered[name] if number > since))


# -- one line


def test_wishes_are_confirmed_on_the_first_connection():
    exchange = up()
    assert len(exchange.dials) == 1
    assert exchange.confirmed_names == {"a@trade", "b@trade"}
    assert exchange.broken == []


def test_a_lost_connection_comes_back_at_once_and_subscribes_once():
    exchange = up()
    lost_at = exchange.now
    exchange.lose(*exchange.peers.values())
    assert exchange.confirmed_names == set()
    exchange.run(1.0)
    assert exchange.settled
    assert exchange.dials[-1] - lost_at <= 0.010 + 1e-9
    assert exchange.events == [("resubscribed", 0)]
    assert exchange.broken == []


def test_so_many_streams_that_they_need_several_messages_are_asked_for_in_the_url():
    names = [f"symbol{number:04}usdt@trade" for number in range(1000)]
    exchange = up(names, rate=0.01)
    (peer,) = exchange.peers.values()
    exchange.lose(peer)
    sent = []
    send = exchange.send
    exchange.send = lambda line, frame: (sent.append(frame), send(line, frame))
    exchange.run(5.0)
    assert exchange.settled
    # 6,000 bytes of URL carry 250 of them; the rest takes six messages, and asking what came of the URL one.
    assert b"LIST_SUBSCRIPTIONS" in sent[0]
    assert len(sent) <= 7
    assert exchange.broken == []


def test_streams_in_the_url_are_not_tried_again_where_that_fails():
    names = [f"symbol{number:04}usdt@trade" for number in range(600)]
    exchange = SimulatedExchange(Random(1), rate=0.01)
    exchange.want(*names)
    dialled = []
    dial = exchange.dial

    def refuse_urls(line, in_url):
        dialled.append(bool(in_url))
        exchange.refusing = (1.0, 0.0) if in_url else None
        dial(line, in_url)

    exchange.dial = refuse_urls
    exchange.run(10.0)
    assert dialled == [True, False]
    assert exchange.settled


def test_an_answer_that_never_comes_ends_a_connection_that_carries_nothing():
    exchange = SimulatedExchange(Random(1))
    exchange.mute_next = True
    exchange.want("a@trade")
    exchange.run(15.0)
    assert exchange.settled
    assert len(exchange.dials) == 2


def test_an_answer_that_never_comes_has_a_carrying_connection_replaced_first():
    exchange = up(("a@trade",))
    (peer,) = exchange.peers.values()
    peer.mute = True
    exchange.want("b@trade")
    exchange.run(15.0)
    assert exchange.settled
    assert ("replaced", "unanswered") in exchange.events
    numbers = ids_once(exchange, "a@trade")
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_a_refusal_with_a_time_is_obeyed():
    exchange = SimulatedExchange(Random(1))
    exchange.refusing = (1.0, 30.0)
    exchange.want("a@trade")
    exchange.run(29.0)
    assert len(exchange.dials) == 1
    exchange.refusing = None
    exchange.run(5.0)
    assert exchange.settled


def test_pings_are_sent_only_when_asked_for_and_count_as_messages():
    exchange = up()
    exchange.run(300.0)
    assert exchange.pings == 0
    exchange = up(ping_every=1.0)
    exchange.run(60.0)
    assert 58 <= exchange.pings <= 66
    assert exchange.broken == []


def test_a_ping_that_nothing_follows_has_the_connection_replaced():
    exchange = up(ping_every=2.0)
    (peer,) = exchange.peers.values()
    peer.mute = peer.stalled = True
    exchange.run(10.0)
    assert exchange.events[0] == ("replaced", "unanswered")
    assert exchange.settled


def test_a_ping_that_was_answered_later_is_not_held_against_the_connection():
    exchange = up(ping_every=2.0)
    (line,) = exchange.shard.current
    heard, ping = [False], exchange.ping
    exchange.ping = lambda line: ping(line) and (heard.pop() if heard else True)
    exchange.run(1.0)
    assert exchange.shard.replace(line, "stalled", exchange.now)
    exchange.refusing = (1.0, 0.0)  # it keeps its place
    overdue = []
    forgive = line.forgive
    line.forgive = lambda now: (overdue.append(now), forgive(now))
    exchange.run(60.0)
    assert len(overdue) == 1
    assert line.next_at - exchange.now <= 2.0, "only the next ping is due"


# -- replacing


def test_where_every_server_stops_the_connects_of_the_process_are_not_used_up():
    exchange = up()
    opened = exchange.shard.opened

    def stopping(line, now):
        opened(line, now)
        exchange.shard.shutting_down(line, now)

    exchange.shard.opened = stopping
    (line,) = exchange.shard.current
    exchange.shard.shutting_down(line, exchange.now)
    exchange.run(300.0)
    assert len(exchange.dials) < 20, "of 300"
    exchange.shard.opened = opened
    (line,) = exchange.shard.current
    exchange.run(100.0)
    assert exchange.shard.current[0] is not line, "the last notice counts too"
    assert exchange.settled
    assert exchange.broken == []


def test_servers_that_stop_and_drop_are_not_dialled_the_more_often_for_being_replaced():
    exchange = up()
    opened, before = exchange.shard.opened, len(exchange.dials)

    def stopping(line, now):
        opened(line, now)
        exchange.shard.shutting_down(line, now)

    exchange.shard.opened = stopping
    exchange.lose(*exchange.peers.values())
    end = exchange.now + 20.0
    while exchange.now < end:
        exchange.run(0.02)
        for peer in list(exchange.peers.values()):
            exchange.lose(peer)
    assert len(exchange.dials) - before < 16, "8 without notices"
    exchange.shard.opened = opened
    exchange.run(60.0)
    assert exchange.settled
    assert exchange.broken == []


@pytest.mark.parametrize("reason", ["age", "shutdown", "stalled", "request"])
def test_a_replacement_delivers_before_the_old_connection_goes(reason):
    exchange = up()
    (old,) = exchange.shard.current
    assert exchange.shard.replace(old, reason, exchange.now)
    assert not exchange.shard.replace(old, reason, exchange.now), "one successor at a time"
    exchange.run(3.0)
    assert exchange.settled
    (new,) = exchange.shard.current
    assert new is not old
    assert old.state is State.CLOSED
    assert ("replaced", reason) in exchange.events
    for name in ("a@trade", "b@trade"):
        numbers = ids_once(exchange, name)
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "nothing missed"
    assert exchange.confirmed_names == {"a@trade", "b@trade"}
    assert exchange.broken == []


def test_a_connection_is_replaced_when_it_is_old():
    exchange = up(roll_after=100.0)
    exchange.run(1000.0)
    assert 9 <= sum(event == ("replaced", "age") for event in exchange.events) <= 10
    for name in ("a@trade", "b@trade"):
        numbers = ids_once(exchange, name)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert exchange.broken == []


def test_an_old_connection_that_dies_during_its_replacement_is_not_dialled_again():
    exchange = up()
    (old,) = exchange.shard.current
    exchange.shard.replace(old, "request", exchange.now)
    exchange.lose(exchange.peers[old])
    assert exchange.shard.current[0] is not old
    exchange.run(2.0)
    assert exchange.settled
    assert len(exchange.dials) == 2


def test_a_successor_that_cannot_connect_leaves_the_old_connection_alone():
    exchange = up()
    exchange.refusing = (1.0, 0.0)
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(60.0)
    assert exchange.confirmed_names == {"a@trade", "b@trade"}
    exchange.refusing = None
    exchange.run(40.0)
    assert exchange.settled
    assert ("replaced", "request") in exchange.events


def test_a_successor_that_waits_for_its_next_attempt_does_not_when_the_old_connection_is_lost():
    exchange = up()
    exchange.refusing = (1.0, 0.0)
    exchange.shard.replace_all("shutdown", exchange.now)
    exchange.run(60.0)
    exchange.refusing = None
    (old,) = exchange.shard.current
    dials, lost_at = len(exchange.dials), exchange.now
    exchange.lose(exchange.peers[old])
    exchange.run(0.2)
    assert exchange.dials[dials] <= lost_at + 0.010, "a first loss, not the seventh failure"
    assert exchange.settled


def test_a_successor_that_was_told_when_to_come_back_waits_also_when_the_old_connection_is_lost():
    exchange = up()
    exchange.refusing = (1.0, 30.0)
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(1.0)
    exchange.refusing = None
    (old,) = exchange.shard.current
    dials = len(exchange.dials)
    exchange.lose(exchange.peers[old])
    exchange.run(28.0)
    assert len(exchange.dials) == dials
    exchange.run(3.0)
    assert exchange.settled


def test_a_successor_that_brings_nothing_does_not_take_the_place_of_a_connection_that_does():
    exchange = up()
    exchange.stall_next = True
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(8.0)
    assert ("replaced", "request") not in exchange.events
    exchange.run(10.0)
    assert ("replaced", "request") in exchange.events, "the next attempt of it delivers"
    assert exchange.settled
    assert len(exchange.dials) == 3
    for name in ("a@trade", "b@trade"):
        numbers = ids_once(exchange, name)
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "nothing missed"
    assert exchange.broken == []


def test_an_answer_that_reaches_a_connection_behind_its_successor_changes_nothing():
    exchange = up()
    (old,) = exchange.shard.current
    exchange.shard.replace(old, "request", exchange.now)
    while old.state is State.LIVE:
        exchange.run(0.05)
    exchange.shard.control(old, b'{"result":null,"id":1}', exchange.now)
    assert all(old not in exchange.shard.carriers(name) for name in exchange.shard.wanted)


def test_a_quiet_connection_is_replaced_all_the_same():
    exchange = up(rate=0.001)
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(10.0)
    assert exchange.settled
    assert ("replaced", "request") in exchange.events


def test_wishes_that_change_all_the_time_do_not_keep_a_successor_from_its_place():
    exchange = up()
    exchange.shard.replace_all("request", exchange.now)
    for step in range(200):
        name = f"s{step % 7}@trade"
        (exchange.drop if name in exchange.shard.wanted else exchange.want)(name)
        exchange.run(0.05)
    assert ("replaced", "request") in exchange.events
    exchange.run(10.0)
    assert exchange.settled
    assert exchange.broken == []


def test_a_connection_that_stalls_again_and_again_is_replaced_within_seconds_where_that_helps():
    exchange = up()
    for number in range(1, 11):
        exchange.run(5.0)
        (peer,) = exchange.peers.values()
        peer.stalled = True
        for _ in range(60):
            exchange.shard.replace(peer.line, "stalled", exchange.now)
            exchange.run(0.1)
        assert exchange.events.count(("replaced", "stalled")) == number


def test_suspicions_of_one_place_come_less_and_less_often():
    exchange = up()
    for _ in range(300):
        exchange.shard.replace(exchange.shard.current[0], "stalled", exchange.now)
        exchange.run(1.0)
    assert sum(event == ("replaced", "stalled") for event in exchange.events) <= 11
    assert exchange.broken == []


# -- several lines


def test_every_line_carries_every_stream_and_rings_are_told_how_many():
    exchange = up(lines=2)
    assert exchange.carried_by == {"a@trade": 2, "b@trade": 2}
    exchange.lose(exchange.peers[exchange.shard.current[0]])
    assert exchange.carried_by == {"a@trade": 1, "b@trade": 1}
    assert exchange.confirmed_names == {"a@trade", "b@trade"}, "the other line has them"
    exchange.run(2.0)
    assert exchange.settled
    assert exchange.carried_by == {"a@trade": 2, "b@trade": 2}


def test_one_line_killed_again_and_again_costs_nothing():
    exchange = up(lines=2, attempts=10_000)
    for _ in range(100):
        exchange.run(0.1)
        victim = exchange.shard.current[0]
        if victim in exchange.peers:
            exchange.lose(exchange.peers[victim])
    exchange.run(60.0)
    assert exchange.settled
    for name in ("a@trade", "b@trade"):
        numbers = ids_once(exchange, name)
        assert sorted(numbers) == list(range(1, numbers[-1] + 1))
    assert exchange.broken == []


# -- refusals


def refuse(exchange, name, *lines, times=1_000):
    """Have lines refuse a stream so many times; every one of them where none is named."""
    left = dict.fromkeys(lines, times)

    def refuses(line, asked_for):
        if asked_for != name or (lines and line not in lines):
            return False
        left[line] = left.get(line, times) - 1
        return left[line] >= 0

    exchange.refuses = lambda line, asked_for: asked_for == "bad@trade" or refuses(line, asked_for)


def of(exchange, kind):
    return [event[1:] for event in exchange.events if event[0] == kind]


def test_a_stream_that_every_line_refuses_is_told_once():
    exchange = up(lines=3)
    exchange.want("bad@trade")
    exchange.run(10.0)
    assert of(exchange, "rejected") == [("bad@trade",)]
    assert exchange.settled
    assert exchange.broken == []


def test_a_stream_that_one_line_refuses_is_carried_by_the_other():
    exchange = up(lines=2)
    first, second = exchange.shard.current
    refuse(exchange, "c@trade", second)
    exchange.want("c@trade")
    exchange.run(10.0)
    assert exchange.shard.carriers("c@trade") == {first}
    assert "c@trade" in exchange.confirmed_names
    assert (of(exchange, "rejected"), of(exchange, "refused")) == ([], [("c@trade",)])
    # Nor does it end while the one that has it is away.
    exchange.lose(exchange.peers[first])
    exchange.run(5.0)
    assert exchange.shard.carriers("c@trade") == {first}
    assert of(exchange, "rejected") == []


def test_a_stream_that_one_line_refuses_is_refused_when_the_other_is_not_up_at_all():
    exchange = SimulatedExchange(Random(1), lines=2)
    exchange.refuse_next.extend([0.0, 60.0])
    exchange.want("bad@trade")
    exchange.run(5.0)
    assert of(exchange, "rejected") == [("bad@trade",)]


def test_a_refusal_that_passes_costs_no_line_its_stream():
    exchange = up(lines=2)
    refuse(exchange, "c@trade", exchange.shard.current[0], times=1)
    exchange.want("c@trade")
    exchange.run(10.0)
    assert exchange.settled
    assert "c@trade" in exchange.confirmed_names
    assert of(exchange, "refused") == []


def test_a_stream_made_anew_is_not_ended_by_what_was_said_of_the_one_before():
    exchange = up(lines=2)
    first, second = exchange.shard.current
    answer = exchange._answer
    late = []
    exchange._answer = lambda peer, request: late.append((peer, request))
    exchange.want("c@trade")
    exchange.run(0.5)
    refuse(exchange, "c@trade", first, second)
    late.sort(key=lambda asked: asked[0].line is second)
    answer(*late.pop(0))
    exchange.drop("c@trade")
    exchange.want("c@trade")
    answer(*late.pop(0))
    exchange.refuses = lambda line, name: False
    exchange._answer = answer
    exchange.run(0.5)
    for peer, request in late:
        answer(peer, request)
    exchange.run(15.0)
    assert of(exchange, "rejected") == []
    assert exchange.confirmed_names == {"a@trade", "b@trade", "c@trade"}


def test_a_successor_that_refuses_a_stream_once_is_asked_again_before_it_takes_the_place():
    exchange = up()
    refuse(exchange, "a@trade", times=2)  # with the other one, and alone
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(10.0)
    assert exchange.settled
    assert of(exchange, "replaced") == [("request",)]
    assert of(exchange, "rejected") == []
    numbers = ids_once(exchange, "a@trade")
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "nothing missed"


def test_lines_that_are_gone_are_forgotten_where_one_of_them_refuses_a_stream_for_good():
    exchange = up(lines=2)
    stays, _ = exchange.shard.current
    exchange.refuses = lambda line, name: name == "a@trade" and line is not stays
    for _ in range(5):
        _, line = exchange.shard.current
        assert exchange.shard.replace(line, "request", exchange.now)
        exchange.run(20.0)
        assert exchange.shard.current[1] is not line
    (refusal,) = exchange.shard._refusals._refusals.values()
    assert set(refusal.again) <= set(exchange.shard.lines)
    assert refusal.again
    assert exchange.confirmed_names == {"a@trade", "b@trade"}


def test_a_stream_that_a_successor_refuses_for_good_ends_with_the_old_connection():
    exchange = up()
    exchange.refuses = lambda line, name: name == "a@trade"
    exchange.shard.replace_all("request", exchange.now)
    exchange.run(2.0)
    assert exchange.confirmed_names == {"a@trade", "b@trade"}, "the old connection has it"
    exchange.run(10.0)
    assert of(exchange, "rejected") == [("a@trade",)]
    assert exchange.settled
    assert exchange.confirmed_names == {"b@trade"}


def test_a_successor_that_refuses_all_there_is_takes_the_place_all_the_same():
    exchange = up(("a@trade",))
    exchange.refuses = lambda line, name: name == "a@trade"
    exchange.shard.replace_all("age", exchange.now)
    exchange.run(10.0)
    assert of(exchange, "replaced") == [("age",)]
    assert of(exchange, "rejected") == [("a@trade",)]
    assert len(exchange.dials) == 2


# -- Binance's limits


@pytest.mark.parametrize(("per_second", "names"), [(5, 40), (10, 90)])
def test_a_storm_of_losses_stays_within_three_hundred_connects_in_five_minutes(per_second, names):
    exchange = up([f"s{number}@trade" for number in range(names)], per_second=per_second, rate=0.01)
    for _ in range(2000):
        for peer in list(exchange.peers.values()):
            exchange.lose(peer)
        exchange.run(0.5)
    assert max(sum(at - 300.0 < other <= at for other in exchange.dials) for at in exchange.dials) <= 300
    exchange.run(400.0)
    assert exchange.settled
    assert exchange.broken == []


@pytest.mark.parametrize("per_second", [5, 10])
def test_wishes_changed_all_the_time_stay_within_the_messages_a_second(per_second):
    exchange = up((), per_second=per_second)
    rng = Random(2)
    for step in range(2000):
        name = f"s{rng.randrange(40)}@trade"
        (exchange.drop if name in exchange.shard.wanted else exchange.want)(name)
        if step % 40 == 0:
            exchange.server_ping(*exchange.peers.values())
        exchange.run(0.03)
    exchange.run(30.0)
    assert exchange.settled
    assert exchange.broken == []


# -- any order


def scenario(seed):
    """Run one random order of events; return the exchange after everything has been mended."""
    rng = Random(seed)
    exchange = SimulatedExchange(
        rng, lines=rng.choice((1, 1, 2, 3)), per_second=rng.choice((5, 10)), rate=rng.choice((0.5, 4.0))
    )
    pool = [f"s{number}@trade" for number in range(6)] + ["bad@trade", "!ticker@arr"]
    for _ in range(rng.randrange(5, 40)):
        peers = list(exchange.peers.values())
        peer = rng.choice(peers) if peers else None
        action = rng.randrange(12)
        if action <= 2:
            exchange.want(rng.choice(pool))
        elif action == 3:
            exchange.drop(rng.choice(pool))
        elif action == 4 and peer is not None:
            exchange.lose(peer)
        elif action == 5:
            exchange.refusing = rng.choice((None, (0.5, 0.0), (1.0, 2.0)))
        elif action == 6:
            exchange.mute_next = True
        elif action == 7 and peer is not None:
            peer.mute = True
        elif action == 8:
            line = rng.choice(exchange.shard.lines)
            exchange.shard.replace(line, rng.choice(("age", "stalled", "request")), exchange.now)
        elif action == 9 and peer is not None:
            exchange.shard.shutting_down(peer.line, exchange.now)
        elif action == 10 and peer is not None:
            # A second apart, as servers are: more at once could not be answered within the limit.
            exchange.server_ping(peer)
            exchange.run(1.0)
        elif action == 11:
            refuse(exchange, rng.choice(pool), rng.choice(exchange.shard.lines), times=rng.choice((1, 9)))
        exchange.run(rng.choice((0.0, 0.001, 0.02, 0.3, 2.0)))
    exchange.refusing, exchange.mute_next, exchange.stall_next = None, False, False
    refuse(exchange, "bad@trade")
    for peer in exchange.peers.values():
        peer.mute = False
    for _ in range(120):
        exchange.run(1.0)
        if exchange.settled:
            break
    return exchange


def check(seed):
    exchange = scenario(seed)
    assert exchange.broken == [], f"seed {seed}"
    assert exchange.settled, f"seed {seed}"
    assert "bad@trade" not in exchange.shard.wanted, f"seed {seed}"
    exchange.shard.close()
    exchange.run(1.0)
    assert not exchange.peers, f"seed {seed}"
    assert exchange.shard.next_at is None, f"seed {seed}"


def test_in_any_order_of_events_the_rules_hold_and_every_wish_is_fulfilled_or_reported():
    for seed in range(ORDERS_IN_THE_SUITE):
        check(seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(10))
def test_in_a_hundred_thousand_orders_of_events_the_rules_hold(part):
    for seed in range(part * 10_000, (part + 1) * 10_000):
        check(seed)

"""Full order counters stop orders, weights and bans the address, and no wait is negative or without end."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.method import Lane
from fastbinance._protocol.request_limits import LimitUse, LimitWarning, RateLimit, RequestLimits, Use

# Binance's clock at the start of a minute, of ten seconds and of a day; ours shows 1,000 s then.
NOW = 1_000.0
MIDNIGHT_MS = 1_699_920_000_000
DAY = 86_400.0
ME, OTHER = "my-key", "another-key"


def server_ms(now: float) -> float:
    return MIDNIGHT_MS + (now - NOW) * 1e3


def weight(count: int, limit: int = 6_000) -> RateLimit:
    return RateLimit("REQUEST_WEIGHT", "MINUTE", 1, limit, count)


def orders(count: int, limit: int = 100, seconds: int = 10) -> RateLimit:
    return RateLimit("ORDERS", "SECOND", seconds, limit, count)


def orders_a_day(count: int) -> RateLimit:
    return RateLimit("ORDERS", "DAY", 1, 200_000, count)


class Scene:
    """Limits, and a clock that both sides of them go by."""

    def __init__(self) -> None:
        self.limits = RequestLimits("spot")
        self.now = NOW

    def learn(self, *told: RateLimit, account: str = ME) -> list[LimitWarning]:
        return self.limits.learn(told, account, self.now, server_ms(self.now))

    def refused(
        self,
        status: int = 429,
        code: int | None = None,
        retry_in: float | None = None,
        told: tuple[RateLimit, ...] = (),
        account: str = ME,
    ) -> float:
        retry_ms = None if retry_in is None else int(server_ms(self.now + retry_in))
        return self.limits.refused(status, code, retry_ms, told, account, self.now, server_ms(self.now))

    def waits(self, account: str = ME) -> tuple[float, float, float]:
        """Return the seconds that READ, CANCEL and ORDER wait."""
        read, cancel, order = (
            round(self.limits.refusal(lane, account, self.now), 3)
            for lane in (Lane.READ, Lane.CANCEL, Lane.ORDER)
        )
        return read, cancel, order


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_answers_rate_limits_are_read() -> None:
    payload = (
        b'[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":12},'
        b'{"rateLimitType":"NEW","interval":"WEEK","perhaps":{"more":1}},{}]'
    )
    told = msgspec.json.decode(payload, type=list[RateLimit])
    assert told == [RateLimit("ORDERS", "SECOND", 10, 50, 12), RateLimit("NEW", "WEEK"), RateLimit()]


def test_what_nothing_is_known_of_is_free(scene: Scene) -> None:
    assert scene.waits() == (0.0, 0.0, 0.0)
    assert scene.limits.usage(ME, NOW) == ()


# -- counters


def test_a_full_order_counter_stops_orders_of_its_account_and_no_cancel(scene: Scene) -> None:
    scene.now += 4.0
    scene.learn(orders(99))
    assert scene.waits() == (0.0, 0.0, 0.0)
    scene.learn(orders(100))
    assert scene.waits() == (0.0, 0.0, 6.05)
    assert scene.waits(OTHER) == (0.0, 0.0, 0.0)


def test_a_full_weight_counter_stops_the_address(scene: Scene) -> None:
    scene.now += 20.0
    scene.learn(weight(6_000))
    assert scene.waits() == scene.waits(OTHER) == (40.05, 40.05, 40.05)


def test_of_several_full_counters_the_one_that_lasts_longest_counts(scene: Scene) -> None:
    scene.learn(orders(100), orders_a_day(200_000))
    assert scene.waits()[2] == DAY + 0.05
    scene.now += 11.0
    assert scene.waits()[2] == DAY - 10.95


def test_a_counter_begins_anew_by_the_servers_clock(scene: Scene) -> None:
    scene.now += 59.0
    scene.learn(weight(6_000))
    assert scene.waits()[0] == 1.05
    scene.now += 1.1
    assert scene.waits()[0] == 0.0
    (use,) = scene.limits.usage(ME, scene.now)
    assert (use.count, use.seconds_left) == (0, 0.0)


def test_without_the_servers_clock_no_window_is_believed_to_end_too_early(scene: Scene) -> None:
    scene.limits.learn([orders(100)], ME, NOW + 8.0)
    assert scene.limits.refusal(Lane.ORDER, ME, NOW + 8.0) == pytest.approx(10.05)
    # Told later, it is put right.
    scene.limits.learn([orders(100)], ME, NOW + 9.0, server_ms(NOW + 9.0))
    assert scene.limits.refusal(Lane.ORDER, ME, NOW + 9.0) == pytest.approx(1.05)


def test_the_latest_count_is_the_one_that_counts(scene: Scene) -> None:
    scene.learn(orders(100))
    scene.learn(orders(98))
    assert scene.waits() == (0.0, 0.0, 0.0)


def test_an_answer_of_yesterday_does_not_fill_today(scene: Scene) -> None:
    scene.now += DAY - 1.0
    scene.learn(orders_a_day(199_990))
    scene.now += 1.5
    assert scene.learn(orders_a_day(200_000)) == []
    assert scene.waits() == (0.0, 0.0, 0.0)
    scene.now += 1.0
    scene.learn(orders_a_day(3))
    assert scene.limits.usage(ME, scene.now)[0].count == 3


def test_the_answers_of_a_short_window_are_late_for_a_quarter_of_it(scene: Scene) -> None:
    scene.learn(orders(5, seconds=1))
    scene.now += 1.2
    scene.learn(orders(100, seconds=1))
    assert scene.waits()[2] == 0.0
    scene.now += 0.2
    scene.learn(orders(100, seconds=1))
    assert scene.waits()[2] == 0.65


def test_a_window_ends_sooner_when_the_servers_clock_is_better_known(scene: Scene) -> None:
    scene.learn(orders(100))
    assert scene.waits()[2] == 10.05
    scene.limits.learn([], ME, NOW, server_ms(NOW + 4.0))
    scene.limits.learn([orders(100)], ME, NOW)
    assert scene.waits()[2] == 6.05


def test_a_new_window_that_fills_later_is_believed(scene: Scene) -> None:
    scene.learn(orders(50))
    scene.now += 13.0
    scene.learn(orders(100))
    assert scene.waits()[2] == 7.05


ODD = [
    ("an unknown kind", RateLimit("CONNECTIONS", "MINUTE", 5, 300, 300)),
    ("an unknown interval", RateLimit("ORDERS", "WEEK", 1, 300, 300)),
    ("no interval", RateLimit("ORDERS", "SECOND", 0, 300, 300)),
    ("no limit", RateLimit("ORDERS", "SECOND", 10, 0, 300)),
    ("nothing", RateLimit()),
]


@pytest.mark.parametrize("told", [case[1] for case in ODD], ids=[case[0] for case in ODD])
def test_a_counter_that_says_nothing_is_passed_over(scene: Scene, told: RateLimit) -> None:
    scene.learn(orders(10))
    assert scene.learn(told) == []
    assert scene.waits() == (0.0, 0.0, 0.0)
    assert len(scene.limits.usage(ME, scene.now)) == 1


def test_a_limit_that_disappears_leaves_what_was_known(scene: Scene) -> None:
    scene.learn(orders(10))
    scene.learn(orders(11, limit=0))
    assert scene.limits.usage(ME, scene.now)[0].count == 10


def test_orders_without_a_key_are_nobodys(scene: Scene) -> None:
    scene.learn(orders(100), weight(10), account="")
    assert scene.waits("") == (0.0, 0.0, 0.0)
    assert [use.kind for use in scene.limits.usage("", scene.now)] == ["REQUEST_WEIGHT"]


def test_usage_tells_the_counters_of_address_and_account(scene: Scene) -> None:
    scene.now += 4.0
    scene.learn(weight(20), RateLimit("RAW_REQUESTS", "MINUTE", 5, 300_000, 7), orders(3), orders_a_day(9))
    scene.learn(orders(40), account=OTHER)
    assert scene.limits.usage(ME, scene.now) == (
        LimitUse("spot", "REQUEST_WEIGHT", "1 min", 6_000, 20, 56.0),
        LimitUse("spot", "RAW_REQUESTS", "5 min", 300_000, 7, 296.0),
        LimitUse("spot", "ORDERS", "10 s", 100, 3, 6.0),
        LimitUse("spot", "ORDERS", "1 d", 200_000, 9, DAY - 4.0),
    )


# -- warnings


def test_a_warning_comes_at_four_fifths_once_in_each_interval(scene: Scene) -> None:
    assert scene.learn(orders(79)) == []
    (warning,) = scene.learn(orders(80))
    assert str(warning) == "spot: 80 of 100 ORDERS in 10 s are used"
    assert scene.learn(orders(81)) == scene.learn(orders(100)) == []
    scene.now += 10.0
    assert scene.learn(orders(1)) == []
    assert [warning.count for warning in scene.learn(orders(95))] == [95]


def test_every_counter_warns_for_itself_and_every_account(scene: Scene) -> None:
    warnings = scene.learn(weight(5_000), orders(90), orders_a_day(170_000))
    assert [(warning.kind, warning.interval) for warning in warnings] == [
        ("REQUEST_WEIGHT", "1 min"), ("ORDERS", "10 s"), ("ORDERS", "1 d"),
    ]  # fmt: skip
    assert len(scene.learn(weight(5_001), orders(90), account=OTHER)) == 1


def test_a_refusal_takes_no_warning_away(scene: Scene) -> None:
    scene.refused(429, -1015, 3.0, (orders(100),))
    assert len(scene.learn(orders(100))) == 1


def test_no_warning_is_about_a_window_that_is_over(scene: Scene) -> None:
    scene.refused(429, -1015, 3.0, (orders(100),))
    scene.now += 10.5
    assert scene.learn(orders(100)) == []


# -- refusals

STOPS_ORDERS = [
    ("-1015", (429, -1015)),
    ("-1015 with another status", (400, -1015)),
]
STOPS_ALL = [
    ("429", (429, None)),
    ("-1003", (429, -1003)),
    ("-1003 with another status", (400, -1003)),
    ("418", (418, -1003)),
    ("418 that speaks of orders", (418, -1015)),
]


@pytest.mark.parametrize("answer", [case[1] for case in STOPS_ORDERS], ids=[case[0] for case in STOPS_ORDERS])
def test_too_many_orders_stop_the_orders_of_that_account_alone(scene: Scene, answer: tuple[int, int]) -> None:
    assert scene.refused(*answer, retry_in=7.0) == pytest.approx(7.05)
    assert scene.waits() == (0.0, 0.0, 7.05)
    assert scene.waits(OTHER) == (0.0, 0.0, 0.0)
    scene.now += 7.06
    assert scene.waits() == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("answer", [case[1] for case in STOPS_ALL], ids=[case[0] for case in STOPS_ALL])
def test_too_many_requests_stop_everything_from_this_address(
    scene: Scene, answer: tuple[int, int | None]
) -> None:
    assert scene.refused(*answer, retry_in=33.0) == pytest.approx(33.05)
    assert scene.waits() == scene.waits(OTHER) == (33.05, 33.05, 33.05)


def test_a_429_beside_a_full_order_counter_is_about_orders(scene: Scene) -> None:
    scene.now += 2.0
    assert scene.refused(429, None, None, (weight(30), orders(100))) == pytest.approx(8.05)
    assert scene.waits() == (0.0, 0.0, 8.05)


def test_a_429_beside_two_full_counters_is_about_weight(scene: Scene) -> None:
    assert scene.refused(429, None, None, (weight(6_000), orders(100))) == pytest.approx(60.05)
    assert scene.waits()[1] == 60.05


def test_a_1003_beside_a_full_order_counter_is_about_weight(scene: Scene) -> None:
    assert scene.refused(429, -1003, None, (orders(100),)) == 60.0
    assert scene.waits()[1] == 60.0


def test_a_ban_without_its_end_lasts_longer_than_the_window_of_the_weight(scene: Scene) -> None:
    assert scene.refused(418, -1003, None, (weight(6_001),)) == 120.0


@pytest.mark.parametrize(
    "answer", [(200, None), (400, -1013), (400, -2010), (403, None), (409, -2021), (503, -1008)]
)
def test_other_refusals_stop_nothing(scene: Scene, answer: tuple[int, int | None]) -> None:
    assert scene.refused(*answer, retry_in=50.0, told=(orders(100),)) == 0.0
    assert scene.waits() == (0.0, 0.0, 0.0)


UNSAID = [
    ("nothing said", None),
    ("a year away", 366 * DAY),
    ("an hour ago", -3_600.0),
]


@pytest.mark.parametrize("retry_in", [case[1] for case in UNSAID], ids=[case[0] for case in UNSAID])
def test_a_wait_that_is_missing_or_cannot_be_goes_by_rule(scene: Scene, retry_in: float | None) -> None:
    assert scene.refused(429, -1015, retry_in) == 10.0
    assert scene.refused(429, -1003, retry_in) == 60.0
    assert scene.refused(418, -1003, retry_in) == 120.0


def test_where_a_counter_is_full_the_rule_is_its_window(scene: Scene) -> None:
    scene.now += 45.0
    assert scene.refused(429, -1003, None, (weight(6_001),)) == pytest.approx(15.05)
    assert scene.refused(429, -1015, None, (orders(100), orders_a_day(200_000))) == pytest.approx(DAY - 44.95)


def test_a_ban_of_three_days_is_believed(scene: Scene) -> None:
    assert scene.refused(418, -1003, 3 * DAY) == pytest.approx(3 * DAY + 0.05)


def test_a_moment_that_has_just_passed_is_waited_for_a_second(scene: Scene) -> None:
    assert scene.refused(429, -1003, -0.2) == 1.0


def test_retry_after_in_microseconds_is_understood(scene: Scene) -> None:
    retry = int(server_ms(NOW + 20.0)) * 1_000
    seconds = scene.limits.refused(429, -1003, retry, (), ME, NOW, server_ms(NOW))
    assert seconds == pytest.approx(20.05)


def test_a_shorter_word_about_a_ban_does_not_end_it(scene: Scene) -> None:
    scene.refused(418, -1003, 600.0)
    scene.now += 1.0
    assert scene.refused(429, -1003, 5.0) == pytest.approx(599.05)
    scene.learn(weight(3))
    assert scene.waits()[0] == 599.05


def test_of_a_ban_and_a_full_counter_the_longer_one_counts_whichever_came_first(scene: Scene) -> None:
    scene.refused(418, -1003, 300.0)
    scene.learn(weight(6_000))
    assert scene.waits()[0] == 300.05
    scene.learn(orders_a_day(200_000))
    scene.refused(429, -1015, 5.0)
    assert scene.waits()[2] == DAY + 0.05


def test_futures_that_count_orders_together_stop_together_and_keep_their_weights() -> None:
    pool: dict[str, Use] = {}
    usdm, coinm = RequestLimits("usdm", pool), RequestLimits("coinm", pool)
    usdm.refused(429, -1015, None, [orders(300, 300)], ME, NOW, server_ms(NOW))
    assert coinm.refusal(Lane.ORDER, ME, NOW) == pytest.approx(10.05)
    assert coinm.refusal(Lane.CANCEL, ME, NOW) == 0.0
    usdm.learn([weight(2_400, 2_400)], ME, NOW, server_ms(NOW))
    assert usdm.refusal(Lane.READ, ME, NOW) == pytest.approx(60.05)
    assert coinm.refusal(Lane.READ, ME, NOW) == 0.0


# -- threads


class Held:
    """A lock that says whether it is held."""

    held = False

    def __enter__(self) -> None:
        assert not self.held
        self.held = True

    def __exit__(self, *error: object) -> None:
        self.held = False


def test_everything_that_changes_does_so_with_the_lock_held() -> None:
    lock, seen = Held(), []

    def told() -> Iterator[RateLimit]:
        for each in (weight(1), orders(1)):
            seen.append(lock.held)
            yield each
        seen.append(lock.held)

    limits = RequestLimits("spot", {}, lock)
    limits.learn(told(), ME, NOW)
    limits.refused(429, -1015, None, told(), ME, NOW, server_ms(NOW))
    assert seen == [True] * 6
    assert not lock.held


# -- whatever comes

counters = st.builds(
    RateLimit,
    st.sampled_from(["REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS", "?"]),
    st.sampled_from(["SECOND", "MINUTE", "HOUR", "DAY", "?"]),
    st.integers(-1, 15),
    st.integers(-1, 1_000),
    st.integers(-1, 1_200),
)
histories = st.lists(
    st.tuples(
        st.floats(0.0, 1e5),
        st.lists(counters, max_size=4),
        st.sampled_from([200, 400, 418, 429]),
        st.sampled_from([None, -1003, -1015]),
        st.none() | st.integers(-(2**60), 2**60),
        st.sampled_from([ME, OTHER, ""]),
        st.none() | st.floats(-1e7, 1e7),
    ),
    max_size=15,
)


@given(history=histories)
def test_no_history_gives_a_negative_wait_or_one_beyond_the_longest(
    history: list[tuple[float, list[RateLimit], int, int | None, int | None, str, float | None]],
) -> None:
    limits, now = RequestLimits("usdm"), NOW
    for passes, told, status, code, retry_ms, account, skew in history:
        now += passes
        server = server_ms(now) + (skew or 0.0)
        limits.learn(told, account, now, None if skew is None else server)
        seconds = limits.refused(status, code, retry_ms, told, account, now, server)
        waits = [limits.refusal(lane, ME, now) for lane in Lane]
        assert all(0.0 <= wait <= 15 * DAY + 1.0 for wait in (seconds, *waits))
        assert limits.refusal(Lane.CANCEL, ME, now) == limits.refusal(Lane.READ, ME, now)
        assert limits.refusal(Lane.ORDER, ME, now) >= limits.refusal(Lane.READ, ME, now)


def test_a_weight_without_room_waits_for_the_next_window():
    limits = RequestLimits("usdm")
    assert limits.wait_for(10_000, 0.0) == 0.0, "nothing is known yet"
    limits.learn_weight(2_390, 2_400, 0.0)
    assert limits.wait_for(10, 1.0) == 0.0
    assert limits.wait_for(11, 1.0) == 59.0
    assert limits.wait_for(11, 60.0) == 0.0, "a new window has begun"


def test_what_is_heavier_than_a_window_is_not_held_back_by_an_empty_one():
    limits = RequestLimits("usdm")
    limits.learn_weight(0, 2_400, 0.0)
    assert limits.wait_for(5_000, 1.0) == 0.0


def test_an_assumed_limit_makes_way_for_one_that_is_told():
    limits = RequestLimits("usdm")
    limits.learn_weight(5, 2_400, 0.0)
    limits.learn([RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1_000, 6)], "", 1.0)
    limits.learn_weight(7, 2_400, 2.0)
    assert [(use.count, use.limit) for use in limits.usage("", 3.0)] == [(7, 1_000)]

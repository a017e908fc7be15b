"""A subscription leads to a proven stream on each link, and its token is another one before it ends."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.subscription_session import MOVES, SubscriptionSession, SubscriptionState


class Driver:
    """Notes what a session asks of it."""

    def __init__(self):
        self.calls = []

    def subscribe(self, link, token):
        self.calls.append(("subscribe", link, token))

    def unsubscribe(self, link, subscription_id):
        self.calls.append(("unsubscribe", link, subscription_id))

    def ask_token(self):
        self.calls.append("ask")

    def proven(self, again):
        self.calls.append(("proven", again))

    def unproven(self, reason):
        self.calls.append(("unproven", reason))

    def failed(self, reason, code):
        self.calls.append(("failed", code))

    def take(self):
        calls, self.calls = self.calls, []
        return calls


def made(*, uses_token=False):
    driver = Driver()
    return SubscriptionSession(driver, Backoff(rng=Random(1)), uses_token), driver


def proven():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribed(1, 0, None, 0.0)
    driver.take()
    return session, driver


def proven_with_token(life=86_400.0):
    session, driver = made(uses_token=True)
    session.link_ready(1, 0.0)
    session.token_given("t1", 0.0)
    session.subscribed(1, 0, life, 0.0)
    driver.take()
    return session, driver


def test_a_link_that_is_ready_is_subscribed_and_its_answer_is_the_proof():
    session, driver = made()
    session.link_ready(1, 0.0)
    assert (driver.take(), session.state) == ([("subscribe", 1, None)], SubscriptionState.SUBSCRIBING)
    session.subscribed(1, 0, None, 0.1)
    assert (driver.take(), session.state) == ([("proven", False)], SubscriptionState.PROVEN)
    assert (session.holds(1), session.next_at) == (True, None)


def test_a_link_that_is_ready_once_more_is_not_subscribed_twice():
    session, driver = proven()
    session.link_ready(1, 1.0)
    assert driver.take() == []


def test_an_old_link_holds_until_a_newer_one_is_proven():
    session, driver = proven()
    session.link_ready(2, 10.0)
    assert (driver.take(), session.holds(1), session.holds(2)) == ([("subscribe", 2, None)], True, False)
    session.subscribed(2, 0, None, 10.1)
    assert (driver.take(), session.holds(1), session.holds(2)) == ([], False, True)
    session.link_lost(1, 10.2)
    assert (driver.take(), session.state) == ([], SubscriptionState.PROVEN)


def test_a_newer_link_that_is_lost_before_its_proof_leaves_the_old_one_as_it_was():
    session, driver = proven()
    session.link_ready(2, 10.0)
    session.link_lost(2, 10.1)
    session.subscribed(2, 0, None, 10.2)
    assert (driver.take(), session.holds(1)) == ([("subscribe", 2, None)], True)


def test_an_answer_on_an_older_link_is_a_proof_only_where_no_newer_one_is_proven():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.link_ready(2, 0.0)
    session.subscribed(1, 0, None, 0.1)
    assert session.holds(1)
    session.subscribed(2, 0, None, 0.2)
    session.link_ready(3, 0.3)
    session.link_ready(4, 0.3)
    session.subscribed(4, 0, None, 0.4)
    driver.take()
    session.subscribed(3, 0, None, 0.5)
    assert (driver.take(), session.holds(4)) == ([], True)


def test_a_lost_link_takes_the_proof_with_it_and_the_next_one_brings_it_back():
    session, driver = proven()
    session.link_lost(1, 10.0)
    assert (driver.take(), session.state) == (
        [("unproven", "connection lost")], SubscriptionState.WAITING,
    )  # fmt: skip
    session.link_ready(2, 10.5)
    session.subscribed(2, 0, None, 10.6)
    assert driver.take() == [("subscribe", 2, None), ("proven", True)]


def test_a_terminated_subscription_is_made_anew_at_once_on_the_same_link():
    session, driver = proven()
    session.terminated(0, 1, 10.0)
    assert driver.take() == [("unproven", "Binance has ended the subscription"), ("subscribe", 1, None)]


def test_a_subscription_that_ends_as_soon_as_it_is_made_is_made_more_and_more_slowly():
    session, _ = proven()
    # The first time it is made anew at once.
    session.terminated(0, 1, 0.0)
    session.subscribed(1, 1, None, 0.0)
    now, waits = 0.0, []
    for number in range(1, 9):
        session.terminated(number, 1, now)
        waits.append(session.next_at - now)
        now = session.next_at
        session.tick(now)
        session.subscribed(1, number + 1, None, now)
    assert (waits[0] <= 0.25, waits[-1] >= 8.0) == (True, True)


@pytest.mark.parametrize(("subscription_id", "link"), [(7, 1), (0, 2), (None, 2)])
def test_the_end_of_another_subscription_is_not_heeded(subscription_id, link):
    session, driver = proven()
    session.terminated(subscription_id, link, 10.0)
    assert (driver.take(), session.state) == ([], SubscriptionState.PROVEN)


@pytest.mark.parametrize("code", [-1021, -1022])
def test_a_wrong_time_or_signature_is_answered_once_by_a_fresh_request(code):
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, code, "no", 0.0, 0.1)
    assert driver.take() == [("subscribe", 1, None)] * 2


def test_a_signature_that_is_wrong_twice_is_a_wrong_secret():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, -1022, "no", 0.0, 0.1)
    session.subscribe_refused(1, -1022, "no", 0.0, 0.2)
    assert (driver.take()[-1], session.state) == (("failed", -1022), SubscriptionState.FAILED)


def test_a_time_that_is_wrong_twice_waits_for_a_better_one():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, -1021, "no", 0.0, 0.1)
    session.subscribe_refused(1, -1021, "no", 0.0, 0.2)
    assert (len(driver.take()), session.state) == (2, SubscriptionState.SUBSCRIBING)
    session.tick(session.next_at)
    assert driver.take() == [("subscribe", 1, None)]


@pytest.mark.parametrize("code", [-2014, -2015])
def test_a_wrong_key_fails_for_good(code):
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, code, "no", 0.0, 0.1)
    session.link_ready(2, 0.2)
    assert driver.take() == [("subscribe", 1, None), ("failed", code)]
    assert (session.state, session.next_at) == (SubscriptionState.FAILED, None)


def test_a_refusal_is_followed_not_before_the_time_that_binance_names_on_another_link_either():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, -1003, "no", 30.0, 1.0)
    session.link_lost(1, 2.0)
    session.link_ready(2, 3.0)
    assert (driver.take(), session.next_at) == ([("subscribe", 1, None)], 31.0)
    session.tick(31.0)
    assert driver.take() == [("subscribe", 2, None)]


def test_what_is_subscribed_already_is_a_proof_though_its_number_is_not_known():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, None, "no", 0.0, 0.0)
    session.tick(session.next_at)
    session.subscribe_refused(1, -2035, "no", 0.0, 1.0)
    assert (driver.take()[-1], session.state) == (("proven", False), SubscriptionState.PROVEN)
    session.terminated(5, 1, 10.0)
    assert driver.take()[-1] == ("subscribe", 1, None)


def subscribed_already(others=None):
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, -2035, "no", 0.0, 0.0, others)
    driver.take()
    return session, driver


def test_a_number_that_is_not_known_is_learned_from_what_is_nobodys():
    session, driver = subscribed_already()
    assert (session.is_mine(1, 5), session.place) == (False, None)
    assert (session.adopt(2, 5), session.adopt(1, 5), session.adopt(1, 6)) == (False, True, False)
    assert (session.is_mine(1, 5), session.is_mine(1, 6), session.place) == (True, False, (1, 5))
    session.terminated(6, 1, 10.0)
    assert driver.take() == []
    session.terminated(5, 1, 10.0)
    assert driver.take()[-1] == ("subscribe", 1, None)


def test_what_somebody_else_has_subscribed_is_used_and_not_ended():
    session, driver = subscribed_already(others=3)
    assert session.state is SubscriptionState.PROVEN
    assert (session.is_mine(1, 3), session.is_borrowed(1, 3), session.place) == (True, True, None)
    assert not session.adopt(1, 4)
    session.terminated(3, 1, 10.0)
    session.subscribed(1, 4, None, 10.1)
    assert driver.take()[-2:] == [("subscribe", 1, None), ("proven", True)]
    assert (session.is_borrowed(1, 4), session.place) == (False, (1, 4))
    session.link_lost(1, 11.0)
    assert not session.is_borrowed(1, 3)


def test_a_token_that_is_subscribed_already_is_replaced_as_nobody_knows_its_number():
    session, driver = made(uses_token=True)
    session.link_ready(1, 0.0)
    session.token_given("t1", 0.0)
    session.subscribe_refused(1, -2035, "no", 0.0, 0.1)
    session.tick(session.next_at)
    assert driver.take() == ["ask", ("subscribe", 1, "t1"), "ask"]


def test_a_token_and_a_link_are_both_waited_for():
    session, driver = made(uses_token=True)
    session.link_ready(1, 0.0)
    assert (driver.take(), session.state) == (["ask"], SubscriptionState.SUBSCRIBING)
    session.token_given("t1", 0.5)
    assert driver.take() == [("subscribe", 1, "t1")]


@pytest.mark.parametrize(("life", "due"), [(86_400.0, 86_340.0), (600.0, 540.0), (100.0, 90.0), (2.0, 1.8)])
def test_a_token_is_renewed_a_minute_before_its_end_or_a_tenth_of_a_short_life(life, due):
    session, driver = proven_with_token(life)
    assert session.next_at == pytest.approx(due, abs=0.01)
    session.tick(session.next_at)
    assert driver.take() == ["ask"]


def test_a_token_that_has_ended_by_our_clock_is_used_and_not_fetched_without_end():
    session, driver = made(uses_token=True)
    session.link_ready(1, 0.0)
    session.token_given("t1", 0.0)
    session.subscribed(1, 0, 0.0, 0.0)
    assert driver.take() == ["ask", ("subscribe", 1, "t1"), ("proven", False)]
    assert session.next_at == 0.9


def test_a_renewed_token_is_subscribed_on_the_same_link_before_the_old_one_is_given_up():
    session, driver = proven_with_token(100.0)
    session.tick(90.0)
    session.token_given("t2", 90.0)
    assert driver.take() == ["ask", ("subscribe", 1, "t2")]
    session.subscribed(1, 1, 100.0, 90.1)
    assert (driver.take(), session.state) == ([("unsubscribe", 1, 0)], SubscriptionState.PROVEN)
    session.terminated(0, 1, 100.0)
    assert driver.take() == []
    assert session.next_at == pytest.approx(180.1, abs=0.01)


def test_a_renewed_token_that_keeps_the_number_is_not_unsubscribed():
    session, driver = proven_with_token(100.0)
    session.tick(90.0)
    session.token_given("t2", 90.0)
    session.subscribed(1, 0, None, 90.1)
    assert driver.take() == ["ask", ("subscribe", 1, "t2")]


def test_a_token_that_could_not_be_renewed_proves_nothing_after_its_end():
    session, driver = proven_with_token(100.0)
    session.tick(90.0)
    session.token_refused(None, "no", 0.0, 90.0)
    session.tick(session.next_at)
    assert session.next_at == pytest.approx(100.0, abs=0.01)
    session.tick(session.next_at)
    assert driver.take() == ["ask", "ask", ("unproven", "the listen token has ended")]
    session.token_given("t2", 101.0)
    session.subscribed(1, 1, None, 101.1)
    assert driver.take() == [("subscribe", 1, "t2"), ("proven", True)]


def test_a_subscription_that_ends_with_its_token_waits_for_another_one():
    session, driver = proven_with_token()
    session.terminated(0, 1, 500.0)
    assert driver.take() == [("unproven", "Binance has ended the subscription"), "ask"]


def test_each_link_is_subscribed_with_a_token_of_its_own():
    session, driver = proven_with_token()
    session.link_lost(1, 500.0)
    session.link_ready(2, 501.0)
    assert driver.take() == [("unproven", "connection lost"), "ask"]


def test_a_token_that_binance_does_not_know_is_replaced():
    session, driver = proven_with_token()
    session.link_lost(1, 500.0)
    session.link_ready(2, 501.0)
    session.token_given("t0", 501.0)
    driver.take()
    session.subscribe_refused(2, -1209, "no", 0.0, 501.1)
    assert (driver.take(), session.state) == ([], SubscriptionState.SUBSCRIBING)
    assert 501.1 <= session.next_at <= 501.12
    session.tick(session.next_at)
    session.token_given("t2", 501.3)
    assert driver.take() == ["ask", ("subscribe", 2, "t2")]


def test_a_key_that_gets_no_token_fails_for_good():
    session, driver = made(uses_token=True)
    session.link_ready(1, 0.0)
    session.token_refused(-2015, "no", 0.0, 0.1)
    assert driver.take() == ["ask", ("failed", -2015)]


def test_where_the_newest_link_is_lost_before_its_proof_the_older_one_is_subscribed_again():
    session, driver = proven()
    session.link_ready(2, 10.0)
    session.terminated(0, 1, 10.1)
    driver.take()
    session.link_lost(2, 10.2)
    assert driver.take() == [("subscribe", 1, None)]


def test_a_refusal_that_has_passed_is_not_followed_by_a_second_subscription():
    session, driver = made()
    session.link_ready(1, 0.0)
    session.subscribe_refused(1, None, "no", 0.0, 0.0)
    session.tick(session.next_at)
    session.subscribed(1, 0, None, 0.1)
    session.tick(1_000.0)
    assert driver.take() == [("subscribe", 1, None)] * 2 + [("proven", False)]


def test_every_state_is_reachable_and_the_two_ends_are_final():
    reached, edge = {SubscriptionState.WAITING}, {SubscriptionState.WAITING}
    while edge:
        edge = {to for state in edge for to in MOVES[state]} - reached
        reached |= edge
    assert reached == set(SubscriptionState)
    final = [state for state in SubscriptionState if not MOVES[state]]
    assert final == [SubscriptionState.FAILED, SubscriptionState.CLOSED]


def test_a_move_that_is_not_in_the_table_is_a_mistake_of_our_own():
    session, _ = made()
    with pytest.raises(AssertionError, match="from WAITING to PROVEN"):
        session._move(SubscriptionState.PROVEN)


CALLS = ("ready", "lost", "given", "token_refused", "subscribed", "refused", "terminated", "due", "due")
CODES = st.sampled_from([None, -1003, -1209, -1209, -1021, -1022, -2035, -1000, -2015])


@given(
    seed=st.integers(),
    uses_token=st.booleans(),
    calls=st.lists(st.sampled_from(CALLS), max_size=80),
    data=st.data(),
)
def test_in_any_order_a_session_goes_on_until_it_has_failed_or_is_closed(seed, uses_token, calls, data):
    driver, now, tokens, asked, last = Driver(), 0.0, 0, [], 0
    session = SubscriptionSession(driver, Backoff(rng=Random(seed)), uses_token)
    links, ids, believed, made_tokens = [], 0, False, 0
    for call in ["", *calls, "due"]:
        now += data.draw(st.sampled_from([0.0, 0.5, 20.0]), label="wait")
        life = data.draw(st.sampled_from([None, 0.0, 1.5, 100.0]), label="life")
        if call == "ready":
            last += 1
            links.append(last)
            session.link_ready(last, now)
        elif call == "lost" and links:
            link = links.pop(data.draw(st.integers(0, len(links) - 1), label="link"))
            asked = [other for other in asked if other != link]
            session.link_lost(link, now)
        elif call == "given" and tokens:
            tokens -= 1
            made_tokens += 1
            session.token_given(f"t{made_tokens}", now)
        elif call == "token_refused" and tokens:
            tokens -= 1
            session.token_refused(data.draw(CODES, label="code"), "no", 0.0, now)
        elif call == "subscribed" and asked:
            ids += 1
            session.subscribed(asked.pop(0), ids, life if uses_token else None, now)
        elif call == "refused" and asked:
            others = data.draw(st.sampled_from([None, 99]), label="others")
            session.subscribe_refused(asked.pop(0), data.draw(CODES, label="code"), "no", 0.0, now, others)
        elif call == "terminated" and links:
            session.terminated(data.draw(st.sampled_from([ids, None]), label="id"), links[-1], now)
        elif call == "due" and session.next_at is not None:
            now = max(now, session.next_at)
            session.tick(now)
            assert session.next_at is None or session.next_at > now
        for told in driver.take():
            if told == "ask":
                tokens += 1
            elif told[0] == "subscribe":
                assert told[1] == links[-1]
                assert (told[2] is None) is not uses_token
                asked.append(told[1])
            elif told[0] == "unsubscribe":
                assert told[1] in links
            elif told[0] == "proven":
                believed = True
            else:
                assert told[0] != "unproven" or believed
                believed = False
        assert (tokens <= 1, len(set(asked)) == len(asked)) == (True, True)
        assert believed is (session.state is SubscriptionState.PROVEN)
        assert believed is (sum(session.holds(link) for link in links) == 1)
        # Where nothing has been said of an end, `terminated` tells of it.
        waits = tokens or asked or not links or believed
        assert session.state is SubscriptionState.FAILED or session.next_at is not None or waits
    session.close()
    session.link_ready(last + 1, now)
    session.token_given("late", now)
    session.token_refused(-2015, "no", 0.0, now)
    for link in range(last + 2):
        session.subscribed(link, 1, None, now)
        session.subscribe_refused(link, -2015, "no", 0.0, now)
        session.terminated(None, link, now)
        session.link_lost(link, now)
    session.tick(now + 1e9)
    assert (driver.calls, session.next_at) == ([], None)

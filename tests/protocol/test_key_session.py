"""A listen key's life, in simulated time: asked for, used, verified, renewed, and anew when it is gone."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.key_session import MOVES, KeySession, KeyState

NO_PERMISSION = -2015
NO_SUCH_KEY = -1125


class World:
    """Binance, the socket, and who listens, as far as a session is concerned."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None]] = []
        self.told: list[str] = []
        self.session = KeySession(self, Backoff(rng=Random(1)), renew_every=1800.0)

    def ask_key(self) -> None:
        self.calls.append(("ask", None))

    def renew_key(self, key: str, /) -> None:
        self.calls.append(("renew", key))

    def open(self, key: str, anew: bool, /) -> None:
        self.calls.append(("open anew" if anew else "open", key))

    def proven(self, again: bool, /) -> None:
        self.told.append("again" if again else "proven")

    def unproven(self, reason: str, /) -> None:
        self.told.append(reason)

    def failed(self, reason: str, code: int | None, /) -> None:
        self.told.append(f"failed {code}")

    def take(self) -> list[tuple[str, str | None]]:
        calls, self.calls = self.calls, []
        return calls

    def prove(self, key: str = "k1", now: float = 0.0) -> None:
        """Bring the session to where events are known to come."""
        self.session.start(now)
        self.session.key_given(key, now)
        self.session.opened(key, now)
        self.session.renewed(key, now)
        assert self.session.state is KeyState.PROVEN
        self.calls.clear()
        self.told.clear()


@pytest.fixture
def world() -> World:
    return World()


def test_a_key_is_proven_only_after_it_was_verified_on_its_open_socket(world: World) -> None:
    session = world.session
    session.start(0.0)
    assert world.take() == [("ask", None)]
    session.key_given("k1", 0.1)
    assert world.take() == [("open", "k1")]
    session.opened("k1", 0.2)
    assert world.take() == [("renew", "k1")]
    assert world.told == []
    session.renewed("k1", 0.3)
    assert (world.told, session.state) == (["proven"], KeyState.PROVEN)


def test_a_key_is_renewed_every_thirty_minutes(world: World) -> None:
    world.prove()
    assert world.session.next_at == 1800.0
    world.session.tick(1799.9)
    assert world.take() == []
    world.session.tick(1800.0)
    assert world.take() == [("renew", "k1")]
    world.session.renewed(None, 1800.2)
    assert world.session.next_at == pytest.approx(3600.2)
    assert world.told == []


def test_a_renewal_that_fails_is_tried_again_and_after_a_while_the_key_is_asked_for(world: World) -> None:
    world.prove()
    now = 1800.0
    world.session.tick(now)
    asked = world.take()
    while asked == [("renew", "k1")]:
        world.session.renewal_refused(None, "no answer", 0.0, now)
        now = world.session.next_at or 0.0
        assert now > 0.0
        world.session.tick(now)
        asked = world.take()
    assert asked == [("ask", None)]
    # Before the end of the key, which comes after an hour.
    assert 3000.0 < now < 3500.0
    assert world.told == []
    world.session.key_given("k1", now)
    assert world.session.state is KeyState.PROVEN


def test_a_key_that_does_not_exist_any_more_is_asked_for_anew_and_its_socket_replaced(world: World) -> None:
    world.prove()
    world.session.tick(1800.0)
    world.session.renewal_refused(NO_SUCH_KEY, "This listenKey does not exist.", 0.0, 1800.1)
    assert world.take() == [("renew", "k1"), ("ask", None)]
    assert len(world.told) == 1
    world.session.key_given("k2", 1800.2)
    world.session.opened("k2", 1800.3)
    world.session.renewed("k2", 1800.4)
    assert world.take() == [("open", "k2"), ("renew", "k2")]
    assert world.told[1:] == ["again"]


def test_an_expiry_is_answered_at_once_while_the_socket_stays_open(world: World) -> None:
    world.prove()
    world.session.expired("k1", 10.0)
    assert (world.take(), world.session.state) == ([("ask", None)], KeyState.ASKING)
    world.session.expired("k1", 10.1)
    assert world.take() == []


@pytest.mark.parametrize("named", ["k1", None])
def test_the_same_key_given_again_after_its_end_has_a_fresh_socket(world: World, named: str | None) -> None:
    # Binance gives it again while it lives elsewhere; the socket was told that nothing comes any more.
    world.prove()
    world.session.expired(named, 10.0)
    world.session.key_given("k1", 10.1)
    assert world.take() == [("ask", None), ("open anew", "k1")]
    world.session.opened("k1", 10.2)
    world.session.renewed(None, 10.3)
    assert world.told[1:] == ["again"]


def test_a_key_that_is_given_again_without_having_ended_keeps_its_socket(world: World) -> None:
    world.prove()
    world.session.lost(1795.0)
    world.session.tick(1800.0)
    now = 1800.0
    while (asked := world.take()) == [("renew", "k1")]:
        world.session.renewal_refused(None, "no answer", 0.0, now)
        now = world.session.next_at or 0.0
        world.session.tick(now)
    assert asked == [("ask", None)]
    world.session.key_given("k1", now)
    assert world.take() == [("open", "k1")]


def test_the_expiry_of_another_key_is_nothing(world: World) -> None:
    world.prove()
    world.session.expired("k0", 10.0)
    assert (world.take(), world.told) == ([], [])


def test_a_lost_socket_comes_back_with_the_same_key_which_is_verified(world: World) -> None:
    world.prove()
    world.session.lost(10.0)
    assert (world.take(), world.told) == ([], ["connection lost"])
    world.session.opened("k1", 10.2)
    assert world.take() == [("renew", "k1")]
    world.session.renewed("k1", 10.3)
    assert world.told == ["connection lost", "again"]


def test_a_key_that_went_while_the_socket_was_away_is_found_out(world: World) -> None:
    world.prove()
    world.session.lost(10.0)
    world.session.opened("k1", 10.2)
    world.session.renewal_refused(NO_SUCH_KEY, "gone", 0.0, 10.3)
    assert world.take() == [("renew", "k1"), ("ask", None)]


@pytest.mark.parametrize("code", [-2014, NO_PERMISSION])
def test_a_wrong_api_key_is_the_end(world: World, code: int) -> None:
    world.session.start(0.0)
    world.session.key_refused(code, "Invalid API-key", 0.0, 0.1)
    assert (world.told, world.session.state) == ([f"failed {code}"], KeyState.FAILED)
    assert world.session.next_at is None
    world.session.opened("k1", 1.0)
    world.session.expired(None, 1.0)
    assert world.take() == [("ask", None)]


def test_who_is_asked_to_wait_waits(world: World) -> None:
    world.session.start(0.0)
    world.session.key_refused(-1003, "Too many requests", 42.0, 1.0)
    assert world.session.next_at == pytest.approx(43.0, abs=0.02)


def test_a_closed_session_asks_nothing(world: World) -> None:
    world.prove()
    world.session.close()
    for happens in (
        lambda: world.session.expired(None, 1.0),
        lambda: world.session.lost(1.0),
        lambda: world.session.opened("k1", 2.0),
        lambda: world.session.tick(9999.0),
        lambda: world.session.renewal_refused(NO_SUCH_KEY, "gone", 0.0, 3.0),
    ):
        happens()
    assert (world.take(), world.told, world.session.next_at) == ([], [], None)


def test_an_answer_about_the_key_before_the_present_one_says_nothing_of_it(world: World) -> None:
    world.prove()
    world.session.tick(1800.0)
    world.session.expired("k1", 1800.1)
    world.session.key_given("k2", 1800.2)
    world.session.opened("k2", 1800.3)
    assert world.take() == [("renew", "k1"), ("ask", None), ("open", "k2")]
    world.session.renewed(None, 1800.4)
    assert (world.take(), world.session.state) == ([("renew", "k2")], KeyState.VERIFYING)
    world.session.renewed(None, 1800.5)
    assert world.told[1:] == ["again"]


def test_a_key_that_could_not_be_renewed_within_its_life_proves_nothing(world: World) -> None:
    world.prove()
    world.session.tick(1800.0)
    assert world.session.next_at == 3600.0
    world.session.tick(3600.0)
    assert world.told == ["the listen key was not renewed in time"]
    assert (world.session.next_at, world.session.state) == (None, KeyState.VERIFYING)
    world.session.renewed("k1", 3601.0)
    assert world.told[1:] == ["again"]


def test_keys_that_expire_as_soon_as_they_are_proven_are_asked_for_more_and_more_slowly(
    world: World,
) -> None:
    world.prove()
    world.session.expired("k1", 0.0)
    now, waits = 0.0, []
    for number in range(8):
        key = f"n{number}"
        world.session.key_given(key, now)
        world.session.opened(key, now)
        world.session.renewed(key, now)
        world.session.expired(key, now)
        assert world.session.next_at is not None
        waits.append(world.session.next_at - now)
        now = world.session.next_at
        world.session.tick(now)
    assert (waits[0] <= 0.25, waits[-1] >= 8.0) == (True, True)


def test_keys_that_are_unknown_as_soon_as_they_are_given_are_asked_for_more_and_more_slowly(
    world: World,
) -> None:
    world.session.start(0.0)
    now, waits = 0.0, []
    for _ in range(9):
        world.session.key_given("k1", now)
        world.session.opened("k1", now)
        world.session.renewal_refused(NO_SUCH_KEY, "gone", 0.0, now)
        waits.append((world.session.next_at or now) - now)
        now = world.session.next_at or now
        world.session.tick(now)
    assert (waits[0], waits[-1] >= 8.0) == (0.0, True)


def test_an_expiry_that_names_no_key_does_not_hurry_who_was_told_to_wait(world: World) -> None:
    world.prove()
    world.session.expired("k1", 10.0)
    world.session.key_refused(-1003, "Too many requests", 42.0, 10.1)
    world.take()
    world.session.expired(None, 10.2)
    assert (world.take(), world.session.next_at) == ([], pytest.approx(52.1))


def test_a_socket_that_opens_is_verified_not_before_the_time_that_binance_names(world: World) -> None:
    world.prove()
    world.session.tick(1800.0)
    world.session.renewal_refused(-1003, "Too many requests", 42.0, 1800.0)
    world.session.lost(1801.0)
    world.take()
    world.session.opened("k1", 1802.0)
    assert (world.take(), world.session.next_at) == ([], 1842.0)
    world.session.tick(1842.0)
    assert world.take() == [("renew", "k1")]


def test_every_state_is_reachable_and_the_two_ends_are_final() -> None:
    reached, edge = {KeyState.IDLE}, {KeyState.IDLE}
    while edge:
        edge = {to for state in edge for to in MOVES[state]} - reached
        reached |= edge
    assert reached == set(KeyState)
    assert [state for state in KeyState if not MOVES[state]] == [KeyState.FAILED, KeyState.CLOSED]


def test_a_move_that_is_not_in_the_table_is_a_mistake_of_our_own(world: World) -> None:
    with pytest.raises(AssertionError, match="from IDLE to PROVEN"):
        world.session._move(KeyState.PROVEN)


def test_a_socket_that_comes_up_while_its_key_is_asked_for_again_is_verified(world: World) -> None:
    world.prove()
    world.session.tick(1800.0)
    world.session.renewal_refused(None, "no answer", 0.0, 5000.0)
    world.session.tick(5001.0)
    world.session.key_refused(None, "no answer", 0.0, 5002.0)
    assert (world.take(), world.session.state) == ([("renew", "k1"), ("ask", None)], KeyState.ASKING)
    world.session.lost(5002.1)
    world.session.opened("k1", 5002.2)
    assert (world.take(), world.session.state) == ([("renew", "k1")], KeyState.VERIFYING)


THINGS = st.sampled_from(["answer", "refuse", "gone", "lose", "open", "expire", "wait"])


@settings(max_examples=300, deadline=None)
@given(st.lists(THINGS, max_size=60))
def test_whatever_happens_it_ends_with_a_proven_key_when_things_go_well_again(things: list[str]) -> None:
    world, now = World(), 0.0
    session, number = world.session, 0
    pending: list[str] = []  # calls without an answer
    wanted: str | None = None
    is_open: str | None = None
    session.start(now)

    def collect() -> None:
        nonlocal wanted, is_open
        for call, key in world.take():
            if call in ("open", "open anew"):
                wanted, is_open = key, None
            else:
                pending.append(call)
        assert pending.count("ask") <= 1
        assert pending.count("renew") <= 1

    def go(thing: str) -> None:
        nonlocal now, number, is_open
        now += 0.1
        if thing in ("answer", "refuse", "gone") and pending:
            call = pending.pop(0)
            if call == "ask" and thing == "answer":
                number += wanted is None or thing == "gone"
                session.key_given(f"k{number}", now)
            elif call == "ask":
                session.key_refused(None, "no answer", 0.0, now)
            elif thing == "answer":
                session.renewed(wanted, now)
            else:
                session.renewal_refused(NO_SUCH_KEY if thing == "gone" else None, "no", 0.0, now)
                number += thing == "gone"
        elif thing == "lose" and is_open is not None:
            is_open = None
            session.lost(now)
        elif thing == "open" and wanted is not None and is_open is None:
            is_open = wanted
            session.opened(wanted, now)
        elif thing == "expire" and is_open is not None:
            number += 1
            session.expired(is_open, now)
        elif thing == "wait" and session.next_at is not None:
            now = max(now, session.next_at)
            session.tick(now)
        collect()
        # It waits for an answer, for the socket, or for a time: never for nothing.
        assert pending or session.next_at is not None

    collect()
    for thing in things:
        go(thing)
    for _ in range(30):
        if session.state is KeyState.PROVEN and is_open == wanted:
            break
        may_open = wanted is not None and is_open is None
        go("answer" if pending else "open" if may_open else "wait")
    assert session.state is KeyState.PROVEN
    told = [one for one in world.told if one in ("proven", "again")]
    assert told[0] == "proven"
    assert set(told[1:]) <= {"again"}


CALLS = st.sampled_from(["given", "refused", "renewed", "not renewed", "opened", "lost", "expired", "due"])
CODES = st.sampled_from([None, -1003, NO_SUCH_KEY, NO_SUCH_KEY, -1000, NO_PERMISSION])


@settings(max_examples=300, deadline=None)
@given(calls=st.lists(CALLS, max_size=80), data=st.data())
def test_in_any_order_what_is_told_is_so_and_a_closed_session_asks_nothing(
    calls: list[str], data: st.DataObject
) -> None:
    world, now = World(), 0.0
    session, owed = world.session, {"ask": 0, "renew": 0}
    wanted: str | None = None
    session.start(now)
    for call in ["", *calls]:
        now += data.draw(st.sampled_from([0.0, 0.5, 100.0, 2_000.0]), label="wait")
        key = data.draw(st.sampled_from(["k1", "k2"]), label="key")
        code = data.draw(CODES, label="code")
        if call == "given" and owed["ask"]:
            owed["ask"] -= 1
            session.key_given(key, now)
        elif call == "refused" and owed["ask"]:
            owed["ask"] -= 1
            session.key_refused(code, "no", 0.0, now)
        elif call == "renewed" and owed["renew"]:
            owed["renew"] -= 1
            session.renewed(data.draw(st.sampled_from([None, key]), label="named"), now)
        elif call == "not renewed" and owed["renew"]:
            owed["renew"] -= 1
            session.renewal_refused(code, "no", 0.0, now)
        elif call == "opened" and wanted is not None:
            session.opened(wanted, now)
        elif call == "lost":
            session.lost(now)
        elif call == "expired":
            session.expired(data.draw(st.sampled_from([None, key]), label="named"), now)
        elif call == "due" and session.next_at is not None:
            now = max(now, session.next_at)
            session.tick(now)
            # What is due is done, and not due any more.
            assert session.next_at is None or session.next_at > now
        for asked, of_key in world.take():
            if asked in ("open", "open anew"):
                wanted = of_key
            else:
                owed[asked] += 1
        assert max(owed.values()) <= 1
        is_told = bool(world.told) and world.told[-1] in ("proven", "again")
        assert is_told or session.state is not KeyState.PROVEN
        assert not is_told or session.state not in (KeyState.OPENING, KeyState.FAILED)
        assert any(owed.values()) or session.next_at is not None or session.state is KeyState.FAILED
    session.close()
    told = list(world.told)
    session.key_given("k3", now)
    session.key_refused(NO_PERMISSION, "no", 0.0, now)
    session.renewed("k3", now)
    session.renewal_refused(NO_SUCH_KEY, "no", 0.0, now)
    session.opened("k1", now)
    session.lost(now)
    session.expired(None, now)
    session.tick(now + 1e9)
    assert (world.take(), world.told, session.next_at) == ([], told, None)

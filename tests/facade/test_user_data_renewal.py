"""Keys and tokens of every account kind in scaled time: renewed, refused, ended, and proven again.

An account kind whose key lives for an hour has one here that lives for seconds; the client renews it at half
its life, as at Binance. Nothing sleeps: what is waited for is an event, or what the simulator was asked for.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.faces import DEADLINE_SECONDS, Face

from fastbinance import AsyncClient, Credentials
from fastbinance._accounts import ACCOUNTS
from fastbinance.sim import RunningSimulator, SimAccount, run_in_thread
from fastbinance.user_events import (
    BalanceUpdate,
    EventStreamTerminated,
    ListenKeyExpired,
    UnknownEvent,
    UserDataInterrupted,
    UserDataReady,
    UserEvent,
)

#: Seconds, enough for a machine that has much else to do: half the life of a key, and a tenth of that of a
#: token, are left when they are renewed.
KEY_SECONDS, TOKEN_SECONDS = 6.0, 8.0
TIMES = 4
# What takes its time is tried in one way: renewal is the same below both.
one_face = pytest.mark.faces("thread")
KEYED = [name for name, kind in ACCOUNTS.items() if kind.mechanism == "key"]
TOKENED = [name for name, kind in ACCOUNTS.items() if kind.mechanism == "token"]
SECRET = "a-secret-of-the-simulator"


def api_key_of(account: str) -> str:
    """Each has an API key of its own, so that what is asked for one of them helps no other."""
    return f"a key of the simulator for {account}".replace(" ", "-")


def product_of(account: str) -> Any:
    return "portfolio" if account == "portfolio_pro" else account


@pytest.fixture
def silent_sim() -> Iterator[RunningSimulator]:
    """Give a Binance whose listen keys and tokens soon end."""
    accounts = [SimAccount(api_key_of(name), secret=SECRET) for name in ACCOUNTS]
    with run_in_thread(
        messages_per_second=0.000_001, accounts=accounts,
        listen_key_seconds=KEY_SECONDS, listen_token_seconds=TOKEN_SECONDS,
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def asked(silent_sim: RunningSimulator) -> Counter[tuple[str, str]]:
    """Count what the exchange was asked for: what for, and by whose API key."""
    found: Counter[tuple[str, str]] = Counter()

    def count(simulator: Any) -> None:
        keys = simulator._apis.keys("prod")
        start, prolong, make_token = keys.start, keys.prolong, keys.make_token

        def started(product: str, account: Any, *args: Any) -> Any:
            found["key", account.api_key] += 1
            return start(product, account, *args)

        def prolonged(product: str, account: Any, *args: Any) -> Any:
            made = prolong(product, account, *args)
            found["renewal", account.api_key] += 1
            return made

        def made_token(account: Any, *args: Any, **kwargs: Any) -> Any:
            found["token", account.api_key] += 1
            return make_token(account, *args, **kwargs)

        keys.start, keys.prolong, keys.make_token = started, prolonged, made_token

    silent_sim.call(count)
    return found


@pytest.fixture
def fb(silent_sim: RunningSimulator, asked: Counter[tuple[str, str]], face: Face) -> Any:
    """Give a client that renews at half the life of a key, and does not wait long after a refusal."""
    made = face.client(urls=silent_sim.urls, rest_urls=silent_sim.rest_urls)
    settings = made._settings
    quick = replace(settings.connection, renew_key_every=KEY_SECONDS / 2, backoff_base=0.02, backoff_cap=0.2)
    made._settings = replace(settings, connection=quick)
    return made


class Account:
    """The user data of one account, event by event."""

    def __init__(self, face: Face, fb: Any, sim: RunningSimulator, name: str) -> None:
        self.name: Any = name
        self._face = face
        self._sim = sim
        self._sent = 0
        symbol = "BTCUSDT" if name == "isolated" else None
        own = Credentials(api_key_of(name), SECRET)
        self.handle = face.do(fb.user_data, name, symbol, own, reconcile=False)
        assert self.take(UserDataReady) == []

    def take(self, wanted: type[UserEvent]) -> list[UserEvent]:
        """Take events until one of a class comes; return those before it."""
        before = []
        while not isinstance(event := self._face.do(self.handle.get), wanted):
            assert event is not None
            before.append(event)
        self.last = event
        return before

    def hears(self) -> list[UserEvent]:
        """Have an event sent, and return what came before it."""
        self._sent += 1
        event = {"e": "somethingNew", "E": self._sent}
        # Twice where a token is being replaced: the new subscription is there before the old one goes.
        assert self._sim.user.send(event, self.name, api_key_of(self.name)) in (1, 2)
        before = self.take(UnknownEvent)
        assert self.last.event_ms == self._sent, "it was told once"
        assert self.handle.state == "live"
        return before

    def end(self) -> bool:
        """Have Binance end what its events come by, as it does at any time."""
        key = api_key_of(self.name)
        if self.name in KEYED:
            return self._sim.user.expire_key(product_of(self.name), key)
        return self._sim.user.terminate(key) == 1


def wait(face: Face, sim: RunningSimulator, condition: Any) -> None:
    """Wait for what the exchange was asked for, with the feed going on."""
    face.beside(sim.wait_for, lambda simulator: condition(), DEADLINE_SECONDS)


@one_face
def test_keys_and_tokens_are_renewed_again_and_again_and_nothing_is_interrupted(
    face: Face, fb: Any, silent_sim: RunningSimulator, asked: Counter[tuple[str, str]]
) -> None:
    accounts = [Account(face, fb, silent_sim, name) for name in ACCOUNTS]
    connections, opened = silent_sim.connections, silent_sim.stats.opened
    first = asked.copy()  # each key was verified once: a renewal

    def renewed(times: int) -> bool:
        keys = all(asked["renewal", key] - first["renewal", key] >= times for key in map(api_key_of, KEYED))
        # Half as often, for they live for twice as long.
        return keys and all(asked["token", key] - 1 >= times // 2 for key in map(api_key_of, TOKENED))

    for times in range(1, TIMES + 1):
        wait(face, silent_sim, lambda times=times: renewed(times))
        assert [one.hears() for one in accounts] == [[]] * len(accounts)
    # On the sockets that there were, with the keys that there were.
    assert (silent_sim.connections, silent_sim.stats.opened) == (connections, opened)
    assert {key: asked["key", key] for key in map(api_key_of, KEYED)} == dict.fromkeys(
        map(api_key_of, KEYED), 1
    )


@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_binance_ends_is_told_and_proven_again(
    face: Face, fb: Any, silent_sim: RunningSimulator, name: str
) -> None:
    account = Account(face, fb, silent_sim, name)
    assert account.end()
    (ended,) = account.take(UserDataInterrupted)
    assert isinstance(ended, ListenKeyExpired if name in KEYED else EventStreamTerminated)
    assert account.take(UserDataReady) == []
    assert account.hears() == []


@one_face
def test_what_expires_because_no_renewal_gets_through_is_told_and_proven_again(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    accounts = [Account(face, fb, silent_sim, name) for name in (*KEYED, *TOKENED)]
    silent_sim.rest_answers(status=503, code=-1000, msg="not now")
    for account in accounts:
        account.take(UserDataInterrupted)
        assert account.handle.state == "interrupted"
    silent_sim.rest_answers()
    for account in accounts:
        account.take(UserDataReady)
        assert account.hears() == []


@one_face
def test_a_key_that_ends_without_a_word_is_found_out_at_its_next_renewal(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    accounts = [Account(face, fb, silent_sim, name) for name in KEYED]
    silent_sim.user.freeze()
    assert all(account.end() for account in accounts)
    silent_sim.user.thaw()
    for account in accounts:
        assert account.take(UserDataInterrupted) == []
        assert account.take(UserDataReady) == []
        assert account.hears() == []


@pytest.mark.parametrize("name", ["usdm", "margin"])
def test_a_call_that_is_due_while_everything_is_closed_is_not_left_behind(
    silent_sim: RunningSimulator, name: str
) -> None:
    async def begin_and_close() -> None:
        async with AsyncClient(urls=silent_sim.urls, rest_urls=silent_sim.rest_urls) as client:
            mine = client.user_data(name, None, Credentials(api_key_of(name), SECRET))
            await mine.ready(timeout=DEADLINE_SECONDS)
            (stream,) = client._pool.users._streams.values()
            driver = stream.renew_key if name == "usdm" else lambda key: stream.ask_token()
            driver("a-key-that-is-renewed-just-now")
            stream.begin_close()  # before the call has begun: else there is a warning, which is an error

    asyncio.run(begin_and_close())


def test_what_two_subscriptions_of_one_connection_bring_is_told_once(silent_sim: RunningSimulator) -> None:
    def send(number: int) -> int:
        event = {"e": "balanceUpdate", "E": number, "a": "BTC", "d": "1", "T": 2}
        return silent_sim.user.send(event, "margin", api_key_of("margin"))

    async def renew() -> list[int]:
        async with AsyncClient(urls=silent_sim.urls, rest_urls=silent_sim.rest_urls) as client:
            mine = client.user_data("margin", None, Credentials(api_key_of("margin"), SECRET))
            await mine.ready(timeout=DEADLINE_SECONDS)
            (stream,) = client._pool.users._streams.values()
            # The old subscription stays for as long as the test wants.
            stream.unsubscribe = lambda *place: None
            before, stream._session._renew_at = stream._session.place, 0.0
            stream._wake()
            async with asyncio.timeout(DEADLINE_SECONDS):
                while stream._session.place == before:
                    await asyncio.sleep(0)
            assert [await asyncio.to_thread(send, number) for number in (7, 8, 9)] == [2, 2, 2]
            told = []
            while 9 not in told:
                if isinstance(event := await mine.get(), BalanceUpdate):
                    told.append(event.event_ms)
            return told

    assert asyncio.run(renew()) == [7, 8, 9]

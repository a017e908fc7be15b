"""Sessions of the WS APIs: log-on, status, log-out, revoked keys, and what begins user data."""

from types import SimpleNamespace
from typing import Any

import pytest
from support.api import DEFAULT, ED25519, RSA, Key, connect_api

from fastbinance.errors import ConfigurationError
from fastbinance.sim import SimAccount, Simulator, run_in_thread

REVOKED = {
    "id": None, "status": 401,
    "error": {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
}  # fmt: skip


@pytest.mark.parametrize("service", ["mainWSAPI", "usdmWSAPI", "coinmWSAPI"])
def test_a_session_is_logged_on_and_out(client: SimpleNamespace, clock: Any, service: str) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, accounts=[ED25519.account]) as sim,
            connect_api(sim, service, clock) as peer,
        ):
            connected_ms = clock.now_ms
            nobody = {
                "apiKey": None, "authorizedSince": None, "connectedSince": connected_ms,
                "returnRateLimits": True, "serverTime": connected_ms,
            }  # fmt: skip
            if service == "mainWSAPI":
                nobody["userDataStream"] = False
            assert await peer.result("session.status") == nobody
            clock.advance(1500)
            somebody = nobody | {
                "apiKey": "ed25519-key", "authorizedSince": clock.now_ms, "serverTime": clock.now_ms
            }  # fmt: skip
            logged_on = await peer.result("session.logon", **peer.signed(ED25519))
            assert logged_on == somebody
            assert list(logged_on) == list(nobody)
            assert await peer.result("session.status") == somebody
            assert await peer.result("session.logout") == nobody | {"serverTime": clock.now_ms}

    client.run(scene())


REFUSED = [
    ("mainWSAPI", DEFAULT, (400, -2028, "HMAC-SHA-256 API key is not supported.")),
    ("mainWSAPI", RSA, (400, -2028, "RSA API key is not supported.")),
    ("usdmWSAPI", DEFAULT, (400, -4056, "HMAC_SHA256 API key is not supported.")),
    ("coinmWSAPI", RSA, (400, -4056, "RSA API key is not supported.")),
]


@pytest.mark.parametrize(("service", "key", "expected"), REFUSED)
def test_only_ed25519_keys_log_on(
    client: SimpleNamespace, service: str, key: Key, expected: tuple[int, int, str]
) -> None:
    async def scene() -> None:
        async with Simulator(accounts=[RSA.account]) as sim, connect_api(sim, service) as peer:
            assert await peer.error("session.logon", **peer.signed(key)) == expected
            assert (await peer.result("session.status"))["apiKey"] is None

    client.run(scene())


def test_a_session_wants_a_time_and_no_signature(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, accounts=[ED25519.account]) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            await peer.result("session.logon", **peer.signed(ED25519))
            assert "balances" in await peer.result("account.status", timestamp=clock.now_ms)
            assert (await peer.error("account.status"))[:2] == (400, -1102)
            assert (await peer.error("account.status", timestamp=clock.now_ms - 5001))[:2] == (400, -1021)
            late = {"timestamp": clock.now_ms - 5001, "recvWindow": 6000}
            assert "balances" in await peer.result("account.status", **late)
            # A key of its own wants a signature of its own, and changes nothing about the session.
            other = {"apiKey": DEFAULT.api_key, "timestamp": clock.now_ms}
            assert (await peer.error("account.status", **other))[:2] == (400, -1102)
            theirs = await peer.result("account.status", **peer.signed())
            ours = await peer.result("account.status", timestamp=clock.now_ms)
            assert theirs["uid"] != ours["uid"]

    client.run(scene())


def test_nobody_is_logged_on_after_log_out_or_on_another_connection(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account]) as sim,
            connect_api(sim) as peer,
            connect_api(sim) as other,
        ):
            await peer.result("session.logon", **peer.signed(ED25519))
            now_ms = (await peer.result("time"))["serverTime"]
            assert (await other.error("account.status", timestamp=now_ms))[1] == -1102
            await peer.result("session.logout")
            assert (await peer.error("account.status", timestamp=now_ms))[1] == -1102

    client.run(scene())


def test_a_second_log_on_is_that_of_its_key_and_needs_its_signature(client: SimpleNamespace) -> None:
    async def scene() -> None:
        second = Key(SimAccount("second", public_key=ED25519.account.public_key), ED25519.sign)
        async with Simulator(accounts=[ED25519.account, second.account]) as sim, connect_api(sim) as peer:
            await peer.result("session.logon", **peer.signed(ED25519))
            spoilt = peer.signed(second) | {"timestamp": 1}
            assert (await peer.error("session.logon", **spoilt))[1] == -1021
            assert (await peer.error("session.logon", timestamp=1))[1] == -1102
            assert (await peer.result("session.status"))["apiKey"] == "ed25519-key"
            assert (await peer.result("session.logon", **peer.signed(second)))["apiKey"] == "second"

    client.run(scene())


@pytest.mark.parametrize("service", ["mainWSAPI", "usdmWSAPI"])
def test_a_session_whose_key_is_revoked_is_told_and_nobody_s(client: SimpleNamespace, service: str) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account]) as sim,
            connect_api(sim, service) as peer,
            connect_api(sim, service) as other,
        ):
            await peer.result("session.logon", **peer.signed(ED25519))
            await other.result("session.status")
            assert sim.revoke_key("ed25519-key") == 1
            assert await peer.json() == REVOKED
            assert (await peer.result("session.status"))["apiKey"] is None
            assert (await peer.error("session.logon", **peer.signed(ED25519)))[1] == -2015
            # Nobody else was told anything.
            assert (await other.ask("session.status"))["status"] == 200

    client.run(scene())


def test_the_switches_work_beside_synchronous_code() -> None:
    with run_in_thread() as sim:
        sim.add_account(ED25519.account)
        assert len(sim.listen_token("ed25519-key")) == 64
        assert sim.revoke_key("ed25519-key") == 0
        with pytest.raises(ConfigurationError, match="no account"):
            sim.listen_token("ed25519-key")
        with pytest.raises(ConfigurationError, match="drop"):
            sim.answers(drop=2)


def test_accounts_are_kept_from_before_the_start_to_the_next_one(client: SimpleNamespace) -> None:
    async def scene() -> None:
        sim = Simulator()
        with pytest.raises(ConfigurationError, match="running"):
            sim.listen_token()
        sim.add_account(ED25519.account)
        for _ in range(2):
            async with sim, connect_api(sim) as peer:
                assert (await peer.result("session.logon", **peer.signed(ED25519)))["apiKey"] == "ed25519-key"
                sim.revoke_key("ed25519-key")

    client.run(scene())


def test_user_data_of_a_session_begins_and_ends(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(accounts=[ED25519.account]) as sim, connect_api(sim) as peer:
            assert (await peer.error("userDataStream.subscribe"))[1] == -1193
            await peer.result("session.logon", **peer.signed(ED25519))
            assert await peer.result("userDataStream.subscribe") == {"subscriptionId": 0}
            assert (await peer.error("userDataStream.subscribe"))[1] == -2035
            signed = await peer.result("userDataStream.subscribe.signature", **peer.signed())
            assert signed == {"subscriptionId": 1}
            both = await peer.result("session.subscriptions")
            assert both == [{"subscriptionId": 0}, {"subscriptionId": 1}]
            assert (await peer.result("session.status"))["userDataStream"] is True
            # Logging out ends what the session began, and nothing else.
            await peer.result("session.logout")
            assert await peer.ended() == 0
            assert await peer.result("session.subscriptions") == [{"subscriptionId": 1}]
            assert (await peer.error("userDataStream.unsubscribe", subscriptionId=0))[1] == -2036
            assert await peer.result("userDataStream.unsubscribe", subscriptionId=1) == {}
            assert await peer.ended() == 1
            assert (await peer.error("userDataStream.unsubscribe"))[1] == -2036
            # Ids are not given out twice.
            again = await peer.result("userDataStream.subscribe.signature", **peer.signed())
            assert again == {"subscriptionId": 2}
            assert await peer.result("userDataStream.unsubscribe") == {}
            assert await peer.ended() == 2
            assert await peer.result("session.subscriptions") == []

    client.run(scene())


def test_a_listen_token_is_good_for_a_day(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            method = "userDataStream.subscribe.listenToken"
            assert (await peer.error(method, listenToken="nobody's"))[1] == -1209
            token = sim.listen_token()
            assert await peer.result(method, listenToken=token) == {
                "subscriptionId": 0, "expirationTime": clock.now_ms + 86_400_000,
            }  # fmt: skip
            await peer.result("userDataStream.unsubscribe")
            assert await peer.ended() == 0
            clock.advance(86_400_000)
            assert (await peer.error(method, listenToken=token))[1] == -1209

    client.run(scene())


@pytest.mark.parametrize("service", ["usdmWSAPI", "coinmWSAPI"])
def test_a_listen_key_is_the_account_s_for_an_hour(client: SimpleNamespace, clock: Any, service: str) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, accounts=[ED25519.account]) as sim,
            connect_api(sim, service, clock) as peer,
        ):
            named = {"apiKey": DEFAULT.api_key}
            assert (await peer.error("userDataStream.ping", **named))[1] == -1125
            started = await peer.result("userDataStream.start", **named)
            assert len(started["listenKey"]) == 64
            assert await peer.result("userDataStream.start", **named) == started
            theirs = await peer.result("userDataStream.start", apiKey="ed25519-key")
            assert theirs != started
            clock.advance(3_599_999)
            assert await peer.result("userDataStream.ping", **named) == started
            clock.advance(3_599_999)
            assert await peer.result("userDataStream.ping", **named) == started
            assert (await peer.error("userDataStream.ping", apiKey="ed25519-key"))[1] == -1125
            assert await peer.result("userDataStream.stop", **named) == {}
            assert (await peer.error("userDataStream.stop", **named))[1] == -1125
            assert await peer.result("userDataStream.start", **named) != started
            assert (await peer.error("userDataStream.start", apiKey="unknown"))[:2] == (401, -2015)

    client.run(scene())


def test_a_connection_has_so_many_subscriptions_at_a_time(client: SimpleNamespace) -> None:
    def named(number: int) -> Key:
        return Key(SimAccount(f"key-{number}", "fastbinance-sim-secret"), DEFAULT.sign)

    async def scene() -> None:
        async with (
            Simulator(accounts=[named(number).account for number in range(1000)]) as sim,
            connect_api(sim) as peer,
        ):
            method = "userDataStream.subscribe.signature"
            for number in range(1000):
                found = await peer.result(method, **peer.signed(named(number)))
                assert found == {"subscriptionId": number}
            assert (await peer.error(method, **peer.signed()))[1] == -1191

    client.run(scene())

"""User data over the WS API of spot: what a subscription gets, and when it ends."""

from types import SimpleNamespace
from typing import Any

import pytest
from support.api import DEFAULT, ED25519, ApiPeer, Key, connect_api, ed25519_key
from support.rest import RestPeer, connect_rest

from fastbinance.sim import Simulator
from fastbinance.sim.timeunit import MICROSECONDS

SIGNED = "userDataStream.subscribe.signature"
BY_TOKEN = "userDataStream.subscribe.listenToken"


async def place(peer: ApiPeer, key: Key = DEFAULT, symbol: str = "BTCUSDT") -> None:
    """Have an order that rests, over a connection that has no subscription."""
    order = {"symbol": symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    await peer.result("order.place", **peer.signed(key, **order, quantity="0.01", price="20000"))


async def place_on_margin(rest: RestPeer, **params: Any) -> None:
    """Have one of margin, over REST."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    order |= {"quantity": "0.01", "price": "20000", **params}
    status, _ = await rest.signed("spot", "POST", "/sapi/v1/margin/order", **order)
    assert status == 200


async def events(peer: ApiPeer, count: int) -> list[tuple[int, str]]:
    frames = [await peer.json() for _ in range(count)]
    return [(frame["subscriptionId"], frame["event"]["e"]) for frame in frames]


async def hears_nothing(peer: ApiPeer) -> bool:
    """Tell whether nothing came before the answer to a question asked now."""
    answer = await peer.ask("ping")
    return bool(answer["status"] == 200)


def test_a_subscription_gets_what_its_account_does(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account]) as sim,
            connect_api(sim) as ours,
            connect_api(sim) as theirs,
            connect_api(sim) as orders,
        ):
            await ours.result(SIGNED, **ours.signed())
            await theirs.result("session.logon", **theirs.signed(ED25519))
            await theirs.result("userDataStream.subscribe")
            await place(orders)
            frame = await ours.json()
            assert list(frame) == ["subscriptionId", "event"]
            report = frame["event"]
            assert (report["e"], report["x"], report["s"]) == ("executionReport", "NEW", "BTCUSDT")
            assert (await ours.json())["event"]["e"] == "outboundAccountPosition"
            assert await hears_nothing(theirs)
            await place(orders, ED25519)
            assert await events(theirs, 2) == [(0, "executionReport"), (0, "outboundAccountPosition")]
            assert await hears_nothing(ours)

    client.run(scene())


def test_events_come_before_the_answer_to_what_brought_them_about(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            await peer.result(SIGNED, **peer.signed())
            order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.01"}
            asked = await peer.send("order.place", **peer.signed(**order))
            frames = [await peer.json() for _ in range(4)]
            assert [frame.get("event", {}).get("x") for frame in frames] == ["NEW", "TRADE", None, None]
            assert frames[2]["event"]["e"] == "outboundAccountPosition"
            assert frames[3]["id"] == asked

    client.run(scene())


def test_what_ended_gets_nothing(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account]) as sim,
            connect_api(sim) as peer,
            connect_api(sim) as orders,
        ):
            await peer.result("session.logon", **peer.signed(ED25519))
            await peer.result("userDataStream.subscribe")
            await peer.result(SIGNED, **peer.signed())
            await peer.result("session.logout")
            assert await peer.ended() == 0
            await place(orders, ED25519)
            assert await hears_nothing(peer)
            await place(orders)
            assert [number for number, _ in await events(peer, 2)] == [1, 1]
            await peer.result("userDataStream.unsubscribe")
            assert await peer.ended() == 1
            await place(orders)
            assert await hears_nothing(peer)

    client.run(scene())


def test_times_come_in_the_unit_of_the_connection(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock) as sim,
            connect_api(sim, query="?timeUnit=MICROSECOND") as micro,
            connect_api(sim) as milli,
            connect_api(sim) as orders,
        ):
            for peer in (micro, milli):
                await peer.result(SIGNED, **peer.signed())
            await place(orders)
            fine, coarse = (await micro.json())["event"], (await milli.json())["event"]
            for name in "ETOW":
                assert fine[name] == MICROSECONDS.at(coarse[name])
            assert (fine["i"], fine["t"]) == (coarse["i"], -1)
            fine, coarse = (await micro.json())["event"], (await milli.json())["event"]
            assert fine["u"] == MICROSECONDS.at(coarse["u"])

    client.run(scene())


def test_a_token_gets_the_cross_account_s_events_until_it_expires(
    client: SimpleNamespace, clock: Any
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, listen_token_seconds=60) as sim,
            connect_api(sim, "marginUserData") as peer,
            connect_rest(sim) as orders,
        ):
            first = await peer.result(BY_TOKEN, listenToken=sim.listen_token())
            await place_on_margin(orders)
            assert await events(peer, 2) == [(0, "executionReport"), (0, "outboundAccountPosition")]
            clock.advance(59_999)
            sim.step()
            second = await peer.result(BY_TOKEN, listenToken=sim.listen_token())
            assert second["subscriptionId"] == first["subscriptionId"] + 1
            assert second["expirationTime"] == first["expirationTime"] + 59_999
            clock.advance(1)
            sim.step()
            ended = await peer.json()
            assert ended == {
                "subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": clock.now_ms},
            }  # fmt: skip
            assert await peer.result("session.subscriptions") == [{"subscriptionId": 1}]
            await place_on_margin(orders)
            assert await events(peer, 2) == [(1, "executionReport"), (1, "outboundAccountPosition")]

    client.run(scene())


def test_the_same_token_subscribes_once(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "marginUserData") as peer:
            token = sim.listen_token()
            await peer.result(BY_TOKEN, listenToken=token)
            assert (await peer.error(BY_TOKEN, listenToken=token))[1] == -2035

    client.run(scene())


def test_an_isolated_account_gets_what_is_about_its_symbol(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim,
            connect_api(sim, "marginUserData") as peer,
            connect_rest(sim) as orders,
        ):
            await peer.result(BY_TOKEN, listenToken=sim.listen_token(symbol="BTCUSDT"))
            await peer.result(BY_TOKEN, listenToken=sim.listen_token(symbol="ETHUSDT"))
            await place_on_margin(orders, isIsolated="TRUE")
            assert await events(peer, 2) == [(0, "executionReport"), (0, "outboundAccountPosition")]
            # What cross margin does is told to no pair.
            await place_on_margin(orders)
            assert await hears_nothing(peer)

    client.run(scene())


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_key_lasts_for_some_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="listen_key_seconds"):
        Simulator(listen_key_seconds=seconds)
    with pytest.raises(ValueError, match="listen_token_seconds"):
        Simulator(listen_token_seconds=seconds)


def test_another_log_on_and_a_revoked_key_end_what_the_session_began(client: SimpleNamespace) -> None:
    other = ed25519_key("another-key", 1)

    async def scene() -> None:
        async with Simulator(accounts=[ED25519.account, other.account]) as sim, connect_api(sim) as peer:
            await peer.result("session.logon", **peer.signed(ED25519))
            await peer.result("userDataStream.subscribe")
            await peer.result("session.logon", **peer.signed(other))
            assert await peer.ended() == 0
            await peer.result("userDataStream.subscribe")
            assert sim.revoke_key("another-key") == 1
            assert (await peer.json())["status"] == 401
            assert await peer.ended() == 1

    client.run(scene())

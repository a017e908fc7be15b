"""User data on sockets that are opened with a listen key."""

from types import SimpleNamespace
from typing import Any

import pytest
from support.api import DEFAULT, ED25519, ApiPeer, connect_api

from fastbinance.sim import Simulator

MARKET_ORDER = {"side": "BUY", "type": "MARKET"}
FILL = ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
ORDERS = {
    "usdm": {**MARKET_ORDER, "symbol": "BTCUSDT", "quantity": "0.01"},
    "coinm": {**MARKET_ORDER, "symbol": "BTCUSD_PERP", "quantity": "1"},
}


async def key_of(peer: ApiPeer, api_key: str = DEFAULT.api_key) -> str:
    return str((await peer.result("userDataStream.start", apiKey=api_key))["listenKey"])


async def trade(peer: ApiPeer, market: str) -> None:
    await peer.result("order.place", **peer.signed(**ORDERS[market]))


@pytest.mark.parametrize(
    "form", ["/private/ws/{0}", "/private/ws?listenKey={0}", "/private/ws/{0}?events=", "/private/ws"]
)
def test_usdm_sends_raw_events_on_its_private_route(client: SimpleNamespace, form: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "usdmWSAPI") as api:
            key = await key_of(api)
            async with client.connect(sim.urls["usdmPrivate"] + form.format(key)) as peer:
                if form == "/private/ws":
                    assert await peer.ask("SUBSCRIBE", key) == {"result": None, "id": 1}
                await trade(api, "usdm")
                wanted = [] if form.endswith("events=") else FILL
                assert [event["e"] for event in await peer.until_answer()] == wanted

    client.run(scene())


def test_usdm_sends_nothing_without_its_route_or_with_a_key_that_nobody_has(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "usdmWSAPI") as api:
            key = await key_of(api)
            base = sim.urls["usdmPrivate"]
            async with (
                client.connect(f"{base}/ws/{key}") as unrouted,
                client.connect(f"{base}/public/ws/{key}") as public,
                client.connect(f"{base}/private/ws/{'x' * 64}") as unknown,
                client.connect(f"{base}/private/ws/{key}") as right,
            ):
                await trade(api, "usdm")
                assert [event["e"] for event in await right.until_answer()] == FILL
                for peer in (unrouted, public, unknown):
                    assert await peer.until_answer() == []

    client.run(scene())


def test_a_combined_socket_has_several_keys_each_with_its_events(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account]) as sim,
            connect_api(sim, "usdmWSAPI") as api,
        ):
            ours, theirs = await key_of(api), await key_of(api, ED25519.api_key)
            query = (
                f"listenKey={ours}&events=ORDER_TRADE_UPDATE/listenKeyExpired&"
                f"listenKey={theirs}&events=ACCOUNT_UPDATE"
            )
            async with client.connect(f"{sim.urls['usdmPrivate']}/private/stream?{query}") as peer:
                await trade(api, "usdm")
                await api.result("order.place", **api.signed(ED25519, **ORDERS["usdm"]))
                await api.result("userDataStream.stop", apiKey=DEFAULT.api_key)
                await api.result("userDataStream.stop", apiKey=ED25519.api_key)
                seen = [(frame["stream"], frame["data"]["e"]) for frame in await peer.until_answer()]
                # Their key was ended too, unseen: its filter leaves that out.
                assert seen == [
                    (ours, "ORDER_TRADE_UPDATE"),
                    (ours, "ORDER_TRADE_UPDATE"),
                    (theirs, "ACCOUNT_UPDATE"),
                    (ours, "listenKeyExpired"),
                ]

    client.run(scene())


@pytest.mark.parametrize("form", ["/ws/{0}", "/stream?streams={0}", "/ws"])
def test_coinm_takes_a_key_for_a_stream(client: SimpleNamespace, form: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "coinmWSAPI") as api:
            key = await key_of(api)
            async with client.connect(sim.urls["coinm"] + form.format(key)) as peer:
                if form == "/ws":
                    await peer.ask("SUBSCRIBE", key)
                await trade(api, "coinm")
                frames = await peer.until_answer()
                if form.startswith("/stream"):
                    assert {frame["stream"] for frame in frames} == {key}
                    frames = [frame["data"] for frame in frames]
                wanted = ["ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
                assert [event["e"] for event in frames] == wanted
                await peer.ask("UNSUBSCRIBE", key)
                await trade(api, "coinm")
                assert await peer.until_answer() == []

    client.run(scene())


def test_a_key_is_no_good_at_the_host_of_another_product(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, "usdmWSAPI") as api:
            key = await key_of(api)
            async with client.connect(f"{sim.urls['coinm']}/ws/{key}") as peer:
                await trade(api, "usdm")
                assert await peer.until_answer() == []

    client.run(scene())


@pytest.mark.parametrize(
    ("market", "base", "path"), [("usdm", "usdmPrivate", "/private/ws/"), ("coinm", "coinm", "/ws/")]
)
def test_a_key_that_expires_is_told_and_silent_from_then_on(
    client: SimpleNamespace, clock: Any, market: str, base: str, path: str
) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, listen_key_seconds=60) as sim,
            connect_api(sim, f"{market}WSAPI") as api,
        ):
            key = await key_of(api)
            async with client.connect(sim.urls[base] + path + key) as peer:
                clock.advance(59_999)
                await api.result("userDataStream.ping", apiKey=DEFAULT.api_key)
                clock.advance(59_999)
                sim.step()
                assert await peer.until_answer() == []
                clock.advance(1)
                sim.step()
                expired = {"e": "listenKeyExpired", "E": clock.now_ms, "listenKey": key}
                assert await peer.until_answer() == [expired]
                # The socket stays open, and the account has a new key.
                assert await key_of(api) != key
                await trade(api, market)
                assert await peer.until_answer() == []

    client.run(scene())


def test_a_key_expires_by_itself_while_the_clock_is_the_wall_s(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(listen_key_seconds=0.05) as sim, connect_api(sim, "usdmWSAPI") as api:
            key = await key_of(api)
            async with client.connect(f"{sim.urls['usdmPrivate']}/private/ws/{key}") as peer:
                assert (await peer.json())["e"] == "listenKeyExpired"

    client.run(scene())

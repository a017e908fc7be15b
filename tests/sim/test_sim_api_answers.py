"""Answers of the WS APIs that come late, twice, out of order, wrong or never."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import ApiPeer, connect_api

from fastbinance.errors import ConfigurationError
from fastbinance.sim import Simulator

COUNT = 200


async def ids(peer: ApiPeer, count: int) -> list[int]:
    return [(await peer.json())["id"] for _ in range(count)]


async def after(peer: ApiPeer, sim: Simulator) -> list[int]:
    """Give the ids of all answers up to that of a request that nothing happens to."""
    sim.answers()
    last = await peer.send("ping")
    found: list[int] = []
    while not found or found[-1] != last:
        found += await ids(peer, 1)
    return found[:-1]


def test_dropped_answers_never_come(client: SimpleNamespace) -> None:
    async def scene() -> list[int]:
        async with Simulator(seed=5) as sim, connect_api(sim) as peer:
            sim.answers(drop=0.3)
            sent = [await peer.send("ping") for _ in range(COUNT)]
            await sim.wait_for(lambda sim: sim.stats.requests == COUNT)
            came = await after(peer, sim)
            assert set(came) < set(sent)
            assert came == sorted(came)
            assert COUNT // 2 < len(came) < COUNT
            return came

    # The same seed meets the same requests.
    assert asyncio.run(scene()) == asyncio.run(scene())


def test_doubled_answers_come_twice(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            sim.answers(double=1.0)
            sent = [await peer.send("ping") for _ in range(3)]
            assert await ids(peer, 6) == [number for number in sent for _ in range(2)]

    client.run(scene())


def test_reordered_answers_come_behind_the_next_one(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(seed=3) as sim, connect_api(sim) as peer:
            sim.answers(reorder=0.5)
            sent = [await peer.send("ping") for _ in range(COUNT)]
            came = await ids(peer, COUNT)
            assert sorted(came) == sent
            assert came != sent
            # Without a next one it comes all the same.
            sim.answers(reorder=1.0)
            alone = await peer.send("ping")
            assert await ids(peer, 1) == [alone]

    client.run(scene())


def test_late_answers_overtake_each_other(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(seed=3) as sim, connect_api(sim) as peer:
            sim.answers(delay=0.001, jitter=0.1)
            sent = [await peer.send("ping") for _ in range(50)]
            came = await ids(peer, 50)
            assert sorted(came) == sent
            assert came != sent

    client.run(scene())


def test_answers_that_are_late_for_a_lost_connection_are_lost(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            sim.answers(delay=0.05)
            await peer.send("ping")
            await sim.wait_for(lambda sim: sim.stats.requests == 1)
            sim.cut("mainWSAPI")
            assert await peer.is_lost()
            # One that is as late, and later: by then the first one's time is past.
            async with connect_api(sim) as other:
                assert (await other.ask("ping"))["status"] == 200

    client.run(scene())


ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001",
    "price": "80000.00", "newClientOrderId": "mine",
}  # fmt: skip


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_connection_lost_before_or_after_an_order_is_carried_out(
    client: SimpleNamespace, fault: Any
) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            sim.answers(kill=fault, methods="order.place", times=1)
            async with connect_api(sim) as peer:
                assert (await peer.ask("ping"))["status"] == 200
                await peer.send("order.place", **peer.signed(**ORDER))
                assert await peer.is_lost()
            async with connect_api(sim) as peer:
                asked = peer.signed(symbol="BTCUSDT", origClientOrderId="mine")
                if fault == "before":
                    assert (await peer.error("order.status", **asked))[1] == -2013
                else:
                    assert (await peer.result("order.status", **asked))["clientOrderId"] == "mine"
                # Once is once.
                again = peer.signed(**ORDER | {"newClientOrderId": "again"})
                assert (await peer.result("order.place", **again))["clientOrderId"] == "again"

    client.run(scene())


def test_an_answer_that_nobody_knows_hides_an_order_that_was_placed(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            sim.answers(status=503, times=1)
            status, code, text = await peer.error("order.place", **peer.signed(**ORDER))
            assert (status, code) == (503, -1007)
            assert "execution status unknown" in text
            asked = peer.signed(symbol="BTCUSDT", origClientOrderId="mine")
            assert (await peer.result("order.status", **asked))["clientOrderId"] == "mine"

    client.run(scene())


def test_faults_meet_their_key_and_their_methods(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with (
            Simulator() as sim,
            connect_api(sim) as spot,
            connect_api(sim, "usdmWSAPI") as futures,
        ):
            sim.answers(status=500)
            sim.answers(status=502, key="mainWSAPI", methods=["ping", "time"])
            assert (await spot.error("time"))[0] == 502
            assert (await spot.error("session.status"))[0] == 500
            assert (await futures.error("session.status"))[0] == 500
            # One that holds for all ends the others.
            sim.answers()
            assert (await spot.ask("time"))["status"] == 200

    client.run(scene())


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"delay": -1}, "delay"), ({"jitter": -1}, "jitter"), ({"drop": 1.1}, "drop"),
        ({"double": -0.1}, "double"), ({"reorder": 2}, "reorder"), ({"kill": "during"}, "kill"),
        ({"status": 400}, "status"), ({"times": 0}, "times"), ({"key": "noSuchKey"}, "noSuchKey"),
    ],
)  # fmt: skip
def test_faults_that_cannot_be_are_refused(client: SimpleNamespace, wrong: Any, name: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises((ConfigurationError, ValueError), match=name):
                sim.answers(**wrong)

    client.run(scene())

"""Records that are held are let go in time, by the rings that hold some and by no other."""

import asyncio

import pytest

from fastbinance._io.holding import Holding
from fastbinance._io.wishes import Wish
from fastbinance.keys import WsKey
from fastbinance.streams import parse

pytestmark = pytest.mark.asyncio


class HoldingRing:
    """Answers each question of when more is due from a list; 0 where that is empty."""

    def __init__(self, changed, *left_ns):
        self.left_ns = list(left_ns)
        self.asked = 0
        self._changed = changed

    def set_state(self, state, /):
        pass

    def release_held(self, now_ns, /):
        self.asked += 1
        self._changed()
        return self.left_ns.pop(0) if self.left_ns else 0


def wishes_of(**rings):
    return {name: Wish(parse(f"{name}usdt@trade", "spot"), WsKey.MAIN, ring) for name, ring in rings.items()}


async def test_a_ring_is_asked_until_it_holds_nothing(changed):
    btc, eth = HoldingRing(changed, 1_000, 1_000), HoldingRing(changed)
    holding = Holding(wishes_of(btc=btc, eth=eth), 0.0)
    holding.held("btc")
    await changed.until(lambda: btc.asked == 3)
    holding.held("btc")
    await changed.until(lambda: btc.asked == 4)
    assert eth.asked == 0


async def test_a_stream_that_was_given_up_meanwhile_is_forgotten(changed):
    btc, eth = HoldingRing(changed, 1_000), HoldingRing(changed)
    wishes = wishes_of(btc=btc, eth=eth)
    holding = Holding(wishes, 0.0)
    holding.held("btc")
    holding.held("eth")
    del wishes["btc"]
    await changed.until(lambda: eth.asked == 1)
    assert btc.asked == 0


async def test_nothing_is_asked_once_it_is_closed(changed):
    ring = HoldingRing(changed)
    holding = Holding(wishes_of(btc=ring), 0.0)
    holding.held("btc")
    holding.close()
    holding.held("btc")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ring.asked == 0

"""Each stream on two connections, to hosts that cut the diffs of one book at different ids."""

import numpy as np
import pytest
from support.fault_scene import DIFFS, QUOTES, Scene

from fastbinance import FLAG_GAP, FLAG_OVERLAP, Client
from fastbinance.sim import run_in_thread

HOSTS = ("main", "main2")


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_lines_that_are_lost_in_turn_lose_nothing(tls: bool) -> None:
    with (
        run_in_thread(seed=7, tls=tls, messages_per_second=300) as sim,
        Client(urls=sim.urls, ssl_context=sim.ssl_context, capacity=8_192, lines=2) as client,
    ):
        # Every diff of the second host is two of the first one's.
        sim.disturb(DIFFS, "spot", "merge", key="main2")
        scene = Scene(sim, client, "spot").begin()
        scene.until(lambda: [len(sim.subscriptions(key)) for key in HOSTS] == [1, 1])
        # The first records may come ahead of the confirmation, from which on it is known what is missing.
        began = {name: int(ring.last().recv_ns) for name, ring in scene.rings.items()}
        for times in range(4):
            line, before = times % 2, scene.reconnects
            assert sim.cut(HOSTS[line]) == 1
            scene.until(lambda line=line, before=before: scene.reconnects[line] > before[line])
            # Only then: with both down, something would be missing.
            scene.until(lambda: len(sim.subscriptions(HOSTS[0]) + sim.subscriptions(HOSTS[1])) == 2)
            scene.flow()

        trades, diffs, quotes = (scene.rings[name][-8_192:] for name in (scene.trades, DIFFS, QUOTES))
        assert (np.diff(trades["trade_id"]) == 1).all()
        assert (np.diff(quotes["update_id"]) > 0).all()
        first, last = diffs["first_update_id"][1:], diffs["update_id"][:-1]
        assert (np.diff(diffs["update_id"]) > 0).all()
        assert (first <= last + 1).all(), "no id is missing"
        overlaps = (diffs["flags"][1:] & FLAG_OVERLAP) != 0
        assert overlaps.any()
        assert (overlaps == (first <= last)).all()
        for name, records in ((scene.trades, trades), (DIFFS, diffs), (QUOTES, quotes)):
            assert not (records["flags"] & FLAG_GAP).any()
            assert scene.rings[name].gaps() == ()
            assert scene.rings[name].why_incomplete(began[name], int(records["recv_ns"][-1])) is None

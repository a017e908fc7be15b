"""Connections that are replaced again and again leave memory as it was, and nothing to the collector."""

import gc
from collections import Counter

import pytest
from support.heap import heap_in_use

from fastbinance import Client
from fastbinance.rings import Ring
from fastbinance.sim import RunningSimulator

STREAMS = ("btcusdt@trade", "btcusdt@depth@100ms", "btcusdt@kline_1m")


def objects_of_client() -> Counter[str]:
    """Count the objects of the client's floors; the simulator is in this process too."""
    floors = ("fastbinance._io.", "fastbinance._protocol.", "fastbinance._core.")
    kinds = (type(found) for found in gc.get_objects())
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).startswith(floors))


def roll_over(client: Client, rings: list[Ring], times: int) -> None:
    for _ in range(times):
        before = client.stats().connections[0].rollovers
        assert client.rollover() == 1
        while client.stats().connections[0].rollovers == before:
            client.wait_any(rings, timeout=10.0)


@pytest.mark.slow
def test_sixty_rollovers_leave_no_object_and_no_memory_behind(sim: RunningSimulator) -> None:
    with Client(urls=sim.urls) as client:
        rings = [ring for stream in STREAMS for ring in client.subscribe(stream, "spot").values()]
        for ring in rings:
            ring.ready(10.0)
        roll_over(client, rings, 20)
        gc.collect()
        heap = heap_in_use()
        gc.disable()
        try:
            before = objects_of_client()
            roll_over(client, rings, 60)
            left = objects_of_client() - before
        finally:
            gc.enable()
        # Something of the last two connections may be on its way out.
        assert not {kind: count for kind, count in left.items() if count > 10}, "left to the collector"
        gc.collect()
        assert heap_in_use() - heap < 60 * 5_000

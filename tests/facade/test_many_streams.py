"""More streams than one connection may carry, and what Binance counts while they are asked for."""

from typing import Any

import pytest
from support.faces import Face
from support.payloads import spot_book_ticker

from fastbinance import WsKey
from fastbinance.sim import RunningSimulator

COUNT = 1_100
MOST_PER_CONNECTION = 1_024
# A thousand SUBSCRIBEs would be refused; 1,100 names of 20 bytes are seven messages, three a second.
SYMBOLS = [f"coin{number:04}usdt" for number in range(COUNT)]


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls, capacity=2)


def confirm_all(face: Face, fb: Any, queue: Any, count: int) -> None:
    while fb.stats().confirmed < count:
        face.event(queue, "response")


@pytest.mark.slow
def test_streams_beyond_the_limit_of_a_connection_get_another(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    rings = face.do(lambda: [fb.book_ticker(symbol) for symbol in SYMBOLS])
    confirm_all(face, fb, queue, COUNT)
    carried = sorted(map(len, silent_sim.subscriptions("main")))
    assert carried == [COUNT - MOST_PER_CONNECTION, MOST_PER_CONNECTION]
    connections = fb.stats().connections
    assert [(one.ws_key, one.wanted, one.confirmed) for one in connections] == [
        (WsKey.MAIN, MOST_PER_CONNECTION, MOST_PER_CONNECTION),
        (WsKey.MAIN, COUNT - MOST_PER_CONNECTION, COUNT - MOST_PER_CONNECTION),
    ]
    for ring in (rings[0], rings[MOST_PER_CONNECTION - 1], rings[MOST_PER_CONNECTION], rings[-1]):
        assert silent_sim.send("spot", ring.stream, spot_book_ticker(7, symbol=ring.symbol)) == 1
        face.until(lambda ring=ring: ring.cursor == 0, ring)
        assert ring.last().update_id == 7

    # A lost connection comes back with all it carried, and what was given up makes room for what is new.
    assert silent_sim.cut() == 2
    resubscribed = [len(face.event(queue, "resubscribed").streams) for _ in range(2)]
    assert sorted(resubscribed) == sorted(map(len, silent_sim.subscriptions("main"))) == carried
    assert fb.stats().confirmed == COUNT
    face.do(fb.unsubscribe, rings[:100])
    face.beside(silent_sim.wait_for, lambda sim: sum(map(len, sim.subscriptions("main"))) == COUNT - 100)
    face.live(face.do(fb.trades, "btcusdt"))
    assert len(fb.stats().connections) == 2
    assert silent_sim.stats.closed_for_rate == silent_sim.stats.control_errors == 0


def test_wishes_of_one_moment_go_out_in_one_message(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    rings = face.do(lambda: [fb.book_ticker(symbol) for symbol in SYMBOLS[:50]])
    for ring in rings:
        face.live(ring)
    assert silent_sim.stats.control_messages <= 3
    assert len(fb.rings) == 50

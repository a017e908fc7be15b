"""Fills over real sockets, against the simulator: each told once, by whatever tells of it first."""

from typing import Any

import pytest
from support.faces import FACES, Face

from fastbinance import Fill, FillUpdate
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator

pytestmark = pytest.mark.faces(*FACES)

MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


def until(face: Face, handle: Any, quantity: float) -> list[Any]:
    """Take news until the fills add up to a quantity."""
    news: list[Any] = []
    while sum(float(one.quantity) for one in news if isinstance(one, Fill)) < quantity - 1e-12:
        news.append(face.do(handle.get))
    return news


def test_a_fill_of_spot_is_told_once_whichever_comes_first(face: Face, fb: Any) -> None:
    mine = face.do(fb.fills)
    face.do(mine.ready, timeout=10)
    order = face.do(fb.spot.order_place, **MARKET)
    news = until(face, mine, 0.01)
    fills = [one for one in news if isinstance(one, Fill)]
    assert [one.trade_id for one in fills] == [one.trade_id for one in order.fills]
    assert {one.source for one in fills} <= {"answer", "order"}
    assert {one.order_id for one in fills} == {order.order_id}
    # What comes later completes a fill at most once, and is no fill again.
    face.do(fb.spot.order_place, **MARKET)
    later = until(face, mine, 0.01)
    updates = [one for one in news + later if isinstance(one, FillUpdate)]
    assert len({one.fill.trade_id for one in updates}) == len(updates)
    told = [one.trade_id for one in news + later if isinstance(one, Fill)]
    assert len(told) == len(set(told))


def test_a_fill_of_usdm_is_told_by_trade_lite_and_completed_by_the_orders_event(face: Face, fb: Any) -> None:
    mine = face.do(fb.fills, "usdm")
    face.do(mine.ready, timeout=10)
    face.do(fb.usdm.order_place, **MARKET)
    news = until(face, mine, 0.01)
    first = news[0]
    assert isinstance(first, Fill)
    while not any(isinstance(one, FillUpdate) for one in news) and first.source == "lite":
        news.append(face.do(mine.get))
    if first.source == "lite":
        update = next(one for one in news if isinstance(one, FillUpdate))
        assert "commission" in update.completed
        assert update.fill.trade_id == first.trade_id
        assert update.fill.commission is not None
    mine.close()
    assert mine.state in ("live", "closed")

"""Services of user data: looked at, replaced, closed; and a listen key is never shown."""

from typing import Any

import pytest
from support.faces import Face

from fastbinance import StreamClosed, WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator

KEYED = [
    ("usdm", WsKey.USDM_PRIVATE, WsKey.USDM, "/private/ws"),
    ("coinm", WsKey.COINM, WsKey.COINM, "/stream"),  # market streams are there too, and it is theirs
    ("options", WsKey.EOPTIONS_PRIVATE, WsKey.EOPTIONS, "/private/ws"),
    ("margin_risk", WsKey.MARGIN_RISK_USER_DATA, WsKey.MARGIN_RISK_USER_DATA, "/ws"),
    ("portfolio", WsKey.PORTFOLIO_MARGIN_USER_DATA, WsKey.PORTFOLIO_MARGIN_USER_DATA, "/pm/ws"),
    (
        "portfolio_pro", WsKey.PORTFOLIO_MARGIN_PRO_USER_DATA, WsKey.PORTFOLIO_MARGIN_PRO_USER_DATA,
        "/pm-classic/ws",
    ),
]  # fmt: skip
SUBSCRIBED = [
    ("spot", WsKey.MAIN_WS_API, WsKey.MAIN_WS_API, "/ws-api/v3"),
    ("margin", WsKey.MARGIN_USER_DATA, WsKey.MARGIN_USER_DATA, "/ws-api/v3"),
]


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


@pytest.mark.parametrize(("account", "key", "named", "path"), KEYED + SUBSCRIBED)
def test_a_service_is_looked_at_and_closed(
    face: Face, fb: Any, silent_sim: RunningSimulator, account: str, key: WsKey, named: WsKey, path: str
) -> None:
    assert face.do(fb.is_connected, key) is False
    mine = face.do(fb.user_data, account)
    face.do(mine.ready, timeout=10)
    assert face.do(fb.is_connected, key) is True
    assert face.do(fb.url, key) == silent_sim.urls[named] + path
    face.do(fb.close, key)
    assert face.do(fb.is_connected, key) is False
    assert mine.state == "closed"
    with pytest.raises(StreamClosed):
        face.do(mine.ready, timeout=10)
    again = face.do(fb.user_data, account)
    face.do(again.ready, timeout=10)
    assert face.do(fb.is_connected, key) is True


@pytest.mark.parametrize(("account", "key", "named", "path"), KEYED)
def test_a_service_is_replaced_by_its_route_and_by_its_name(
    face: Face, fb: Any, account: str, key: WsKey, named: WsKey, path: str
) -> None:
    mine, events = face.do(fb.user_data, account), face.do(fb.events)
    face.do(mine.ready, timeout=10)
    for name in (key, named):
        assert face.do(fb.rollover, name) == 1
        assert face.event(events, "rollover").ws_key == key
    assert face.do(fb.rollover, WsKey.USDM_PUBLIC) == 0
    assert mine.state == "live"


@pytest.mark.parametrize(
    ("account", "named"), [("usdm", "usdm"), ("options", "eoptions"), ("coinm", "coinm")]
)
def test_a_service_of_several_routes_is_closed_with_its_user_data(
    face: Face, fb: Any, account: str, named: str
) -> None:
    mine, other = face.do(fb.user_data, account), face.do(fb.user_data, "portfolio")
    face.do(mine.ready, timeout=10)
    face.do(other.ready, timeout=10)
    face.do(fb.close, named)
    assert (mine.state, other.state) == ("closed", "live")


def test_another_route_and_another_api_leave_user_data_alone(face: Face, fb: Any) -> None:
    made = [face.do(fb.user_data, account) for account in ("usdm", "spot")]
    for handle in made:
        face.do(handle.ready, timeout=10)
    for key in (WsKey.USDM_PUBLIC, WsKey.USDM_WS_API, WsKey.MAIN_WS_API2, WsKey.MAIN):
        face.do(fb.close, key)
    assert [handle.state for handle in made] == ["live", "live"]
    assert face.do(fb.is_connected, "usdm") is False, "its market streams are not connected"

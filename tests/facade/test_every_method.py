"""Each method of the WebSocket APIs, of both clients, against the simulator: as it should be, and refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.every_futures import COINM_CASES, USDM_CASES
from support.every_method import RESTING, Case, Params, Scene, Who, is_of, open_scene
from support.every_spot_market import SPOT_MARKET_CASES
from support.every_spot_order import SPOT_ORDER_CASES
from support.faces import USUAL, open_face
from support.js_sdk_api import CALLS as SDK_CALLS
from support.js_sdk_api import WITHOUT_REQUEST, Call

import fastbinance
from fastbinance._api import METHODS

SPOT_CASES = (*SPOT_MARKET_CASES, *SPOT_ORDER_CASES)
CASES = (*SPOT_CASES, *USDM_CASES, *COINM_CASES)


@pytest.fixture(autouse=True)
def _no_threads_left() -> None:
    """Let the module's clients live; their face looks for threads when it ends."""


@pytest.fixture(scope="module", params=USUAL)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Give both clients a simulator each, for the whole module."""
    with open_scene() as made, open_face(request.param) as face:
        made.face = face
        yield made


@pytest.fixture
def tidy(scene: Scene) -> Iterator[Scene]:
    """Give the scene, and leave no order open."""
    yield scene
    scene.tidy()


def test_no_method_is_missing() -> None:
    assert sorted((case.product, case.name) for case in CASES) == sorted(METHODS)
    assert [len(cases) for cases in (SPOT_CASES, USDM_CASES, COINM_CASES)] == [56, 21, 13]


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_a_request_that_is_right_is_answered(tidy: Scene, case: Case) -> None:
    params = case.right(tidy) if callable(case.right) else case.right
    answer = tidy.call(case.product, case.name, params, case.who)
    assert is_of(answer, METHODS[case.product, case.name].answer), answer
    assert case.means(answer, params), answer


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_a_request_that_is_wrong_is_refused_with_its_code(tidy: Scene, case: Case) -> None:
    params = case.wrong(tidy) if callable(case.wrong) else case.wrong
    with pytest.raises(fastbinance.RequestRejected) as refused:
        tidy.call(case.product, case.name, params, case.refused)
    assert (refused.value.code, refused.value.method) == (case.code, case.name), refused.value
    assert refused.value.status >= 400
    assert refused.value.reason


# What is checked as Binance does and then not done, and how docs/simulator.md calls it.
TRAILING = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.002", "trailingDelta": 100}
NOT_SIMULATED = [
    ("order.place", RESTING["spot"] | {"price": None, "pegPriceType": "PRIMARY_PEG"}, "Pegged orders"),
    ("order.test", RESTING["spot"] | {"selfTradePreventionMode": "DECREMENT"}, "`DECREMENT`"),
    ("sor.order.place", RESTING["spot"] | {"selfTradePreventionMode": "TRANSFER"}, "`TRANSFER`"),
    ("order.place", TRAILING | {"type": "TAKE_PROFIT"}, "trailing orders that take a profit"),
    (
        "order.place",
        TRAILING | {"type": "STOP_LOSS", "stopPrice": "80000"},
        "trailing orders that take a profit or have a `stopPrice`",
    ),
]


@pytest.mark.parametrize(("method", "params", "documented"), NOT_SIMULATED)
def test_what_is_not_simulated_says_so_and_is_documented(
    scene: Scene, method: str, params: Params, documented: str
) -> None:
    with pytest.raises(fastbinance.RequestRejected, match="not simulated") as refused:
        scene.call("spot", method, params)
    assert refused.value.code == -1000
    text = " ".join((Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8").split())
    (sentence,) = (each for each in text.split(". ") if "not simulated" in each)
    assert documented in sentence


# -- the calls of docs/from-the-js-sdk.md


def named(scene: Scene, call: Call) -> dict[str, Any]:
    """Return parameters of a call in which each id is that of something that exists."""
    made: dict[str, Callable[[], object]] = {
        "orderId": lambda: scene.order(call.product).order_id,
        "cancelOrderId": lambda: scene.order(call.product).order_id,
        "orderListId": lambda: (
            scene.call("spot", "orderList.place.oco", OF_SDK["placeSpotOCOOrderList"]).order_list_id
        ),
        "algoId": lambda: scene.call("usdm", "algoOrder.place", OF_SDK["submitNewFuturesAlgoOrder"]).algo_id,
        "listenToken": lambda: scene.sim.listen_token("only-asks"),
    }
    return {name: made[name]() if name in made else value for name, value in call.params.items()}


def prepare(scene: Scene, call: Call, who: Who) -> None:
    """Make what a call is about that names nothing."""
    if call.name == "openOrders.cancelAll":
        scene.order()
    elif call.name in ("userDataStream.ping", "userDataStream.stop"):
        scene.call(call.product, "userDataStream.start", {})
    elif call.name.startswith("userDataStream.") and call.product == "spot":
        if scene.call("spot", "session.subscriptions", {}, who):
            scene.call("spot", "userDataStream.unsubscribe", {}, who)
        if call.name == "userDataStream.unsubscribe":
            scene.call("spot", "userDataStream.subscribe.signature", {}, who)


OF_SDK = {call.theirs: call.params for call in SDK_CALLS}


@pytest.mark.parametrize(
    "call", SDK_CALLS, ids=[f"{call.theirs}-{call.product}-{call.name}" for call in SDK_CALLS]
)
def test_each_call_of_the_js_sdk_is_answered(tidy: Scene, call: Call) -> None:
    who: Who = "logged_on" if call.name == "userDataStream.subscribe" else "owner"
    prepare(tidy, call, who)
    answer = tidy.call(call.product, call.name, named(tidy, call), who)
    assert is_of(answer, METHODS[call.product, call.name].answer), answer


def test_the_js_sdk_has_no_other_calls() -> None:
    assert len({call.theirs for call in SDK_CALLS}) + len(WITHOUT_REQUEST) == 71

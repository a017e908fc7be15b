"""Every request has one outcome, and it is the right one, wherever in its life a connection is lost."""

import random
from collections import Counter
from typing import Any

import pytest

from fastbinance._protocol.method import Product
from fastbinance._protocol.requests import Settle
from fastbinance.credentials import Credentials
from fastbinance.request_errors import (
    NotSent,
    OrderNeverArrived,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestRejected,
    RequestTimeout,
)
from tests.support.request_world import KEY, World

HMAC = Credentials(KEY, "a-secret-of-the-simulated-exchange")
# Made for this test; it opens nothing.
ED25519 = Credentials(
    KEY,
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----\n",
)
ORDERS = 6
PRODUCTS: tuple[Product, ...] = ("spot", "spot", "usdm", "coinm")


def play(seed: int) -> tuple[int, Counter[str]]:
    """Place, replace and cancel while links are lost; check every outcome; return losses and outcomes."""
    rng = random.Random(seed)
    world = World(
        rng,
        rng.choice((HMAC, ED25519)),
        can_log_on=rng.random() < 0.8,
        offset_ms=rng.choice((0.0, 0.0, 250.0, -700.0, 5_000.0, -90_000.0)),
        loss_rate=rng.choice((0.5, 2.0, 10.0, 50.0)),
        timeout=rng.choice((0.5, 3.0, 12.0)),
        doubled=rng.choice((0.0, 0.1)),
        garbled=rng.choice((0.0, 0.0, 0.05)),
        roll_rate=rng.choice((0.0, 0.0, 1.0, 5.0)),
        moody=rng.choice((0.0, 0.0, 0.3)),
        limited=rng.choice((0.0, 0.0, 0.05)),
        product=rng.choice(PRODUCTS),
    )
    outcomes: dict[str, list[tuple[Any, RequestError | None]]] = {}
    kinds: Counter[str] = Counter()

    def place(number: int) -> None:
        symbol = "NOMONEY" if rng.random() < 0.1 else "BTCUSDT"
        name = f"order-{seed}-{number}"

        def settle(result: Any, error: RequestError | None) -> None:
            outcomes.setdefault(name, []).append((result, error))
            kinds[type(error).__name__ if error is not None else result.resolved_by or "answered"] += 1
            if error is not None or is_over:
                return
            if rng.random() < 0.5:
                cancel(name)
            elif world.exchange.product == "spot":
                replace(name) if rng.random() < 0.5 else place_list(f"{name}-list")

        submit(
            "order.place", settle, symbol=symbol, side="BUY", type="LIMIT", timeInForce="GTC", price="1.5",
            quantity="2", newClientOrderId=name,
        )  # fmt: skip

    def submit(method: str, settle: Settle, **params: Any) -> None:
        try:
            world.submit(method, settle, **params)
        except RateLimited as held:
            settle(None, held)

    def place_list(name: str) -> None:
        def settle(result: Any, error: RequestError | None) -> None:
            outcomes.setdefault(name, []).append((result, error))
            told = type(error).__name__ if error is not None else result.resolved_by or "answered"
            kinds[f"list: {told}"] += 1

        submit(
            "orderList.place.oco", settle, symbol="BTCUSDT", side="SELL", quantity="2", abovePrice="3",
            aboveType="LIMIT_MAKER", belowType="STOP_LOSS", belowStopPrice="1", listClientOrderId=name,
        )  # fmt: skip

    def replace(old: str) -> None:
        name = f"{old}-again"

        def settle(result: Any, error: RequestError | None) -> None:
            outcomes.setdefault(name, []).append((result, error))
            told = type(error).__name__ if error is not None else result.resolved_by or "answered"
            kinds[f"replace: {told}"] += 1

        submit(
            "order.cancelReplace", settle, symbol="NOMONEY" if rng.random() < 0.2 else "BTCUSDT", side="BUY",
            type="LIMIT", timeInForce="GTC", price="1.4", quantity="2", cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrigClientOrderId=old, newClientOrderId=name,
        )  # fmt: skip

    def cancel(name: str) -> None:
        def settle(result: Any, error: RequestError | None) -> None:
            outcomes.setdefault(f"cancel of {name}", []).append((result, error))
            kinds[
                f"cancel: {type(error).__name__ if error is not None else result.resolved_by or 'answered'}"
            ] += 1

        submit("order.cancel", settle, symbol="BTCUSDT", origClientOrderId=name)

    is_over = False
    world.dial()
    for number in range(ORDERS):
        world.time.after(rng.uniform(0.0, 3.0), lambda number=number: place(number))  # type: ignore[misc]
    world.run(12.0)
    # The storm is over, and what is unknown has time to be found out; or nothing ever comes back.
    world.loss_rate = world.roll_rate = world.exchange.limited = 0.0
    is_over = True
    world.is_out = rng.random() < 0.1
    world.run(90.0)

    assert world.desk.pending == 0
    assert sum(name.count("-") == 2 for name in outcomes if not name.startswith("cancel")) == ORDERS
    for name, told in outcomes.items():
        assert len(told) == 1, f"{name} had {len(told)} outcomes"
        check(world, name.removeprefix("cancel of "), name.startswith("cancel"), *told[0])
    return world.losses, kinds


def check(world: World, name: str, is_cancel: bool, result: Any, error: RequestError | None) -> None:
    """Compare an outcome with what the exchange knows at the end of all."""
    order = world.exchange.orders.get(name)
    if name.endswith(("-again", "-list")) and error is None:
        assert order is not None
        if name.endswith("-list"):
            assert (result.order_list_id, result.list_client_order_id) == (order["orderListId"], name)
        else:
            assert result.new_order_response.client_order_id == name
    elif is_cancel:
        assert order is not None
        if error is None:
            assert order["status"] == "CANCELED"
        elif isinstance(error, (NotSent, OrderNeverArrived, RequestRejected)):
            assert order["status"] == "NEW"
        else:
            assert isinstance(error, RequestOrphaned), error
    elif error is None:
        assert order is not None
        assert (result.order_id, result.client_order_id) == (order["orderId"], name)
    elif isinstance(error, (NotSent, OrderNeverArrived, RequestRejected)):
        assert order is None, f"{error!r}, and yet the order is there"
    else:
        assert isinstance(error, RequestOrphaned), error
        assert not isinstance(error, RequestTimeout)


def test_every_request_has_one_outcome_and_the_right_one_wherever_its_connection_is_lost() -> None:
    losses, kinds = 0, Counter[str]()
    for seed in range(700):
        lost, told = play(seed)
        losses += lost
        kinds += told
    assert losses > 1_000
    # All of them happen, so all of them were checked.
    assert {"answered", "order.status", "OrderNeverArrived", "RequestRejected", "NotSent"} <= kinds.keys()
    assert {"cancel: answered", "cancel: order.status", "cancel: OrderNeverArrived"} <= kinds.keys()
    assert {"RequestOrphaned", "RateLimited"} <= kinds.keys()
    assert {f"list: {told}" for told in ("answered", "OrderNeverArrived", "RequestOrphaned")} <= kinds.keys()
    assert {"replace: answered", "replace: RequestOrphaned"} <= kinds.keys()
    # One half of it may have been carried out all the same.
    assert "replace: OrderNeverArrived" not in kinds
    assert {"list: orderList.status", "replace: order.status", "replace: RequestRejected"} <= kinds.keys()


@pytest.mark.exhaustive
def test_a_hundred_thousand_losses_at_every_point_of_a_requests_life() -> None:
    losses, seed, kinds = 0, 1_000_000, Counter[str]()
    while losses < 100_000:
        lost, told = play(seed)
        losses, seed = losses + lost, seed + 1
        kinds += told
    print(losses, "losses;", dict(kinds))

"""What was found out about an order becomes the answer that its own request never got."""

from typing import Any

import msgspec
import pytest
from support.answers import documented, said, text, written

from fastbinance._api import METHODS
from fastbinance._protocol.method import Method, Resolve
from fastbinance.answers import (
    ANSWERS,
    CancelReplaced,
    FuturesOrderCanceled,
    FuturesOrderModified,
    FuturesOrderPlaced,
    OrderCanceled,
    OrderListPlaced,
    OrderPlaced,
    resolved_answer,
)

FOUND_BY_ORDER = [
    ("spot", "order.place", OrderPlaced), ("spot", "order.cancel", OrderCanceled),
    ("usdm", "order.place", FuturesOrderPlaced), ("usdm", "order.modify", FuturesOrderModified),
    ("usdm", "order.cancel", FuturesOrderCanceled), ("coinm", "order.place", FuturesOrderPlaced),
    ("coinm", "order.modify", FuturesOrderModified), ("coinm", "order.cancel", FuturesOrderCanceled),
]  # fmt: skip


@pytest.mark.parametrize(("product", "method", "struct"), FOUND_BY_ORDER)
def test_the_status_of_an_order_becomes_the_answer_of_its_own_request(
    product: Any, method: str, struct: type
) -> None:
    status = documented(product, "order.status")
    answer = resolved_answer(product, method, msgspec.Raw(text(status)), "order.status")
    assert type(answer) is struct
    assert answer.resolved_by == "order.status"
    assert said(written(answer)) == status | {"resolvedBy": "order.status"}


def test_an_order_that_was_asked_for_has_another_time() -> None:
    status = documented("spot", "order.status")
    answer = resolved_answer("spot", "order.place", text(status), "order.status")
    assert (answer.transact_time, answer.placed_time, answer.is_working) == (None, status["time"], True)
    answer = resolved_answer("usdm", "order.place", text(documented("usdm", "order.status")), "order.status")
    assert (answer.placed_time, answer.update_time) == (1790000000010, 1790000000012)


def test_the_status_of_an_order_is_the_new_one_of_a_cancel_replace() -> None:
    status = documented("spot", "order.status")
    answer = resolved_answer("spot", "order.cancelReplace", text(status), "order.status")
    assert isinstance(answer, CancelReplaced)
    assert (answer.resolved_by, answer.cancel_response, answer.cancel_result) == ("order.status", None, None)
    assert answer.new_order_response == resolved_answer("spot", "order.place", text(status), "order.status")


def test_the_status_of_an_order_is_the_one_that_smart_routing_placed() -> None:
    status = documented("spot", "order.status")
    (answer,) = resolved_answer("spot", "sor.order.place", text(status), "order.status")
    assert answer == resolved_answer("spot", "order.place", text(status), "order.status")


LISTS = [name for product, name in ANSWERS if name.startswith("orderList.place")]


@pytest.mark.parametrize("method", LISTS)
def test_the_status_of_a_list_becomes_the_answer_of_its_own_request(method: str) -> None:
    status = documented("spot", "orderList.status")
    answer = resolved_answer("spot", method, text(status), "orderList.status")
    assert type(answer) is OrderListPlaced
    assert answer.order_reports is None
    assert said(written(answer)) == status | {"resolvedBy": "orderList.status"}


RESOLVED = [method for method in METHODS.values() if method.resolve is not None]


@pytest.mark.parametrize("method", RESOLVED, ids=lambda method: f"{method.product} {method.name}")
def test_every_method_that_can_be_resolved_has_an_answer_for_it(method: Method) -> None:
    asked = "orderList.status" if method.resolve is Resolve.LIST else "order.status"
    answer = resolved_answer(method.product, method.name, text(documented(method.product, asked)), asked)
    (one,) = answer if isinstance(answer, list) else [answer]
    wanted = list[type(one)] if isinstance(answer, list) else type(one)
    assert (wanted, one.resolved_by) == (ANSWERS[method.product, method.name], asked)


def test_what_was_found_and_does_not_fit_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        resolved_answer("spot", "order.place", b'{"symbol": "ABCXYZ"}', "order.status")

"""How what was found out about an order becomes the answer that its own request never got."""

from __future__ import annotations

from typing import Any

import msgspec

from fastbinance.answers.common import Product
from fastbinance.answers.spot_changes import CancelReplaced
from fastbinance.answers.spot_orders import OrderPlaced
from fastbinance.answers.table import ANSWERS

__all__ = ["resolved_answer"]


def resolved_answer(product: Product, method: str, found: bytes | msgspec.Raw, resolved_by: str) -> Any:
    """Decode the answer of ``order.status`` or ``orderList.status`` as the answer of another method.

    Parameters
    ----------
    product : str
        Product of both.
    method : str
        What was asked for and not answered, such as ``"order.place"``; its answer has `resolved_by`.
    found : bytes or msgspec.Raw
        The ``result`` of what was asked instead.
    resolved_by : str
        Becomes `resolved_by` of the answer.

    Returns
    -------
    Answer or list of Answer
        What ``ANSWERS[product, method]`` says. Of a cancel-replace only the new order is known.

    Raises
    ------
    UNREADABLE
        It does not fit; any of the exceptions of that tuple.
    """
    answer_type = ANSWERS[product, method]
    if answer_type is CancelReplaced:
        order = _decoded(found, OrderPlaced, resolved_by)
        return CancelReplaced(new_order_response=order, resolved_by=resolved_by)
    if answer_type == list[OrderPlaced]:  # smart order routing answers with a list of one
        return [_decoded(found, OrderPlaced, resolved_by)]
    return _decoded(found, answer_type, resolved_by)


def _decoded(found: bytes | msgspec.Raw, answer_type: Any, resolved_by: str) -> Any:
    answer = msgspec.json.decode(found, type=answer_type)
    answer.resolved_by = resolved_by
    return answer

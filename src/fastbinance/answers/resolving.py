"""How what was found out about an order becomes the answer that its own request never got."""

from __future__ import annotations

from typing import Any

import msgspec

from fastbinance.answers.common import Product
from fastbinance.answers.spot_changes import AmendedOrder, CancelReplaced, OrderAmended
from fastbinance.answers.spot_orders import OrderPlaced
from fastbinance.answers.table import ANSWERS

__all__ = ["resolved_answer"]

#: Methods whose answers are of another shape than the order in them.
_CANCEL_REPLACE = "order.cancelReplace"
_AMEND = "order.amend.keepPriority"
_SMART = "sor.order.place"


def resolved_answer(product: Product, method: str, found: bytes | msgspec.Raw, resolved_by: str) -> Any:
    """Decode the answer of ``order.status`` or ``orderList.status`` as the answer of another method.

    Parameters
    ----------
    product : str
        Product of both.
    method : str
        What was asked for and not answered, such as ``"order.place"``.
    found : bytes or msgspec.Raw
        The ``result`` of what was asked instead.
    resolved_by : str
        Becomes `resolved_by` of the answer.

    Returns
    -------
    Answer or list of Answer
        What ``ANSWERS[product, method]`` says. Of a cancel-replace only the new order is known, of an
        amendment the order as it is now.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        It does not fit.
    """
    if product == "spot" and method in _OF_SPOT:
        return _OF_SPOT[method](found, resolved_by)
    answer = msgspec.json.decode(found, type=ANSWERS[product, method])
    answer.resolved_by = resolved_by
    return answer


def _cancel_replaced(found: bytes | msgspec.Raw, resolved_by: str) -> CancelReplaced:
    return CancelReplaced(new_order_response=_placed(found, resolved_by), resolved_by=resolved_by)


def _smartly_placed(found: bytes | msgspec.Raw, resolved_by: str) -> list[OrderPlaced]:
    return [_placed(found, resolved_by)]


def _amended(found: bytes | msgspec.Raw, resolved_by: str) -> OrderAmended:
    order = msgspec.json.decode(found, type=AmendedOrder)
    # The same facts have other names in an amended order.
    names = msgspec.json.decode(found, type=OrderPlaced)
    order.qty = names.orig_qty
    order.quote_order_qty = names.orig_quote_order_qty
    order.cumulative_quote_qty = names.cummulative_quote_qty
    return OrderAmended(amended_order=order, resolved_by=resolved_by)


def _placed(found: bytes | msgspec.Raw, resolved_by: str) -> OrderPlaced:
    order = msgspec.json.decode(found, type=OrderPlaced)
    order.resolved_by = resolved_by
    return order


_OF_SPOT = {_CANCEL_REPLACE: _cancel_replaced, _SMART: _smartly_placed, _AMEND: _amended}

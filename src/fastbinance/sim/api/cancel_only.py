"""A cancel-replace for which no order is left in the budget, and that asked to cancel all the same."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Handler

__all__ = ["cancel_only"]

# What the cancelling half is called in a request of its own.
_NAMES: Final = {
    "symbol": "symbol",
    "cancelOrderId": "orderId",
    "cancelOrigClientOrderId": "origClientOrderId",
    "cancelNewClientOrderId": "newClientOrderId",
    "cancelRestrictions": "cancelRestrictions",
}


def cancel_only(call: Call, refusal: ApiError, handle: Handler) -> ApiError:
    """Cancel, and give what the whole request is answered with.

    Parameters
    ----------
    call
        The cancel-replace.
    refusal
        Why nothing is placed.
    handle
        Carries a request out.
    """
    params = {name: call.params[given] for given, name in _NAMES.items() if given in call.params}
    outcome: dict[str, Any] = {"cancelResult": "SUCCESS", "newOrderResult": "FAILURE"}
    status = HTTPStatus.CONFLICT
    try:
        outcome["cancelResponse"] = handle(replace(call, method="order.cancel", params=params))
    except ApiError as error:
        outcome["cancelResult"] = "FAILURE"
        outcome["cancelResponse"] = {"code": error.code, "msg": error.msg}
        status = HTTPStatus.TOO_MANY_REQUESTS
    outcome["newOrderResponse"] = {"code": refusal.code, "msg": refusal.msg}
    if status == HTTPStatus.CONFLICT:
        return ApiError(-2021, "Order cancel-replace partially failed.", status=status, data=outcome)
    return ApiError(-2022, "Order cancel-replace failed.", status=status, data=outcome)

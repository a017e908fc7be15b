"""The picture of an account that its events make, and what makes it whole again after events were missed."""

from fastbinance._protocol.picture.picture import Picture
from fastbinance._protocol.picture.plan import Plan
from fastbinance._protocol.picture.questions import (
    ASKED,
    SPOT_LIKE,
    Asked,
    FuturesTrade,
    Question,
    Subject,
    parameters,
)
from fastbinance._protocol.picture.recovered import RECOVERED
from fastbinance._protocol.picture.states import BalanceState, OrderState, PositionState

__all__ = [
    "ASKED", "RECOVERED", "SPOT_LIKE", "Asked", "BalanceState", "FuturesTrade", "OrderState", "Picture",
    "Plan", "PositionState", "Question", "Subject", "parameters",
]  # fmt: skip

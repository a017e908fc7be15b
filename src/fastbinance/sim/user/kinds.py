"""Accounts as user data tells them apart."""

from typing import Literal

__all__ = ["AccountKind"]

#: What has user data of its own.
AccountKind = Literal[
    "spot", "margin", "isolated", "margin_risk", "usdm", "coinm", "options", "portfolio", "portfolio_pro"
]

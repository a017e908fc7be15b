"""The table of account kinds: how the user data of each are asked for, and where they come.

Data only. `ACCOUNTS` has a row for each value of ``account=``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final, Literal, get_args

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Part, WsKey

__all__ = ["ACCOUNTS", "AccountKind", "AccountName", "Mechanism", "account_kind"]

AccountName = Literal[
    "spot", "margin", "isolated", "margin_risk", "usdm", "coinm", "options", "portfolio", "portfolio_pro"
]
#: ``subscription``: over the WS API, for the key itself; ``token``: over the WS API, with a listen token that
#: REST gives; ``key``: on a socket of its own, whose URL has a listen key that REST gives.
Mechanism = Literal["subscription", "token", "key"]


@dataclass(frozen=True, slots=True)
class AccountKind:
    """How the user data of one kind of account are had.

    Attributes
    ----------
    name : str
        What ``account=`` calls it.
    mechanism : {"subscription", "token", "key"}
        See `Mechanism`.
    ws_key : WsKey
        The service that they come over, before routing.
    rest : {"spot", "usdm", "coinm", "options", "portfolio"} or None
        The REST API that gives keys or tokens.
    path : str
        Of the call that does.
    part : {"private"} or None
        Route, where the service is split.
    names_key : bool
        Renewing names the key: ``PUT ...?listenKey=``.
    filters : bool
        ``events=`` in the URL chooses event types.
    """

    name: AccountName
    mechanism: Mechanism
    ws_key: WsKey
    rest: Literal["spot", "usdm", "coinm", "options", "portfolio"] | None = None
    path: str = ""
    part: Part | None = None
    names_key: bool = False
    filters: bool = False


def _rows() -> tuple[AccountKind, ...]:
    token, papi = "/sapi/v1/userListenToken", "/papi/v1/listenKey"
    return (
        AccountKind("spot", "subscription", WsKey.MAIN_WS_API),
        AccountKind("margin", "token", WsKey.MARGIN_USER_DATA, "spot", token),
        AccountKind("isolated", "token", WsKey.MARGIN_USER_DATA, "spot", token),
        AccountKind(
            "margin_risk", "key", WsKey.MARGIN_RISK_USER_DATA, "spot", "/sapi/v1/margin/listen-key",
            names_key=True,
        ),
        AccountKind("usdm", "key", WsKey.USDM, "usdm", "/fapi/v1/listenKey", "private", filters=True),
        AccountKind("coinm", "key", WsKey.COINM, "coinm", "/dapi/v1/listenKey"),
        AccountKind("options", "key", WsKey.EOPTIONS, "options", "/eapi/v1/listenKey", "private"),
        AccountKind("portfolio", "key", WsKey.PORTFOLIO_MARGIN_USER_DATA, "portfolio", papi),
        AccountKind("portfolio_pro", "key", WsKey.PORTFOLIO_MARGIN_PRO_USER_DATA, "portfolio", papi),
    )  # fmt: skip


ACCOUNTS: Final[dict[str, AccountKind]] = {row.name: row for row in _rows()}


def account_kind(name: str, symbol: str | None) -> AccountKind:
    """Return the row of an account.

    Raises
    ------
    ConfigurationError
        There is no such account; or it is isolated margin without a symbol, or another one with.
    """
    kind = ACCOUNTS.get(name) if isinstance(name, str) else None
    if kind is None:
        names = get_args(AccountName)
        close = difflib.get_close_matches(str(name).lower(), names, n=1)
        tip = f"; did you mean {close[0]!r}?" if close else ";"
        raise ConfigurationError(f"{name!r} is no account{tip} there are {', '.join(names)}")
    if kind.name == "isolated":
        if not isinstance(symbol, str) or not symbol.isascii() or not symbol.isalnum():
            raise ConfigurationError(
                f'account="isolated" wants symbol="BTCUSDT": an isolated margin account is one of a pair,'
                f" not of {symbol!r}"
            )
    elif symbol is not None:
        raise ConfigurationError(
            f'account={name!r} has the events of all symbols and takes no symbol=; account="isolated" does'
        )
    return kind

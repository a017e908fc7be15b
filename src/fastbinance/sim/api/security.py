"""Whether a request may be made: key, signature, time and permission, in the order in which Binance asks."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.api.kinds import Number, illegal
from fastbinance.sim.api.method import Method, Security, missing
from fastbinance.sim.api.session import Session
from fastbinance.sim.timeunit import to_micros
from fastbinance.sim.trading import Account

__all__ = ["KeyRing", "canonical"]

Params = Mapping[str, Any]

_API_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/=_-]{1,1024}")
_RECV_WINDOW: Final = r"^[0-9]{1,20}(\.[0-9]{1,20})?$"
_RECV_WINDOW_TEXT: Final = re.compile(_RECV_WINDOW)
_WINDOW_DECIMALS: Final = 3
_DEFAULT_WINDOW_MS: Final = 5000
_LONGEST_WINDOW_MS: Final = 60_000
_MOST_AHEAD_MS: Final = 1000
_TIMESTAMP: Final = Number()
_PERMISSION: Final = {Security.TRADE: "TRADE", Security.USER_DATA: "USER_DATA"}


def canonical(params: Params) -> bytes:
    """Give the text that a signature is over: all other parameters, sorted, as they stand in the JSON."""
    parts = [f"{name}={_spelled(value)}" for name, value in sorted(params.items()) if name != "signature"]
    return "&".join(parts).encode("utf-8", "surrogatepass")


class KeyRing:
    """The keys of one environment.

    Parameters
    ----------
    account
        Gives the account of a key, None where there is none.
    """

    def __init__(self, account: Callable[[str], Account | None]) -> None:
        self._account = account
        self._revoked: set[str] = set()

    def find(self, api_key: str) -> Account | None:
        """Give the account of a key that is let in."""
        return None if api_key in self._revoked else self._account(api_key)

    def revoke(self, api_key: str) -> None:
        """Let a key in no more."""
        self._revoked.add(api_key)

    def admit(self, method: Method, params: Params, session: Session, now_ms: int) -> Account | None:
        """Find out who asks, and whether they may.

        Returns None where it is everybody's.

        Raises
        ------
        ApiError
            They may not.
        """
        security = method.security
        if security is Security.NONE:
            return None
        if security is Security.SUBSCRIBE:
            if session.account is None:
                raise ApiError(-1193, "The session is not authenticated.")
            return session.account
        if session.account is not None and "apiKey" not in params and security is not Security.SIGNED:
            account = session.account
            if security.is_signed:
                _check_time(params, now_ms)
        else:
            api_key = _api_key(params)
            if security.is_signed:
                account = self._identify(api_key, params, canonical(params), now_ms)
            else:
                account = self._of_key(api_key)
        return _permitted(account, security)

    def admit_http(
        self, method: Method, api_key: str, params: Params, signed: bytes, now_ms: int
    ) -> Account | None:
        """Find out who sent an HTTP request, and whether they may.

        Parameters
        ----------
        api_key
            The header; empty where there is none.
        signed
            What a signature would be over: the query and the body, as they were sent.

        Returns None where it is everybody's.

        Raises
        ------
        ApiError
            They may not. A signature that nobody wanted must be right all the same.
        """
        security = method.security
        if security is Security.NONE:
            return None
        checked = _legal_key(api_key)
        if security.is_signed or "signature" in params:
            account = self._identify(checked, params, signed, now_ms)
        else:
            account = self._of_key(checked)
        return _permitted(account, security)

    def _identify(self, api_key: str, params: Params, signed: bytes, now_ms: int) -> Account:
        signature = _signature(params)
        _check_time(params, now_ms)
        account = self._of_key(api_key)
        if not account.verify(signed, signature):
            raise ApiError(-1022, "Signature for this request is not valid.")
        return account

    def _of_key(self, api_key: str) -> Account:
        account = self.find(api_key)
        if account is None:
            raise _rejected()
        return account


def _permitted(account: Account, security: Security) -> Account:
    permission = _PERMISSION.get(security)
    if permission is not None and permission not in account.permissions:
        raise _rejected()
    return account


def _api_key(params: Params) -> str:
    api_key = params.get("apiKey")
    if api_key is None or api_key == "":
        raise missing("apiKey")
    return _legal_key(api_key)


def _legal_key(api_key: object) -> str:
    if not isinstance(api_key, str) or _API_KEY.fullmatch(api_key) is None:
        raise ApiError(-2014, "API-key format invalid.", status=401)
    return api_key


def _signature(params: Params) -> str:
    signature = params.get("signature")
    if signature is None or signature == "":
        raise missing("signature")
    if not isinstance(signature, str) or _SIGNATURE.fullmatch(signature) is None:
        raise illegal("signature", f"^{_SIGNATURE.pattern}$")
    return signature


def _check_time(params: Params, now_ms: int) -> None:
    if params.get("timestamp") in (None, ""):
        raise missing("timestamp")
    timestamp = _TIMESTAMP.read("timestamp", params["timestamp"])
    window_us = _window_us(params.get("recvWindow"))
    given_us = to_micros(timestamp)
    now_us = now_ms * 1000
    if given_us >= now_us + _MOST_AHEAD_MS * 1000:
        raise ApiError(
            -1021, f"Timestamp for this request was {_MOST_AHEAD_MS}ms ahead of the server's time."
        )
    if now_us - given_us > window_us:
        raise ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _window_us(window: object) -> int:
    if window is None:
        return _DEFAULT_WINDOW_MS * 1000
    text = "" if isinstance(window, bool) else str(window)
    if _RECV_WINDOW_TEXT.fullmatch(text) is None:
        raise illegal("recvWindow", _RECV_WINDOW)
    if len(text.partition(".")[2]) > _WINDOW_DECIMALS:
        raise ApiError(-1131, f"recvWindow must have at most {_WINDOW_DECIMALS} decimals.")
    milliseconds = Decimal(text)
    if milliseconds > _LONGEST_WINDOW_MS:
        raise ApiError(-1131, f"recvWindow must be less than {_LONGEST_WINDOW_MS}.")
    return int(milliseconds * 1000)


def _spelled(value: Any) -> str:
    # Texts stand without quotes; numbers with a fraction have kept their spelling.
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rejected() -> ApiError:
    return ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)

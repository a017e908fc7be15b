"""Methods about the connection itself: its session, and what begins and ends user data.

Subscriptions and listen keys are given out and kept; no event is sent on them yet.
"""

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Product
from fastbinance.sim.api.session import Session, check_logon
from fastbinance.sim.trading import Account

__all__ = ["SessionHandler", "UserDataKeys", "session_handlers"]

SessionHandler = Callable[[Session, Call], Any]

_LISTEN_KEY_MS: Final = 3_600_000
_LISTEN_TOKEN_MS: Final = 24 * 3_600_000
_SIGNS: Final = string.ascii_letters + string.digits
_LENGTH: Final = 64


@dataclass(slots=True)
class _ListenKey:
    text: str
    expires_ms: int


class UserDataKeys:
    """Listen keys of futures, one for each account and product, and listen tokens of margin.

    A listen key lasts for an hour after it was last asked for, a token for a day after it was made.

    Parameters
    ----------
    seed
        Decides what they look like.
    """

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(f"{seed}/listen keys")
        self._keys: dict[tuple[Product, str], _ListenKey] = {}
        self._tokens: dict[str, tuple[Account, int]] = {}

    def make_token(self, account: Account, now_ms: int) -> str:
        """Make a listen token, which Binance gives out over REST."""
        token = self._text()
        self._tokens[token] = account, now_ms + _LISTEN_TOKEN_MS
        return token

    def subscribe_by_token(self, session: Session, call: Call) -> dict[str, int]:
        """Subscribe to the events of a token's account."""
        account, expires_ms = self._tokens.get(call.params["listenToken"], (None, 0))
        if account is None or expires_ms <= call.now_ms:
            raise ApiError(-1209, "Invalid listenToken.")
        number = session.subscribe(account, is_sessions=False)
        return {"subscriptionId": number, "expirationTime": expires_ms}

    def start(self, session: Session, call: Call) -> dict[str, str]:
        """Give the account's key, which is made or prolonged."""
        found = self._find(call)
        if found is None:
            found = self._keys[call.product, call.account.api_key] = _ListenKey(self._text(), 0)
        found.expires_ms = call.now_ms + _LISTEN_KEY_MS
        return {"listenKey": found.text}

    def ping(self, session: Session, call: Call) -> dict[str, str]:
        """Prolong the account's key."""
        found = self._named(call)
        found.expires_ms = call.now_ms + _LISTEN_KEY_MS
        return {"listenKey": found.text}

    def stop(self, session: Session, call: Call) -> dict[str, str]:
        """End the account's key."""
        self._named(call)
        del self._keys[call.product, call.account.api_key]
        return {}

    def _text(self) -> str:
        return "".join(self._rng.choices(_SIGNS, k=_LENGTH))

    def _find(self, call: Call) -> _ListenKey | None:
        found = self._keys.get((call.product, call.account.api_key))
        return None if found is None or found.expires_ms <= call.now_ms else found

    def _named(self, call: Call) -> _ListenKey:
        found = self._find(call)
        if found is None or call.params.get("listenKey", found.text) != found.text:
            raise ApiError(-1125, "This listenKey does not exist.")
        return found


def session_handlers(keys: UserDataKeys) -> Mapping[str, SessionHandler]:
    """Give what answers the methods that are about the connection itself."""
    return {
        "session.logon": _log_on,
        "session.status": _status,
        "session.logout": _log_out,
        "session.subscriptions": _subscriptions,
        "userDataStream.subscribe": _subscribe,
        "userDataStream.subscribe.signature": _subscribe_signed,
        "userDataStream.subscribe.listenToken": keys.subscribe_by_token,
        "userDataStream.unsubscribe": _unsubscribe,
        "userDataStream.start": keys.start,
        "userDataStream.ping": keys.ping,
        "userDataStream.stop": keys.stop,
    }


def _status(session: Session, call: Call) -> dict[str, Any]:
    return session.status(call.now_ms, is_spot=call.product == "spot")


def _log_on(session: Session, call: Call) -> dict[str, Any]:
    is_spot = call.product == "spot"
    check_logon(call.account, is_spot=is_spot)
    session.log_on(call.account, call.now_ms)
    return session.status(call.now_ms, is_spot=is_spot)


def _log_out(session: Session, call: Call) -> dict[str, Any]:
    session.log_out()
    return _status(session, call)


def _subscriptions(session: Session, call: Call) -> list[dict[str, int]]:
    return [{"subscriptionId": number} for number in session.subscriptions]


def _subscribe(session: Session, call: Call) -> dict[str, int]:
    return {"subscriptionId": session.subscribe(call.account, is_sessions=True)}


def _subscribe_signed(session: Session, call: Call) -> dict[str, int]:
    return {"subscriptionId": session.subscribe(call.account, is_sessions=False)}


def _unsubscribe(session: Session, call: Call) -> dict[str, int]:
    session.unsubscribe(call.params.get("subscriptionId"))
    return {}

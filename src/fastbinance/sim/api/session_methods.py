"""Methods about the connection itself: its session, and what begins and ends user data."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastbinance.sim.api.call import Call
from fastbinance.sim.api.session import Session, check_logon
from fastbinance.sim.user.keys import KeyProduct, UserDataKeys

__all__ = ["SessionHandler", "session_handlers"]

SessionHandler = Callable[[Session, Call], Any]


def session_handlers(keys: UserDataKeys) -> Mapping[str, SessionHandler]:
    """Give what answers the methods that are about the connection itself."""
    return {
        "session.logon": _log_on,
        "session.status": _status,
        "session.logout": _log_out,
        "session.subscriptions": _subscriptions,
        "userDataStream.subscribe": _subscribe,
        "userDataStream.subscribe.signature": _subscribe_signed,
        "userDataStream.subscribe.listenToken": partial(_subscribe_by_token, keys),
        "userDataStream.unsubscribe": _unsubscribe,
        "userDataStream.start": partial(_start, keys),
        "userDataStream.ping": partial(_ping, keys),
        "userDataStream.stop": partial(_stop, keys),
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


def _subscribe_by_token(keys: UserDataKeys, session: Session, call: Call) -> dict[str, int]:
    token = keys.token(call.params["listenToken"], call.now_ms)
    number = session.subscribe(token.account, is_sessions=False, token=token)
    return {"subscriptionId": number, "expirationTime": token.expires_ms}


def _start(keys: UserDataKeys, session: Session, call: Call) -> dict[str, str]:
    return {"listenKey": keys.start(_product(call), call.account, call.now_ms).text}


def _ping(keys: UserDataKeys, session: Session, call: Call) -> dict[str, str]:
    found = keys.prolong(_product(call), call.account, call.now_ms, call.params.get("listenKey"))
    return {"listenKey": found.text}


def _stop(keys: UserDataKeys, session: Session, call: Call) -> dict[str, str]:
    keys.stop(_product(call), call.account, call.now_ms, call.params.get("listenKey"))
    return {}


def _product(call: Call) -> KeyProduct:
    if call.product == "spot":
        raise AssertionError("spot has no listen keys")
    return call.product

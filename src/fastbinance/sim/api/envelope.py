"""Requests and answers as they are on the wire. Pure: bytes in, bytes out."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from fastbinance.sim.api.call import ApiError

__all__ = ["BadEnvelope", "NumberText", "Request", "RequestId", "encode_answer", "parse_request"]

RequestId = int | str | None

# Far more than any request needs. Binance states no figure.
_LONGEST_MESSAGE: Final = 64 * 1024
_INT64: Final = range(-(2**63), 2**63)
_TEXT_ID: Final = re.compile(r"[a-zA-Z0-9-_]{1,36}")
_MISSING: Final = object()
_encode: Final = msgspec.json.Encoder().encode


class NumberText(str):
    """A number with a fraction, as it was spelled: signatures are over that spelling."""

    __slots__ = ()


class BadEnvelope(ApiError):
    """A message that is no request; it is answered to nobody where its id cannot be read."""

    def __init__(self, msg: str, request_id: RequestId = None) -> None:
        super().__init__(-1135, msg)
        self.request_id = request_id


@dataclass(slots=True)
class Request:
    """One request. Numbers with a fraction are `NumberText`."""

    id: RequestId
    method: str
    params: dict[str, Any]


def parse_request(message: bytes) -> Request:
    """Read a message.

    Raises
    ------
    BadEnvelope
        It is too long, no JSON, or an object with the wrong things in it.
    """
    if len(message) > _LONGEST_MESSAGE:
        raise BadEnvelope("Invalid JSON request; the message is too long.")
    try:
        found = json.loads(message.decode("utf-8"), parse_float=NumberText, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadEnvelope("Invalid JSON request.") from None
    if not isinstance(found, dict):
        raise BadEnvelope("Invalid JSON request; expected an object.")
    request_id = found.get("id", _MISSING)
    if not _is_id(request_id):
        raise BadEnvelope(
            "Invalid 'id' in JSON request; expected an integer, a string matching "
            f"'^{_TEXT_ID.pattern}$', or null."
        )
    method = found.get("method")
    if not isinstance(method, str):
        raise BadEnvelope("Invalid 'method' in JSON request; expected a string.", request_id)
    params = found.get("params", {})
    if not isinstance(params, dict):
        raise BadEnvelope("Invalid 'params' in JSON request; expected an object.", request_id)
    return Request(request_id, method, params)


def encode_answer(
    request_id: RequestId,
    status: int,
    *,
    result: Any = _MISSING,
    error: ApiError | None = None,
    rate_limits: list[dict[str, Any]] | None = None,
) -> bytes:
    """Spell an answer, keys in Binance's order."""
    frame: dict[str, Any] = {"id": request_id, "status": status}
    if error is not None:
        spelled: dict[str, Any] = {"code": error.code, "msg": error.msg}
        if error.data is not None:
            spelled["data"] = error.data
        frame["error"] = spelled
    else:
        frame["result"] = result
    if rate_limits is not None:
        frame["rateLimits"] = rate_limits
    return _encode(frame)


def _is_id(value: object) -> bool:
    if isinstance(value, NumberText):
        return False
    if isinstance(value, str):
        return _TEXT_ID.fullmatch(value) is not None
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value in _INT64)


def _refuse_constant(text: str) -> NoReturn:
    # NaN and Infinity, which Python reads and JSON does not have.
    raise ValueError(text)

"""The control frames of a stream connection: what Binance answers, and what it remembers.

Pure: a text goes in, an answer comes out, and the connection does what the answer says.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from fastbinance.sim.channels import is_well_formed

__all__ = ["Answer", "Control", "Dialect"]

_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_LONGEST_MESSAGE: Final = 4096
_TEXT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
_INT64: Final = range(-(2**63), 2**63)
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one product answers.

    Attributes
    ----------
    closes_on_bad_request
        Futures end the connection after broken JSON, a malformed stream name or one stream too many, and
        leave the request id out of these answers. Spot answers and goes on.
    flat_errors
        ``{"code":..,"msg":..}`` as documented, instead of ``{"error":{..}}`` as seen on the wire.
    most_streams
        Streams per connection.
    """

    closes_on_bad_request: bool
    flat_errors: bool = False
    most_streams: int = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back, whether to close with 1008 afterwards, and which streams came and went."""

    text: bytes
    close_reason: str | None = None
    is_error: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class _Refused(Exception):
    # Carries an error from wherever it was found to the one place that spells it.
    def __init__(self, code: int, text: str, *, is_fatal: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.is_fatal = is_fatal


class Control:
    """Subscriptions and properties of one connection.

    Parameters
    ----------
    dialect
        Product's manners.
    combined
        Initial value of the property: true on ``/stream``.
    """

    __slots__ = ("_dialect", "_streams", "combined")

    def __init__(self, dialect: Dialect, *, combined: bool) -> None:
        self._dialect = dialect
        self._streams: dict[str, None] = {}
        self.combined = combined

    @property
    def streams(self) -> tuple[str, ...]:
        """Subscribed names, known to the exchange or not, in order of subscription."""
        return tuple(self._streams)

    def preset(self, names: tuple[str, ...]) -> Answer:
        """Subscribe to the names of the URL. The answer has no text unless they are refused."""
        try:
            return Answer(b"", added=self._add(names))
        except _Refused as refused:
            return self._refusal(refused, _MISSING)

    def handle(self, message: bytes) -> Answer:
        """Answer one control message."""
        request_id: object = _MISSING
        try:
            request = _parse(message)
            request_id = _valid_id(request)
            return self._do(request, message, request_id)
        except _Refused as refused:
            return self._refusal(refused, request_id)

    def _do(self, request: dict[str, Any], message: bytes, request_id: object) -> Answer:
        method = request.get("method", _MISSING)
        if method is _MISSING:
            raise _Refused(2, f"Invalid request: missing field `method` at line 1 column {len(message)}")
        if method not in _METHODS:
            _refuse_method(method, message)
        params = request.get("params")
        if method == "LIST_SUBSCRIPTIONS":
            if params:
                raise _Refused(2, "Invalid request: too many parameters")
            return Answer(_result(list(self._streams), request_id))
        if not isinstance(params, list):
            raise _Refused(2, f"Invalid request: missing field `params` at line 1 column {len(message)}")
        if method == "SET_PROPERTY":
            self._set_property(params)
            return Answer(_result(None, request_id))
        if method == "GET_PROPERTY":
            return Answer(_result(self._get_property(params), request_id))
        names = _valid_names(params)
        if method == "SUBSCRIBE":
            return Answer(_result(None, request_id), added=self._add(names))
        return Answer(_result(None, request_id), removed=self._remove(names))

    def _add(self, names: tuple[str, ...]) -> tuple[str, ...]:
        added = tuple(dict.fromkeys(name for name in names if name not in self._streams))
        if len(self._streams) + len(added) > self._dialect.most_streams:
            raise _Refused(4, "Too many subscriptions", is_fatal=True)
        self._streams.update(dict.fromkeys(added))
        return added

    def _remove(self, names: tuple[str, ...]) -> tuple[str, ...]:
        # A name that was never subscribed is acknowledged all the same.
        removed = tuple(dict.fromkeys(name for name in names if name in self._streams))
        for name in removed:
            del self._streams[name]
        return removed

    def _set_property(self, params: list[Any]) -> None:
        _check_property(params, most=2)
        if len(params) < 2 or not isinstance(params[1], bool):
            raise _Refused(1, "Invalid value type: expected Boolean")
        self.combined = params[1]

    def _get_property(self, params: list[Any]) -> bool:
        _check_property(params, most=1)
        return self.combined

    def _refusal(self, refused: _Refused, request_id: object) -> Answer:
        is_fatal = refused.is_fatal and self._dialect.closes_on_bad_request
        error: dict[str, object] = {"code": refused.code, "msg": refused.text}
        frame = error if self._dialect.flat_errors else {"error": error}
        if request_id is not _MISSING and not is_fatal:
            frame = {**frame, "id": request_id}
        return Answer(_json(frame), "Invalid request" if is_fatal else None, is_error=True)


def _parse(message: bytes) -> dict[str, Any]:
    if len(message) > _LONGEST_MESSAGE:
        # Binance reads the first 4096 bytes and takes them for the whole.
        where = _unfinished(message[:_LONGEST_MESSAGE])
        _refuse_json(f"EOF while parsing {where} at line 1 column {_LONGEST_MESSAGE}")
    try:
        request = json.loads(message.decode("utf-8"), parse_constant=_refuse_json)
    except json.JSONDecodeError as error:
        what = "expected value"
        if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
            what = f"EOF while parsing {_unfinished(message)}"
        _refuse_json(f"{what} at line {error.lineno} column {error.colno}")
    except UnicodeDecodeError as error:
        _refuse_json(f"invalid unicode code point at line 1 column {error.start + 1}")
    except RecursionError:
        _refuse_json("recursion limit exceeded at line 1 column 128")
    if not isinstance(request, dict):
        raise _Refused(2, "Invalid request: invalid type, expected struct Request at line 1 column 0")
    return request


def _refuse_json(text: str) -> NoReturn:
    raise _Refused(3, f"Invalid JSON: {text}", is_fatal=True)


def _unfinished(text: bytes) -> str:
    # What a parser is in the middle of when the text ends.
    is_string = is_escaped = False
    nesting: list[str] = []
    for byte in text:
        if is_escaped:
            is_escaped = False
        elif is_string and byte == 0x5C:
            is_escaped = True
        elif byte == 0x22:
            is_string = not is_string
        elif not is_string and byte in b"[{":
            nesting.append("a list" if byte == 0x5B else "an object")
        elif not is_string and byte in b"]}" and nesting:
            nesting.pop()
    if is_string:
        return "a string"
    return nesting[-1] if nesting else "a value"


def _valid_id(request: dict[str, Any]) -> object:
    request_id = request.get("id", _MISSING)
    if request_id is None:
        return None
    if isinstance(request_id, int) and not isinstance(request_id, bool) and request_id in _INT64:
        return request_id
    if isinstance(request_id, str) and _TEXT_ID.fullmatch(request_id):
        return request_id
    raise _Refused(2, "Invalid request: request ID must be an unsigned integer")


def _valid_names(params: list[Any]) -> tuple[str, ...]:
    for name in params:
        if not isinstance(name, str) or not is_well_formed(name):
            raise _Refused(2, "Invalid request: invalid stream", is_fatal=True)
    return tuple(params)


def _check_property(params: list[Any], *, most: int) -> None:
    if not params or not isinstance(params[0], str):
        raise _Refused(2, "Invalid request: property name must be a string")
    if params[0] != "combined":
        raise _Refused(0, "Unknown property")
    if len(params) > most:
        raise _Refused(2, "Invalid request: too many parameters")


def _refuse_method(method: object, message: bytes) -> NoReturn:
    spelled = json.dumps(method, ensure_ascii=False).strip('"')
    column = message.find(spelled.encode()) + len(spelled.encode()) + 1
    expected = ", ".join(f"`{known}`" for known in _METHODS)
    text = (
        f"Invalid request: unknown variant `{spelled}`, expected one of {expected} at line 1 column {column}"
    )
    raise _Refused(2, text)


def _result(result: object, request_id: object) -> bytes:
    return _json({"result": result, "id": request_id})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

"""REST of one environment: from an HTTP request to its answer. Without sockets; the clock is given."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment
from fastbinance.sim.api.call import ApiError, Call
from fastbinance.sim.api.kinds import TEXTS
from fastbinance.sim.api.limits import ApiLimits, Budgets
from fastbinance.sim.api.method import Method
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.rest.endpoint import Endpoint, Meter
from fastbinance.sim.rest.tables import GONE, TABLES

__all__ = ["RestAnswer", "RestRequest", "RestService"]

Handler = Callable[[Endpoint, Call], Any]

# What stands at Binance in front of paths that are no more, and of those that never were.
_PAGE: Final = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_LONGEST_BODY: Final = 64 * 1024
_JSON: Final = "application/json"
_HTML: Final = "text/html"
_UNIT: Final = {"SECOND": "S", "MINUTE": "M", "DAY": "D"}
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One HTTP request.

    Attributes
    ----------
    verb, path
        What is asked for.
    query, body
        As they were sent: signatures are over that spelling.
    api_key
        The header ``X-MBX-APIKEY``; empty where there is none.
    address
        Where it comes from: limits are by address.
    """

    verb: str
    path: str
    query: str = ""
    body: str = ""
    api_key: str = field(default="", repr=False)
    address: str = ""


class RestAnswer(NamedTuple):
    """What a request is answered with."""

    status: int
    body: bytes
    headers: dict[str, str]
    content_type: str = _JSON
    late: float = 0.0  #: seconds that it waits, on purpose


class RestService:
    """Answers the HTTP requests of one environment.

    Parameters
    ----------
    api
        The WS API, which has the same accounts, keys and methods.
    environment
        Which.
    clock_ms
        The server's clock, in Unix milliseconds.
    budgets
        What may be used of the products that have a WS API too, which is one budget for both.
    limits
        Figures in place of Binance's, for those that have none.
    option_book
        Gives the book of an option.
    """

    def __init__(
        self,
        api: ApiService,
        environment: Environment,
        *,
        clock_ms: Callable[[], int],
        budgets: Mapping[Meter, Budgets],
        limits: ApiLimits,
        option_book: Callable[[Call], Any],
    ) -> None:
        self._api = api
        self._environment: Environment = environment
        self._clock_ms = clock_ms
        self._budgets: dict[Meter, Budgets] = {
            "sapi": Budgets("usdm", {"weight": 12_000, **limits}),
            "options": Budgets("usdm", {"weight": 400, **limits}),
            "portfolio": Budgets("usdm", {"weight": 6_000, **limits}),
            **budgets,
        }
        # What has no method of the WS API behind it.
        self._own: dict[str, Handler] = {
            "ping": lambda endpoint, call: {},
            "time": lambda endpoint, call: {"serverTime": call.now_ms},
            "listenKey.create": self._create_key,
            "listenKey.renew": self._renew_key,
            "listenKey.close": self._close_key,
            "listenToken.create": self._create_token,
            "options.depth": lambda endpoint, call: option_book(call),
        }

    def answer(self, product: RestProduct, request: RestRequest) -> RestAnswer:
        """Carry a request out, or find out why not."""
        if product == "spot" and request.path in GONE:
            return _page(HTTPStatus.GONE)
        verb = "GET" if request.verb == "HEAD" else request.verb
        endpoint = TABLES[product].get((verb, request.path))
        if endpoint is None:
            return _nothing_there(product, request)
        now_ms = self._clock_ms()
        budgets = self._budgets[endpoint.meter]
        call = Call(endpoint.product, self._environment, endpoint.name, {}, None, now_ms)
        try:
            params = _read_params(request, endpoint.method)
            budgets.charge(request.address, endpoint.method.weight_of(params), now_ms)
            result = self._carry_out(endpoint, call, request, params)
            if endpoint.method.free_when_it_works:
                budgets.count(request.address, -endpoint.method.weight_of(params), now_ms)
        except ApiError as error:
            return _refused(error, self._used(endpoint, request.address, call))._replace(late=call.late)
        headers = self._used(endpoint, request.address, call)
        return RestAnswer(HTTPStatus.OK, _encode(result), headers, late=call.late)

    def _carry_out(
        self, endpoint: Endpoint, call: Call, request: RestRequest, params: Mapping[str, Any]
    ) -> Any:
        method = endpoint.method
        account = self._api.keys.admit_http(
            method, request.api_key, params, _signed_text(request), call.now_ms
        )
        call.params = method.read(params)
        call.account = account
        call.api_key = None if account is None else account.api_key
        own = self._own.get(endpoint.name)
        return self._api.carry_out(method, call) if own is None else own(endpoint, call)

    def _create_key(self, endpoint: Endpoint, call: Call) -> dict[str, str]:
        key = self._api.user_data.start(endpoint.keys, call.account, call.now_ms)
        return {"listenKey": key.text}

    def _renew_key(self, endpoint: Endpoint, call: Call) -> dict[str, str]:
        keys = self._api.user_data
        key = keys.prolong(endpoint.keys, call.account, call.now_ms, call.params.get("listenKey"))
        # Only USD-M says again which one it is.
        return {"listenKey": key.text} if endpoint.keys == "usdm" else {}

    def _close_key(self, endpoint: Endpoint, call: Call) -> dict[str, str]:
        keys = self._api.user_data
        keys.stop(endpoint.keys, call.account, call.now_ms, call.params.get("listenKey"))
        return {}

    def _create_token(self, endpoint: Endpoint, call: Call) -> dict[str, Any]:
        params = call.params
        token = self._api.user_data.make_token(
            call.account,
            call.now_ms,
            symbol=params["symbol"] if params.get("isIsolated") else None,
            validity_ms=params.get("validity"),
        )
        return {"token": token.text, "expirationTime": token.expires_ms}

    def _used(self, endpoint: Endpoint, address: str, call: Call) -> dict[str, str]:
        """Spell what is used of the limits, as Binance does in the headers of every answer."""
        budgets, now_ms = self._budgets[endpoint.meter], call.now_ms
        counts_orders = endpoint.method.orders > 0
        headers = {}
        report = budgets.report(address, call.api_key if counts_orders else None, now_ms)
        for item in report:
            span = f"{item['intervalNum']}{_UNIT[item['interval']]}"
            count = str(item["count"])
            if item["rateLimitType"] == "ORDERS":
                headers[f"X-MBX-ORDER-COUNT-{span}"] = count
            elif endpoint.meter == "sapi":
                headers[f"X-SAPI-USED-IP-WEIGHT-{span}"] = count
            else:
                headers[f"X-MBX-USED-WEIGHT-{span}"] = count
        return headers


def _read_params(request: RestRequest, method: Method) -> dict[str, Any]:
    """Read query and body, of which the query counts where both have a name."""
    if len(request.query) + len(request.body) > _LONGEST_BODY:
        raise ApiError(-1101, "Too many parameters.")
    params: dict[str, Any] = {}
    for text in (request.body, request.query):
        found: dict[str, Any] = {}
        for pair in filter(None, text.split("&")):
            name, _, value = pair.partition("=")
            name = unquote_plus(name)
            if name in found:
                raise ApiError(-1101, "Duplicate values for a parameter detected.")
            found[name] = unquote_plus(value)
        params |= found
    for name, kind in method.parameters.items():
        if kind is TEXTS and str(params.get(name, "")).startswith("["):
            params[name] = _read_list(name, params[name])
    return params


def _read_list(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ApiError(-1100, f"Illegal characters found in parameter '{name}'.") from None


def _signed_text(request: RestRequest) -> bytes:
    """Give what a signature is over: query and body, one behind the other, without the signature."""
    parts = [
        "&".join(pair for pair in text.split("&") if pair.partition("=")[0] != "signature")
        for text in (request.query, request.body)
    ]
    return "".join(parts).encode("utf-8", "surrogateescape")


def _refused(error: ApiError, headers: dict[str, str]) -> RestAnswer:
    body: dict[str, Any] = {"code": error.code, "msg": error.msg}
    data = error.data
    if data is not None and "retryAfter" in data:
        # A body of REST has no place for it.
        wait_ms = max(0, data["retryAfter"] - data["serverTime"])
        headers = {**headers, "Retry-After": str(math.ceil(wait_ms / 1000))}
    elif data is not None:
        body["data"] = data
    return RestAnswer(error.status, _encode(body), headers)


def _nothing_there(product: RestProduct, request: RestRequest) -> RestAnswer:
    if product == "spot":
        return _page(HTTPStatus.NOT_FOUND)
    msg = f"Path {request.path}, Method {request.verb} is invalid"
    return RestAnswer(HTTPStatus.NOT_FOUND, _encode({"code": -5000, "msg": msg}), {})


def _page(status: HTTPStatus) -> RestAnswer:
    title = f"{status.value} {status.phrase}"
    return RestAnswer(status, _PAGE.format(title).encode(), {}, _HTML)

"""Parameters of requests to the WS APIs: what is missing, unknown, malformed or does not go together."""

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import connect_api

from fastbinance.sim import Simulator
from fastbinance.sim.api.futures_methods import COINM_METHODS, USDM_METHODS
from fastbinance.sim.api.method import COMMON, Method, Security
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.api.spot_methods import SPOT_METHODS

SPOT, USDM, COINM = "mainWSAPI", "usdmWSAPI", "coinmWSAPI"
METHODS = {SPOT: SPOT_METHODS, USDM: USDM_METHODS, COINM: COINM_METHODS}
LIMIT: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001",
    "price": "80000.00",
}  # fmt: skip
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
STOP: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.001", "stopPrice": "80000.00",
}  # fmt: skip
OCO: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.001", "aboveType": "LIMIT_MAKER",
    "abovePrice": "120000.00", "belowType": "STOP_LOSS", "belowStopPrice": "80000.00",
}  # fmt: skip
OTO: dict[str, Any] = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "80000.00",
    "workingQuantity": "0.001", "workingTimeInForce": "GTC", "pendingType": "LIMIT_MAKER",
    "pendingSide": "SELL", "pendingPrice": "120000.00", "pendingQuantity": "0.001",
}  # fmt: skip
COIN: dict[str, Any] = LIMIT | {"symbol": "BTCUSD_PERP", "quantity": "1"}
ALGO: dict[str, Any] = {
    "algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET",
    "quantity": "0.001", "triggerPrice": "80000",
}  # fmt: skip

MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
NOT_WANTED = "Parameter '{}' sent when not required."
ILLEGAL = "Illegal characters found in parameter '{}'; legal range is '{}'."
INVALID = "Data sent for parameter '{}' is not valid."
DECIMAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
COMBINATION = "Combination of optional parameters invalid."


def both_empty(one: str, other: str) -> str:
    return f"Param '{one}' or '{other}' must be sent, but both were empty/null!"


def less(params: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in (params | more).items() if name not in names}


WRONG = [
    # -- missing
    (SPOT, "depth", {}, -1102, MISSING.format("symbol")),
    (SPOT, "depth", {"symbol": ""}, -1102, MISSING.format("symbol")),
    (SPOT, "klines", {"symbol": "BTCUSDT"}, -1102, MISSING.format("interval")),
    (SPOT, "ticker", {}, -1102, both_empty("symbol", "symbols")),
    (SPOT, "order.place", less(LIMIT, "side"), -1102, MISSING.format("side")),
    (SPOT, "order.place", less(LIMIT, "timeInForce"), -1102, MISSING.format("timeInForce")),
    (SPOT, "order.place", less(LIMIT, "price"), -1102, MISSING.format("price")),
    (SPOT, "order.place", less(LIMIT, "quantity"), -1102, MISSING.format("quantity")),
    (SPOT, "order.place", less(MARKET, "quantity"), -1102, both_empty("quantity", "quoteOrderQty")),
    (SPOT, "order.place", less(STOP, "stopPrice"), -1102, both_empty("stopPrice", "trailingDelta")),
    (SPOT, "order.cancel", {"symbol": "BTCUSDT"}, -1102, both_empty("orderId", "origClientOrderId")),
    (
        SPOT, "order.cancelReplace", LIMIT | {"cancelReplaceMode": "ALLOW_FAILURE"}, -1102,
        both_empty("cancelOrderId", "cancelOrigClientOrderId"),
    ),
    (SPOT, "orderList.place.oco", less(OCO, "belowType"), -1102, MISSING.format("belowType")),
    (SPOT, "orderList.place.oco", less(OCO, "abovePrice"), -1102, MISSING.format("abovePrice")),
    (
        SPOT, "orderList.place.oco", less(OCO, "belowStopPrice"), -1102,
        both_empty("belowStopPrice", "belowTrailingDelta"),
    ),
    (
        SPOT, "orderList.place.oto", less(OTO, "workingTimeInForce"), -1102,
        MISSING.format("workingTimeInForce"),
    ),
    (SPOT, "orderList.place.oto", less(OTO, "pendingPrice"), -1102, MISSING.format("pendingPrice")),
    (SPOT, "orderList.status", {}, -1102, both_empty("orderListId", "origClientOrderId")),
    (USDM, "order.place", less(LIMIT, "timeInForce"), -1102, MISSING.format("timeInForce")),
    (USDM, "order.place", LIMIT | {"timeInForce": "GTD"}, -1102, MISSING.format("goodTillDate")),
    (
        USDM, "order.modify", {"symbol": "BTCUSDT", "side": "BUY", "quantity": "1", "orderId": 1}, -1102,
        MISSING.format("price"),
    ),
    (USDM, "algoOrder.place", less(ALGO, "triggerPrice"), -1102, MISSING.format("triggerPrice")),
    (USDM, "algoOrder.cancel", {}, -1102, both_empty("algoId", "clientAlgoId")),
    (COINM, "order.status", {"symbol": "BTCUSD_PERP"}, -1102, both_empty("orderId", "origClientOrderId")),
    # -- unknown
    (
        SPOT, "depth", {"symbol": "BTCUSDT", "levels": 5}, -1104,
        "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
    ),
    (
        SPOT, "ping", dict.fromkeys("abcdef", 1), -1101,
        "Too many parameters; expected '5' and received '6'.",
    ),
    (
        SPOT, "order.place", LIMIT | {"reduceOnly": "true"}, -1104,
        "Not all sent parameters were read; read '9' parameter(s) but was sent '10'.",
    ),
    # -- empty
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": ""}, -1105, "Parameter 'limit' was empty."),
    (SPOT, "order.place", LIMIT | {"newClientOrderId": ""}, -1105, "Parameter 'newClientOrderId' was empty."),
    # -- malformed
    (SPOT, "depth", {"symbol": "btcusdt"}, -1100, ILLEGAL.format("symbol", r"^[\w\-._&&[^a-z]]{1,50}$")),
    (SPOT, "depth", {"symbol": 5}, -1100, ILLEGAL.format("symbol", r"^[\w\-._&&[^a-z]]{1,50}$")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": -5}, -1100, ILLEGAL.format("limit", "^[0-9]{1,20}$")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": "5.0"}, -1100, ILLEGAL.format("limit", "^[0-9]{1,20}$")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": 5.0}, -1100, ILLEGAL.format("limit", "^[0-9]{1,20}$")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": 0}, -1130, INVALID.format("limit")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "limit": 5001}, -1130, INVALID.format("limit")),
    (
        SPOT, "trades.historical", {"symbol": "BTCUSDT", "fromId": 10**19}, -1108,
        "Parameter 'fromId' overflowed.",
    ),
    (SPOT, "order.place", LIMIT | {"price": "-1"}, -1100, ILLEGAL.format("price", DECIMAL)),
    (SPOT, "order.place", LIMIT | {"price": "1e5"}, -1100, ILLEGAL.format("price", DECIMAL)),
    (SPOT, "order.place", LIMIT | {"quantity": "1."}, -1100, ILLEGAL.format("quantity", DECIMAL)),
    (
        SPOT, "order.place", LIMIT | {"newClientOrderId": "a b"}, -1100,
        ILLEGAL.format("newClientOrderId", r"^[\.A-Z\:/a-z0-9_-]{1,36}$"),
    ),
    (
        SPOT, "order.place", LIMIT | {"newClientOrderId": 37 * "a"}, -1100,
        ILLEGAL.format("newClientOrderId", r"^[\.A-Z\:/a-z0-9_-]{1,36}$"),
    ),
    (SPOT, "ping", {"returnRateLimits": "no"}, -1100, ILLEGAL.format("returnRateLimits", "true or false")),
    (SPOT, "order.place", LIMIT | {"strategyType": 999_999}, -1134, INVALID.format("strategyType")),
    (SPOT, "ticker", {"symbols": []}, -1135, "JSON sent for parameter 'symbols' is not valid."),
    (SPOT, "ticker", {"symbols": [1]}, -1135, "JSON sent for parameter 'symbols' is not valid."),
    (
        SPOT, "ticker", {"symbols": ["BTCUSDT", "BTCUSDT"]}, -1151,
        "Symbol is present multiple times in the list.",
    ),
    (
        SPOT, "klines", {"symbol": "BTCUSDT", "interval": "1d", "timeZone": "15:00"}, -1130,
        INVALID.format("timeZone"),
    ),
    # -- words
    (SPOT, "klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120, "Invalid interval."),
    (SPOT, "order.place", LIMIT | {"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    (SPOT, "order.place", LIMIT | {"type": "limit"}, -1116, "Invalid orderType."),
    (SPOT, "order.place", LIMIT | {"side": "HOLD"}, -1117, "Invalid side."),
    (SPOT, "order.place", LIMIT | {"newOrderRespType": "SOME"}, -1130, INVALID.format("newOrderRespType")),
    (
        SPOT, "order.cancel", {"symbol": "BTCUSDT", "orderId": 1, "cancelRestrictions": "NONE"}, -1145,
        "Invalid cancelRestrictions",
    ),
    (SPOT, "ticker", {"symbol": "BTCUSDT", "type": "SHORT"}, -1139, "Invalid ticker type."),
    (SPOT, "ticker", {"symbol": "BTCUSDT", "windowSize": "8d"}, -1130, INVALID.format("windowSize")),
    (SPOT, "depth", {"symbol": "BTCUSDT", "symbolStatus": "GONE"}, -1122, "Invalid symbolStatus."),
    (
        SPOT, "depth", {"symbol": "BTCUSDT", "symbolStatus": "HALT"}, -1220,
        "The symbol's status does not match the requested symbolStatus.",
    ),
    (SPOT, "orderList.place.oco", OCO | {"aboveType": "LIMIT"}, -1158, "Order type not supported in OCO."),
    (USDM, "order.place", LIMIT | {"timeInForce": "DAY"}, -1115, "Invalid timeInForce."),
    (USDM, "order.place", LIMIT | {"positionSide": "UP"}, -1130, INVALID.format("positionSide")),
    (COINM, "order.place", COIN | {"side": "b"}, -1117, "Invalid side."),
    # -- not wanted, or not together
    (SPOT, "order.place", MARKET | {"price": "1"}, -1106, NOT_WANTED.format("price")),
    (SPOT, "order.place", MARKET | {"timeInForce": "GTC"}, -1106, NOT_WANTED.format("timeInForce")),
    (SPOT, "order.place", LIMIT | {"stopPrice": "1"}, -1106, NOT_WANTED.format("stopPrice")),
    (SPOT, "order.place", STOP | {"price": "1"}, -1106, NOT_WANTED.format("price")),
    (SPOT, "order.place", MARKET | {"quoteOrderQty": "100"}, -1128, COMBINATION),
    (
        SPOT, "order.place", less(LIMIT, "price", pegPriceType="PRIMARY_PEG", pegOffsetValue=1), -1128,
        f"{COMBINATION} Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely.",
    ),
    (SPOT, "exchangeInfo", {"symbol": "BTCUSDT", "symbols": ["BTCUSDT"]}, -1128, COMBINATION),
    (SPOT, "trades.aggregate", {"symbol": "BTCUSDT", "fromId": 1, "startTime": 1}, -1128, COMBINATION),
    (
        SPOT, "orderList.place.oco", OCO | {"belowType": "LIMIT_MAKER", "belowPrice": "1"}, -1106,
        NOT_WANTED.format("belowStopPrice"),
    ),
    (
        SPOT, "orderList.place.oco",
        less(OCO, "belowStopPrice", belowType="LIMIT_MAKER", belowPrice="80000.00"), -1168,
        "At least one OCO order must be contingent.",
    ),
    (USDM, "order.place", MARKET | {"price": "1"}, -1106, NOT_WANTED.format("price")),
    (USDM, "order.place", LIMIT | {"goodTillDate": 1}, -1106, NOT_WANTED.format("goodTillDate")),
    (USDM, "order.place", LIMIT | {"priceMatch": "QUEUE"}, -1128, COMBINATION),
    (
        USDM, "order.place", less(LIMIT, "timeInForce", type="STOP", stopPrice="1"), -4120,
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
    ),
    # -- too exact
    (
        SPOT, "order.place", LIMIT | {"price": "1.123456789"}, -1111,
        "Parameter 'price' has too much precision.",
    ),
    # -- symbols
    (SPOT, "depth", {"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
    (SPOT, "ticker.price", {"symbols": ["BTCUSDT", "NOSUCH"]}, -1121, "Invalid symbol."),
    (SPOT, "exchangeInfo", {"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
    (SPOT, "order.place", LIMIT | {"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
    (USDM, "depth", {"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
    (COINM, "order.place", COIN | {"symbol": "BTCUSDT"}, -1121, "Invalid symbol."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "text"),
    WRONG,
    ids=[f"{row[1]} {row[3]} {number}" for number, row in enumerate(WRONG)],
)
def test_wrong_parameters_are_refused_as_at_binance(
    client: SimpleNamespace, service: str, method: str, params: dict[str, Any], code: int, text: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, service) as peer:
            is_signed = METHODS[service][method].security is not Security.NONE
            sent = peer.signed(**params) if is_signed else params
            assert await peer.error(method, **sent) == (400, code, text)

    client.run(scene())


NUMBERS = [
    ("decimals as numbers", {"quantity": 0.001, "price": 80000}),
    ("decimals as texts", {"quantity": "0.00100", "price": "80000.000"}),
]


@pytest.mark.parametrize("amounts", [row[1] for row in NUMBERS], ids=[row[0] for row in NUMBERS])
def test_amounts_are_taken_as_numbers_and_as_texts(client: SimpleNamespace, amounts: dict[str, Any]) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            placed = await peer.result("order.place", **peer.signed(**LIMIT | amounts))
            assert (placed["origQty"], placed["price"]) == ("0.00100000", "80000.00000000")
            # So are ids.
            found = [
                await peer.result("order.status", **peer.signed(symbol="BTCUSDT", orderId=order_id))
                for order_id in (placed["orderId"], str(placed["orderId"]))
            ]
            assert found[0] == found[1]

    client.run(scene())


def test_there_are_as_many_methods_as_binance_has() -> None:
    assert {service: len(methods) for service, methods in METHODS.items()} == {SPOT: 56, USDM: 21, COINM: 13}


@pytest.mark.parametrize("service", METHODS)
def test_every_method_is_carried_out_by_something(client: SimpleNamespace, service: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            found: ApiService = sim._apis._services["prod"]
            product = {SPOT: "spot", USDM: "usdm", COINM: "coinm"}[service]
            handled = set(found._session_handlers) | {
                name for handled, name in found._handlers if handled == product
            }
            assert METHODS[service].keys() - handled == set()

    client.run(scene())


def required(method: Method) -> list[str]:
    return [*method.required, *(names[0] for names in method.either)]


@pytest.mark.parametrize(
    ("service", "name"),
    [(service, name) for service, methods in METHODS.items() for name in methods if required(methods[name])],
)
def test_every_method_misses_what_it_needs(client: SimpleNamespace, service: str, name: str) -> None:
    method = METHODS[service][name]

    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, service) as peer:
            params = {} if method.security is Security.NONE else peer.signed()
            status, code, text = await peer.error(name, **params)
            assert (status, code) == (400, -1102)
            assert f"'{required(method)[0]}'" in text

    client.run(scene())


HOSTILE = [
    "null", "true", "0", "-1", "1.5", "1e400", "99999999999999999999999999", '""', '"0"', '"²"', '"a b"',
    '"\\ud800"', '"\\u0000"', "[]", "{}", '["BTCUSDT",1]', '{"a":[1.5]}', '"NaN"', '"BTCUSDT"', '"LIMIT"',
    f'"{5000 * "9"}"',
]  # fmt: skip


@pytest.mark.parametrize("service", METHODS)
def test_no_request_breaks_a_connection(client: SimpleNamespace, service: str) -> None:
    rng = random.Random(service)
    methods = METHODS[service]

    def spelled(number: int) -> str:
        name = rng.choice(list(methods))
        known = [*methods[name].parameters, *sorted(COMMON)]
        chosen = rng.sample(known, rng.randint(0, len(known)))
        params = [f'"{parameter}":{rng.choice(HOSTILE)}' for parameter in chosen]
        method = name if rng.random() < 0.95 else f"{name}\\udfff"
        return f'{{"id":{number},"method":"{method}","params":{{{",".join(params)}}}}}'

    async def scene() -> None:
        async with Simulator(api_limits={"weight": 10**9}) as sim, connect_api(sim, service) as peer:
            for number in range(1500):
                answer = json.loads(await peer.say(spelled(number)))
                assert answer["id"] == number
                assert answer["status"] in (200, 400, 401)

    client.run(scene())


def test_a_signature_is_over_any_value(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            params = peer.signed(symbol="BTCUSDT", orderId=10**30)
            # It is refused for what it is, and not for what it is not.
            assert (await peer.error("order.status", **params))[1] == -1108
            params = peer.signed() | {"unknown": {"a": [1, 2.5, None]}}
            assert (await peer.error("account.status", **params))[1] == -1104

    client.run(scene())

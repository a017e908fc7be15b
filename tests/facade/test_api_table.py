"""The table of the WebSocket API: complete, and as Binance documents it."""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.api_samples import enough

from fastbinance import ConfigurationError
from fastbinance._api import METHODS
from fastbinance._api.table import catalogue, parameter
from fastbinance._protocol.method import PRODUCTS, Kind, Lane, Method, Needs, Product, Resolve, Security

every_method = pytest.mark.parametrize(
    "method", METHODS.values(), ids=[f"{product} {name}" for product, name in METHODS]
)


def takes(method: Method, name: str) -> bool:
    return any(each.name == name for each in method.parameters)


# -- the table


def test_there_are_as_many_methods_as_binance_has() -> None:
    assert Counter(product for product, _ in METHODS) == {"spot": 56, "usdm": 21, "coinm": 13}


def test_methods_have_names_of_their_own() -> None:
    names = Counter((method.product, method.python_name) for method in METHODS.values())
    assert set(names.values()) == {1}
    assert all(name.isidentifier() for _, name in names)


@every_method
def test_a_method_is_described(method: Method) -> None:
    assert method.summary.endswith(".")
    assert re.fullmatch(r'(Spot|USD-M Futures|COIN-M Futures) WebSocket API, "[^"]+"', method.source), (
        method.source
    )
    for each in method.parameters:
        assert re.search(r"\w.*\.$", each.doc), each.name
        assert bool(each.values) == (each.kind in (Kind.CHOICE, Kind.FLAG)), each.name
    names = Counter(each.name for each in method.parameters)
    assert set(names.values()) <= {1}


def test_two_parameters_of_one_name_are_refused() -> None:
    limit = parameter("limit", Kind.INTEGER, "How many.")
    with pytest.raises(ValueError, match="two parameters are named limit"):
        catalogue([limit], [limit])


@every_method
def test_an_answer_can_be_decoded_as_its_type(method: Method) -> None:
    msgspec.json.Decoder(method.answer)  # refuses what it cannot decode


@every_method
def test_rules_speak_of_parameters_and_values_that_there_are(method: Method) -> None:
    by_name = {each.name: each for each in method.parameters}
    for rule in method.rules:
        if isinstance(rule, Needs):
            assert set(rule.by_value) <= set(by_name[rule.name].values)
            assert {name for groups in rule.by_value.values() for group in groups for name in group} <= set(
                by_name
            )
        else:
            assert set(rule.names) <= set(by_name)


@every_method
def test_a_signed_method_takes_a_window_and_others_do_not(method: Method) -> None:
    timed = method.security in (Security.TRADE, Security.USER_DATA, Security.LOGON)
    assert takes(method, "recvWindow") == timed


@every_method
def test_what_places_an_order_carries_a_client_order_id(method: Method) -> None:
    if method.client_id is not None:
        assert takes(method, method.client_id)
        assert method.lane is Lane.ORDER
    if method.resolve in (Resolve.ORDER, Resolve.LIST):
        assert method.client_id is not None
    if method.resolve is Resolve.CANCEL:
        assert method.lane is Lane.CANCEL
    places = re.search(r"\border(List)?\.place|algoOrder\.place|cancelReplace", method.name) is not None
    assert (method.client_id is not None) == places


@every_method
def test_a_method_takes_what_is_enough(method: Method) -> None:
    params = enough(method)
    assert method.check(params).keys() == params.keys()


REQUIRED = [(method, each.name) for method in METHODS.values() for each in method.parameters if each.required]


@pytest.mark.parametrize(
    ("method", "name"), REQUIRED, ids=[f"{each.product} {each.name} {name}" for each, name in REQUIRED]
)
def test_each_required_parameter_is_missed(method: Method, name: str) -> None:
    params = enough(method)
    del params[name]
    with pytest.raises(ConfigurationError, match=rf"^{method.product} .*: {name} is missing$"):
        method.check(params)


@every_method
def test_floats_and_unknown_names_are_refused_by_every_method(method: Method) -> None:
    for each in method.parameters:
        with pytest.raises(ConfigurationError, match=rf"{re.escape(method.name)}: {each.name} takes "):
            method.check(enough(method) | {each.name: 0.5})
    with pytest.raises(ConfigurationError, match="has no parameter 'price_'"):
        method.check(enough(method) | {"price_": "1"})


NEEDED = [
    ("spot", "order.place", {"type": "LIMIT", "price": "1", "quantity": "1"}, "timeInForce"),
    ("spot", "order.place", {"type": "LIMIT", "timeInForce": "GTC", "price": "1"}, "quantity"),
    (
        "spot",
        "order.place",
        {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1"},
        "price or pegPriceType",
    ),
    ("spot", "order.place", {"type": "LIMIT_MAKER", "quantity": "1"}, "price or pegPriceType"),
    ("spot", "order.place", {"type": "MARKET"}, "quantity or quoteOrderQty"),
    ("spot", "order.place", {"type": "STOP_LOSS", "quantity": "1"}, "stopPrice or trailingDelta"),
    ("spot", "order.test", {"type": "TAKE_PROFIT", "quantity": "1"}, "stopPrice or trailingDelta"),
    (
        "spot",
        "order.place",
        {"type": "STOP_LOSS_LIMIT", "quantity": "1", "stopPrice": "1", "price": "1"},
        "timeInForce",
    ),
    ("spot", "sor.order.place", {"type": "LIMIT", "quantity": "1", "timeInForce": "GTC"}, "price"),
    ("usdm", "order.place", {"type": "MARKET"}, "quantity"),
    (
        "usdm",
        "order.place",
        {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1"},
        "price or priceMatch",
    ),
    (
        "usdm",
        "order.place",
        {"type": "LIMIT", "timeInForce": "GTD", "quantity": "1", "price": "1"},
        "goodTillDate",
    ),
    ("usdm", "algoOrder.place", {"algoType": "CONDITIONAL", "type": "STOP_MARKET"}, "triggerPrice"),
    (
        "usdm",
        "algoOrder.place",
        {"algoType": "CONDITIONAL", "type": "TRAILING_STOP_MARKET", "quantity": "1"},
        "callbackRate",
    ),
    ("coinm", "order.place", {"type": "STOP", "quantity": "1", "price": "1"}, "stopPrice"),
    ("coinm", "order.place", {"type": "STOP_MARKET", "stopPrice": "1"}, "quantity or closePosition"),
]


@pytest.mark.parametrize(("product", "name", "params", "missing"), NEEDED)
def test_what_a_type_of_order_needs_is_missed(
    product: Product, name: str, params: dict[str, object], missing: str
) -> None:
    with pytest.raises(ConfigurationError, match=f": {missing} is missing, which "):
        METHODS[product, name].check({"symbol": "BTCUSDT", "side": "BUY", **params})


def test_legs_of_a_list_need_what_their_types_need() -> None:
    oco = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "quantity": "1",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": "2",
    }
    method = METHODS["spot", "orderList.place.oco"]
    with pytest.raises(
        ConfigurationError, match="belowStopPrice or belowTrailingDelta is missing, which bel"
    ):
        method.check(oco | {"belowType": "STOP_LOSS"})
    method.check(oco | {"belowType": "STOP_LOSS", "belowTrailingDelta": 10})


@pytest.mark.parametrize("name", ["ticker", "ticker.24hr", "ticker.price", "exchangeInfo", "executionRules"])
def test_symbol_and_symbols_exclude_each_other(name: str) -> None:
    with pytest.raises(ConfigurationError, match="symbol and symbols exclude each other"):
        METHODS["spot", name].check({"symbol": "BTCUSDT", "symbols": ["ETHUSDT"]})


def test_an_order_is_named_by_either_id_or_both() -> None:
    for product in PRODUCTS:
        method = METHODS[product, "order.status"]
        with pytest.raises(ConfigurationError, match="orderId or origClientOrderId is missing"):
            method.check({"symbol": "BTCUSDT"})
        method.check({"symbol": "BTCUSDT", "orderId": 1, "origClientOrderId": "x"})


def test_a_type_that_is_new_is_sent_with_a_warning_and_without_what_it_may_need() -> None:
    order = {"symbol": "btcusdt", "side": "BUY", "type": "ICEBERG_3", "price": Decimal("1E-3")}
    with pytest.warns(UserWarning, match="spot order.place: type='ICEBERG_3' is sent, but"):
        checked = METHODS["spot", "order.place"].check(order)
    assert checked == {"symbol": "BTCUSDT", "side": "BUY", "type": "ICEBERG_3", "price": "0.001"}


def test_booleans_of_futures_are_text_and_those_of_spot_are_not() -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 1}
    assert METHODS["usdm", "order.place"].check(order | {"reduceOnly": True})["reduceOnly"] == "true"
    test = METHODS["spot", "order.test"].check(order | {"computeCommissionRates": True})
    assert test["computeCommissionRates"] is True


# -- weights

MANY = [f"S{number}" for number in range(101)]
WEIGHTS: list[tuple[Product, str, dict[str, Any], int]] = [
    ("spot", "depth", {}, 5),
    ("spot", "depth", {"limit": 100}, 5),
    ("spot", "depth", {"limit": 101}, 25),
    ("spot", "depth", {"limit": 1000}, 50),
    ("spot", "depth", {"limit": 5000}, 250),
    ("spot", "depth", {"limit": 9999}, 250),
    ("spot", "executionRules", {"symbol": "S"}, 2),
    ("spot", "executionRules", {"symbols": MANY[:3]}, 6),
    ("spot", "executionRules", {"symbols": MANY}, 40),
    ("spot", "executionRules", {}, 40),
    ("spot", "ticker.24hr", {"symbol": "S"}, 2),
    ("spot", "ticker.24hr", {"symbols": MANY[:20]}, 2),
    ("spot", "ticker.24hr", {"symbols": MANY[:21]}, 40),
    ("spot", "ticker.24hr", {"symbols": MANY}, 80),
    ("spot", "ticker.24hr", {}, 80),
    ("spot", "ticker.tradingDay", {"symbol": "S"}, 4),
    ("spot", "ticker.tradingDay", {"symbols": MANY[:50]}, 200),
    ("spot", "ticker", {"symbols": MANY[:49]}, 196),
    ("spot", "ticker", {"symbols": MANY[:51]}, 200),
    ("spot", "ticker.price", {"symbol": "S"}, 2),
    ("spot", "ticker.book", {"symbols": ["S"]}, 4),
    ("spot", "ticker.book", {}, 4),
    ("spot", "order.test", {}, 1),
    ("spot", "order.test", {"computeCommissionRates": False}, 1),
    ("spot", "sor.order.test", {"computeCommissionRates": True}, 20),
    ("spot", "openOrders.status", {"symbol": "S"}, 6),
    ("spot", "openOrders.status", {}, 80),
    ("spot", "myTrades", {"symbol": "S"}, 20),
    ("spot", "myTrades", {"symbol": "S", "orderId": 0}, 5),
    ("spot", "myPreventedMatches", {"preventedMatchId": 1}, 2),
    ("spot", "myPreventedMatches", {"orderId": 1}, 20),
    ("usdm", "depth", {}, 10),
    ("usdm", "depth", {"limit": 50}, 2),
    ("usdm", "depth", {"limit": 100}, 5),
    ("usdm", "depth", {"limit": 1000}, 20),
    ("usdm", "ticker.price", {"symbol": "S"}, 1),
    ("usdm", "ticker.price", {}, 2),
    ("usdm", "ticker.book", {"symbol": "S"}, 2),
    ("usdm", "ticker.book", {}, 5),
    ("usdm", "order.place", {}, 0),
]


@pytest.mark.parametrize(("product", "name", "params", "weight"), WEIGHTS)
def test_a_call_costs_what_binance_says(
    product: Product, name: str, params: dict[str, Any], weight: int
) -> None:
    method = METHODS[product, name]
    assert method.weight_of(params) == weight <= method.weight


def test_every_weight_that_depends_on_parameters_is_tried_above() -> None:
    varying = {key for key, method in METHODS.items() if method.weigh is not None}
    assert varying <= {(product, name) for product, name, _, _ in WEIGHTS}


# -- Binance's documentation, as the specification beside the checkout sums it up


@pytest.fixture(scope="module")
def documented(captures: Path) -> dict[tuple[Product, str], list[str]]:
    """Return the rows of the specification's tables: weight, required and optional parameters."""
    page = captures.parent / "spec" / "ws-api.md"
    if not page.is_file():
        pytest.skip("no specification beside the captured messages")
    found: dict[tuple[Product, str], list[str]] = {}
    sections: dict[str, Product] = {"4. Spot": "spot", "5. USD-M": "usdm", "6. COIN-M": "coinm"}
    for heading, product in sections.items():
        text = page.read_text().partition(f"\n## {heading} methods")[2].partition("\n## ")[0]
        for row in re.findall(r"^\| (?!Method|---)(.*) \|$", text, re.MULTILINE):
            first, _, weight, required, optional, *_ = (
                cell.strip() for cell in re.split(r"(?<!\\)\|", row.replace("\\|", "¦"))
            )
            if "retired" not in row:
                found |= {(product, name): [weight, required, optional] for name in named(first)}
    return found


def named(cell: str) -> list[str]:
    """Return the methods of a cell such as ``session.logon / status``."""
    first, *others = cell.partition(" (")[0].split(" / ")
    return [first, *(f"{first.rpartition('.')[0]}.{other}" for other in others)]


def test_every_documented_method_is_there_and_no_other(
    documented: dict[tuple[Product, str], list[str]],
) -> None:
    assert documented.keys() == METHODS.keys()


def test_documented_parameters_are_there(documented: dict[tuple[Product, str], list[str]]) -> None:
    by_signing = {"apiKey", "timestamp", "signature", "id"}
    for key, (_, required, optional) in documented.items():
        method = METHODS[key]
        by_name = {each.name: each for each in method.parameters}
        for part in re.split(r", ", re.sub(r"\(.*?\)", "", required)):
            if re.fullmatch(r"[a-z]\w+ *", part) and part.strip() not in by_signing:
                assert by_name[part.strip()].required, (key, part)
            elif "¦" in part:
                assert {name.strip() for name in part.split("¦")} <= by_name.keys() | by_signing, (key, part)
        plain = re.sub(r"\(.*?\)|\w*\*.*|\{.*?\}", "", optional).replace("STP", "selfTradePreventionMode")
        for name in re.split(r", | ¦ ", plain):
            if re.fullmatch(r"[a-z]+[A-Z]\w+|limit|symbol|price|quantity|type|pair", name.strip()):
                assert name.strip() in by_name, (key, name)


def test_documented_weights_are_the_greatest_of_each_method(
    documented: dict[tuple[Product, str], list[str]],
) -> None:
    for key, (weight, _, _) in documented.items():
        # Limits and numbers of symbols are in parentheses; order.modify has the address's weight after "IP".
        text = re.sub(r"\([≤\d].*?\)|≤\d+", "", weight.partition("IP ")[2] or weight)
        assert METHODS[key].weight == max(map(int, re.findall(r"\d+", text)), default=None), (key, weight)

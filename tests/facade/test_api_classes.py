"""The classes of methods that are generated from the table, and what stands for the SDK's methods."""

import asyncio
import importlib.util
import inspect
import json
import re
import sys
import typing
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.api_samples import enough
from support.js_sdk_api import CALLS, WITHOUT_REQUEST

from fastbinance._api import METHODS, values
from fastbinance._api.base import AsyncCaller, BlockingCaller
from fastbinance._api.coinm_awaited import CoinmApi
from fastbinance._api.coinm_blocking import BlockingCoinmApi
from fastbinance._api.spot_awaited import SpotApi
from fastbinance._api.spot_blocking import BlockingSpotApi
from fastbinance._api.usdm_awaited import UsdmApi
from fastbinance._api.usdm_blocking import BlockingUsdmApi
from fastbinance._protocol.method import PRODUCTS, Method, Product

ROOT = Path(__file__).parents[2]
SDK = json.loads((ROOT / "tests/vectors/js_sdk_websocket_api_client.json").read_text())

AWAITED: dict[Product, type[AsyncCaller]] = {"spot": SpotApi, "usdm": UsdmApi, "coinm": CoinmApi}
BLOCKING: dict[Product, type[BlockingCaller]] = {
    "spot": BlockingSpotApi,
    "usdm": BlockingUsdmApi,
    "coinm": BlockingCoinmApi,
}
FACES = [(product, face[product]) for face in (AWAITED, BLOCKING) for product in PRODUCTS]

every_method = pytest.mark.parametrize(
    "method", METHODS.values(), ids=[f"{product} {name}" for product, name in METHODS]
)

# -- what is generated from it


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_api", ROOT / "tools" / "generate_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for the module of a class
    spec.loader.exec_module(module)
    return module


def test_what_is_generated_is_what_would_be_generated_now(generator: ModuleType) -> None:
    for path, text in generator.generated().items():
        assert path.read_text() == text, f"{path.name}: run python tools/generate_api.py"


@pytest.mark.parametrize(("product", "face"), FACES)
def test_a_class_has_each_method_with_its_parameters(product: Product, face: type[Any]) -> None:
    methods = {method.python_name: method for method in METHODS.values() if method.product == product}
    assert {name for name in vars(face) if not name.startswith("_")} == methods.keys()
    for name, method in methods.items():
        function = getattr(face, name)
        assert inspect.iscoroutinefunction(function) == issubclass(face, AsyncCaller)
        own, *rest = inspect.signature(function).parameters.values()
        assert own.name == "self"
        assert {each.kind for each in rest} == {inspect.Parameter.KEYWORD_ONLY}
        required = [each.name for each in rest if each.default is inspect.Parameter.empty]
        assert required == [each.name for each in method.parameters if each.required]
        extra = ["timeout", "resolve"] if method.resolve else ["timeout"]
        assert [each.name for each in rest] == [*(each.name for each in method.parameters), *extra]
        hints = typing.get_type_hints(function)
        assert hints["return"] == method.answer


@pytest.mark.parametrize(("product", "face"), FACES)
def test_a_docstring_has_all_that_the_table_knows(product: Product, face: type[Any]) -> None:
    for method in METHODS.values():
        if method.product == product:
            text = " ".join((inspect.getdoc(getattr(face, method.python_name)) or "").split())
            assert text.startswith(method.summary)
            assert re.search(rf"\. Weight (up to )?{method.weight}\. ", text)
            assert f"Source: {method.source}." in text
            for each in method.parameters:
                assert f" {each.name} : " in text
                assert each.doc in text


@pytest.mark.parametrize("name", values.__all__)
def test_every_list_of_values_is_used(name: str, generator: ModuleType) -> None:
    text = "".join(path.read_text() for path in generator.generated() if path.suffix == ".py")
    assert re.search(rf"\b{name}\b", text)


def call(product: Product, blocking: bool, name: str, **params: Any) -> tuple[Any, ...]:
    """Call a method of a class that hands on what it got, and give that."""

    def blocking_call(*given: Any) -> Any:
        return given

    async def awaited_call(*given: Any) -> Any:
        return given

    if blocking:
        given = getattr(BLOCKING[product](blocking_call), name)(**params)
    else:
        given = asyncio.run(getattr(AWAITED[product](awaited_call), name)(**params))
    assert isinstance(given, tuple)
    return given


@pytest.mark.parametrize("blocking", [False, True], ids=["awaited", "blocking"])
@every_method
def test_a_call_hands_on_method_parameters_timeout_and_resolve(method: Method, blocking: bool) -> None:
    params = enough(method)
    default = call(method.product, blocking, method.python_name, **params)
    everything = dict.fromkeys(each.name for each in method.parameters) | params
    assert default == (method, everything, None, method.resolve is not None)
    own: dict[str, Any] = {"timeout": 2.5} | ({"resolve": False} if method.resolve else {})
    given = call(method.product, blocking, method.python_name, **params, **own)
    assert given == (method, everything, 2.5, False)
    assert method.check(everything) == method.check(params)


# -- the JavaScript SDK


def test_every_method_of_the_sdk_is_mapped() -> None:
    assert {call.theirs for call in CALLS} | set(WITHOUT_REQUEST) == set(SDK["methods"]["WebsocketAPIClient"])
    assert len(SDK["methods"]["WebsocketAPIClient"]) == 71


@pytest.mark.parametrize("mapped", CALLS, ids=lambda mapped: f"{mapped.theirs} {mapped.product}")
def test_what_stands_for_a_method_of_the_sdk_takes_its_parameters(mapped: Any) -> None:
    method = METHODS[mapped.product, mapped.name]
    assert method.check(mapped.params).keys() == mapped.params.keys()
    for blocking in (False, True):
        assert call(mapped.product, blocking, method.python_name, **mapped.params)[0] is method


def test_page_for_those_who_come_from_the_sdk_has_these_calls() -> None:
    text = (ROOT / "docs" / "from-the-js-sdk.md").read_text()
    section = text.partition("\n## WebsocketAPIClient\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
    mapped: dict[str, list[str]] = {}
    for each in CALLS:
        called = f"{each.product}.{METHODS[each.product, each.name].python_name}"
        mapped.setdefault(each.theirs, []).append(called)
    assert Counter(name for name, _ in rows) == Counter(SDK["methods"]["WebsocketAPIClient"])
    requests = {name: re.findall(r"`([^`]+)`", ours) for name, ours in rows if name not in WITHOUT_REQUEST}
    assert requests == mapped

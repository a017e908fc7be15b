"""The JavaScript SDK hears the user data of the simulator, unchanged but for its URLs."""

import json
from pathlib import Path
from typing import Literal

import pytest
from support.api import ED25519_PEM, ed25519_key
from support.sdks import UserDataScene, user_data_of

from fastbinance import WsKey
from fastbinance.sim import API_KEY, API_SECRET, run_in_thread

Product = Literal["spot", "usdm", "coinm"]

#: Services of requests and of user data, something that every market has, and how much of it rests.
SCENES: dict[Product, tuple[WsKey, WsKey, str, str]] = {
    "spot": (WsKey.MAIN_WS_API, WsKey.MAIN_WS_API, "BTCUSDT", "0.001"),
    "usdm": (WsKey.USDM_WS_API, WsKey.USDM_PRIVATE, "BTCUSDT", "0.002"),
    "coinm": (WsKey.COINM_WS_API, WsKey.COINM, "BTCUSD_PERP", "1"),
}


@pytest.mark.parametrize(
    ("product", "logs_on"), [("spot", False), ("spot", True), ("usdm", False), ("coinm", False)]
)
def test_the_sdk_hears_what_becomes_of_its_order(tmp_path: Path, product: Product, logs_on: bool) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(ED25519_PEM if logs_on else API_SECRET.encode())
    key = ed25519_key("ed25519-key")
    api, streams, symbol, quantity = SCENES[product]
    with run_in_thread(seed=5, accounts=[key.account]) as simulator:
        scene = UserDataScene(
            api_url=simulator.urls[api],
            stream_url=simulator.urls[streams],
            rest_url=simulator.rest_urls[product],
            product=product,
            api_key=key.api_key if logs_on else API_KEY,
            secret=str(secret),
            logs_on=logs_on,
            symbol=symbol,
            price=json.loads(simulator.snapshot(product, symbol))["bids"][-1][0],
            quantity=quantity,
        )
        found = user_data_of("JavaScript SDK", scene)
    name = "executionReport" if product == "spot" else "ORDER_TRADE_UPDATE"
    reports = [event if product == "spot" else event["o"] for event in found["events"] if event["e"] == name]
    assert [(report["i"], report["X"]) for report in reports] == [
        (found["order_id"], "NEW"), (found["order_id"], "CANCELED"),
    ]  # fmt: skip

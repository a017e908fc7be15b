"""Clients that are not ours place, query and cancel orders at the simulator, unchanged but for their URLs."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from support.sdks import FINISH_SECONDS, Scene, orders_of

import fastbinance
from fastbinance import WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, SimAccount, run_in_thread

Product = Literal["spot", "usdm", "coinm"]

NO_SUCH_ORDER = -2013
KEYS = {"spot": WsKey.MAIN_WS_API, "usdm": WsKey.USDM_WS_API, "coinm": WsKey.COINM_WS_API}
#: Something that every market has, and how much of it rests.
INSTRUMENTS: dict[Product, tuple[str, str]] = {
    "spot": ("BTCUSDT", "0.001"), "usdm": ("BTCUSDT", "0.002"), "coinm": ("BTCUSD_PERP", "1"),
}  # fmt: skip


class Key(NamedTuple):
    """An API key whose secret lies in a file, as the SDKs want it."""

    api_key: str
    secret: Path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    """Give a key of each kind; that of HMAC is the one which every simulator knows."""
    directory = tmp_path_factory.mktemp("keys")
    found = {"HMAC": Key(API_KEY, directory / "hmac")}
    found["HMAC"].secret.write_text(API_SECRET)
    for kind, private in (
        ("Ed25519", ed25519.Ed25519PrivateKey.generate()),
        ("RSA", rsa.generate_private_key(public_exponent=65_537, key_size=2_048)),
    ):
        found[kind] = Key(f"key-{kind}", directory / f"{kind}.pem")
        found[kind].secret.write_bytes(
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        found[kind].secret.with_suffix(".public").write_bytes(
            private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    return found


@pytest.fixture(scope="module")
def simulator(keys: dict[str, Key]) -> Iterator[RunningSimulator]:
    """Run a simulator that knows the keys."""
    accounts = [
        SimAccount(key.api_key, public_key=key.secret.with_suffix(".public").read_bytes())
        for kind, key in keys.items()
        if kind != "HMAC"
    ]
    with run_in_thread(seed=5, accounts=accounts) as running:
        yield running


def resting_price(book: bytes) -> str:
    """Return the lowest bid of a snapshot: on the tick, and nobody sells there."""
    price: str = json.loads(book)["bids"][-1][0]
    return price


def check(found: dict[str, Any], scene: Scene) -> None:
    """Hold what an SDK was answered against what it asked for."""
    placed, queried, canceled, after = (found[name] for name in ("placed", "queried", "canceled", "after"))
    assert [answer["status"] for answer in (placed, queried, canceled, after)] == [
        "NEW", "NEW", "CANCELED", "CANCELED",
    ]  # fmt: skip
    for answer in (placed, queried, canceled, after):
        assert answer["orderId"] == placed["orderId"]
        assert (answer["symbol"], answer["side"], answer["type"]) == (scene.symbol, "BUY", "LIMIT")
        assert Decimal(answer["price"]) == Decimal(scene.price)
        assert Decimal(answer["origQty"]) == Decimal(scene.quantity)
        assert Decimal(answer["executedQty"]) == 0
    assert placed["clientOrderId"] == queried["clientOrderId"] != ""
    # Spot's cancel has a client order id of its own, and the order's beside it.
    assert canceled.get("origClientOrderId", canceled["clientOrderId"]) == placed["clientOrderId"]
    assert found["refused"] == NO_SUCH_ORDER
    assert found["logged_on"] == scene.logs_on


#: SDK, kind of key, whether it logs on (Ed25519 alone can), products. Not there: the official SDK of USD-M
#: has no logon; python-binance has no logon and no COIN-M, and for futures it percent-encodes signatures
#: in base64, which Binance would not take either.
CASES: list[tuple[str, str, bool, Product]] = [
    *(("JavaScript SDK", "HMAC", False, product) for product in INSTRUMENTS),
    *(("JavaScript SDK", "Ed25519", True, product) for product in INSTRUMENTS),
    ("JavaScript SDK", "Ed25519", False, "spot"),
    ("JavaScript SDK", "RSA", False, "spot"),
    ("official SDK", "HMAC", False, "spot"),
    ("official SDK", "HMAC", False, "usdm"),
    ("official SDK", "Ed25519", True, "spot"),
    ("official SDK", "Ed25519", False, "usdm"),
    ("official SDK", "RSA", False, "spot"),
    ("python-binance", "HMAC", False, "spot"),
    ("python-binance", "HMAC", False, "usdm"),
    ("python-binance", "Ed25519", False, "spot"),
    ("python-binance", "RSA", False, "spot"),
]


@pytest.mark.parametrize(
    ("sdk", "kind", "logs_on", "product"),
    CASES,
    ids=[f"{sdk}, {product}, {kind}{' logged on' * logs_on}" for sdk, kind, logs_on, product in CASES],
)
def test_an_sdk_places_queries_and_cancels_an_order(
    simulator: RunningSimulator, keys: dict[str, Key], sdk: str, kind: str, logs_on: bool, product: Product
) -> None:
    symbol, quantity = INSTRUMENTS[product]
    scene = Scene(
        url=simulator.urls[KEYS[product]],
        product=product,
        api_key=keys[kind].api_key,
        secret=str(keys[kind].secret),
        logs_on=logs_on,
        symbol=symbol,
        price=resting_price(simulator.snapshot(product, symbol)),
        quantity=quantity,
    )
    check(orders_of(sdk, scene), scene)


@pytest.mark.parametrize("sdk", ["JavaScript SDK", "official SDK", "python-binance"])
def test_an_sdk_trades_with_the_simulator_of_the_command_line(sdk: str, keys: dict[str, Key]) -> None:
    command = [sys.executable, "-m", "fastbinance", "sim", "--seed", "5"]
    environment = {"PYTHONPATH": str(Path(fastbinance.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        url = ""
        for line in process.stdout:
            found = re.match(r"ws-api\.binance\.com\S*\s+(ws://\S+)", line)
            url = found[1] if found else url
            if line.startswith("Serving."):
                break
        # The same seed tells the same story, so that the price is known without asking.
        with run_in_thread(seed=5) as twin:
            price = resting_price(twin.snapshot("spot", "BTCUSDT"))
        key = keys["HMAC"]
        scene = Scene(url, "spot", key.api_key, str(key.secret), False, "BTCUSDT", price, "0.001")
        check(orders_of(sdk, scene), scene)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=FINISH_SECONDS)
    assert process.returncode == 0

"""Clients that are not ours, each in a process of its own. What is not installed is skipped.

To install them, beside the clone or anywhere else, and run the tests with them::

    python3 -m venv peers
    peers/bin/pip install binance-sdk-spot binance-sdk-derivatives-trading-usds-futures python-binance
    mkdir sdk && (cd sdk && npm install binance)
    FASTBINANCE_PEER_PYTHON=peers/bin/python FASTBINANCE_PEER_NODE=sdk python -m pytest tests/sdk

FASTBINANCE_PEER_PYTHON
    An interpreter that has the Python SDKs; without it, the one that runs the tests.
FASTBINANCE_PEER_NODE
    The directory in which ``npm install binance`` was run; without it, node looks where it always does.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["FINISH_SECONDS", "Scene", "UserDataScene", "orders_of", "user_data_of"]

HERE = Path(__file__).parents[1] / "sdk"
FINISH_SECONDS = 60.0

_PYTHON = os.environ.get("FASTBINANCE_PEER_PYTHON", sys.executable)
_NODE_DIRECTORY = os.environ.get("FASTBINANCE_PEER_NODE", "")
#: Without a scene each program ends at once, and well where its SDK is installed.
PROGRAMS = {
    "JavaScript SDK": ("node", str(HERE / "orders_js_sdk.cjs"), _NODE_DIRECTORY),
    "official SDK": (_PYTHON, str(HERE / "orders_official_sdk.py")),
    "python-binance": (_PYTHON, str(HERE / "orders_python_binance.py")),
}

#: Those that listen to user data.
LISTENERS = {"JavaScript SDK": ("node", str(HERE / "user_data_js_sdk.cjs"), _NODE_DIRECTORY)}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a program is told: where the simulator is, whose order it places, and which.

    Attributes
    ----------
    url
        Base URL of the service, without a path.
    product
        ``"spot"``, ``"usdm"`` or ``"coinm"``.
    api_key, secret
        The key, and the file of its secret.
    logs_on
        Whether the session is logged on, rather than each request signed.
    symbol, price, quantity
        Of the order, which must rest.
    """

    url: str
    product: str
    api_key: str
    secret: str
    logs_on: bool
    symbol: str
    price: str
    quantity: str


@dataclass(frozen=True, slots=True)
class UserDataScene:
    """What a program is told that listens: as `Scene`, with the services of requests, user data and REST."""

    api_url: str
    stream_url: str
    rest_url: str
    product: str
    api_key: str
    secret: str
    logs_on: bool
    symbol: str
    price: str
    quantity: str


@functools.cache
def is_installed(sdk: str) -> bool:
    """Tell whether a program can run here."""
    command = PROGRAMS[sdk]
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=FINISH_SECONDS, check=False).returncode == 0


def orders_of(sdk: str, scene: Scene) -> dict[str, Any]:
    """Have an SDK place, query and cancel an order; return what it was answered."""
    return _play(sdk, PROGRAMS[sdk], scene)


def user_data_of(sdk: str, scene: UserDataScene) -> dict[str, Any]:
    """Have an SDK place and cancel an order; return what it was told of it."""
    return _play(sdk, LISTENERS[sdk], scene)


def _play(sdk: str, program: tuple[str, ...], scene: Scene | UserDataScene) -> dict[str, Any]:
    if not is_installed(sdk):
        pytest.skip(f"the {sdk} is not installed here; tests/support/sdks.py says how")
    command = [*program, json.dumps(asdict(scene))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=FINISH_SECONDS, check=False)
    assert done.returncode == 0, f"{sdk}:\n{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found

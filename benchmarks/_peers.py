"""Other people's clients for the loopback flood: how each is started, and whether it is installed.

Each is a program of its own that takes ``URL FRAMES CAPACITY BLOCKS...``, connects once for each number of
blocks, and prints one JSON line for each: messages, CPU nanoseconds, and the sums that prove what it decoded.
All of them store the same fields into a ring of typed rows; none ends with text or with a dict.

Environment
-----------
FASTBINANCE_PEER_PYTHON
    An interpreter that has the Python peers, where they should not be installed beside the package.
FASTBINANCE_PEER_NODE
    The directory in which ``npm install binance`` was run. Without it, node looks where it always does.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from benchmarks._compile import HERE

__all__ = ["NODE_DIRECTORY", "PEERS", "PYTHON", "Peer", "is_installed"]

PYTHON: Final = os.environ.get("FASTBINANCE_PEER_PYTHON", sys.executable)
NODE_DIRECTORY: Final = os.environ.get("FASTBINANCE_PEER_NODE", "")
_NODE_PROGRAM: Final = str(HERE / "_peer_js_sdk.cjs")


@dataclass(frozen=True, slots=True)
class Peer:
    """A client that is not ours."""

    meaning: str
    install: str  # what to type where it is missing
    blocks: int  # of a flood that takes it a second or so; node has to be warm: 80,000 messages
    command: tuple[str, ...]
    probe: tuple[str, ...]  # succeeds where it is installed

    def is_installed(self) -> bool:
        """Tell whether its packages are there."""
        return is_installed(self.probe)


def is_installed(probe: tuple[str, ...]) -> bool:
    """Tell whether a command is there and succeeds."""
    if shutil.which(probe[0]) is None:
        return False
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _python(module: str, packages: tuple[str, ...], meaning: str, install: str, blocks: int) -> Peer:
    probe = (PYTHON, "-c", "".join(f"import {name}\n" for name in (*packages, "numpy", "uvloop")))
    return Peer(meaning, f"pip install {install}", blocks, (PYTHON, "-m", f"benchmarks.{module}"), probe)


def _node(mode: str, meaning: str, blocks: int) -> Peer:
    program = ("node", _NODE_PROGRAM, NODE_DIRECTORY)
    return Peer(meaning, "npm install binance", blocks, (*program, mode), (*program, "installed"))


PEERS: Final = {
    "aiohttp": _python(
        "_peer_aiohttp", ("aiohttp", "orjson"), "aiohttp + orjson into a NumPy row", "aiohttp orjson", 40
    ),
    "websockets": _python(
        "_peer_websockets", ("websockets",), "websockets + json into a NumPy row", "websockets", 20
    ),
    "js-sdk": _node("message", "JavaScript SDK, `message`, into typed arrays", 100),
    "js-sdk-formatted": _node("formattedMessage", "JavaScript SDK, `beautify`, into typed arrays", 100),
    "python-binance": _python(
        "_peer_python_binance", ("binance", "orjson"), "python-binance (with orjson) into a NumPy row",
        "python-binance orjson", 8,
    ),
    "official-sdk": _python(
        "_peer_official_sdk", ("binance_sdk_spot",), "official SDK (binance-sdk-spot) into a NumPy row",
        "binance-sdk-spot", 10,
    ),
}  # fmt: skip

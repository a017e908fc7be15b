"""Answers of the WebSocket API in tests: the vectors of them, and the way there and back."""

import json
from pathlib import Path
from typing import Any

import msgspec

from fastbinance.answers import ANSWERS

__all__ = ["VECTORS", "documented", "read", "said", "text", "written"]

_FILE = Path(__file__).parents[1] / "vectors" / "answers.jsonl"
VECTORS = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


def text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def read(product: Any, method: str, result: Any) -> Any:
    """Decode a result, given as text or as what JSON makes of it, as the client does."""
    raw = result if isinstance(result, bytes) else text(result)
    return msgspec.json.decode(raw, type=ANSWERS[product, method])


def documented(product: str, method: str, section: str = "") -> dict[str, Any]:
    """Return the first vector of a method, or the one of a section."""
    return next(
        vector["result"]
        for vector in VECTORS
        if (vector["product"], vector["method"]) == (product, method) and vector["source"].endswith(section)
    )


def said(value: Any) -> Any:
    """Leave out what says nothing: null, and the empty lists that stand for a key that is not there."""
    if isinstance(value, dict):
        return {key: said(part) for key, part in value.items() if part is not None and part != []}
    return [said(part) for part in value] if isinstance(value, list) else value


def written(answer: Any) -> Any:
    """Turn an answer back into what JSON makes of its text."""
    return json.loads(msgspec.json.encode(answer))

"""What it costs to sign an order: its text, and a signature by each kind of key; part of bench_requests."""

import hmac
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks import _harness
from fastbinance._protocol.signing import canonical
from fastbinance.credentials import Credentials

__all__ = ["ORDER", "STATEMENTS", "signing_us"]

_KEY: Final = "0123456789abcdef" * 4
_SECRET: Final = "fedcba9876543210" * 4

#: An order of nine parameters, as it is signed.
ORDER: Final[dict[str, str | int]] = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000",
    "price": "52000.00", "recvWindow": 100, "timestamp": 1_645_423_376_532, "apiKey": _KEY,
}  # fmt: skip

#: What is timed, and how many times in a row: as long as a round of it takes about 10 ms.
STATEMENTS: Final = {
    "text of an order": ("canonical(order)", 500),
    "HMAC of it": ("by_hmac(text)", 500),
    "text and HMAC": ("by_hmac(canonical(order))", 500),
    "the same by urlencode and hmac.new": ("by_hand(order)", 200),
    "Ed25519": ("by_ed25519(text)", 30),
    "RSA, 2048 bits": ("by_rsa(text)", 3),
}


@cache
def _names() -> dict[str, Any]:
    def credentials(key: Any) -> Credentials:
        return Credentials(_KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def by_hand(order: dict[str, str | int]) -> str:
        # Nothing prepared: the key is hashed for each signature. Right only where there is nothing to escape.
        text = urlencode(sorted(order.items())).encode()
        return hmac.new(_SECRET.encode(), text, "sha256").hexdigest()

    by_hmac = Credentials(_KEY, _SECRET).sign
    if by_hand(ORDER) != by_hmac(canonical(ORDER)):
        raise AssertionError("the two ways to sign an order do not agree")
    return {
        "order": ORDER,
        "text": canonical(ORDER),
        "canonical": canonical,
        "by_hand": by_hand,
        "by_hmac": by_hmac,
        "by_ed25519": credentials(Ed25519PrivateKey.generate()).sign,
        "by_rsa": credentials(generate_private_key(65_537, 2_048)).sign,
    }


def signing_us(rounds: int = 15) -> dict[str, float]:
    """Return the median of each of `STATEMENTS`, in microseconds of CPU."""
    found: dict[str, float] = {}
    for what, (statement, loops) in STATEMENTS.items():
        timed = _harness.statement_ns({what: statement}, _names(), rounds, loops)
        found[what] = _harness.median(timed[what]) / 1e3
    return found


if __name__ == "__main__":
    table = _harness.Table("signing", "p50 us")
    for what, us in signing_us().items():
        table.add(what, us)
    print(table)

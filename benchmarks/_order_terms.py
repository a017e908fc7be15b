"""What the clients that place orders and those who answer them agree on: keys, and the answer."""

import time
from pathlib import Path
from typing import Final

__all__ = ["FIRST_ORDER_ID", "LIMITS", "MODES", "SECRET_FILES", "placed", "write_keys"]

#: Order ids of a connection count up from here.
FIRST_ORDER_ID: Final = 1_000_000_000
#: File of each kind of secret.
SECRET_FILES: Final = {"HMAC": "hmac.txt", "RSA": "rsa.pem", "Ed25519": "ed25519.pem"}
#: How requests are signed, by API key: with what kind of secret, and whether the session is logged on, after
#: which nothing is signed. The exchange refuses the logon of the others, as Binance does of HMAC and RSA.
MODES: Final = {
    "logon": ("Ed25519", True), "hmac": ("HMAC", False), "ed25519": ("Ed25519", False), "rsa": ("RSA", False),
}  # fmt: skip
#: What ends an answer.
LIMITS: Final = (
    b'"rateLimits":[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100,"count":12},'
    b'{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":200000,"count":4043},'
    b'{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":321}]}'
)
# A resting limit order, in full, which is Binance's default for LIMIT.
_PLACED: Final = (
    b'{"id":%b,"status":200,"result":{"symbol":"BTCUSDT","orderId":%d,"orderListId":-1,"clientOrderId":"%b",'
    b'"transactTime":%d,"price":"25000.01000000","origQty":"0.00100000","executedQty":"0.00000000",'
    b'"origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC",'
    b'"type":"LIMIT","side":"BUY","workingTime":%d,"fills":[],"selfTradePreventionMode":"EXPIRE_MAKER"},'
    + LIMITS
)


def placed(request_id: bytes, order_id: int, client_id: bytes) -> bytes:
    """Return the answer to an order; ``request_id`` is JSON."""
    now_ms = time.time_ns() // 1_000_000
    return _PLACED % (request_id, order_id, client_id, now_ms, now_ms)


def write_keys(directory: Path) -> None:
    """Make a secret of each kind, anew."""
    # Imported here: the clients that are not ours need the names above and nothing of this.
    import secrets

    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    directory.mkdir(parents=True, exist_ok=True)
    (directory / SECRET_FILES["HMAC"]).write_text(secrets.token_hex(32))
    for kind, key in (
        ("RSA", rsa.generate_private_key(public_exponent=65_537, key_size=2_048)),
        ("Ed25519", ed25519.Ed25519PrivateKey.generate()),
    ):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / SECRET_FILES[kind]).write_bytes(pem)

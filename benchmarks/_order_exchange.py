"""An exchange that accepts every order at once: the same answer for all clients, ready but for three fields.

``python -m benchmarks._order_exchange KEYS HOLD`` prints its port and serves on loopback until its input
ends. KEYS is the directory of `_order_terms.write_keys`. HOLD answers are kept back and go out together,
in another order than the requests came; 0 answers each at once.

It is not the simulator, which takes orders seriously and would cost more than the clients that are
measured. What it does check, on the first requests of each connection, is the signature: no client shall
be fast because it does not sign.
"""

import asyncio
import hashlib
import hmac
import logging
import random
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks._order_terms import FIRST_ORDER_ID, LIMITS, MODES, SECRET_FILES, placed

__all__: list[str] = []

_CHECKED: Final = 50  # requests of a connection whose signature is looked at: all of them are for warmth
_RESULT: Final = b'{"id":%b,"status":200,"result":%b,' + LIMITS
_REFUSED: Final = b'{"id":%b,"status":400,"error":{"code":%d,"msg":"%b"},' + LIMITS


class _Request(msgspec.Struct):
    """The envelope of a request; ``id`` goes back as it came, text or number."""

    id: msgspec.Raw
    method: str
    params: dict[str, Any] = {}


class _Exchange:
    """What the connections share: the keys to check by."""

    def __init__(self, keys: Path, hold: int) -> None:
        self.hold = hold
        secrets = {kind: (keys / name).read_bytes() for kind, name in SECRET_FILES.items()}
        self._hmac = secrets["HMAC"]
        rsa_key = load_pem_private_key(secrets["RSA"], None)
        ed25519_key = load_pem_private_key(secrets["Ed25519"], None)
        assert isinstance(rsa_key, rsa.RSAPrivateKey)
        assert isinstance(ed25519_key, ed25519.Ed25519PrivateKey)
        self._rsa = rsa_key.public_key()
        self._ed25519 = ed25519_key.public_key()

    def is_signed(self, params: dict[str, Any]) -> bool:
        """Tell whether the signature is that of the key that the request names."""
        signature = str(params.pop("signature", ""))
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
        try:
            match MODES.get(params["apiKey"]):
                case "HMAC", _:
                    digest = hmac.new(self._hmac, payload, hashlib.sha256).hexdigest()
                    return hmac.compare_digest(digest, signature.lower())
                case "RSA", _:
                    self._rsa.verify(b64decode(signature), payload, padding.PKCS1v15(), SHA256())
                case "Ed25519", _:
                    self._ed25519.verify(b64decode(signature), payload)
                case _:
                    return False
        except (InvalidSignature, KeyError, ValueError):
            return False
        return True


class _Session(WSListener):
    """One connection. Its order ids count up from `FIRST_ORDER_ID`: a client can prove what it read."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._decode = msgspec.json.Decoder(_Request).decode
        self._orders = 0
        self._is_logged_on = False
        self._held: list[bytes] = []
        self._random = random.Random(1)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer a request."""
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            request = self._decode(frame.get_payload_as_memoryview())
            answer = self._answer(request)
            if request.method == "order.place" and self._exchange.hold:
                self._hold(transport, answer)
            else:
                transport.send(WSMsgType.TEXT, answer)

    def _hold(self, transport: WSTransport, answer: bytes) -> None:
        self._held.append(answer)
        if len(self._held) == self._exchange.hold:
            self._random.shuffle(self._held)
            for held in self._held:
                transport.send(WSMsgType.TEXT, held)
            self._held.clear()

    def _answer(self, request: _Request) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        request_id, params = bytes(request.id), request.params
        if request.method == "order.place":
            if self._orders < _CHECKED and not self._is_allowed(params):
                return _REFUSED % (request_id, -1022, b"Signature for this request is not valid.")
            order_id = FIRST_ORDER_ID + self._orders
            self._orders += 1
            client_id = params.get("newClientOrderId", f"own-{order_id}").encode()
            return placed(request_id, order_id, client_id)
        if request.method == "session.logon":
            if not MODES[params["apiKey"]][1]:
                return _REFUSED % (request_id, -2028, b"This key cannot log a session on.")
            if not self._exchange.is_signed(params):
                return _REFUSED % (request_id, -1022, b"Signature for this request is not valid.")
            self._is_logged_on = True
            session = {
                "apiKey": params["apiKey"], "authorizedSince": now_ms, "connectedSince": now_ms,
                "returnRateLimits": True, "serverTime": now_ms, "userDataStream": False,
            }  # fmt: skip
            return _RESULT % (request_id, msgspec.json.encode(session))
        if request.method == "time":
            return _RESULT % (request_id, b'{"serverTime":%d}' % now_ms)
        return _REFUSED % (request_id, -1000, b"This exchange knows orders, logons and the time.")

    def _is_allowed(self, params: dict[str, Any]) -> bool:
        if self._is_logged_on and "signature" not in params:
            return "timestamp" in params
        return self._exchange.is_signed(params)


async def main() -> None:
    """Serve until the input ends."""
    logging.disable(logging.WARNING)  # that 10,000 answers at once fill the socket is what they are for
    exchange = _Exchange(Path(sys.argv[1]), int(sys.argv[2]))

    def listener(request: WSUpgradeRequest) -> WSListener:
        return _Session(exchange)

    server = await ws_create_server(listener, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main())

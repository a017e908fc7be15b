"""An independent client of the WS APIs: requests by hand, signed with each kind of key."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from fastbinance.sim import API_KEY, API_SECRET, SimAccount

__all__ = [
    "DEFAULT", "ED25519", "ED25519_PEM", "PATHS", "RSA", "ApiPeer", "Key", "connect_api", "ed25519_key",
    "payload",
]  # fmt: skip

PATHS = {
    "mainWSAPI": "/ws-api/v3",
    "mainWSAPI2": "/ws-api/v3",
    "marginUserData": "/ws-api/v3",
    "mainWSAPITestnet": "/ws-api/v3",
    "usdmWSAPI": "/ws-fapi/v1",
    "usdmWSAPITestnet": "/ws-fapi/v1",
    "coinmWSAPI": "/ws-dapi/v1",
    "coinmWSAPITestnet": "/ws-dapi/v1",
}
_DEADLINE_SECONDS = 20.0


class Key:
    """A key of an account, and how it signs."""

    def __init__(self, account: SimAccount, sign: Callable[[bytes], str]) -> None:
        self.account = account
        self.api_key = account.api_key
        self.sign = sign


def payload(params: Mapping[str, Any]) -> bytes:
    """Spell what a signature is over. Texts and whole numbers only, as these tests send them."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()


def _pem(private: Any) -> bytes:
    return bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _default() -> Key:
    def sign(text: bytes) -> str:
        return hmac.new(API_SECRET.encode(), text, hashlib.sha256).hexdigest()

    return Key(SimAccount(API_KEY, API_SECRET), sign)


def _private(first: int) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(first, first + 32)))


def ed25519_key(api_key: str, first: int = 0) -> Key:
    """Give a key that may log a session on; those with another first byte are others."""
    private = _private(first)
    account = SimAccount(api_key, public_key=_pem(private))
    return Key(account, lambda text: base64.b64encode(private.sign(text)).decode())


def _rsa() -> Key:
    private = rsa.generate_private_key(65537, 2048)
    account = SimAccount("rsa-key", public_key=_pem(private))

    def sign(text: bytes) -> str:
        return base64.b64encode(private.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()

    return Key(account, sign)


#: The account that every simulator has.
DEFAULT = _default()
#: One that may log a session on; give its `account` to the simulator.
ED25519 = ed25519_key("ed25519-key")
#: The private key of `ed25519_key` and `ED25519`, for clients that read it from a file.
ED25519_PEM = _private(0).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
#: The same with RSA.
RSA = _rsa()


class ApiPeer:
    """One connection to a WS API, seen from the client.

    Parameters
    ----------
    socket
        The connection.
    clock
        Gives the time that requests are signed with, in Unix milliseconds.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, clock: Callable[[], int]) -> None:
        self.socket = socket
        self._clock = clock
        self._id = 0

    async def receive(self) -> aiohttp.WSMessage:
        return await asyncio.wait_for(self.socket.receive(), _DEADLINE_SECONDS)

    async def text(self) -> str:
        message = await self.receive()
        assert message.type == aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def json(self) -> Any:
        return json.loads(await self.text())

    async def is_lost(self) -> bool:
        """Tell whether the next thing that comes is the end, without a close frame."""
        return (await self.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    async def closed(self) -> tuple[int, str]:
        message = await self.receive()
        assert message.type == aiohttp.WSMsgType.CLOSE, message
        return message.data, str(message.extra)

    async def say(self, text: str | bytes) -> str:
        """Send a text and give the next one."""
        await self.socket.send_str(text if isinstance(text, str) else text.decode())
        return await self.text()

    async def send(self, method: str, **params: Any) -> int:
        """Send a request; gives its id."""
        self._id += 1
        request: dict[str, Any] = {"id": self._id, "method": method}
        if params:
            request["params"] = params
        await self.socket.send_str(json.dumps(request, ensure_ascii=False))
        return self._id

    async def ask(self, method: str, **params: Any) -> Any:
        """Send a request and give its answer; anything that comes first is a failure."""
        number = await self.send(method, **params)
        answer = await self.json()
        assert answer["id"] == number, answer
        return answer

    async def result(self, method: str, **params: Any) -> Any:
        """Give the result of a request that works."""
        answer = await self.ask(method, **params)
        assert answer["status"] == 200, answer
        return answer["result"]

    async def error(self, method: str, **params: Any) -> tuple[int, int, str]:
        """Give status, code and text of a request that does not."""
        answer = await self.ask(method, **params)
        assert "error" in answer, answer
        return answer["status"], answer["error"]["code"], answer["error"]["msg"]

    async def ended(self) -> int:
        """Give the id of the subscription that the next message tells the end of."""
        frame = await self.json()
        assert frame["event"]["e"] == "eventStreamTerminated", frame
        return int(frame["subscriptionId"])

    def signed(self, key: Key = DEFAULT, **params: Any) -> dict[str, Any]:
        """Give parameters with key, time and signature."""
        full = {"apiKey": key.api_key, "timestamp": self._clock(), **params}
        return full | {"signature": key.sign(payload(full))}


@asynccontextmanager
async def connect_api(
    sim: Any, key: str = "mainWSAPI", clock: Callable[[], int] | None = None, *, query: str = ""
) -> AsyncIterator[ApiPeer]:
    """Connect to the WS API of a service of a simulator, whose clock it is."""
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(sim.urls[key] + PATHS[key] + query, autoping=False, max_msg_size=0)
        try:
            yield ApiPeer(socket, clock or sim._clock_ms)
        finally:
            await socket.close()

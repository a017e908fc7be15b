"""Listen keys and listen tokens: given out, prolonged, ended, and ended by themselves. The time is told."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading import Account

__all__ = [
    "LISTEN_KEY_SECONDS",
    "LISTEN_TOKEN_SECONDS",
    "KeyProduct",
    "ListenKey",
    "ListenToken",
    "UserDataKeys",
    "may_be_listen_key",
]

KeyProduct = Literal["usdm", "coinm", "options", "portfolio", "margin_risk"]

#: How long Binance's listen keys are good for after they were last asked for.
LISTEN_KEY_SECONDS: Final = 3600.0
#: How long Binance's listen tokens are good for, at most.
LISTEN_TOKEN_SECONDS: Final = 24 * 3600.0

_SIGNS: Final = string.ascii_letters + string.digits
_LENGTH: Final = 64


def may_be_listen_key(name: str) -> bool:
    """Tell whether a stream name could be a listen key, known or not."""
    return len(name) == _LENGTH and name.isalnum()


@dataclass(slots=True, eq=False)
class ListenKey:
    """One account's key of one product.

    Attributes
    ----------
    text
        What is in the URL of a socket.
    expires_ms
        It is good until then; asking for it moves this on.
    """

    text: str
    product: KeyProduct
    account: Account
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ListenToken:
    """What a connection to the WS API of spot subscribes to margin with.

    Attributes
    ----------
    symbol
        Of an isolated account; None is the cross one.
    expires_ms
        Neither it nor a subscription that was made with it is good from then on.
    """

    text: str
    account: Account
    symbol: str | None
    expires_ms: int


class UserDataKeys:
    """Listen keys, one for each account and product, and the listen tokens of margin.

    Parameters
    ----------
    seed
        Decides what they look like.
    key_seconds, token_seconds
        How long they are good for: a key after it was last asked for, a token after it was made.

    Attributes
    ----------
    on_end
        Called with every key that is ended or has expired, and the time.
    """

    def __init__(
        self,
        seed: str,
        *,
        key_seconds: float = LISTEN_KEY_SECONDS,
        token_seconds: float = LISTEN_TOKEN_SECONDS,
    ) -> None:
        self.on_end: list[Callable[[ListenKey, int], None]] = []
        self._rng = random.Random(f"{seed}/listen keys")
        self._key_ms = round(key_seconds * 1000)
        self._token_ms = round(token_seconds * 1000)
        self._keys: dict[tuple[KeyProduct, str], ListenKey] = {}
        self._tokens: dict[str, ListenToken] = {}

    @property
    def due_ms(self) -> int | None:
        """When the next key or token expires; None while there is none."""
        dues = [key.expires_ms for key in self._keys.values()]
        dues += [token.expires_ms for token in self._tokens.values()]
        return min(dues, default=None)

    def start(self, product: KeyProduct, account: Account, now_ms: int) -> ListenKey:
        """Give the account's key, which is made or prolonged (POST)."""
        self._end_expired(now_ms)
        found = self._keys.get((product, account.api_key))
        if found is None:
            found = ListenKey(self._text(), product, account, 0)
            self._keys[product, account.api_key] = found
        found.expires_ms = now_ms + self._key_ms
        return found

    def prolong(
        self, product: KeyProduct, account: Account, now_ms: int, text: str | None = None
    ) -> ListenKey:
        """Prolong the account's key (PUT).

        Parameters
        ----------
        text
            The key that is meant, where the request names one.

        Raises
        ------
        ApiError
            -1125: the account has no key, or not this one.
        """
        found = self._named(product, account, now_ms, text)
        found.expires_ms = now_ms + self._key_ms
        return found

    def stop(self, product: KeyProduct, account: Account, now_ms: int, text: str | None = None) -> None:
        """End the account's key (DELETE), whose sockets are told.

        Raises
        ------
        ApiError
            -1125: the account has no key, or not this one.
        """
        self._end(self._named(product, account, now_ms, text), now_ms)

    def expire(self, product: KeyProduct, account: Account, now_ms: int) -> bool:
        """End the account's key before its time; gives whether it had one."""
        found = self.find(product, account, now_ms)
        if found is None:
            return False
        self._end(found, now_ms)
        return True

    def find(self, product: KeyProduct, account: Account, now_ms: int) -> ListenKey | None:
        """Give the account's key, neither made nor prolonged; None where it has none."""
        self._end_expired(now_ms)
        return self._keys.get((product, account.api_key))

    def step(self, now_ms: int) -> bool:
        """End what has expired; gives whether there was a token among it."""
        self._end_expired(now_ms)
        expired = [text for text, token in self._tokens.items() if token.expires_ms <= now_ms]
        for text in expired:
            del self._tokens[text]
        return bool(expired)

    def make_token(
        self, account: Account, now_ms: int, *, symbol: str | None = None, validity_ms: int | None = None
    ) -> ListenToken:
        """Make a listen token, which Binance gives out over REST.

        Parameters
        ----------
        symbol
            Of the isolated account that is meant; without it, it is the cross account.
        validity_ms
            How long it shall be good for, if that is less than what all are.
        """
        lasts_ms = self._token_ms if validity_ms is None else min(validity_ms, self._token_ms)
        token = ListenToken(self._text(), account, symbol, now_ms + lasts_ms)
        self._tokens[token.text] = token
        return token

    def token(self, text: str, now_ms: int) -> ListenToken:
        """Give the token that a request names.

        Raises
        ------
        ApiError
            -1209: there is none, or not any more.
        """
        token = self._tokens.get(text)
        if token is None or token.expires_ms <= now_ms:
            raise ApiError(-1209, "Invalid listenToken.")
        return token

    def _named(self, product: KeyProduct, account: Account, now_ms: int, text: str | None) -> ListenKey:
        found = self.find(product, account, now_ms)
        if found is None or (text is not None and text != found.text):
            raise ApiError(-1125, "This listenKey does not exist.")
        return found

    def _end_expired(self, now_ms: int) -> None:
        for key in [key for key in self._keys.values() if key.expires_ms <= now_ms]:
            self._end(key, now_ms)

    def _end(self, key: ListenKey, now_ms: int) -> None:
        del self._keys[key.product, key.account.api_key]
        for tell in self.on_end:
            tell(key, now_ms)

    def _text(self) -> str:
        return "".join(self._rng.choices(_SIGNS, k=_LENGTH))

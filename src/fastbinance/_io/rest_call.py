"""One request over HTTP on its way: what is asked of whom, and how far it has come."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fastbinance._protocol.rest_messages import RestSecurity, Verb
from fastbinance._protocol.signing import Signer
from fastbinance._rest_endpoints import RestProduct

if TYPE_CHECKING:
    from fastbinance._io.rest_http import Sending

__all__ = ["RestCall"]

#: Of this process. Binance never sees them; an error that has none is about a request that did not go out.
_numbers: Final = itertools.count(1)


@dataclass(slots=True)
class RestCall:
    """One request, on its way through its attempts."""

    product: RestProduct
    verb: Verb
    path: str
    params: Mapping[str, Any]
    security: RestSecurity
    credentials: Signer | None
    weight: int
    answer: Any
    is_safe: bool
    number: int = field(default_factory=lambda: next(_numbers))
    sending: "Sending | None" = None
    signature: str = ""  # of the last attempt, as it stands in the query

    @property
    def account(self) -> str:
        return "" if self.credentials is None else self.credentials.api_key

    @property
    def is_sent(self) -> bool:
        return self.sending is not None and self.sending.at_ms is not None

    @property
    def names(self) -> tuple[str, str]:
        return f"{self.product} REST", f"{self.verb} {self.path}"

    @property
    def facts(self) -> tuple[str, str, int]:
        return (*self.names, self.number)

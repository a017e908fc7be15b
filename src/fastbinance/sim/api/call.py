"""One request of the WebSocket API once it is known who asks: what a handler gets, and how it says no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastbinance.keys import Environment
from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit

__all__ = ["ApiError", "Call", "Handler", "Handlers", "Product"]

Product = Literal["spot", "usdm", "coinm"]


class ApiError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    code, msg
        Binance's number and text.
    status
        Status of the answer; 400 unless the error has another.
    data
        What goes beside code and text: the halves of a cancel-replace, a time to retry after.
    """

    def __init__(self, code: int, msg: str, *, status: int = 400, data: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {msg}")
        self.code = code
        self.msg = msg
        self.status = status
        self.data = data


@dataclass(slots=True)
class Call:
    """A checked request: known method, authenticated, parameters of the right names and kinds.

    Attributes
    ----------
    product, environment
        Whose method, and in which world.
    method
        Binance's name without spot's version prefix; futures' ``v2/account.status`` is a method of its own.
    params
        The method's own, checked: decimals are texts however they came, whole numbers and truth values are
        numbers and truth values, lists are lists of texts. What is optional and was not sent is not there.
    account
        The `Account` that asks; None where the method needs nobody.
    now_ms
        The server's clock.
    api_key
        Key of the request or of the session.
    time_unit
        How the connection wants times. Only what has no names needs it: times in fields are changed later.
    late
        Seconds that the answer shall be late, on purpose.
    """

    product: Product
    environment: Environment
    method: str
    params: dict[str, Any]
    account: Any
    now_ms: int
    api_key: str | None = None
    time_unit: TimeUnit = MILLISECONDS
    late: float = 0.0


#: Gives the result, which is anything that `msgspec.json.encode` takes, or raises `ApiError`.
Handler = Callable[[Call], Any]
Handlers = Mapping[tuple[Product, str], Handler]

"""What can become of a request, of the WebSocket API or over HTTP, other than its answer; part of the tree in
`errors`.

::

    FastBinanceError
      RequestError                      .ws_key .method .request_id .client_order_id
        RequestRejected                 Binance said no               .status .code .reason .data
          RateLimited                   too many; not before          .retry_after
        NotSent                         never handed to a socket      .reason
        RequestUnknown                  may have been carried out, or not
          RequestTimeout (TimeoutError) no answer in time             .timeout_seconds
          RequestOrphaned               its answer will never come    .reason .status .code
        OrderNeverArrived               asked for, and there is no such order
        AnswerMalformed                 answered in a way that we cannot read   .status .problem

What is unknown is never dressed as failure or success: after `RequestUnknown` an order may be in the book.
"""

from __future__ import annotations

from typing import Any

from fastbinance.errors import FastBinanceError

__all__ = [
    "AnswerMalformed",
    "NotSent",
    "OrderNeverArrived",
    "RateLimited",
    "RequestError",
    "RequestOrphaned",
    "RequestRejected",
    "RequestTimeout",
    "RequestUnknown",
]


class RequestError(FastBinanceError):
    """A request did not end with an answer that can be returned.

    Parameters
    ----------
    ws_key : str
        Name of the service; over HTTP, such as ``"usdm REST"``.
    method : str
        Binance's name, such as ``"order.place"`` or ``"POST /fapi/v1/listenKey"``.
    request_id : int, str or None
        What the request was matched by, over HTTP a number of ours; None where it never got one.
    client_order_id : str or None
        The client order id that an order carried, ours or the caller's; None where there was none.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.ws_key = ws_key
        self.method = method
        self.request_id = request_id
        self.client_order_id = client_order_id

    def __str__(self) -> str:
        return f"{self._what}: {self._why()}"

    def __reduce__(self) -> tuple[Any, ...]:
        # The attributes are the arguments, by their names, in every class of this tree.
        return _made_again, (type(self), dict(vars(self)))

    @property
    def _what(self) -> str:
        order = "" if self.client_order_id is None else f" ({self.client_order_id})"
        return f"{self.ws_key}: {self.method}{order}"

    def _why(self) -> str:
        return "failed"


def _made_again(kind: type[RequestError], facts: dict[str, Any]) -> RequestError:
    return kind(**facts)


class RequestRejected(RequestError):
    """Binance refused a request: it was not carried out, but for what `data` says.

    Parameters
    ----------
    status : int
        Of the answer, as in HTTP. 409 is a replacement of which one half succeeded.
    code : int or None
        Binance's code; None when the answer had none.
    reason : str
        Binance's text.
    data : dict or None
        What came with it, such as the two halves of a replacement, decoded and otherwise as it came.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        status: int = 400,
        code: int | None = None,
        reason: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.status = status
        self.code = code
        self.reason = reason
        self.data = data

    def _why(self) -> str:
        code = "" if self.code is None else f" with code {self.code}"
        return f"Binance refused it{code}: {self.reason or f'status {self.status}'}"


class RateLimited(RequestRejected):
    """Too many requests, or too many orders: by Binance's answer, or held back because of an earlier one.

    Parameters
    ----------
    retry_after : float
        Seconds from now in which the same would be refused again.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        status: int = 429,
        code: int | None = None,
        reason: str = "",
        data: dict[str, Any] | None = None,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(
            ws_key, method, request_id, client_order_id, status=status, code=code, reason=reason, data=data
        )
        self.retry_after = retry_after

    def _why(self) -> str:
        if self.request_id is None:
            return f"not sent, {self.reason or 'a limit is reached'}; again in {self.retry_after:.1f} s"
        return f"{super()._why()}; again in {self.retry_after:.1f} s"


class NotSent(RequestError):
    """A request never left: it was not carried out.

    Parameters
    ----------
    reason : str
        Why.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        reason: str = "",
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.reason = reason

    def _why(self) -> str:
        return f"not sent: {self.reason}"


class RequestUnknown(RequestError):
    """A request was sent, and whether it was carried out is not known."""


class RequestTimeout(RequestUnknown, TimeoutError):
    """No answer came in time. It may have been carried out.

    Parameters
    ----------
    timeout_seconds : float
        How long was waited.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        timeout_seconds: float = 0.0,
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.timeout_seconds = timeout_seconds

    def _why(self) -> str:
        return f"no answer in {self.timeout_seconds:g} s; whether it was carried out is not known"


class RequestOrphaned(RequestUnknown):
    """The answer will never come, or does not say what happened. It may have been carried out.

    Parameters
    ----------
    reason : str
        Why, and for an order what asking about it gave.
    status, code : int or None
        Of an answer that says that the outcome is unknown (5xx, -1006, -1007); None where none came.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        reason: str = "",
        status: int | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.reason = reason
        self.status = status
        self.code = code

    def _why(self) -> str:
        return f"whether it was carried out is not known: {self.reason}"


class OrderNeverArrived(RequestError):
    """There is no such order, and there never will be: asked after it could no longer be taken.

    Parameters
    ----------
    reason : str
        What was lost, and what asking about it gave.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        reason: str = "",
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.reason = reason

    def _why(self) -> str:
        return f"it never arrived: {self.reason}"


class AnswerMalformed(RequestError):
    """Binance answered, and we cannot read what. Its status says whether the request was carried out.

    Parameters
    ----------
    status : int or None
        Of the answer; None where not even that was readable.
    problem : str
        What is wrong with it. Never the answer itself, which may name what is secret.
    """

    def __init__(
        self,
        ws_key: str,
        method: str,
        request_id: int | str | None = None,
        client_order_id: str | None = None,
        *,
        status: int | None = None,
        problem: str = "",
    ) -> None:
        super().__init__(ws_key, method, request_id, client_order_id)
        self.status = status
        self.problem = problem

    def _why(self) -> str:
        return f"answered with status {self.status}, but in a way that we cannot read: {self.problem}"

"""The request limits of this process: one object for all clients that Binance counts together."""

import threading
from typing import Final

from fastbinance._protocol.request_limits import RequestLimits, Use
from fastbinance._rest_endpoints import RestProduct

__all__ = ["limits_for", "orders_together"]

_LOCK: Final = threading.Lock()
_LIMITS: Final[dict[tuple[str, RestProduct, str | None], RequestLimits]] = {}
#: What accounts have used, by environment and by where orders are counted together.
_ORDERS: Final[dict[tuple[str, str], dict[str, Use]]] = {}


def orders_together(product: RestProduct) -> str:
    """Return under which name the orders of a product are counted."""
    return "futures" if product in ("usdm", "coinm") else product


def limits_for(environment: str, product: RestProduct, source_address: str | None) -> RequestLimits:
    """Return the limits of one product for one address of ours, the same object for everyone who asks.

    Weight is counted by the three of them. Orders are counted by account, whatever address they come from,
    and USD-M and COIN-M count theirs together. The objects last as long as the process: a ban is not
    forgotten when the client that earned it is closed.

    Parameters
    ----------
    environment
        Binance's, or whatever else tells one exchange from another: of a simulator, its address.
    product
        Whose WebSocket API and REST: they are taken to be counted together.
    source_address
        The address of this machine that connections come from; None is what the system takes.
    """
    key = (environment, product, source_address)
    with _LOCK:
        limits = _LIMITS.get(key)
        if limits is None:
            together = orders_together(product)
            orders = _ORDERS.setdefault((environment, together), {})
            # One lock for all of them: it is held for a microsecond, and futures share their orders.
            limits = _LIMITS[key] = RequestLimits(product, orders, _LOCK)
        return limits

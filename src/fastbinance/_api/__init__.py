"""Every method of the WebSocket API: the table that the classes of methods and the documentation are made of.

The modules `spot_api`, `usdm_api` and `coinm_api` are generated from it by ``tools/generate_api.py``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastbinance._api.futures import COINM_METHODS, USDM_METHODS
from fastbinance._api.spot_account import SPOT_ACCOUNT
from fastbinance._api.spot_lists import SPOT_LISTS
from fastbinance._api.spot_market import SPOT_MARKET
from fastbinance._api.spot_orders import SPOT_ORDERS
from fastbinance._protocol.method import Method, Product

__all__ = ["METHODS"]

_SPOT: Final = (*SPOT_MARKET, *SPOT_ORDERS, *SPOT_LISTS, *SPOT_ACCOUNT)

#: By product and Binance's name, in the order of the documentation.
METHODS: Final[Mapping[tuple[Product, str], Method]] = MappingProxyType(
    {(each.product, each.name): each for each in (*_SPOT, *USDM_METHODS, *COINM_METHODS)}
)

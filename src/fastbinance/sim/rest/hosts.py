"""Binance's hosts of REST, each of which is one port here."""

from dataclasses import dataclass
from typing import Final

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment

__all__ = ["REST_HOSTS", "RestHost"]


@dataclass(frozen=True, slots=True)
class RestHost:
    """One host.

    Attributes
    ----------
    name
        Binance's host name.
    product, environment
        What it serves and in which world.
    """

    name: str
    product: RestProduct
    environment: Environment


REST_HOSTS: Final = (
    RestHost("api.binance.com", "spot", "prod"),
    RestHost("fapi.binance.com", "usdm", "prod"),
    RestHost("dapi.binance.com", "coinm", "prod"),
    RestHost("eapi.binance.com", "options", "prod"),
    RestHost("papi.binance.com", "portfolio", "prod"),
    RestHost("testnet.binance.vision", "spot", "testnet"),
    RestHost("demo-fapi.binance.com", "usdm", "testnet"),
    RestHost("demo-dapi.binance.com", "coinm", "testnet"),
)

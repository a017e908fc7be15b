"""Where Binance takes requests over HTTP: base URLs by product, environment, and option of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from fastbinance._endpoints import Environment
from fastbinance.errors import ConfigurationError
from fastbinance.keys import ENVIRONMENTS, checked_url

__all__ = ["REST_PRODUCTS", "RestProduct", "TimePath", "check_rest_urls", "rest_url", "time_path"]

#: By host: ``spot`` has ``/api`` and ``/sapi``, the others ``/fapi``, ``/dapi``, ``/eapi`` and ``/papi``.
RestProduct: TypeAlias = Literal["spot", "usdm", "coinm", "options", "portfolio"]
REST_PRODUCTS: Final[tuple[RestProduct, ...]] = get_args(RestProduct)

#: Whose host tells the time, and by which path.
TimePath: TypeAlias = tuple[RestProduct, str]


@dataclass(frozen=True, slots=True)
class _Host:
    prod: str
    testnet: str | None
    demo: str | None
    market_maker: str | None
    time_path: TimePath


# The testnet of futures was folded into demo trading: a listen key of its older host,
# testnet.binancefuture.com, would be unknown to the streams of demo-fstream.
_DEMO_USDM: Final = "https://demo-fapi.binance.com"
_DEMO_COINM: Final = "https://demo-dapi.binance.com"

_HOSTS: Final[dict[RestProduct, _Host]] = {
    "spot": _Host(
        "https://api.binance.com", "https://testnet.binance.vision", "https://demo-api.binance.com", None,
        ("spot", "/api/v3/time"),
    ),
    "usdm": _Host(
        "https://fapi.binance.com", _DEMO_USDM, _DEMO_USDM, "https://fapi-mm.binance.com",
        ("usdm", "/fapi/v1/time"),
    ),
    "coinm": _Host(
        "https://dapi.binance.com", _DEMO_COINM, _DEMO_COINM, "https://dapi-mm.binance.com",
        ("coinm", "/dapi/v1/time"),
    ),
    # The demo of options has no host of its own, and no testnet.
    "options": _Host("https://eapi.binance.com", None, _DEMO_USDM, None, ("options", "/eapi/v1/time")),
    # Portfolio Margin tells no time; spot's is asked.
    "portfolio": _Host("https://papi.binance.com", None, None, None, ("spot", "/api/v3/time")),
}  # fmt: skip


def rest_url(
    product: RestProduct,
    *,
    env: Environment = "prod",
    market_maker: bool = False,
    urls: Mapping[RestProduct, str] | None = None,
) -> str:
    """Return scheme, host and port for the requests of a product, without a path.

    Precedence as in `keys.base_url`: `urls`, as `check_rest_urls` returns them, then `env`, `market_maker`,
    production.

    Raises
    ------
    ConfigurationError
        No such product, or not in that environment.
    """
    _check_product(product)
    if env not in ENVIRONMENTS:
        raise ConfigurationError(f"{env!r} is no environment; there are {', '.join(ENVIRONMENTS)}")
    if urls and product in urls:
        return urls[product]
    host = _HOSTS[product]
    by_environment = {"prod": host.prod, "testnet": host.testnet, "demo": host.demo}
    url = by_environment[env]
    if url is None:
        there = ", ".join(repr(name) for name, found in by_environment.items() if found is not None)
        raise ConfigurationError(f"REST of {product} does not exist in {env!r}; it exists in {there}")
    return host.market_maker if market_maker and env == "prod" and host.market_maker else url


def time_path(product: RestProduct) -> TimePath:
    """Return where a product's time is asked for."""
    return _HOSTS[product].time_path


def check_rest_urls(urls: Mapping[str, str]) -> dict[RestProduct, str]:
    """Return overrides of base URLs in the form that `rest_url` wants, or say what is wrong with them.

    Parameters
    ----------
    urls : mapping of str to str
        ``http://`` or ``https://`` URLs with a host, by product; a path is kept as a prefix, a final ``/`` is
        not.

    Raises
    ------
    ConfigurationError
        Unknown product, other scheme, no host, a bad port, user information, a query or a fragment.
    """
    return {
        _check_product(name): checked_url(f"rest_urls[{str(name)!r}]", url, ("http", "https"))
        for name, url in urls.items()
    }


def _check_product(name: str) -> RestProduct:
    for product in REST_PRODUCTS:
        if product == name:
            return product
    raise ConfigurationError(f"{name!r} has no REST of its own; there are {', '.join(REST_PRODUCTS)}")

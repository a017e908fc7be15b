"""Where requests over HTTP go: what overrides what, and what cannot be. `test_docs` has the hosts."""

import pytest

from fastbinance._rest_endpoints import REST_PRODUCTS, check_rest_urls, rest_url, time_path
from fastbinance.errors import ConfigurationError


def test_an_override_serves_every_environment() -> None:
    urls = check_rest_urls({"portfolio": "http://127.0.0.1:9100/prefix/"})
    for env in ("prod", "testnet", "demo"):
        assert rest_url("portfolio", env=env, market_maker=True, urls=urls) == "http://127.0.0.1:9100/prefix"
    assert rest_url("usdm", urls=urls) == rest_url("usdm")


def test_market_makers_have_no_host_of_their_own_in_demo_trading() -> None:
    assert rest_url("usdm", env="demo", market_maker=True) == rest_url("usdm", env="demo")


def test_the_error_names_the_environments_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="it exists in 'prod', 'demo'"):
        rest_url("options", env="testnet")
    with pytest.raises(ConfigurationError, match="'live' is no environment"):
        rest_url("usdm", env="live")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="'alpha' has no REST of its own"):
        rest_url("alpha")  # type: ignore[arg-type]


@pytest.mark.parametrize("product", REST_PRODUCTS)
def test_every_product_knows_who_tells_it_the_time_wherever_it_is(product: str) -> None:
    owner, path = time_path(product)  # type: ignore[arg-type]
    assert path.endswith("/time")
    for env in ("prod", "testnet", "demo"):
        try:
            rest_url(product, env=env)  # type: ignore[arg-type]
        except ConfigurationError:
            continue
        assert rest_url(owner, env=env).startswith("https://")


WRONG = [
    ("a query", "http://h:1/?a=b", "a query or a fragment"),
    ("a port of nothing", "http://h:0", "whose port is 0"),
    ("no host", "https://", "no host"),
    ("a line end", "http://h:1\n", 'write "http://host:port" or "https://host:port"'),
]


@pytest.mark.parametrize(("url", "sentence"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_url_that_is_none_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"rest_urls\['spot'\].*{sentence}"):
        check_rest_urls({"spot": url})

"""Finding the markets that a request is about."""

from collections.abc import Callable
from typing import Any

from fastbinance.keys import Market
from fastbinance.sim.api.call import ApiError, Call
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.trading import MarketsView

__all__ = ["each_market", "find_market", "find_symbols"]

_TRADING = "TRADING"


def find_market(
    markets: MarketsView, call: Call, symbol: str | None = None, market: Market | None = None
) -> RandomMarket:
    """Give the market of a request's symbol, or of another one, as it is now.

    Options have no product of their own, so requests about them name the market.

    Raises
    ------
    ApiError
        There is no such symbol, or it has not the status that was asked for.
    """
    name = call.params["symbol"] if symbol is None else symbol
    found = markets.find(market or call.product, name, call.now_ms)
    if found is None:
        raise ApiError(-1121, "Invalid symbol.")
    if symbol is None and call.params.get("symbolStatus", _TRADING) != _TRADING:
        raise ApiError(-1220, "The symbol's status does not match the requested symbolStatus.")
    return found


def find_symbols(markets: MarketsView, call: Call) -> list[RandomMarket]:
    """Give the markets of a request's symbol or symbols, or all of them."""
    params = call.params
    if "symbol" in params:
        return [find_market(markets, call)]
    names = params.get("symbols") or markets.symbols(call.product)
    found = [find_market(markets, call, name) for name in names]
    return found if params.get("symbolStatus", _TRADING) == _TRADING else []


def each_market(markets: MarketsView, call: Call, tell: Callable[[RandomMarket], Any]) -> Any:
    """Tell something of a request's one symbol, or a list of it of many."""
    told = [tell(market) for market in find_symbols(markets, call)]
    return told[0] if "symbol" in call.params else told

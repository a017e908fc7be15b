"""From a method's parameters to the stream: what Binance does not offer is refused here, with what it does.

One builder for each method of a client, of the same name. All raise `ConfigurationError` and do nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fastbinance._grammar import (
    CONTINUOUS_INTERVALS,
    CONTRACT_INTERVALS,
    CONTRACT_TYPES,
    INTERVALS,
    LEVELS,
    PRICE_SPEEDS,
    SPEEDS,
    TIMEZONE,
    WINDOWS,
)
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Format, Market, key_for
from fastbinance.streams import Stream, check_market, check_symbol, parse

__all__ = [
    "agg_trades", "asset_index", "average_price", "block_trades", "book_ticker", "composite_index",
    "continuous_klines", "contract_klines", "diff_depth", "force_orders", "full_depth", "index_price",
    "index_price_klines", "klines", "mark_price", "mark_price_klines", "mini_ticker", "open_interest",
    "option_mark_prices", "option_tickers", "pair_mark_prices", "partial_depth", "reference_price",
    "rpi_depth", "ticker", "trades",
]  # fmt: skip

_FUTURES: Final[tuple[Market, ...]] = ("usdm", "coinm")
_NOT_OPTIONS: Final[tuple[Market, ...]] = ("spot", "usdm", "coinm", "alpha")
_EVERYWHERE: Final[tuple[Market, ...]] = ("spot", "usdm", "coinm", "options", "alpha")

# Milliseconds between SBE messages; their names have no suffix.
_SBE_DIFF_MS: Final = 20
_SBE_PARTIAL_MS: Final = 50
_SBE_LEVELS: Final = 20


def _offered(what: str, market: Market, among: tuple[Market, ...]) -> None:
    check_market(market)
    if market not in among:
        raise ConfigurationError(f"{what} is offered by {', '.join(among)}; not by {market}")


def _choose(name: str, value: object, allowed: Iterable[object], where: str) -> None:
    # bool is an int: True would pass for 1.
    choices = tuple(allowed)
    if isinstance(value, bool) or value not in choices:
        raise ConfigurationError(f"{name}={value!r}: {where} has {', '.join(map(str, choices))}")


def _speed(speeds: dict[int, str], speed_ms: int | None, where: str) -> str:
    if speed_ms is None:
        return next(iter(speeds.values()))
    _choose("speed_ms", speed_ms, speeds, where)
    return speeds[speed_ms]


def _contract(symbol: str, market: Market) -> str:
    """Return the symbol of a contract, where an underlying or a pair would be acknowledged and silent."""
    lower = check_symbol(symbol)
    if market == "options" and "-" not in lower:
        raise ConfigurationError(f"bad symbol {symbol!r}: options are like 'BTC-261225-126000-C'")
    if market == "coinm" and "_" not in lower:
        raise ConfigurationError(f"bad symbol {symbol!r}: coinm symbols are like 'BTCUSD_PERP'")
    return lower


def _underlying(text: str) -> str:
    lower = check_symbol(text)
    if "-" in lower:
        raise ConfigurationError(f"bad underlying {text!r}: underlyings are like 'BTCUSDT'")
    return lower


def _pair(text: str) -> str:
    lower = check_symbol(text)
    if "_" in lower:
        raise ConfigurationError(f"bad pair {text!r}: pairs are like {lower.partition('_')[0].upper()!r}")
    return lower


def _expiry(text: str) -> str:
    if not isinstance(text, str) or not re.fullmatch("[0-9]{6}", text):
        raise ConfigurationError(f"expiry={text!r}: it is six digits, YYMMDD, such as '261225'")
    return text


def _is_sbe(what: str, market: Market, format: Format, among: tuple[Market, ...]) -> bool:
    _offered(what, market, among)
    key_for(market, format)  # raises where the format is not offered
    return format == "sbe"


# -- quotes and trades


def book_ticker(symbol: str | None, market: Market, format: Format = "json") -> Stream:
    """Return best bid and ask of a symbol, or with None of all symbols of a market."""
    if symbol is None:
        _offered("book_ticker without a symbol", market, ("usdm", "coinm", "alpha"))
        key_for(market, format)
        return parse("!bookTicker", market)
    sbe = _is_sbe("book_ticker", market, format, _EVERYWHERE)
    word = "bestBidAsk" if sbe else "bookTicker"
    return parse(f"{_contract(symbol, market)}@{word}", market, format=format)


def trades(symbol: str, market: Market, format: Format = "json") -> Stream:
    """Return single trades of a symbol; of options also those of an underlying."""
    _is_sbe("trades", market, format, _EVERYWHERE)
    if market == "options":
        return parse(f"{check_symbol(symbol)}@optionTrade", market)
    return parse(f"{_contract(symbol, market)}@trade", market, format=format)


def agg_trades(symbol: str, market: Market) -> Stream:
    """Return trades of a symbol, aggregated by taker order and price."""
    _offered("agg_trades", market, _NOT_OPTIONS)
    return parse(f"{_contract(symbol, market)}@aggTrade", market)


def block_trades(symbol: str) -> Stream:
    """Return block trades of a spot symbol."""
    return parse(f"{check_symbol(symbol)}@blockTrade", "spot")


# -- depth


def diff_depth(symbol: str, market: Market, speed_ms: int | None = None, format: Format = "json") -> Stream:
    """Return changed levels of a symbol's book."""
    if _is_sbe("diff_depth", market, format, ("spot", "usdm", "coinm", "options")):
        _speed({_SBE_DIFF_MS: ""}, speed_ms, "spot as sbe")
        return parse(f"{check_symbol(symbol)}@depth", market, format=format)
    return parse(f"{_contract(symbol, market)}@depth{_speed(SPEEDS[market], speed_ms, market)}", market)


def partial_depth(
    symbol: str,
    market: Market,
    levels: int = max(LEVELS),
    speed_ms: int | None = None,
    format: Format = "json",
) -> Stream:
    """Return top levels of a symbol's book, whole every time."""
    if _is_sbe("partial_depth", market, format, _EVERYWHERE):
        _choose("levels", levels, (_SBE_LEVELS,), "spot as sbe")
        _speed({_SBE_PARTIAL_MS: ""}, speed_ms, "spot as sbe")
        return parse(f"{check_symbol(symbol)}@depth{_SBE_LEVELS}", market, format=format)
    _choose("levels", levels, LEVELS, market)
    suffix = _speed(SPEEDS[market], speed_ms, market)
    return parse(f"{_contract(symbol, market)}@depth{int(levels)}{suffix}", market)


def rpi_depth(symbol: str) -> Stream:
    """Return changed levels of a USD-M symbol's book, retail price improvement orders included."""
    return parse(f"{check_symbol(symbol)}@rpiDepth@500ms", "usdm")


def full_depth(symbol: str, speed_ms: int | None = None) -> Stream:
    """Return changed levels of an Alpha symbol's book, of all orders."""
    return parse(f"{check_symbol(symbol)}@fulldepth{_speed(SPEEDS['alpha'], speed_ms, 'alpha')}", "alpha")


# -- candles


def klines(symbol: str, interval: str, market: Market, timezone: str | None = None) -> Stream:
    """Return candles of a symbol."""
    _offered("klines", market, _EVERYWHERE)
    _choose("interval", interval, INTERVALS[market], market)
    name = f"{_contract(symbol, market)}@kline_{interval}"
    if timezone is not None:
        _offered("klines with a timezone", market, ("spot",))
        _choose("timezone", timezone, (TIMEZONE,), "spot")
        name += f"@{TIMEZONE}"
    return parse(name, market)


def continuous_klines(pair: str, contract_type: str, interval: str, market: Market) -> Stream:
    """Return candles of a pair's contracts of one type, one after the other."""
    _offered("continuous_klines", market, _FUTURES)
    # Binance spells them in lower case in names and in upper case in payloads.
    lower = contract_type.lower() if isinstance(contract_type, str) else contract_type
    _choose("contract_type", lower, CONTRACT_TYPES[market], market)
    _choose("interval", interval, CONTINUOUS_INTERVALS, f"a continuous candle of {market}")
    return parse(f"{_pair(pair)}_{lower}@continuousKline_{interval}", market)


def index_price_klines(pair: str, interval: str) -> Stream:
    """Return candles of a COIN-M pair's index price."""
    _choose("interval", interval, INTERVALS["coinm"], "coinm")
    return parse(f"{_pair(pair)}@indexPriceKline_{interval}", "coinm")


def mark_price_klines(symbol: str, interval: str) -> Stream:
    """Return candles of a COIN-M symbol's mark price."""
    _choose("interval", interval, INTERVALS["coinm"], "coinm")
    return parse(f"{_contract(symbol, 'coinm')}@markPriceKline_{interval}", "coinm")


def contract_klines(contract_address: str, chain_id: str | int, interval: str) -> Stream:
    """Return candles of an Alpha token by its contract."""
    for name, text in (("contract_address", contract_address), ("chain_id", str(chain_id))):
        signs = "[0-9A-Za-z]+" if name == "contract_address" else "[0-9A-Za-z_]+"
        if not isinstance(text, str) or not re.fullmatch(signs, text):
            raise ConfigurationError(f"{name}={text!r}: letters and digits, such as '0xAbC123' on chain 56")
    _choose("interval", interval, CONTRACT_INTERVALS, "a candle by contract")
    return parse(f"came@{contract_address}@{chain_id}@kline_{interval}", "alpha")


# -- tickers


def ticker(symbol: str | None, market: Market, window: str | None = None) -> Stream:
    """Return statistics of 24 hours or of a rolling window, of a symbol or with None of all symbols."""
    suffix = ""
    if window is not None:
        _offered("ticker with a window", market, ("spot",))
        _choose("window", window, WINDOWS, "spot")
        suffix = f"_{window}"
    if symbol is None:
        if window is None:
            _offered("ticker without a symbol and a window", market, ("usdm", "coinm", "alpha"))
        return parse(f"!ticker{suffix}@arr", market)
    _offered("ticker", market, _EVERYWHERE)
    word = "optionTicker" if market == "options" else "ticker"
    return parse(f"{_contract(symbol, market)}@{word}{suffix}", market)


def option_tickers(underlying: str, expiry: str) -> Stream:
    """Return statistics of 24 hours of an underlying's options of one expiry."""
    return parse(f"{_underlying(underlying)}@optionTicker@{_expiry(expiry)}", "options")


def mini_ticker(symbol: str | None, market: Market) -> Stream:
    """Return short statistics of 24 hours of a symbol, or with None of all symbols."""
    _offered("mini_ticker", market, _NOT_OPTIONS)
    return parse("!miniTicker@arr" if symbol is None else f"{_contract(symbol, market)}@miniTicker", market)


# -- prices


def average_price(symbol: str) -> Stream:
    """Return average price of a spot symbol."""
    return parse(f"{check_symbol(symbol)}@avgPrice", "spot")


def reference_price(symbol: str) -> Stream:
    """Return reference price of a spot symbol."""
    return parse(f"{check_symbol(symbol)}@referencePrice", "spot")


def mark_price(symbol: str | None, market: Market, speed_ms: int | None = None) -> Stream:
    """Return mark price and funding of a symbol, or with None of all symbols of USD-M."""
    if market == "options":
        raise ConfigurationError("options have mark prices by underlying: option_mark_prices('BTCUSDT')")
    _offered("mark_price", market, _FUTURES)
    suffix = _speed(PRICE_SPEEDS, speed_ms, market)
    if symbol is None:
        _offered("mark_price without a symbol", market, ("usdm",))
        return parse(f"!markPrice@arr{suffix}", market)
    lower = check_symbol(symbol)
    if market == "coinm" and "_" not in lower:
        raise ConfigurationError(
            f"bad symbol {symbol!r}: coinm symbols are like 'BTCUSD_PERP'; pair_mark_prices() takes a pair"
        )
    return parse(f"{lower}@markPrice{suffix}", market)


def pair_mark_prices(pair: str, speed_ms: int | None = None) -> Stream:
    """Return mark price and funding of all symbols of a COIN-M pair."""
    return parse(f"{_pair(pair)}@markPrice{_speed(PRICE_SPEEDS, speed_ms, 'coinm')}", "coinm")


def option_mark_prices(underlying: str) -> Stream:
    """Return mark prices and greeks of all options on an underlying."""
    return parse(f"{_underlying(underlying)}@optionMarkPrice", "options")


def index_price(pair: str, speed_ms: int | None = None) -> Stream:
    """Return index price of a COIN-M pair."""
    return parse(f"{_pair(pair)}@indexPrice{_speed(PRICE_SPEEDS, speed_ms, 'coinm')}", "coinm")


# -- liquidations, open interest, assets


def force_orders(symbol: str | None, market: Market) -> Stream:
    """Return liquidation orders of a symbol, or with None of all symbols."""
    _offered("force_orders", market, _FUTURES)
    return parse("!forceOrder@arr" if symbol is None else f"{_contract(symbol, market)}@forceOrder", market)


def open_interest(underlying: str, expiry: str) -> Stream:
    """Return open interest of an underlying's options of one expiry."""
    return parse(f"{_underlying(underlying)}@openInterest@{_expiry(expiry)}", "options")


def asset_index(asset: str | None) -> Stream:
    """Return index of an asset of multi-assets mode, or with None of all of them."""
    return parse("!assetIndex@arr" if asset is None else f"{check_symbol(asset)}@assetIndex", "usdm")


def composite_index(symbol: str) -> Stream:
    """Return composition of a USD-M index symbol."""
    return parse(f"{check_symbol(symbol)}@compositeIndex", "usdm")

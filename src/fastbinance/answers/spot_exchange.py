"""Answers of the spot methods about the exchange itself: its clock, its symbols, its rules.

Sections named as sources are those of Spot WebSocket API.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fastbinance.answers.common import Answer, RateLimitInfo

__all__ = [
    "ExchangeInfo",
    "ExecutionRule",
    "ExecutionRules",
    "ServerTime",
    "SmartOrderRouting",
    "SymbolInfo",
    "SymbolRules",
]


class ServerTime(Answer, kw_only=True):
    """Binance's clock.

    Attributes
    ----------
    server_time : int
        What it shows (``serverTime``).

    Source: "Check server time".
    """

    server_time: int


class SymbolInfo(Answer, kw_only=True):
    """What may be traded under one symbol, and within which bounds.

    Attributes
    ----------
    symbol : str
        Symbol.
    status : str
        ``"TRADING"``, ``"HALT"``, ``"BREAK"``, ...
    base_asset, quote_asset : str
        What is traded, and what it is paid in (``baseAsset``, ``quoteAsset``).
    base_asset_precision, quote_asset_precision : int or None
        Decimals of amounts of them (``baseAssetPrecision``, ``quoteAssetPrecision``).
    quote_precision : int or None
        An older name of the latter (``quotePrecision``).
    base_commission_precision, quote_commission_precision : int or None
        Decimals of commissions (``baseCommissionPrecision``, ``quoteCommissionPrecision``).
    order_types : list of str
        Types of orders that are taken (``orderTypes``).
    iceberg_allowed, oco_allowed, oto_allowed, opo_allowed : bool or None
        Whether such orders are taken (``icebergAllowed``, ``ocoAllowed``, ``otoAllowed``, ``opoAllowed``).
    quote_order_qty_market_allowed : bool or None
        Whether market orders may state what they spend (``quoteOrderQtyMarketAllowed``).
    allow_trailing_stop, cancel_replace_allowed, amend_allowed, peg_instructions_allowed : bool or None
        Whether these are taken (``allowTrailingStop``, ``cancelReplaceAllowed``, ``amendAllowed``,
        ``pegInstructionsAllowed``).
    is_spot_trading_allowed, is_margin_trading_allowed : bool or None
        Where it is traded (``isSpotTradingAllowed``, ``isMarginTradingAllowed``).
    filters : list of dict
        Bounds of prices and quantities, as sent; each has its ``filterType``.
    permissions : list of str
        Superseded by `permission_sets`, and empty since.
    permission_sets : list of list of str
        An account may trade the symbol if it has one permission of each set (``permissionSets``).
    default_self_trade_prevention_mode : str or None
        What orders have that name none (``defaultSelfTradePreventionMode``).
    allowed_self_trade_prevention_modes : list of str
        What they may name (``allowedSelfTradePreventionModes``).
    """

    symbol: str
    status: str
    base_asset: str
    base_asset_precision: int | None = None
    quote_asset: str
    quote_precision: int | None = None
    quote_asset_precision: int | None = None
    base_commission_precision: int | None = None
    quote_commission_precision: int | None = None
    order_types: list[str] = msgspec.field(default_factory=list)
    iceberg_allowed: bool | None = None
    oco_allowed: bool | None = None
    oto_allowed: bool | None = None
    opo_allowed: bool | None = None
    quote_order_qty_market_allowed: bool | None = None
    allow_trailing_stop: bool | None = None
    cancel_replace_allowed: bool | None = None
    amend_allowed: bool | None = None
    peg_instructions_allowed: bool | None = None
    is_spot_trading_allowed: bool | None = None
    is_margin_trading_allowed: bool | None = None
    filters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    permissions: list[str] = msgspec.field(default_factory=list)
    permission_sets: list[list[str]] = msgspec.field(default_factory=list)
    default_self_trade_prevention_mode: str | None = None
    allowed_self_trade_prevention_modes: list[str] = msgspec.field(default_factory=list)

    def filter(self, filter_type: str) -> dict[str, Any] | None:
        """Return the filter of a type, such as ``"PRICE_FILTER"``, as sent; None where there is none."""
        return next((each for each in self.filters if each.get("filterType") == filter_type), None)


class SmartOrderRouting(Answer, kw_only=True):
    """Symbols between which smart order routing chooses.

    Attributes
    ----------
    base_asset : str
        What they have in common (``baseAsset``).
    symbols : list of str
        The symbols.
    """

    base_asset: str
    symbols: list[str]


class ExchangeInfo(Answer, kw_only=True):
    """What may be traded, and how often one may ask.

    Attributes
    ----------
    timezone : str or None
        Zone of days, ``"UTC"``.
    server_time : int or None
        Binance's clock (``serverTime``).
    rate_limits : list of RateLimitInfo
        Limits, without what is used of them (``rateLimits``).
    exchange_filters : list of dict
        Bounds that hold for the whole account, as sent (``exchangeFilters``).
    symbols : list of SymbolInfo
        The symbols that were asked for, or all.
    sors : list of SmartOrderRouting
        Where smart order routing is available.

    Source: "Exchange information".
    """

    timezone: str | None = None
    server_time: int | None = None
    rate_limits: list[RateLimitInfo] = msgspec.field(default_factory=list)
    exchange_filters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    symbols: list[SymbolInfo]
    sors: list[SmartOrderRouting] = msgspec.field(default_factory=list)


class ExecutionRule(Answer, kw_only=True):
    """One rule of how orders are carried out; for a ``PRICE_RANGE``, how far from the reference price.

    Attributes
    ----------
    rule_type : str
        ``"PRICE_RANGE"`` (``ruleType``).
    bid_limit_mult_up, bid_limit_mult_down : str or None
        Bounds of what a buyer pays, as multiples of the reference price (``bidLimitMultUp``,
        ``bidLimitMultDown``).
    ask_limit_mult_up, ask_limit_mult_down : str or None
        The same for sellers (``askLimitMultUp``, ``askLimitMultDown``).
    """

    rule_type: str
    bid_limit_mult_up: str | None = None
    bid_limit_mult_down: str | None = None
    ask_limit_mult_up: str | None = None
    ask_limit_mult_down: str | None = None


class SymbolRules(Answer, kw_only=True):
    """Rules of one symbol.

    Attributes
    ----------
    symbol : str
        Symbol.
    rules : list of ExecutionRule
        Its rules.
    """

    symbol: str
    rules: list[ExecutionRule] = msgspec.field(default_factory=list)


class ExecutionRules(Answer, kw_only=True):
    """Rules of how orders are carried out.

    Attributes
    ----------
    symbol_rules : list of SymbolRules
        By symbol (``symbolRules``).

    Source: "Query Execution Rules".
    """

    symbol_rules: list[SymbolRules]

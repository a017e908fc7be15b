"""Answers of the spot methods about an account: balances, trades, commissions, subscriptions.

Sections named as sources are those of Spot WebSocket API.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fastbinance.answers.common import Answer
from fastbinance.answers.spot_orders import CommissionDiscount, CommissionRates

__all__ = [
    "Account",
    "AccountCommission",
    "AccountTrade",
    "Allocation",
    "Balance",
    "Filters",
    "PreventedMatch",
    "Subscription",
]


class Balance(Answer, kw_only=True):
    """What an account has of one asset.

    Attributes
    ----------
    asset : str
        The asset.
    free, locked : str
        What may be used, and what open orders hold.
    """

    asset: str
    free: str
    locked: str


class Account(Answer, kw_only=True):
    """An account and its balances.

    Attributes
    ----------
    maker_commission, taker_commission, buyer_commission, seller_commission : int or None
        Commissions in basis points (``makerCommission``, ``takerCommission``, ``buyerCommission``,
        ``sellerCommission``).
    commission_rates : CommissionRates or None
        The same as fractions (``commissionRates``).
    can_trade, can_withdraw, can_deposit : bool or None
        What the account may do (``canTrade``, ``canWithdraw``, ``canDeposit``).
    brokered : bool or None
        Whether it is a broker's.
    require_self_trade_prevention, prevent_sor : bool or None
        What its orders must, and must not (``requireSelfTradePrevention``, ``preventSor``).
    update_time : int or None
        When it last changed (``updateTime``).
    account_type : str or None
        ``"SPOT"`` (``accountType``).
    balances : list of Balance
        Its balances.
    permissions : list of str
        What it may trade.
    uid : int or None
        Its number.

    Source: "Account information".
    """

    maker_commission: int | None = None
    taker_commission: int | None = None
    buyer_commission: int | None = None
    seller_commission: int | None = None
    can_trade: bool | None = None
    can_withdraw: bool | None = None
    can_deposit: bool | None = None
    commission_rates: CommissionRates | None = None
    brokered: bool | None = None
    require_self_trade_prevention: bool | None = None
    prevent_sor: bool | None = None
    update_time: int | None = None
    account_type: str | None = None
    balances: list[Balance]
    permissions: list[str] = msgspec.field(default_factory=list)
    uid: int | None = None


class AccountTrade(Answer, kw_only=True):
    """One trade of the account: an element of the answer of ``myTrades``.

    Attributes
    ----------
    symbol : str
        Symbol.
    id : int
        Trade id.
    order_id : int
        Our order in it (``orderId``).
    order_list_id : int
        The list of that order; -1 for none (``orderListId``).
    price, qty : str
        Price in quote asset, quantity in base asset.
    quote_qty : str
        Quantity in quote asset (``quoteQty``).
    commission : str
        What Binance took for it.
    commission_asset : str
        In which asset (``commissionAsset``).
    time : int
        When.
    is_buyer, is_maker : bool
        Whether we bought, and whether our order was in the book (``isBuyer``, ``isMaker``).
    is_best_match : bool or None
        Of no meaning (``isBestMatch``).

    Source: "Account trade history".
    """

    symbol: str
    id: int
    order_id: int
    order_list_id: int = -1
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool
    is_best_match: bool | None = None


class PreventedMatch(Answer, kw_only=True):
    """A match of two orders of one account that self-trade prevention prevented.

    Attributes
    ----------
    symbol : str
        Symbol.
    prevented_match_id : int
        Number of it (``preventedMatchId``).
    taker_order_id, maker_order_id : int
        The orders (``takerOrderId``, ``makerOrderId``).
    maker_symbol : str or None
        Symbol of the order that was in the book (``makerSymbol``).
    trade_group_id : int or None
        What the accounts have in common (``tradeGroupId``).
    self_trade_prevention_mode : str
        Which of them expired (``selfTradePreventionMode``).
    price : str
        Where they would have met, in quote asset.
    maker_prevented_quantity, taker_prevented_quantity : str or None
        Quantities that expired, in base asset (``makerPreventedQuantity``, ``takerPreventedQuantity``).
    transact_time : int
        When (``transactTime``).

    Source: "Account prevented matches".
    """

    symbol: str
    prevented_match_id: int
    taker_order_id: int
    maker_symbol: str | None = None
    maker_order_id: int
    trade_group_id: int | None = None
    self_trade_prevention_mode: str
    price: str
    maker_prevented_quantity: str | None = None
    taker_prevented_quantity: str | None = None
    transact_time: int


class Allocation(Answer, kw_only=True):
    """What smart order routing gave to an order.

    Attributes
    ----------
    symbol : str
        Symbol.
    allocation_id : int
        Number of it (``allocationId``).
    allocation_type : str
        ``"SOR"`` (``allocationType``).
    order_id, order_list_id : int
        The order and its list; -1 for none (``orderId``, ``orderListId``).
    price, qty : str
        Price in quote asset, quantity in base asset.
    quote_qty : str
        Quantity in quote asset (``quoteQty``).
    commission : str
        What Binance took for it.
    commission_asset : str
        In which asset (``commissionAsset``).
    time : int
        When.
    is_buyer, is_maker, is_allocator : bool
        Whether we bought, whether our order was in the book, whether it gave (``isBuyer``, ``isMaker``,
        ``isAllocator``).

    Source: "Account allocations".
    """

    symbol: str
    allocation_id: int
    allocation_type: str
    order_id: int
    order_list_id: int = -1
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool
    is_allocator: bool


class AccountCommission(Answer, kw_only=True):
    """What Binance takes for trades of one symbol.

    Attributes
    ----------
    symbol : str
        Symbol.
    standard_commission : CommissionRates
        For every trade (``standardCommission``).
    special_commission : CommissionRates or None
        On top, on some symbols (``specialCommission``).
    tax_commission : CommissionRates or None
        Taxes (``taxCommission``).
    discount : CommissionDiscount or None
        What becomes of the standard commission in BNB.

    Source: "Account Commission Rates".
    """

    symbol: str
    standard_commission: CommissionRates
    special_commission: CommissionRates | None = None
    tax_commission: CommissionRates | None = None
    discount: CommissionDiscount | None = None


class Filters(Answer, kw_only=True):
    """Bounds that hold for the account: answer of ``myFilters``.

    Attributes
    ----------
    exchange_filters, symbol_filters, asset_filters : list of dict
        As sent, for everything, for the symbol, and for assets (``exchangeFilters``, ``symbolFilters``,
        ``assetFilters``); each has its ``filterType``.

    Source: "Query Relevant Filters".
    """

    exchange_filters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    symbol_filters: list[dict[str, Any]] = msgspec.field(default_factory=list)
    asset_filters: list[dict[str, Any]] = msgspec.field(default_factory=list)


class Subscription(Answer, kw_only=True):
    """A subscription to user data on this connection.

    Attributes
    ----------
    subscription_id : int
        What its events are marked with (``subscriptionId``).
    expiration_time : int or None
        When it ends by itself (``expirationTime``); only with a listen token.

    Source: "User Data Stream subscriptions".
    """

    subscription_id: int
    expiration_time: int | None = None

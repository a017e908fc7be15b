"""Answers of the methods about an account on COIN-M.

Prices are in quote asset, quantities are contracts, margins and balances are in the coin that they are of.
Sections named as sources are those of COIN-M WebSocket API.
"""

from __future__ import annotations

import msgspec

from fastbinance.answers.common import Answer

__all__ = ["CoinmAccount", "CoinmAccountAsset", "CoinmAccountPosition", "CoinmBalance", "CoinmPosition"]


class CoinmPosition(Answer, kw_only=True):
    """A position: an element of the answer of ``account.position``.

    Attributes
    ----------
    symbol : str
        Symbol.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    position_amt : str
        Its size in contracts; negative for a short one (``positionAmt``).
    entry_price, break_even_price, mark_price, liquidation_price : str or None
        Prices; liquidation ``"0"`` where there is none (``entryPrice``, ``breakEvenPrice``, ``markPrice``,
        ``liquidationPrice``).
    un_realized_profit : str or None
        What it has won so far (``unRealizedProfit``).
    margin_type : str or None
        ``"cross"`` or ``"isolated"`` (``marginType``).
    is_auto_add_margin : bool or str or None
        Whether margin is added by itself; ``"true"`` or ``"false"`` as text (``isAutoAddMargin``).
    isolated_margin, isolated_wallet : str or None
        Margin and balance of an isolated one (``isolatedMargin``, ``isolatedWallet``).
    leverage : int or str or None
        The leverage.
    max_qty : str or None
        Most contracts that it allows (``maxQty``).
    notional_value : str or None
        Its value at the mark price, in coins (``notionalValue``).
    update_time : int or None
        When it last changed; 0 where it never did (``updateTime``).

    Source: "Position Information".
    """

    symbol: str
    position_amt: str
    entry_price: str | None = None
    mark_price: str | None = None
    un_realized_profit: str | None = None
    liquidation_price: str | None = None
    leverage: int | str | None = None
    max_qty: str | None = None
    margin_type: str | None = None
    isolated_margin: str | None = None
    is_auto_add_margin: bool | str | None = None
    position_side: str | None = None
    notional_value: str | None = None
    isolated_wallet: str | None = None
    update_time: int | None = None
    break_even_price: str | None = None


class CoinmBalance(Answer, kw_only=True):
    """What an account has of one coin: an element of the answer of ``account.balance``.

    Attributes
    ----------
    account_alias : str or None
        Code of the account (``accountAlias``).
    asset : str
        The coin.
    balance : str
        Of the wallet.
    withdraw_available : str or None
        What may be withdrawn (``withdrawAvailable``).
    cross_wallet_balance, cross_un_pnl : str or None
        Balance and unrealized profit of crossed positions (``crossWalletBalance``, ``crossUnPnl``).
    available_balance : str or None
        What may be used (``availableBalance``).
    update_time : int or None
        When it last changed (``updateTime``).

    Source: "Futures Account Balance".
    """

    account_alias: str | None = None
    asset: str
    balance: str
    withdraw_available: str | None = None
    cross_wallet_balance: str | None = None
    cross_un_pnl: str | None = None
    available_balance: str | None = None
    update_time: int | None = None


class CoinmAccountAsset(Answer, kw_only=True):
    """One coin of `CoinmAccount`.

    Attributes
    ----------
    asset : str
        The coin.
    wallet_balance, unrealized_profit, margin_balance : str or None
        Balance, what positions have won so far, and both together (``walletBalance``, ``unrealizedProfit``,
        ``marginBalance``).
    initial_margin, maint_margin : str or None
        What positions and orders take, and what keeps them (``initialMargin``, ``maintMargin``).
    position_initial_margin, open_order_initial_margin : str or None
        Parts of the former (``positionInitialMargin``, ``openOrderInitialMargin``).
    cross_wallet_balance, cross_un_pnl : str or None
        Balance and unrealized profit of crossed positions (``crossWalletBalance``, ``crossUnPnl``).
    available_balance, max_withdraw_amount : str or None
        What may be used, and withdrawn (``availableBalance``, ``maxWithdrawAmount``).
    update_time : int or None
        When it last changed (``updateTime``).
    """

    asset: str
    wallet_balance: str | None = None
    unrealized_profit: str | None = None
    margin_balance: str | None = None
    maint_margin: str | None = None
    initial_margin: str | None = None
    position_initial_margin: str | None = None
    open_order_initial_margin: str | None = None
    max_withdraw_amount: str | None = None
    cross_wallet_balance: str | None = None
    cross_un_pnl: str | None = None
    available_balance: str | None = None
    update_time: int | None = None


class CoinmAccountPosition(Answer, kw_only=True):
    """One position of `CoinmAccount`.

    Attributes
    ----------
    symbol : str
        Symbol.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    position_amt : str or None
        Its size in contracts; negative for a short one (``positionAmt``).
    unrealized_profit : str or None
        What it has won so far (``unrealizedProfit``).
    initial_margin, maint_margin : str or None
        What it takes to have it, and to keep it (``initialMargin``, ``maintMargin``).
    position_initial_margin, open_order_initial_margin : str or None
        Parts of the former (``positionInitialMargin``, ``openOrderInitialMargin``).
    leverage : int or str or None
        The leverage.
    isolated : bool or None
        Whether its margin is isolated.
    isolated_wallet : str or None
        Balance of an isolated one (``isolatedWallet``).
    entry_price, break_even_price : str or None
        Prices (``entryPrice``, ``breakEvenPrice``).
    max_qty : str or None
        Most contracts that the leverage allows (``maxQty``).
    notional_value : str or None
        Its value at the mark price, in coins (``notionalValue``).
    update_time : int or None
        When it last changed (``updateTime``).
    """

    symbol: str
    position_amt: str | None = None
    initial_margin: str | None = None
    maint_margin: str | None = None
    unrealized_profit: str | None = None
    position_initial_margin: str | None = None
    open_order_initial_margin: str | None = None
    leverage: int | str | None = None
    isolated: bool | None = None
    position_side: str | None = None
    entry_price: str | None = None
    break_even_price: str | None = None
    max_qty: str | None = None
    notional_value: str | None = None
    isolated_wallet: str | None = None
    update_time: int | None = None


class CoinmAccount(Answer, kw_only=True):
    """An account, its coins and positions: answer of ``account.status``.

    Attributes
    ----------
    fee_tier : int or None
        Tier of its commissions (``feeTier``).
    can_trade, can_deposit, can_withdraw : bool or None
        What it may do (``canTrade``, ``canDeposit``, ``canWithdraw``).
    update_time : int or None
        When it last changed (``updateTime``).
    assets : list of CoinmAccountAsset
        By coin.
    positions : list of CoinmAccountPosition
        By symbol and side.

    Source: "Account Information".
    """

    fee_tier: int | None = None
    can_trade: bool | None = None
    can_deposit: bool | None = None
    can_withdraw: bool | None = None
    update_time: int | None = None
    assets: list[CoinmAccountAsset]
    positions: list[CoinmAccountPosition] = msgspec.field(default_factory=list)

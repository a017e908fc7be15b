"""Answers of the methods that only USD-M has: its book and tickers, its account.

Prices are in quote asset, quantities in base asset, margins and balances in the asset that they are of.
Sections named as sources are those of USD-M WebSocket API.
"""

from __future__ import annotations

import msgspec

from fastbinance.answers.common import Answer, Level

__all__ = [
    "UsdmAccount",
    "UsdmAccountAsset",
    "UsdmAccountPosition",
    "UsdmBalance",
    "UsdmBookTicker",
    "UsdmDepth",
    "UsdmPosition",
    "UsdmPositionV2",
    "UsdmPriceTicker",
]


class _Beside(msgspec.Struct):
    bids: list[Level] = msgspec.field(default_factory=list)
    asks: list[Level] = msgspec.field(default_factory=list)


class UsdmDepth(
    Answer,
    kw_only=True,
    rename={"last_update_id": "lastUpdateId", "event_time": "E", "transaction_time": "T"},
):
    """The best levels of a book.

    Attributes
    ----------
    last_update_id : int
        Update id up to which it is (``lastUpdateId``).
    event_time, transaction_time : int or None
        When the answer was written, and when the book last changed (``E``, ``T``).
    bids, asks : list of tuple
        Price and quantity of each level, best first.

    Source: "Order Book".
    """

    last_update_id: int
    event_time: int | None = None
    transaction_time: int | None = None
    bids: list[Level] = msgspec.field(default_factory=list)
    asks: list[Level] = msgspec.field(default_factory=list)

    def take_levels_beside(self, frame: bytes) -> None:
        """Take levels from beside ``result`` if there are none in it: Binance's connector expects them there.

        Parameters
        ----------
        frame : bytes
            The whole answer.
        """
        if not self.bids and not self.asks:
            beside = _beside_decoder.decode(frame)
            self.bids, self.asks = beside.bids, beside.asks


_beside_decoder = msgspec.json.Decoder(_Beside)


class UsdmPriceTicker(Answer, kw_only=True):
    """Price of the last trade.

    Attributes
    ----------
    symbol : str
        Symbol.
    price : str
        The price.
    time : int or None
        When.

    Source: "Symbol Price Ticker".
    """

    symbol: str
    price: str
    time: int | None = None


class UsdmBookTicker(Answer, kw_only=True):
    """Best bid and ask.

    Attributes
    ----------
    last_update_id : int or None
        Update id of the book (``lastUpdateId``).
    symbol : str
        Symbol.
    bid_price, bid_qty, ask_price, ask_qty : str
        Best quotes (``bidPrice``, ``bidQty``, ``askPrice``, ``askQty``).
    time : int or None
        When.

    Source: "Symbol Order Book Ticker".
    """

    last_update_id: int | None = None
    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    time: int | None = None


class UsdmPosition(Answer, kw_only=True):
    """A position: an element of the answer of ``account.position``.

    Attributes
    ----------
    symbol : str
        Symbol.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    position_amt : str
        Its size; negative for a short one (``positionAmt``).
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
    notional : str or None
        Its value at the mark price.
    max_notional_value : str or None
        Most that the leverage allows (``maxNotionalValue``).
    update_time : int or None
        When it last changed; 0 where it never did (``updateTime``).

    Source: "Position Information".
    """

    entry_price: str | None = None
    break_even_price: str | None = None
    margin_type: str | None = None
    is_auto_add_margin: bool | str | None = None
    isolated_margin: str | None = None
    leverage: int | str | None = None
    liquidation_price: str | None = None
    mark_price: str | None = None
    max_notional_value: str | None = None
    position_amt: str
    notional: str | None = None
    isolated_wallet: str | None = None
    symbol: str
    un_realized_profit: str | None = None
    position_side: str | None = None
    update_time: int | None = None


class UsdmPositionV2(Answer, kw_only=True):
    """An open position with its margins: an element of the answer of ``v2/account.position``.

    Attributes
    ----------
    symbol : str
        Symbol.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    position_amt : str
        Its size; negative for a short one (``positionAmt``).
    entry_price, break_even_price, mark_price, liquidation_price : str or None
        Prices; liquidation ``"0"`` where there is none (``entryPrice``, ``breakEvenPrice``, ``markPrice``,
        ``liquidationPrice``).
    un_realized_profit : str or None
        What it has won so far (``unRealizedProfit``).
    isolated_margin, isolated_wallet : str or None
        Margin and balance of an isolated one (``isolatedMargin``, ``isolatedWallet``).
    notional : str or None
        Its value at the mark price.
    margin_asset : str or None
        Asset of its margin (``marginAsset``).
    initial_margin, maint_margin : str or None
        What it takes to have it, and to keep it (``initialMargin``, ``maintMargin``).
    position_initial_margin, open_order_initial_margin : str or None
        Parts of the former (``positionInitialMargin``, ``openOrderInitialMargin``).
    adl : int or None
        Place in the queue of auto-deleveraging, 0 to 4.
    bid_notional, ask_notional : str or None
        Value of open orders by side (``bidNotional``, ``askNotional``).
    update_time : int or None
        When it last changed (``updateTime``).

    Source: "Position Information V2".
    """

    symbol: str
    position_side: str | None = None
    position_amt: str
    entry_price: str | None = None
    break_even_price: str | None = None
    mark_price: str | None = None
    un_realized_profit: str | None = None
    liquidation_price: str | None = None
    isolated_margin: str | None = None
    notional: str | None = None
    margin_asset: str | None = None
    isolated_wallet: str | None = None
    initial_margin: str | None = None
    maint_margin: str | None = None
    position_initial_margin: str | None = None
    open_order_initial_margin: str | None = None
    adl: int | None = None
    bid_notional: str | None = None
    ask_notional: str | None = None
    update_time: int | None = None


class UsdmBalance(Answer, kw_only=True):
    """What an account has of one asset: an element of the answer of ``account.balance``, of both versions.

    Attributes
    ----------
    account_alias : str or None
        Code of the account (``accountAlias``).
    asset : str
        The asset.
    balance : str
        Of the wallet.
    cross_wallet_balance, cross_un_pnl : str or None
        Balance and unrealized profit of crossed positions (``crossWalletBalance``, ``crossUnPnl``).
    available_balance, max_withdraw_amount : str or None
        What may be used, and withdrawn (``availableBalance``, ``maxWithdrawAmount``).
    margin_available : bool or None
        Whether it serves as margin in multi-assets mode (``marginAvailable``).
    update_time : int or None
        When it last changed (``updateTime``).

    Source: "Futures Account Balance", "Futures Account Balance V2".
    """

    account_alias: str | None = None
    asset: str
    balance: str
    cross_wallet_balance: str | None = None
    cross_un_pnl: str | None = None
    available_balance: str | None = None
    max_withdraw_amount: str | None = None
    margin_available: bool | None = None
    update_time: int | None = None


class UsdmAccountAsset(Answer, kw_only=True):
    """One asset of `UsdmAccount`.

    Attributes
    ----------
    asset : str
        The asset.
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
    margin_available : bool or None
        Whether it serves as margin in multi-assets mode (``marginAvailable``).
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
    cross_wallet_balance: str | None = None
    cross_un_pnl: str | None = None
    available_balance: str | None = None
    max_withdraw_amount: str | None = None
    margin_available: bool | None = None
    update_time: int | None = None


class UsdmAccountPosition(Answer, kw_only=True):
    """One position of `UsdmAccount`; what only one of the two versions has is None in the other.

    Attributes
    ----------
    symbol : str
        Symbol.
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``positionSide``).
    position_amt : str or None
        Its size; negative for a short one (``positionAmt``).
    unrealized_profit : str or None
        What it has won so far (``unrealizedProfit``).
    initial_margin, maint_margin : str or None
        What it takes to have it, and to keep it (``initialMargin``, ``maintMargin``).
    update_time : int or None
        When it last changed (``updateTime``).
    isolated_margin, isolated_wallet, notional : str or None
        Margin and balance of an isolated one, and its value (``isolatedMargin``, ``isolatedWallet``); second
        version.
    position_initial_margin, open_order_initial_margin : str or None
        Parts of `initial_margin` (``positionInitialMargin``, ``openOrderInitialMargin``); first version, like
        the rest.
    leverage : int or str or None
        The leverage.
    isolated : bool or None
        Whether its margin is isolated.
    entry_price, break_even_price : str or None
        Prices (``entryPrice``, ``breakEvenPrice``).
    max_notional : str or None
        Most that the leverage allows (``maxNotional``).
    bid_notional, ask_notional : str or None
        Value of open orders by side (``bidNotional``, ``askNotional``).
    """

    symbol: str
    position_side: str | None = None
    position_amt: str | None = None
    unrealized_profit: str | None = None
    isolated_margin: str | None = None
    notional: str | None = None
    isolated_wallet: str | None = None
    initial_margin: str | None = None
    maint_margin: str | None = None
    position_initial_margin: str | None = None
    open_order_initial_margin: str | None = None
    leverage: int | str | None = None
    isolated: bool | None = None
    entry_price: str | None = None
    break_even_price: str | None = None
    max_notional: str | None = None
    bid_notional: str | None = None
    ask_notional: str | None = None
    update_time: int | None = None


class UsdmAccount(Answer, kw_only=True):
    """An account, its assets and positions: answer of ``account.status``, of both versions.

    The second version has only open positions and assets in use, and none of what stands before the totals
    here.

    Attributes
    ----------
    fee_tier : int or None
        Tier of its commissions (``feeTier``).
    can_trade, can_deposit, can_withdraw : bool or None
        What it may do (``canTrade``, ``canDeposit``, ``canWithdraw``).
    update_time : int or None
        Of no meaning (``updateTime``).
    multi_assets_margin : bool or None
        Whether it is in multi-assets mode (``multiAssetsMargin``).
    trade_group_id : int or None
        What it has in common with others for self-trade prevention; -1 for nothing (``tradeGroupId``).
    total_initial_margin, total_maint_margin : str or None
        What positions and orders take, and what keeps them (``totalInitialMargin``, ``totalMaintMargin``).
    total_wallet_balance, total_unrealized_profit, total_margin_balance : str or None
        Balance, what positions have won so far, and both together (``totalWalletBalance``,
        ``totalUnrealizedProfit``, ``totalMarginBalance``).
    total_position_initial_margin, total_open_order_initial_margin : str or None
        Parts of the initial margin (``totalPositionInitialMargin``, ``totalOpenOrderInitialMargin``).
    total_cross_wallet_balance, total_cross_un_pnl : str or None
        Balance and unrealized profit of crossed positions (``totalCrossWalletBalance``, ``totalCrossUnPnl``).
    available_balance, max_withdraw_amount : str or None
        What may be used, and withdrawn (``availableBalance``, ``maxWithdrawAmount``).
    assets : list of UsdmAccountAsset
        By asset.
    positions : list of UsdmAccountPosition
        By symbol and side.

    Totals are in USDT in single-asset mode, and in USD in multi-assets mode.

    Source: "Account Information", "Account Information V2".
    """

    fee_tier: int | None = None
    can_trade: bool | None = None
    can_deposit: bool | None = None
    can_withdraw: bool | None = None
    update_time: int | None = None
    multi_assets_margin: bool | None = None
    trade_group_id: int | None = None
    total_initial_margin: str | None = None
    total_maint_margin: str | None = None
    total_wallet_balance: str | None = None
    total_unrealized_profit: str | None = None
    total_margin_balance: str | None = None
    total_position_initial_margin: str | None = None
    total_open_order_initial_margin: str | None = None
    total_cross_wallet_balance: str | None = None
    total_cross_un_pnl: str | None = None
    available_balance: str | None = None
    max_withdraw_amount: str | None = None
    assets: list[UsdmAccountAsset]
    positions: list[UsdmAccountPosition] = msgspec.field(default_factory=list)

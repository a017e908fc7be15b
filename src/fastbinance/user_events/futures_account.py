"""Events of balances, positions and settings on USD-M and COIN-M.

Quantities are in the base asset on USD-M, in contracts on COIN-M.
"""

from msgspec import field

from fastbinance.user_events.base import Part, UserEvent

__all__ = [
    "AccountChange",
    "AccountConfigUpdate",
    "AccountUpdate",
    "FuturesBalance",
    "FuturesPosition",
    "LeverageChange",
    "ListenKeyExpired",
    "MarginCall",
    "MarginCallPosition",
    "MultiAssetsChange",
]


class FuturesBalance(Part, kw_only=True):
    """A balance that has changed.

    Attributes
    ----------
    asset : str
        The asset (``a``).
    wallet_balance : str
        Balance of the wallet (``wb``).
    cross_wallet_balance : str
        The part of it that crossed positions share (``cw``).
    balance_change : str or None
        The change, without profit and commission (``bc``).
    """

    asset: str = field(name="a")
    wallet_balance: str = field(name="wb")
    cross_wallet_balance: str = field(name="cw")
    balance_change: str | None = field(name="bc", default=None)


class FuturesPosition(Part, kw_only=True):
    """A position after a change; on COIN-M all positions of the account come.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    amount : str
        Its size; negative for a short one (``pa``).
    entry_price : str
        Price that it was entered at (``ep``).
    accumulated_realized : str or None
        Profit that has been made so far, before commission (``cr``).
    unrealized_profit : str or None
        What it has won so far (``up``).
    margin_type : str or None
        ``"cross"`` or ``"isolated"`` (``mt``).
    isolated_wallet : str or None
        Balance of an isolated one (``iw``).
    position_side : str or None
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``ps``).
    margin_asset : str or None
        Asset of its margin (``ma``).
    break_even_price : str or None
        Price at which it has neither won nor lost (``bep``).
    """

    symbol: str = field(name="s")
    amount: str = field(name="pa")
    entry_price: str = field(name="ep")
    accumulated_realized: str | None = field(name="cr", default=None)
    unrealized_profit: str | None = field(name="up", default=None)
    margin_type: str | None = field(name="mt", default=None)
    isolated_wallet: str | None = field(name="iw", default=None)
    position_side: str | None = field(name="ps", default=None)
    margin_asset: str | None = field(name="ma", default=None)
    break_even_price: str | None = field(name="bep", default=None)


class AccountChange(Part, kw_only=True):
    """What has changed, key ``a`` of ``ACCOUNT_UPDATE``.

    Attributes
    ----------
    reason : str
        What changed them: ``"ORDER"``, ``"FUNDING_FEE"``, ``"DEPOSIT"``, ``"WITHDRAW"``,
        ``"MARGIN_TRANSFER"``, ... (``m``).
    balances : tuple of FuturesBalance
        Balances that changed (``B``).
    positions : tuple of FuturesPosition
        Positions that changed; on COIN-M all of them (``P``).
    symbol : str or None
        Symbol of a funding fee (``S``).
    """

    reason: str = field(name="m")
    balances: tuple[FuturesBalance, ...] = field(name="B", default=())
    positions: tuple[FuturesPosition, ...] = field(name="P", default=())
    symbol: str | None = field(name="S", default=None)


class AccountUpdate(UserEvent, kw_only=True):
    """``ACCOUNT_UPDATE``: balances and positions that have changed, and why.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    business_unit : str or None
        ``"UM"`` (USD-M) or ``"CM"`` (COIN-M); portfolio margin only (``fs``).
    account_alias : str or None
        Code of the account; COIN-M only (``i``).
    change : AccountChange
        What has changed (``a``).
    """

    transaction_ms: int = field(name="T")
    business_unit: str | None = field(name="fs", default=None)
    account_alias: str | None = field(name="i", default=None)
    change: AccountChange = field(name="a")


class MarginCallPosition(Part, kw_only=True):
    """A position that lacks margin.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    position_side : str
        ``"BOTH"``, or in hedge mode ``"LONG"`` or ``"SHORT"`` (``ps``).
    amount : str
        Its size; negative for a short one (``pa``).
    margin_type : str
        ``"cross"`` or ``"isolated"`` (``mt``).
    isolated_wallet : str or None
        Balance of an isolated one (``iw``).
    mark_price : str
        Mark price (``mp``).
    unrealized_profit : str
        What it has won so far (``up``).
    maintenance_margin : str
        Margin that it takes to keep it (``mm``).
    """

    symbol: str = field(name="s")
    position_side: str = field(name="ps")
    amount: str = field(name="pa")
    margin_type: str = field(name="mt")
    isolated_wallet: str | None = field(name="iw", default=None)
    mark_price: str = field(name="mp")
    unrealized_profit: str = field(name="up")
    maintenance_margin: str = field(name="mm")


class MarginCall(UserEvent, kw_only=True):
    """``MARGIN_CALL``: positions lack margin.

    Attributes
    ----------
    positions : tuple of MarginCallPosition
        Positions that lack margin (``p``).
    cross_wallet_balance : str or None
        Balance that crossed positions share; None where only isolated ones lack margin (``cw``).
    account_alias : str or None
        Code of the account; COIN-M only (``i``).
    """

    positions: tuple[MarginCallPosition, ...] = field(name="p")
    cross_wallet_balance: str | None = field(name="cw", default=None)
    account_alias: str | None = field(name="i", default=None)


class LeverageChange(Part, kw_only=True):
    """A symbol's new leverage.

    Attributes
    ----------
    symbol : str
        Symbol (``s``).
    leverage : int
        The leverage (``l``).
    """

    symbol: str = field(name="s")
    leverage: int = field(name="l")


class MultiAssetsChange(Part, kw_only=True):
    """Whether all assets are margin now.

    Attributes
    ----------
    is_multi_assets : bool
        Whether it is in multi-assets mode (``j``).
    """

    is_multi_assets: bool = field(name="j")


class AccountConfigUpdate(UserEvent, kw_only=True):
    """``ACCOUNT_CONFIG_UPDATE``: a leverage, or the multi-assets mode, has changed.

    Attributes
    ----------
    transaction_ms : int
        When it happened (``T``).
    leverage_change : LeverageChange or None
        A new leverage; None where it is the mode that changed (``ac``).
    multi_assets_change : MultiAssetsChange or None
        The new mode; None where it is a leverage that changed (``ai``).
    business_unit : str or None
        ``"UM"`` (USD-M) or ``"CM"`` (COIN-M); portfolio margin only (``fs``).
    """

    transaction_ms: int = field(name="T")
    leverage_change: LeverageChange | None = field(name="ac", default=None)
    multi_assets_change: MultiAssetsChange | None = field(name="ai", default=None)
    business_unit: str | None = field(name="fs", default=None)


class ListenKeyExpired(UserEvent, kw_only=True):
    """``listenKeyExpired``: nothing more comes for this key. Another one is had by itself.

    Attributes
    ----------
    listen_key : str or None
        The key, where Binance names it; the repr does not show it (``listenKey``).
    """

    listen_key: str | None = field(name="listenKey", default=None)

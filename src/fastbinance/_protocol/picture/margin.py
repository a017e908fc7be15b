"""What REST answers about the accounts of margin, as far as a picture is compared with it.

Orders are told as spot's are, without what margin does not tell: the list that an order belongs to, since
when it works.
"""

from fastbinance.answers.common import Answer

__all__ = ["CrossAccount", "IsolatedAccounts", "MarginBalance", "MarginTrade"]


class MarginBalance(Answer, kw_only=True):
    """Coins of one asset in a wallet of margin.

    Attributes
    ----------
    asset : str
        Which.
    free, locked : str
        What may be spent, and what open orders hold. What is borrowed is within.
    """

    asset: str
    free: str
    locked: str


class CrossAccount(Answer, kw_only=True):
    """The account of cross margin.

    Attributes
    ----------
    user_assets : list of MarginBalance
        Its balances (``userAssets``).

    Source: Margin Trading REST API, "Query Cross Margin Account Details".
    """

    user_assets: list[MarginBalance]

    @property
    def balances(self) -> list[MarginBalance]:
        """Its balances."""
        return self.user_assets


class IsolatedPair(Answer, kw_only=True):
    """The account of one pair of isolated margin.

    Attributes
    ----------
    base_asset, quote_asset : MarginBalance
        Its two assets (``baseAsset``, ``quoteAsset``).
    """

    base_asset: MarginBalance
    quote_asset: MarginBalance


class IsolatedAccounts(Answer, kw_only=True):
    """The accounts of isolated margin that were asked for.

    Attributes
    ----------
    assets : list of IsolatedPair
        By pair. One is asked for at a time.

    Source: Margin Trading REST API, "Query Isolated Margin Account Info".
    """

    assets: list[IsolatedPair]

    @property
    def balances(self) -> list[MarginBalance]:
        """Balances of the pair."""
        return [one for pair in self.assets for one in (pair.base_asset, pair.quote_asset)]


class MarginTrade(Answer, kw_only=True):
    """One trade of an account of margin.

    Attributes
    ----------
    symbol : str
        Symbol.
    id, order_id : int
        Trade id, and our order in it (``orderId``).
    price, qty : str
        Price in quote asset, quantity in base asset.
    quote_qty : str or None
        Quantity in quote asset (``quoteQty``), which spot's answer has and the page of this one has not.
    commission, commission_asset : str
        What Binance took for it (``commissionAsset``).
    time : int
        When.
    is_buyer, is_maker : bool
        Whether we bought, and whether our order was in the book (``isBuyer``, ``isMaker``).

    Source: Margin Trading REST API, "Query Margin Account's Trade List".
    """

    symbol: str
    id: int
    order_id: int
    price: str
    qty: str
    quote_qty: str | None = None
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool

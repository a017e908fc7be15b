"""Trades of a span of time added up."""

from dataclasses import dataclass, replace

__all__ = ["NO_TRADE", "Bar"]

#: Trade id where there was no trade.
NO_TRADE = -1


@dataclass(slots=True)
class Bar:
    """Open, high, low, close and sums, in ticks and lots. Without trades all four prices are the last one."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    qty: int = 0
    turnover: int = 0
    taker_buy_qty: int = 0
    taker_buy_turnover: int = 0
    first_trade_id: int = NO_TRADE
    last_trade_id: int = NO_TRADE
    trades: int = 0

    @classmethod
    def flat(cls, open_ms: int, price: int) -> "Bar":
        """Begin a bar at the last price."""
        return cls(open_ms, price, price, price, price)

    def add(self, trade_id: int, price: int, qty: int, turnover: int, is_buyer_maker: bool) -> None:
        """Count one trade."""
        if not self.trades:
            self.open = self.high = self.low = price
            self.first_trade_id = trade_id
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.last_trade_id = trade_id
        self.trades += 1
        self.qty += qty
        self.turnover += turnover
        if not is_buyer_maker:
            self.taker_buy_qty += qty
            self.taker_buy_turnover += turnover

    def absorb(self, later: "Bar") -> None:
        """Count what a later bar has."""
        if not later.trades:
            return
        if not self.trades:
            self.open, self.high, self.low = later.open, later.high, later.low
            self.first_trade_id = later.first_trade_id
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.last_trade_id = later.last_trade_id
        self.trades += later.trades
        self.qty += later.qty
        self.turnover += later.turnover
        self.taker_buy_qty += later.taker_buy_qty
        self.taker_buy_turnover += later.taker_buy_turnover

    def copy(self) -> "Bar":
        """Give the bar as it is now, for an event that outlives it."""
        return replace(self)

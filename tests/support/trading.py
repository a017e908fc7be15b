"""The simulator's trading without a socket: a crowd that stands still, and requests as they come checked."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Product
from fastbinance.sim.instrument import LISTED, Instrument
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.trading import API_KEY, Account, SimAccount, Trading

__all__ = ["START_MS", "StillMarkets", "TradingScene"]

START_MS: Final = 1_795_340_000_000

Levels = Sequence[tuple[str, str]]
_BIDS: Final[Levels] = (("90000", "1"), ("89990", "2"), ("89000", "50"))
_ASKS: Final[Levels] = (("90010", "1"), ("90020", "2"), ("91000", "50"))
_COIN_BIDS: Final[Levels] = (("90000", "100"), ("89990", "200"), ("80000", "5000"))
_COIN_ASKS: Final[Levels] = (("90010", "100"), ("90020", "200"), ("99000", "5000"))


class StillMarkets:
    """Markets whose crowd does what a test says, and nothing else."""

    def __init__(self) -> None:
        self._markets: dict[tuple[Product, str], RandomMarket] = {}

    def symbols(self, product: Product) -> Sequence[str]:
        return LISTED[product]

    def find(self, product: Product, symbol: str, now_ms: int) -> RandomMarket | None:
        if symbol not in LISTED[product]:
            return None
        return self._market(product, symbol)

    def quote(self, product: Product, symbol: str, bids: Levels, asks: Levels) -> None:
        """Have the crowd offer this, and nothing else."""
        market = self._market(product, symbol)
        book, instrument = market.book, market.instrument
        for is_bid, levels in ((True, bids), (False, asks)):
            side = book.bids if is_bid else book.asks
            for ticks in list(side):
                book.set(is_bid, ticks, 0)
            for price, qty in levels:
                book.set(is_bid, _units(price, instrument.tick_size()), _units(qty, instrument.lot_size()))

    def _market(self, product: Product, symbol: str) -> RandomMarket:
        found = self._markets.get((product, symbol))
        if found is None:
            instrument = Instrument(symbol, product)
            found = RandomMarket(instrument, seed="still", now_ms=START_MS, messages_per_second=1.0)
            self._markets[product, symbol] = found
        return found


class TradingScene:
    """Trading with accounts, a crowd around 90,000, and what was told of it.

    Attributes
    ----------
    events
        Every user data event: account, product, payload.
    """

    def __init__(self, *accounts: SimAccount) -> None:
        self.markets = StillMarkets()
        for product in ("spot", "usdm"):
            self.markets.quote(product, "BTCUSDT", _BIDS, _ASKS)
        self.markets.quote("coinm", "BTCUSD_PERP", _COIN_BIDS, _COIN_ASKS)
        self.counted: list[dict[str, Any]] = []
        self.trading = Trading("prod", self.markets, accounts=accounts, order_counts=lambda *_: self.counted)
        self.events: list[tuple[Account, Product, dict[str, Any]]] = []
        self.trading.on_event.append(lambda *event: self.events.append(event))
        self.now_ms = START_MS

    def account(self, api_key: str = API_KEY) -> Account:
        found = self.trading.account(api_key)
        assert found is not None, api_key
        return found

    def ask(self, method: str, *, product: Product = "spot", api_key: str = API_KEY, **params: Any) -> Any:
        """Carry out a request; its symbol is BTCUSDT where it names none."""
        if product != "coinm":
            params.setdefault("symbol", "BTCUSDT")
        call = Call(product, "prod", method, params, self.account(api_key), self.now_ms, api_key)
        return self.trading.handlers[product, method](call)

    def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        """Give code and text of the error that a request is answered with."""
        error = self.error(method, **params)
        return error.code, error.msg

    def error(self, method: str, **params: Any) -> ApiError:
        try:
            answer = self.ask(method, **params)
        except ApiError as error:
            return error
        raise AssertionError(f"{method} was not refused: {answer}")

    def limit(self, side: str, price: str, quantity: str, **params: Any) -> Any:
        """Place a limit order of spot."""
        params.setdefault("timeInForce", "GTC")
        return self.ask("order.place", side=side, type="LIMIT", price=price, quantity=quantity, **params)

    def market(self, side: str, **params: Any) -> Any:
        """Place a market order of spot."""
        return self.ask("order.place", side=side, type="MARKET", **params)

    def move(self, bids: Levels, asks: Levels, *, product: Product = "spot", symbol: str = "BTCUSDT") -> None:
        """Have the crowd offer something else, and let everybody meet it a moment later."""
        self.markets.quote(product, symbol, bids, asks)
        self.step()

    def step(self, milliseconds: int = 50) -> None:
        self.now_ms += milliseconds
        self.trading.step(self.now_ms)

    def balance(self, asset: str, api_key: str = API_KEY) -> tuple[str, str]:
        """Give what is free and what is locked, as account.status tells it."""
        balances = self.ask("account.status", api_key=api_key)["balances"]
        found = next((one for one in balances if one["asset"] == asset), {"free": "0", "locked": "0"})
        return found["free"], found["locked"]

    def status_of(self, order_id: int, **params: Any) -> str:
        return str(self.ask("order.status", orderId=order_id, **params)["status"])

    def told(self, *kinds: str, api_key: str = API_KEY) -> list[dict[str, Any]]:
        """Give the events of an account, of some kinds or of all."""
        account = self.account(api_key)
        return [
            event for one, _, event in self.events if one is account and (not kinds or event["e"] in kinds)
        ]

    def told_briefly(self, names: Iterable[str] = ("e", "x", "X")) -> list[tuple[Any, ...]]:
        """Give the present keys of all events, and forget the events."""
        events, self.events = self.events, []
        return [
            tuple(body[name] for name in names if name in body)
            # On futures an order is an object of its own, on spot "o" is its type.
            for body in (
                event | event["o"] if isinstance(event.get("o"), dict) else event for *_, event in events
            )
        ]


def _units(text: str, unit: int) -> int:
    units, rest = divmod(int(Decimal(text).scaleb(8)), unit)
    assert not rest, f"{text} is not on the grid"
    return units

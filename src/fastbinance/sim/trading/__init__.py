"""The simulator's trading: accounts with balances, a small matching engine, user data events.

Made of `accounts`, `matching` (where orders meet a random market), spot's floor and its methods, and
futures with their positions; `engine.Trading` is the door.
"""

from fastbinance.sim.trading.accounts import API_KEY, API_SECRET, Account, SimAccount
from fastbinance.sim.trading.engine import Trading
from fastbinance.sim.trading.matching import ExchangeMarkets, MarketsView

__all__ = ["API_KEY", "API_SECRET", "Account", "ExchangeMarkets", "MarketsView", "SimAccount", "Trading"]

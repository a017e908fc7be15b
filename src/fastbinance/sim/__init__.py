"""A Binance on loopback: a peer for tests, demonstrations and benchmarks.

::

    with fastbinance.sim.run_in_thread(seed=7) as sim:
        client = fastbinance.Client(urls=sim.urls)

Simulated
    Spot, USD-M and COIN-M stream hosts of production and of the testnet, those of options and Alpha, and
    spot's for SBE with the API key that they want, one port each, ``ws`` or ``wss``: paths and routes (with
    the silence of the wrong one), control frames with their errors, 1024 or 200 streams and 5 or 10 messages
    a second per connection with the closes that follow, pings. A seeded random market for any symbol, whose
    books, trades, klines, tickers and prices tell one story on every JSON stream that Binance has, in the
    payloads of 2026; ``timeUnit=MICROSECOND`` and ``serverShutdown`` on spot. Replay of captured frames, and
    floods of prebuilt ones.

    The WebSocket APIs of spot, USD-M and COIN-M: every method, with keys, signatures, parameter checks,
    limits and Binance's errors, accounts with balances and orders that trade. Their user data, over
    subscriptions and on sockets with listen keys, which expire.

    REST over HTTP, as far as a client of the WebSockets needs it: times, listen keys and tokens, orders,
    accounts, trades and books, one port for each host.

Not simulated
    The rest of REST. ``docs/simulator.md`` says where it differs from Binance.
"""

from fastbinance.sim.api.limits import ApiLimits
from fastbinance.sim.book_switches import SimBook
from fastbinance.sim.flood import Flood
from fastbinance.sim.replay import Replay, ReplayFrame
from fastbinance.sim.runner import RunningSimulator, run_in_thread
from fastbinance.sim.server import Simulator, SimulatorOptions
from fastbinance.sim.stats import Stats
from fastbinance.sim.trading import API_KEY, API_SECRET, SimAccount

__all__ = [
    "API_KEY",
    "API_SECRET",
    "ApiLimits",
    "Flood",
    "Replay",
    "ReplayFrame",
    "RunningSimulator",
    "SimAccount",
    "SimBook",
    "Simulator",
    "SimulatorOptions",
    "Stats",
    "run_in_thread",
]

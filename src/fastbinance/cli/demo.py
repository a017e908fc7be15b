"""``fastbinance demo``: live quotes, trades and depth from the simulator, with nothing to set up."""

from typing import Annotated, Final, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from fastbinance import Client
from fastbinance.cli.board import Board
from fastbinance.cli.feed import check_symbols
from fastbinance.cli.row import Extra
from fastbinance.cli.show import show
from fastbinance.cli.stop import Stop
from fastbinance.sim import run_in_thread
from fastbinance.sim.instrument import LISTED

__all__ = ["SimulatedMarket", "demo"]

SimulatedMarket = Literal["spot", "usdm", "coinm"]

_DEFAULT_SYMBOLS: Final = 6


def demo(
    *symbols: str,
    market: SimulatedMarket = "spot",
    seconds: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    seed: int = 1,
    tls: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    rate: Annotated[float, Parameter(validator=Number(gt=0, lte=100_000))] = 20.0,
) -> int:
    """Start a simulated Binance and watch it: a live table on a terminal, plain lines elsewhere.

    Everything stays on this machine. Ctrl-C ends it.

    Parameters
    ----------
    symbols
        What to watch, such as BTCUSDT; without any, some that everybody knows.
    market
        Whose symbols they are.
    seconds
        End after so many seconds.
    seed
        The same seed tells the same story of every symbol.
    tls
        Connect with wss instead of ws.
    rate
        Mean number of top-of-book updates a second of each symbol.
    """
    names = check_symbols(symbols, market) or list(LISTED[market][:_DEFAULT_SYMBOLS])
    with (
        Stop() as stop,
        run_in_thread(seed=seed, tls=tls, messages_per_second=rate) as simulator,
        Client(urls=simulator.urls, ssl_context=simulator.ssl_context) as client,
    ):
        board = Board(client, names, market, Extra.DEPTH)
        scheme = "wss" if tls else "ws"
        title = f"fastbinance demo: simulated {market} over {scheme}, seed {seed}"
        show(board, stop, title=title, seconds=seconds)
    return 0

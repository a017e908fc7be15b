"""``fastbinance watch``: live quotes, trades and funding, from Binance or from any other base URL."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from fastbinance import Client, ConfigurationError, FastBinanceError
from fastbinance.cli.board import Board
from fastbinance.cli.feed import check_symbols, examples
from fastbinance.cli.row import Extra
from fastbinance.cli.show import show
from fastbinance.cli.stop import Stop
from fastbinance.cli.trust import trusting
from fastbinance.keys import Environment, Market, key_for, route

__all__ = ["watch"]

_EXTRAS: Final[dict[Market, Extra]] = {
    "spot": Extra.NONE,
    "usdm": Extra.MARK | Extra.FUNDING,
    "coinm": Extra.MARK | Extra.FUNDING,
    "options": Extra.MARK | Extra.VOLATILITY,
    "alpha": Extra.NONE,
}


def watch(
    *symbols: str,
    market: Market = "spot",
    env: Environment | None = None,
    url: str | None = None,
    certificate: Path | None = None,
    seconds: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    plain: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Watch live quotes, trades and funding: a table on a terminal, plain lines elsewhere.

    Needs no account and no key. Ctrl-C ends it.

    Parameters
    ----------
    symbols
        What to watch, such as BTCUSDT.
    market
        Whose symbols they are.
    env
        Which Binance: the real market (default), the testnet, or demo trading.
    url
        Base URL to connect to in Binance's place, such as one that fastbinance sim prints.
    certificate
        PEM file to trust, for wss with a certificate of one's own.
    seconds
        End after so many seconds.
    plain
        Plain lines on a terminal too.
    """
    if not symbols:
        raise ConfigurationError(f"watch needs symbols, like {examples(market)}")
    if url is not None and env is not None:
        raise ConfigurationError("--env and --url are two answers to one question: give one of them")
    names = check_symbols(symbols, market)
    where: Environment = env or "prod"
    route(key_for(market), where)  # before a thread starts: not every market is in every environment
    urls: dict[str, str] | None = None if url is None else {market: url}
    with (
        Stop() as stop,
        Client(
            env=where,
            urls=urls,
            ssl_context=None if certificate is None else trusting(certificate),
        ) as client,
    ):
        board = Board(client, names, market, _EXTRAS[market])
        title = f"fastbinance watch: {market}, {url or where}"
        show(board, stop, title=title, seconds=seconds, plain=plain)
        if not board.spoke():
            raise FastBinanceError(_silence(board))
    return 0


def _silence(board: Board) -> str:
    """Say that nothing has come, and why as far as that is known."""
    rows = board.rows()
    why = board.totals().trouble or "; ".join(dict.fromkeys(row.note for row in rows if row.note))
    what = ", ".join(row.symbol for row in rows[:3]) + (" and others" if len(rows) > 3 else "")
    return f"nothing came for {what}" + (f": {why}" if why else "")

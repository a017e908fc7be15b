"""``fastbinance watch``: live quotes, trades and funding, from Binance or from any other base URL."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from fastbinance import Client, ConfigurationError, FastBinanceError
from fastbinance.cli.board import Board
from fastbinance.cli.book_board import check_levels, show_books
from fastbinance.cli.feed import check_symbols, examples
from fastbinance.cli.row import Extra
from fastbinance.cli.show import show
from fastbinance.cli.stop import Stop
from fastbinance.cli.trust import trusting
from fastbinance.keys import Environment, Market, key_for, route

__all__ = ["watch"]

_LEVELS: Final = 10
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
    book: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    levels: int | None = None,
    rest_url: str | None = None,
) -> int:
    """Watch live quotes, trades and funding, or order books: a table on a terminal, plain lines elsewhere.

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
    book
        Order books in place of quotes: kept from every change, and proved.
    levels
        Levels a side of an order book; 10 if nothing is said.
    rest_url
        Base URL of requests for snapshots of order books, beside --url.
    """
    if not symbols:
        raise ConfigurationError(f"watch needs symbols, like {examples(market)}")
    if url is not None and env is not None:
        raise ConfigurationError("--env and --url are two answers to one question: give one of them")
    names = check_symbols(symbols, market)
    where: Environment = env or "prod"
    route(key_for(market), where)  # before a thread starts: not every market is in every environment
    urls: dict[str, str] | None = None if url is None else {market: url}
    if book:
        return _watch_books(
            names,
            market,
            where,
            urls,
            rest_url,
            certificate,
            check_levels(_LEVELS if levels is None else levels),
            seconds,
            plain,
        )
    if rest_url is not None:
        raise ConfigurationError("--rest-url is for --book: nothing else asks for snapshots")
    if levels is not None:
        raise ConfigurationError("--levels is for --book: nothing else shows levels")
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


def _watch_books(
    names: list[str],
    market: Market,
    where: Environment,
    urls: dict[str, str] | None,
    rest_url: str | None,
    certificate: Path | None,
    levels: int,
    seconds: float | None,
    plain: bool,
) -> int:
    # Of Alpha there are no snapshots: its best twenty levels, whole with each message.
    has_snapshots = market != "alpha"
    if has_snapshots and (urls is None) is not (rest_url is None):
        raise ConfigurationError(
            "an order book wants --url and --rest-url, or neither: both are of one Binance"
        )
    with (
        Stop() as stop,
        Client(
            env=where,
            urls=urls,
            rest_urls=None if rest_url is None else {market: rest_url},
            ssl_context=None if certificate is None else trusting(certificate),
        ) as client,
    ):
        books = [client.order_book(name, market, levels=None if has_snapshots else 20) for name in names]
        title = f"fastbinance watch --book: {market}, {where if urls is None else urls[market]}"
        show_books(books, stop, title=title, levels=levels, seconds=seconds, plain=plain)
    return 0


def _silence(board: Board) -> str:
    """Say that nothing has come, and why as far as that is known."""
    rows = board.rows()
    why = board.totals().trouble or "; ".join(dict.fromkeys(row.note for row in rows if row.note))
    what = ", ".join(row.symbol for row in rows[:3]) + (" and others" if len(rows) > 3 else "")
    return f"nothing came for {what}" + (f": {why}" if why else "")

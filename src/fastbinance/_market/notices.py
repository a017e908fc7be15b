"""Streams whose messages have no fixed size: they come as events, with a struct in `Event.data`."""

from fastbinance import _builders as build
from fastbinance import streams
from fastbinance._io.dispatch import EventQueue
from fastbinance._market.base import Wanting
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market

__all__ = ["NoticeStreams"]


class NoticeStreams(Wanting):
    """Methods that give an `EventQueue` of one stream's events.

    Each call gives a queue of its own, from now on; the same events also come to `events()` and `on`. A queue
    ends when its stream is unsubscribed or the client closes; when Binance refuses the stream, an
    ``exception`` event says so. A message that does not fit its struct comes as
    a ``message`` event, raw, besides an ``exception`` event of the client.
    """

    def contract_info(self, market: Market = "usdm") -> EventQueue:
        """Listen to contracts that are listed, delivered or get other brackets: ``contract_info`` events.

        Parameters
        ----------
        market
            ``"usdm"`` or ``"coinm"``; each brings the contracts of both.

        Returns
        -------
        EventQueue
            Of events whose `data` is a `ContractInfo`.

        Raises
        ------
        ConfigurationError
            The market does not offer it.

        Source: "Contract Info Stream" (``!contractInfo``).
        """
        if market not in ("usdm", "coinm"):
            streams.check_market(market)
            raise ConfigurationError(f"contract_info is offered by usdm, coinm; not by {market}")
        return self._listen(streams.parse("!contractInfo", market))

    def composite_index(self, symbol: str) -> EventQueue:
        """Listen to what a USD-M index symbol is composed of: ``composite_index`` events, every second.

        Parameters
        ----------
        symbol
            An index symbol, ``"defiusdt"``, in any case.

        Returns
        -------
        EventQueue
            Of events whose `data` is a `CompositeIndex`.

        Raises
        ------
        ConfigurationError
            The symbol cannot be.

        Source: USD-M WebSocket Market Streams, "Composite Index Symbol Information Streams"
        (``<symbol>@compositeIndex``).
        """
        return self._listen(build.composite_index(symbol))

    def trading_session(self) -> EventQueue:
        """Listen to sessions of the markets that TradFi contracts follow: ``trading_session`` events.

        One a second and market.

        Returns
        -------
        EventQueue
            Of events whose `data` is a `TradingSession`; one for each market.

        Source: USD-M WebSocket Market Streams, "Trading Session Stream" (``tradingSession``).
        """
        return self._listen(streams.parse("tradingSession", "usdm"))

    def option_symbols(self) -> EventQueue:
        """Listen to options that are listed or change their status: ``option_symbol`` events.

        Returns
        -------
        EventQueue
            Of events whose `data` is an `OptionSymbol`.

        Source: Options WebSocket Market Streams, "New Symbol Info" (``!optionSymbol``).
        """
        return self._listen(streams.parse("!optionSymbol", "options"))

    def all_tokens(self) -> EventQueue:
        """Listen to statistics of 24 hours of all Alpha tokens: ``all_tokens`` events.

        Returns
        -------
        EventQueue
            Of events whose `data` is an `AllTokens`.

        Source: Alpha WebSocket Streams, "All Tokens Ticker" (``came@allTokens@ticker24``).
        """
        return self._listen(streams.parse("came@allTokens@ticker24", "alpha"))

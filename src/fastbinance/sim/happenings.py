"""What a simulator can be asked to make happen: rare events, payloads of one's own."""

from typing import Final

from fastbinance.errors import ConfigurationError
from fastbinance.keys import MARKETS, Environment, Format, Market
from fastbinance.sim.channels import Topic
from fastbinance.sim.connection import Connection
from fastbinance.sim.instrument import is_listable
from fastbinance.sim.publish import Publisher

__all__ = ["Happenings"]

_MARKETS_OF: Final[dict[Topic, tuple[Market, ...]]] = {
    Topic.BLOCK_TRADE: ("spot",),
    Topic.FORCE_ORDER: ("usdm", "coinm"),
    Topic.CONTRACT_INFO: ("usdm", "coinm"),
    Topic.OPTION_SYMBOL: ("options",),
}


class Happenings:
    """What happens on request, on the markets of a simulator."""

    _connections: dict[Connection, None]
    _publishers: dict[Environment, Publisher]

    def send(
        self,
        market: Market,
        stream: str,
        payload: bytes,
        *,
        environment: Environment = "prod",
        format: Format = "json",
    ) -> int:
        """Send a payload of your own to the subscribers of a stream, wrapped where they asked for it.

        Parameters
        ----------
        format
            ``"sbe"`` sends it as it is, in a binary frame, to the subscribers on the SBE hosts.

        Returns the number of receivers, and raises `ConfigurationError` when there is no such market.
        """
        if market not in MARKETS:
            raise ConfigurationError(f"{market!r} is no market; there are {', '.join(MARKETS)}")
        publisher = self._publisher(environment)
        receivers = publisher.post(market, stream, payload, format)
        publisher.flush()
        return receivers

    def block_trade(self, symbol: str, *, environment: Environment = "prod") -> int:
        """Have a block trade on spot now, rather than now and then; gives the number of receivers."""
        return self._happen("spot", symbol, Topic.BLOCK_TRADE, environment)

    def force_order(self, symbol: str, market: Market = "usdm", *, environment: Environment = "prod") -> int:
        """Have a liquidation on USD-M or COIN-M now; gives the number of receivers."""
        return self._happen(market, symbol, Topic.FORCE_ORDER, environment)

    def contract_info(
        self, symbol: str, market: Market = "usdm", *, environment: Environment = "prod"
    ) -> int:
        """Tell news of a contract of USD-M or COIN-M now; gives the number of receivers."""
        return self._happen(market, symbol, Topic.CONTRACT_INFO, environment)

    def option_symbol(self, symbol: str) -> int:
        """Tell now that an option is listed; gives the number of receivers."""
        return self._happen("options", symbol, Topic.OPTION_SYMBOL, "prod")

    def announce_shutdown(self) -> int:
        """Send ``serverShutdown`` to every connection to spot, and go on; gives their number."""
        now_ms = self._clock_ms()
        told = [connection for connection in self._connections if connection.host.market == "spot"]
        for connection in told:
            connection.notify_shutdown(now_ms)
        for publisher in self._publishers.values():
            publisher.flush()
        return len(told)

    # -- of the simulator

    def _clock_ms(self) -> int:
        raise NotImplementedError

    def _schedule(self) -> None:
        raise NotImplementedError

    def _happen(self, market: Market, symbol: str, topic: Topic, environment: Environment) -> int:
        if market not in _MARKETS_OF[topic] or not is_listable(symbol, market):
            raise ConfigurationError(f"{symbol!r} on {market!r} has no such event: wrong symbol or market")
        receivers = self._publisher(environment).happen(market, symbol, topic, self._clock_ms())
        self._schedule()
        return receivers

    def _publisher(self, environment: Environment) -> Publisher:
        try:
            return self._publishers[environment]
        except KeyError:
            raise ConfigurationError(f"no environment {environment!r} is running here") from None

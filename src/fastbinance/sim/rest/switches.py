"""Switches of a simulator's REST."""

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment
from fastbinance.sim.api.faulty import Kill
from fastbinance.sim.rest.faults import RestFault
from fastbinance.sim.rest.server import RestServers

__all__ = ["RestSwitches"]


class RestSwitches:
    """URLs and faults of REST."""

    _rest: RestServers

    @property
    def rest_urls(self) -> dict[RestProduct, str]:
        """Base URL of every product's REST in production, ready for a client's ``rest_urls=``."""
        return self._rest.urls()

    @property
    def rest_url_map(self) -> str:
        """All of them for reading: a line per Binance host."""
        return self._rest.url_map

    def rest_urls_of(self, environment: Environment) -> dict[RestProduct, str]:
        """Give the same of an environment: the testnet has spot, USD-M and COIN-M."""
        return self._rest.urls(environment)

    def rest_answers(
        self,
        status: int | None = None,
        code: int | None = None,
        msg: str = "",
        retry_after: float | None = None,
        delay: float = 0.0,
        kill: Kill | None = None,
        product: RestProduct | None = None,
        path: str | None = None,
        times: int | None = None,
    ) -> None:
        """Have something become of REST requests; without arguments nothing does any more.

        Parameters
        ----------
        status
            From 400 to 599: they are not carried out, and answered with this.
        code, msg
            Of the body of such an answer; without a code it is no JSON.
        retry_after
            Seconds in the header of that name.
        delay
            Seconds that they wait before anything is done about them.
        kill
            ``"before"`` loses the connection before the request is carried out, ``"after"`` when it is, and
            before its answer.
        product, path
            Only of this product, only of this path.
        times
            Only so many.
        """
        self._rest.faults.set(product, RestFault(status, code, msg, retry_after, delay, kill, path, times))

"""What is wrong with REST on purpose: answers that say something else, come late, or never."""

from dataclasses import dataclass

from fastbinance._rest_endpoints import RestProduct
from fastbinance.errors import ConfigurationError
from fastbinance.sim.api.faulty import Kill
from fastbinance.sim.rest.hosts import REST_HOSTS

__all__ = ["RestFault", "RestFaults"]


@dataclass(slots=True)
class RestFault:
    """What becomes of some requests.

    Attributes
    ----------
    status
        The request is not carried out, and answered with this; None: it is carried out.
    code, msg
        Of the body of such an answer; without a code it is no JSON.
    retry_after
        Seconds in the header of that name.
    delay
        Seconds that the answer is late.
    kill
        The connection is lost ``"before"`` the request is carried out, or ``"after"`` that and before its
        answer.
    path
        Only this path.
    left
        So many requests; None: until something else is said.
    """

    status: int | None = None
    code: int | None = None
    msg: str = ""
    retry_after: float | None = None
    delay: float = 0.0
    kill: Kill | None = None
    path: str | None = None
    left: int | None = None

    def check(self) -> None:
        """Refuse figures that cannot be."""
        if self.status is not None and not 400 <= self.status < 600:
            raise ConfigurationError(f"status is {self.status}: it is one from 400 to 599")
        if self.delay < 0:
            raise ConfigurationError(f"delay is {self.delay}: it cannot be below 0 seconds")
        if self.kill not in ("before", "after", None):
            raise ConfigurationError(f"kill is {self.kill!r}: it is 'before', 'after' or None")
        if self.left is not None and self.left < 1:
            raise ConfigurationError(f"times is {self.left}: it is a number from 1, or None")


class RestFaults:
    """What is wrong with REST now."""

    def __init__(self) -> None:
        self._faults: dict[RestProduct | None, RestFault] = {}

    def set(self, product: RestProduct | None, fault: RestFault) -> None:
        """Have a fault hold for a product; for None everywhere, instead of all others."""
        fault.check()
        products = {host.product for host in REST_HOSTS}
        if product is not None and product not in products:
            raise ConfigurationError(f"no REST of {product!r}: there is {', '.join(sorted(products))}")
        if product is None:
            self._faults.clear()
        self._faults[product] = fault

    def find(self, product: RestProduct, path: str) -> RestFault | None:
        """Give what meets a request, which counts as one of those that it shall meet."""
        for key in (product, None):
            fault = self._faults.get(key)
            if fault is None or fault.path not in (None, path):
                continue
            if fault.left is not None:
                fault.left -= 1
                if not fault.left:
                    del self._faults[key]
            return fault
        return None

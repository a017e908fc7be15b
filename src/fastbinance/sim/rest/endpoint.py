"""What the simulator knows of a REST call: a method of the WS API, or one of REST's own, behind a path."""

from dataclasses import dataclass
from typing import Literal

from fastbinance.sim.api.call import Product
from fastbinance.sim.api.method import Method
from fastbinance.sim.user.keys import KeyProduct

__all__ = ["Endpoint", "Meter", "Table"]

#: Whose limit a call is counted against: a product's, or that of the paths of ``/sapi``.
Meter = Literal["spot", "sapi", "usdm", "coinm", "options", "portfolio"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One verb of one path.

    Attributes
    ----------
    name
        What carries it out: a method as the WS API names it, or one of `RestService`.
    method
        Parameters, security and weight.
    product
        Whose method it is, where it is one of the WS API.
    keys
        Whose listen key it is about.
    meter
        Whose limit it is counted against.
    """

    name: str
    method: Method
    meter: Meter
    product: Product = "spot"
    keys: KeyProduct = "usdm"


#: By verb and path.
Table = dict[tuple[str, str], Endpoint]

"""How the tables are written: a product's catalogue of parameters, and methods that name theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from fastbinance._protocol.method import Kind, Lane, Method, Parameter, Product, Resolve, Rule, Security
from fastbinance.answers import ANSWERS

__all__ = ["Table", "catalogue", "choice", "parameter"]

# What is signed has a time until which it may be carried out.
_TIMED = {Security.TRADE, Security.USER_DATA, Security.LOGON}

_RECV_WINDOW = Parameter(
    "recvWindow",
    Kind.MILLISECONDS,
    doc="Milliseconds from the request's timestamp in which Binance may carry it out: at most 60000. "
    "The client's `recv_window` where it is not given.",
)


def parameter(name: str, kind: Kind, doc: str, values: tuple[str, ...] = ()) -> Parameter:
    """Return an optional parameter; a method makes it required."""
    return Parameter(name, kind, values=values, doc=doc)


def choice(name: str, literal: Any, doc: str) -> Parameter:
    """Return a parameter that takes one of the values of a literal."""
    return Parameter(name, Kind.CHOICE, values=get_args(literal), doc=doc)


def catalogue(*groups: Iterable[Parameter]) -> dict[str, Parameter]:
    """Return parameters by name, each of which is there once."""
    found: dict[str, Parameter] = {}
    for each in (each for group in groups for each in group):
        if each.name in found:
            raise ValueError(f"two parameters are named {each.name}")
        found[each.name] = each
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """Makes the methods of one product.

    Attributes
    ----------
    product
        Whose.
    manual
        Binance's documentation of them, as sources name it.
    parameters
        What its methods can take, by name.
    """

    product: Product
    manual: str
    parameters: Mapping[str, Parameter]

    def method(
        self,
        name: str,
        security: Security,
        weight: int,
        *,
        title: str,
        summary: str,
        required: str = "",
        optional: str = "",
        own: Iterable[Parameter] = (),
        lane: Lane = Lane.READ,
        resolve: Resolve | None = None,
        client_id: str | None = None,
        rules: tuple[Rule, ...] = (),
        weigh: Any = None,
    ) -> Method:
        """Return one method.

        Parameters
        ----------
        name, security, weight, summary, lane, resolve, client_id, rules, weigh
            As in `Method`.
        title
            The heading under which Binance documents it.
        required, optional
            Names of parameters, separated by blanks.
        own
            Parameters that mean something else here than in the catalogue.
        """
        known = {**self.parameters, **catalogue(own)}
        parameters = [_required(known[each]) for each in required.split()]
        parameters += [known[each] for each in optional.split()]
        if security in _TIMED:
            parameters.append(_RECV_WINDOW)
        return Method(
            product=self.product,
            name=name,
            security=security,
            weight=weight,
            parameters=tuple(parameters),
            answer=ANSWERS[self.product, name],
            summary=summary,
            source=f'{self.manual}, "{title}"',
            lane=lane,
            resolve=resolve,
            client_id=client_id,
            rules=rules,
            weigh=weigh,
        )


def _required(given: Parameter) -> Parameter:
    return Parameter(given.name, given.kind, True, given.values, given.doc)

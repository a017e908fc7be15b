"""Write what is generated from the table of the WebSocket API (`fastbinance._api.METHODS`).

``python tools/generate_api.py`` writes the classes of methods and the tables of ``docs/ws-api.md``. A test
compares both with what this gives.
"""

import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # a test that imports this has the package already, perhaps an installed one
    sys.path.insert(0, str(ROOT / "src"))

from fastbinance._api import METHODS, values  # noqa: E402  # the sources beside this file
from fastbinance._protocol.method import (  # noqa: E402
    PRODUCTS,
    Kind,
    Lane,
    Method,
    Parameter,
    Product,
    Security,
)

WIDTH = 110
PAGE = ROOT / "docs" / "ws-api.md"

TITLES: dict[Product, str] = {"spot": "Spot", "usdm": "Usdm", "coinm": "Coinm"}
PROSE: dict[Product, str] = {"spot": "spot", "usdm": "USD-M futures", "coinm": "COIN-M futures"}

# Lists that are too long to be of use in a signature.
MAX_VALUES = 20

ANNOTATIONS = {
    Kind.TEXT: "str",
    Kind.SYMBOL: "str",
    Kind.SYMBOLS: "Texts",
    Kind.TEXTS: "str | Texts",
    Kind.DECIMAL: "Number",
    Kind.INTEGER: "int",
    Kind.MILLISECONDS: "Number",
    Kind.BOOLEAN: "bool",
    Kind.FLAG: "bool | str",
}

LITERALS = {typing.get_args(getattr(values, name)): name for name in values.__all__}

SECURITY = {
    Security.NONE: "Needs no key.",
    Security.TRADE: "Signed, with a key that may trade (TRADE).",
    Security.USER_DATA: "Signed (USER_DATA).",
    Security.KEY: "Needs a key, and no signature (USER_STREAM).",
    Security.LOGON: "Signed in any case (SIGNED).",
}
LANES = {
    Lane.READ: "",
    Lane.ORDER: " Counts as an order.",
    Lane.CANCEL: " Never held back by limits of orders.",
}


@dataclass(frozen=True)
class Face:
    """One of the two classes of a product."""

    product: Product
    blocking: bool

    @property
    def name(self) -> str:
        return f"{'Blocking' if self.blocking else ''}{TITLES[self.product]}Api"

    @property
    def path(self) -> Path:
        return (
            ROOT / "src/fastbinance/_api" / f"{self.product}_{'blocking' if self.blocking else 'awaited'}.py"
        )


FACES = [Face(product, blocking) for product in PRODUCTS for blocking in (False, True)]


def methods_of(product: Product) -> list[Method]:
    return [method for method in METHODS.values() if method.product == product]


# -- names and types


def constant(method: Method) -> str:
    return f"_{method.python_name.upper()}"


def annotation(parameter: Parameter) -> str:
    if parameter.kind is not Kind.CHOICE:
        return ANNOTATIONS[parameter.kind]
    return "str" if len(parameter.values) > MAX_VALUES else f"{LITERALS[parameter.values]} | str"


def spelled(answer: typing.Any) -> str:
    """Return a type as an annotation spells it."""
    if isinstance(answer, types.UnionType):
        return " | ".join(spelled(each) for each in typing.get_args(answer))
    if typing.get_origin(answer) is list:
        return f"list[{spelled(typing.get_args(answer)[0])}]"
    return str(answer.__name__)


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Z]\w+", text))


# -- classes of methods


def wrapped(text: str, indent: str, limit: int = WIDTH) -> str:
    return textwrap.fill(text, limit, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def weight_sentence(method: Method) -> str:
    return f"Weight {'up to ' if method.weigh else ''}{method.weight}."


def documentation(method: Method) -> str:
    """Return the docstring of a method, indented as in its class."""
    inner = " " * 8
    notes = f"{weight_sentence(method)} {SECURITY[method.security]}{LANES[method.lane]}"
    lines = [f'{inner}"""{method.summary}', "", wrapped(notes, inner)]
    if method.rules:
        lines += ["", *(wrapped(sentence(rule), inner) for rule in method.rules)]
    lines += ["", f"{inner}Parameters", f"{inner}----------"]
    for each in method.parameters:
        lines += [f"{inner}{each.name} : {annotation(each)}{'' if each.required else ', optional'}"]
        lines += [wrapped(described(each), inner + "    ")]
    lines += [f"{inner}timeout : float, optional"]
    lines += [f"{inner}    Seconds to wait for the answer; the client's where it is not given."]
    if method.resolve:
        lines += [f"{inner}resolve : bool"]
        lines += [f"{inner}    Whether to find out what became of it if its answer does not come."]
    lines += ["", f"{inner}Returns", f"{inner}-------", f"{inner}{spelled(method.answer)}"]
    lines += ["", f"{inner}Raises", f"{inner}------", f"{inner}ConfigurationError"]
    lines += [f"{inner}    A parameter is unknown, missing or of another type. Nothing is sent."]
    lines += [f"{inner}RequestError"]
    lines += [f"{inner}    Refused, not sent, or without an answer: one class for each."]
    lines += ["", wrapped(f"Source: {method.source}.", inner), f'{inner}"""']
    return "\n".join(lines)


def described(parameter: Parameter) -> str:
    if parameter.kind is Kind.CHOICE and 0 < len(parameter.values) <= MAX_VALUES:
        known = ", ".join(f"``{value!r}``" for value in parameter.values)
        return f"{parameter.doc} Known: {known}."
    return parameter.doc


def sentence(rule: object) -> str:
    text = str(rule)
    return f"{text[0].upper()}{text[1:]}." if text.startswith(("at ", "by ")) else f"{text}."


def defined(face: Face, method: Method) -> str:
    """Return one method of a class."""
    returns = spelled(method.answer)
    signature = ["self"]
    arguments = [f"{each.name}: {annotation(each)}" for each in method.parameters if each.required]
    arguments += [
        f"{each.name}: {annotation(each)} | None = None" for each in method.parameters if not each.required
    ]
    arguments += ["timeout: float | None = None"]
    if method.resolve:
        arguments += ["resolve: bool = True"]
    signature += ["*", *arguments]
    start = "    def" if face.blocking else "    async def"
    head = f"{start} {method.python_name}({', '.join(signature)}) -> {returns}:"
    if len(head) > WIDTH:
        listed = "".join(f"        {each},\n" for each in signature)
        head = f"{start} {method.python_name}(\n{listed}    ) -> {returns}:"
    return f"{head}\n{documentation(method)}\n{body(face, method, returns)}"


def body(face: Face, method: Method, returns: str) -> str:
    calls = f"        answer: {returns} = {'' if face.blocking else 'await '}self._call("
    resolve = "resolve" if method.resolve else "False"
    pairs = [f'"{each.name}": {each.name}' for each in method.parameters]
    line = f"{calls}{constant(method)}, {{{', '.join(pairs)}}}, timeout, {resolve})"
    if len(line) > WIDTH:
        listed = "".join(f"                {pair},\n" for pair in pairs)
        line = (
            f"{calls}\n            {constant(method)},\n            {{\n{listed}            }},\n"
            f"            timeout,\n            {resolve},\n        )"
        )
    return f"{line}\n        return answer"


def imported(module: str, names: set[str]) -> str:
    ordered = sorted(names)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def module(face: Face) -> str:
    """Return the text of the module of one class."""
    methods = methods_of(face.product)
    base = "BlockingCaller" if face.blocking else "AsyncCaller"
    used = {word for method in methods for each in method.parameters for word in words(annotation(each))}
    answers = {word for method in methods for word in words(spelled(method.answer))}
    how = "that wait for their answers" if face.blocking else "as coroutines"
    parts = [
        f'"""Methods of the WebSocket API of {PROSE[face.product]}, {how}.\n\n'
        "Generated by tools/generate_api.py from `fastbinance._api.METHODS`: change that, and run it again.\n"
        '"""\n',
        "from __future__ import annotations\n",
        "\n".join(
            [
                "from fastbinance._api import METHODS",
                f"from fastbinance._api.base import {base}",
                imported("fastbinance._api.values", used),
                imported("fastbinance.answers", answers),
            ]
        )
        + "\n",
        f'__all__ = ["{face.name}"]\n',
        "\n".join(f'{constant(each)} = METHODS["{each.product}", "{each.name}"]' for each in methods) + "\n",
        f"\nclass {face.name}({base}):\n"
        f'    """Methods of the WebSocket API of {PROSE[face.product]}, {how}.\n\n'
        "    Parameters have Binance's names and are given by name; one that is None is not sent.\n"
        "    A `Number` is text, `decimal.Decimal` or int, never float. A value that is not among the\n"
        "    known ones is sent, with a warning.\n"
        '    """\n',
        "    __slots__ = ()\n",
        "\n\n".join(defined(face, method) for method in methods) + "\n",
    ]
    return "\n".join(parts)


# -- the page


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def marked(parameters: Iterable[Parameter]) -> str:
    return ", ".join(f"`{each.name}`" for each in parameters) or "-"


def table(product: Product) -> str:
    """Return the table of one product, as Markdown."""
    rows = ["| Binance's method | call | weight | security | required | optional | answer |"]
    rows += ["|---|---|---|---|---|---|---|"]
    for method in methods_of(product):
        taken = [each for each in method.parameters if each.name != "recvWindow"]
        cells = [
            f"`{method.name}`",
            f"`{method.python_name}`",
            f"{'≤ ' if method.weigh else ''}{method.weight}",
            method.security.value,
            marked(each for each in taken if each.required),
            marked(each for each in taken if not each.required),
            f"`{spelled(method.answer)}`",
        ]
        rows.append(f"| {' | '.join(cell(each) for each in cells)} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """Return the page with its tables made anew, between the marks that name them."""
    for product in PRODUCTS:
        mark = rf"(<!-- {product}: by tools/generate_api\.py -->\n)(.*?)(<!-- end -->)"
        found = re.findall(mark, text, re.DOTALL)
        if len(found) != 1:
            raise SystemExit(f"{PAGE.name} has {len(found)} places for the table of {product}, not one")
        begin, old, end = found[0]
        text = text.replace(f"{begin}{old}{end}", f"{begin}\n{table(product)}\n\n{end}")
    return text


def generated() -> dict[Path, str]:
    """Return the text of every file that is written."""
    return {face.path: module(face) for face in FACES} | {PAGE: page(PAGE.read_text())}


def main() -> None:
    """Write the files that differ, and name them."""
    for path, text in generated().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()

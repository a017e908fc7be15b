"""The floors of the package, as the imports have them: down, never up, nor across the bar on floor 1."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "fastbinance"
NATIVE = SOURCE / "_native"

# Every module and package of ours right below `fastbinance`; the package itself is "".
FLOORS = {
    0: {
        "_accounts", "_builders", "_endpoints", "_grammar", "_picows_check", "_rest_endpoints", "_typed",
        "_version", "answers", "book_states", "codes", "drift", "errors", "events", "keys", "request_errors",
        "rounding", "streams", "user_events",
    },
    1: {"_core", "_protocol"},  # with a bar between them
    2: {"_api", "_io"},
    3: {
        "", "_blocking_client", "_client_base", "_client_books", "_client_options", "_feed", "_field_docs",
        "_market", "_price_fields", "_record_fields", "_services", "async_client", "attached", "client",
        "credentials", "market", "order_book", "reader", "records", "rings", "typed_rings", "user_data",
        "user_handles", "waiting", "ws_api",
    },
    4: {"__main__", "cli", "pytest_plugin", "sim"},
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
BARRED = 1

# What decides is told the time and given the bytes.
OUTSIDE_WORLD = {"asyncio", "datetime", "picows", "select", "socket", "ssl", "threading", "time", "uvloop"}

PYTHON_FILES = sorted(SOURCE.rglob("*.py"))
CYTHON_FILES = sorted([*SOURCE.rglob("*.pyx"), *SOURCE.rglob("*.pxd"), *SOURCE.rglob("*.pyi")])
NATIVE_FILES = sorted([*NATIVE.rglob("*.hpp"), *NATIVE.rglob("*.cpp")])


class Import(NamedTuple):
    """One imported module, and the line that does it."""

    module: str
    line: int
    text: str


def relative_name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def part_of_path(path: Path) -> str:
    """Name the module or package right below `fastbinance` that a file belongs to."""
    first = path.relative_to(SOURCE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def part_of_module(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def from_imports(module: str, names: list[str]) -> list[str]:
    """Tell `from fastbinance import keys` (a module) from `from fastbinance import Client` (the facade's)."""
    if module != "fastbinance" or not names:
        return [module]
    return [f"{module}.{name}" if name in FLOOR_OF else module for name in names]


def python_imports(path: Path) -> list[Import]:
    source = path.read_text()
    lines = source.splitlines()
    package = ["fastbinance", *path.relative_to(SOURCE).with_suffix("").parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            modules = from_imports(module, [alias.name for alias in node.names])
        found += [Import(module, node.lineno, lines[node.lineno - 1]) for module in modules]
    return found


FROM = re.compile(r"^\s*from\s+([\w.]+)\s+c?import\s+(.+)")
PLAIN = re.compile(r"^\s*c?import\s+([\w., ]+)")


def cython_imports(path: Path) -> list[Import]:
    found = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        modules: list[str] = []
        if match := FROM.match(text):
            modules = from_imports(match[1], re.findall(r"\w+", match[2].partition("#")[0]))
        elif match := PLAIN.match(text):
            modules = [name.split()[0] for name in match[1].split(",") if name.strip()]
        found += [Import(module, number, text) for module in modules]
    return found


def imports(path: Path) -> list[Import]:
    return python_imports(path) if path.suffix in (".py", ".pyi") else cython_imports(path)


def offences(path: Path) -> list[str]:
    here = part_of_path(path)
    floor = FLOOR_OF[here]
    found = []
    for module, line, text in imports(path):
        if module.partition(".")[0] != "fastbinance":
            continue
        there = part_of_module(module)
        where = f"{relative_name(path)}:{line}: {text.strip()}"
        if there not in FLOOR_OF:
            found.append(f"{where}\n    {module} has no floor yet: give it one in FLOORS")
        elif FLOOR_OF[there] > floor:
            found.append(f"{where}\n    floor {floor} imports from floor {FLOOR_OF[there]}")
        elif FLOOR_OF[there] == floor == BARRED and there != here:
            found.append(f"{where}\n    {here} and {there} do not know each other")
    return found


def test_every_module_has_a_floor() -> None:
    parts = {part_of_path(path) for path in PYTHON_FILES + CYTHON_FILES}
    assert parts - FLOOR_OF.keys() == set(), "give these a floor in FLOORS"
    assert FLOOR_OF.keys() - parts == set(), "these are gone: take them out of FLOORS"


def test_imports_point_down() -> None:
    found = [offence for path in PYTHON_FILES + CYTHON_FILES for offence in offences(path)]
    assert not found, "\n".join(found)


def test_decisions_know_neither_sockets_nor_clocks() -> None:
    found = [
        f"{relative_name(path)}:{line}: {text.strip()}"
        for path in PYTHON_FILES
        if part_of_path(path) == "_protocol"
        for module, line, text in imports(path)
        if module.partition(".")[0] in OUTSIDE_WORLD
    ]
    assert not found, "\n".join(found)


def test_native_code_knows_no_python() -> None:
    ours = {path.name for path in NATIVE_FILES} | {"simdjson.h", "simdjson.cpp"}
    found = []
    for path in NATIVE_FILES:
        for number, text in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', text)
            foreign = include and include[1] == '"' and include[2] not in ours
            if foreign or re.search(r"\bPython\.h\b|\bnumpy/|\bPy_\w+|\bPyObject\b", text):
                found.append(f"{relative_name(path)}:{number}: {text.strip()}")
    assert not found, "\n".join(found)


def test_no_file_is_included_into_cython_as_text() -> None:
    found = [
        f"{relative_name(path)}:{number}: {text.strip()}"
        for path in CYTHON_FILES
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if re.match(r"\s*include\s+[\"']", text)
    ]
    assert not found, "\n".join(found)


# The rule is worth what it catches.

UPWARD = [
    ("a module", "_io/pool.py", "import fastbinance.client\n"),
    ("a name of the facade", "_io/pool.py", "from fastbinance import Client\n"),
    ("a module as a name", "keys.py", "from fastbinance import rings\n"),
    ("a relative import", "_protocol/limits.py", "from .._io import pool\n"),
    ("inside a function", "_io/pool.py", "def late():\n    from fastbinance.sim import Simulator\n"),
    ("across the bar", "_protocol/limits.py", "from fastbinance._core.ring import RingBase\n"),
    ("across the bar from Cython", "_core/feed.pyx", "from fastbinance._protocol cimport limits\n"),
    ("upwards from Cython", "_core/feed.pyx", "cimport fastbinance._io.pool\n"),
    ("without a floor", "_io/pool.py", "import fastbinance.unheard_of\n"),
]


@pytest.mark.parametrize(("file", "text"), [case[1:] for case in UPWARD], ids=[case[0] for case in UPWARD])
def test_an_import_upwards_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    monkeypatch.setattr(f"{__name__}.SOURCE", tmp_path)
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("import asyncio\nfrom fastbinance.errors import FastBinanceError\n" + text)
    (offence,) = offences(path)
    assert offence.startswith(f"{file}:{3 + text.count(chr(10)) - 1}: {text.splitlines()[-1].strip()}")

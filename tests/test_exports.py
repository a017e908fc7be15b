"""The public names: sorted, exactly those that are re-exported, and documented within two steps."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastbinance

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "fastbinance"
README = ROOT / "README.md"

# The package, and the part of it that users import by name.
PUBLIC_PACKAGES = ["fastbinance", "fastbinance.answers", "fastbinance.sim", "fastbinance.user_events"]


def in_order(names: list[str]) -> list[str]:
    """Sort as ruff's RUF022 does: constants, then classes, then the rest."""

    def rank(name: str) -> int:
        if len(name) > 1 and name.isupper():
            return 0
        return 1 if name.lstrip("_")[:1].isupper() else 2

    return sorted(names, key=lambda name: (rank(name), name))


def declared_all(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id == "__all__" and node.value is not None:
                names = ast.literal_eval(node.value)
                assert isinstance(names, list)
                return names
    return None


def re_exported(path: Path) -> Iterator[str]:
    """Names that an ``__init__`` takes from modules of ours."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("fastbinance")):
            for alias in node.names:
                name = alias.asname or alias.name
                if not name.startswith("_") or name == "__version__":
                    yield name


def documentation() -> str:
    """Text of the README and of the files that it links to."""
    readme = README.read_text()
    linked = [ROOT / target for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]*)?\)", readme)]
    return "\n".join([readme, *(path.read_text() for path in linked if path.is_file())])


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix()
)
def test_all_is_sorted_and_without_doubles(path: Path) -> None:
    names = declared_all(path)
    if names is not None:
        assert names == in_order(names)
        assert len(names) == len(set(names))


@pytest.mark.parametrize("package", PUBLIC_PACKAGES)
def test_all_is_what_is_re_exported(package: str) -> None:
    path = SOURCE.joinpath(*package.split(".")[1:], "__init__.py")
    names = declared_all(path)
    assert names is not None
    assert names == in_order(list(re_exported(path)))


@pytest.mark.parametrize("package", PUBLIC_PACKAGES)
def test_every_public_name_is_there(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("name", fastbinance.__all__)
def test_public_name_is_documented(name: str) -> None:
    assert re.search(rf"\b{re.escape(name)}\b", documentation()), "in no file that the README links to"


def test_importing_the_package_imports_neither_the_simulator_nor_the_command_line() -> None:
    code = (
        "import sys, fastbinance\n"
        "extras = {'aiohttp', 'cryptography', 'fastbinance.cli', 'fastbinance.sim', 'pytest', 'rich'}\n"
        "print(sorted(extras & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

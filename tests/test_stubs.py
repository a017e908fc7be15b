"""Every compiled module has its stub; that the stub is true is for stubtest, which .ci/run calls."""

import ast
import importlib
from pathlib import Path

import pytest

CORE = Path(__file__).parents[1] / "src" / "fastbinance" / "_core"
MODULES = sorted(path.stem for path in CORE.glob("*.pyx"))


def definitions(name: str) -> dict[str, ast.stmt]:
    """Classes and functions of a stub by name."""
    tree = ast.parse((CORE / f"{name}.pyi").read_text())
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name: node for node in tree.body if isinstance(node, kinds)}


def test_there_are_compiled_modules() -> None:
    assert MODULES


def test_every_compiled_module_has_a_stub_and_no_stub_is_left_over() -> None:
    assert sorted(path.stem for path in CORE.glob("*.pyi")) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_stub_declares_public_names_only(name: str) -> None:
    assert [found for found in definitions(name) if found.startswith("_")] == []


@pytest.mark.parametrize("name", MODULES)
def test_stub_documents_what_it_declares(name: str) -> None:
    undocumented = [
        found
        for found, node in definitions(name).items()
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is None
    ]
    assert undocumented == []


@pytest.mark.parametrize("name", MODULES)
def test_what_the_stub_declares_is_there(name: str) -> None:
    module = importlib.import_module(f"fastbinance._core.{name}")
    assert [found for found in definitions(name) if not hasattr(module, found)] == []

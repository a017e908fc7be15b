"""Native programs of the tests, compiled against the package's headers."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["counts_of", "native_program", "run_native"]

_TESTS: Final = Path(__file__).parents[1]
_HEADERS: Final = _TESTS.parent / "src" / "fastbinance" / "_native"
_BUILD: Final = _TESTS.parent / "build" / "stress"
_FLAGS: Final = ["-std=c++20", "-O2", "-Wall", "-Wextra", "-Wno-invalid-offsetof", f"-I{_HEADERS}"]


def native_program(source: Path) -> Path:
    """Return a program, compiled unless neither it nor a header has changed; skip where nothing compiles."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        pytest.skip("no C++ compiler")
    digest = hashlib.sha256(" ".join([compiler, *_FLAGS]).encode())
    for read in sorted([*_HEADERS.glob("*.hpp"), *source.parent.glob("*.hpp"), source]):
        digest.update(read.read_bytes())
    program = _BUILD / f"{source.stem}-{digest.hexdigest()[:16]}"
    if not program.exists():
        _BUILD.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_suffix(f".{os.getpid()}")
        done = subprocess.run(
            [compiler, *_FLAGS, str(source), "-o", str(unfinished)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        unfinished.replace(program)
    return program


def run_native(program: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run one to its end."""
    return subprocess.run(
        [str(program), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=3600
    )


def counts_of(program: Path, *arguments: object) -> dict[str, Any]:
    """Run one that has to end well, and return what it has counted."""
    done = run_native(program, *arguments)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted

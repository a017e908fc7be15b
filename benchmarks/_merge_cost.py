"""Instructions from payload to published record, now and at the commit before lines were merged."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

from benchmarks import _compile, _harness, bench_decode, corpus

__all__ = ["BEFORE", "CASES", "instructions_before", "instructions_now"]

#: The last commit whose records were published without being compared with the one before.
BEFORE: Final = "6c1b3fd"
CASES: Final = (
    "spot-bookTicker", "usdm-bookTicker", "spot-trade", "usdm-trade", "spot-aggTrade", "usdm-aggTrade",
    "spot-depth-few", "usdm-depth-few", "spot-depth20",
)  # fmt: skip
_COUNT: Final = (
    "import json, sys\n"
    "from benchmarks import bench_decode, corpus\n"
    "cases = corpus.cases()\n"
    "print(json.dumps({name: bench_decode.instructions(cases[name], ['fast'])['fast']"
    " for name in sys.argv[1:]}))\n"
)


def instructions_now() -> dict[str, float]:
    """Return instructions a message of each case, in order and on one line, by the scanners of this tree.

    Raises
    ------
    _compile.Unavailable
        Nothing here can count instructions.
    """
    if not _harness.instruction_counter():
        raise _compile.Unavailable("nothing here counts instructions: apt-get install valgrind, or perf")
    cases = corpus.cases()
    return {name: bench_decode.instructions(cases[name], ["fast"])["fast"] for name in CASES}


def instructions_before() -> dict[str, float]:
    """Return the same of the tree at `BEFORE`, counted by its own benchmark, with the compiler of today.

    Raises
    ------
    _compile.Unavailable
        This is no clone that has the commit, or its benchmark fails.
    """
    tree = _tree_of(BEFORE)
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, *CASES],
        cwd=tree, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tree)},
    )  # fmt: skip
    if done.returncode != 0:
        raise _compile.Unavailable(f"the benchmark of {BEFORE} fails:\n{done.stderr}")
    counted: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return counted


def _tree_of(commit: str) -> Path:
    """Return a directory with what the native benchmarks of a commit need."""
    tree = _compile.BUILD / f"tree-{commit}"
    if not tree.exists():
        command = ["git", "archive", commit, "benchmarks", "src/fastbinance/_native"]
        done = subprocess.run(command, cwd=_compile.ROOT, capture_output=True, check=False)
        if done.returncode != 0:
            raise _compile.Unavailable(f"no tree of {commit} here: {done.stderr.decode().strip()}")
        # Unpacked beside and moved: a tree that is there is whole.
        partial = tree.with_suffix(f".{os.getpid()}")
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(partial, filter="data")
        partial.rename(tree)
    return tree

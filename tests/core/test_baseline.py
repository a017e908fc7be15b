"""The code for processors without AVX2 passes the same tests: it is what runs everywhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastbinance._core.decode import implementation

MODULES = (
    "test_arrays.py", "test_captures.py", "test_decode.py", "test_drift.py", "test_feed.py", "test_kinds.py",
    "test_replay.py", "test_utf8.py", "test_vectors.py",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(implementation().fast == "scalar", reason="the baseline is what all tests here run on")
def test_the_baseline_passes_every_test_of_decoding():
    here = Path(__file__).parent
    root = here.parents[1]
    code = (
        "import sys, pytest; from fastbinance._core.decode import implementation as of; "
        "sys.exit(pytest.main(sys.argv[1:]) if of().fast == 'scalar' else 'not the baseline')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *(str(here / name) for name in MODULES)],
        env=os.environ | {"FASTBINANCE_NO_AVX2": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]

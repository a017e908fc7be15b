"""What is installed: which picows it runs with, its metadata, and what else lies in the wheel."""

import re
import subprocess
import sys
import tomllib
from importlib.machinery import BuiltinImporter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from fastbinance._picows_check import check_picows
from fastbinance._version import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

ACCEPTED = ["2.1.3", "2.2.0", "2.3.0", "2.3.1", "2.3.99", "2.3", "2.3.1.post1"]
REFUSED = ["2.1.2", "2.0", "1.20.0", "2.4.0", "2.4", "2.4.0rc1", "2.10.0", "3.0.0", "unknown", ""]


@pytest.mark.parametrize("installed", ACCEPTED)
def test_picows_with_the_compiled_layout_is_accepted(installed: str) -> None:
    check_picows(installed)


@pytest.mark.parametrize("installed", REFUSED)
def test_other_picows_is_refused_in_a_sentence(installed: str) -> None:
    with pytest.raises(ImportError) as refusal:
        check_picows(installed)
    assert str(refusal.value) == (
        f"fastbinance is compiled for picows >=2.1.3,<2.4, not for {installed}; "
        'install one with: pip install "picows>=2.1.3,<2.4"'
    )


def test_missing_picows_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "picows")
    monkeypatch.setattr(sys, "meta_path", [BuiltinImporter])
    with pytest.raises(ImportError, match=r"fastbinance needs picows >=2\.1\.3,<2\.4, and there is none; "):
        check_picows()


def test_installed_picows_is_in_the_range() -> None:
    check_picows()


def test_range_of_picows_is_the_one_that_is_declared() -> None:
    (declared,) = (line for line in PROJECT["project"]["dependencies"] if line.startswith("picows"))
    with pytest.raises(ImportError, match=re.escape(declared.replace("picows", "picows ", 1))):
        check_picows("0")


def test_what_setup_py_needs_is_what_dev_installs() -> None:
    assert set(PROJECT["build-system"]["requires"]) <= set(PROJECT["project"]["optional-dependencies"]["dev"])


def test_plugin_is_loaded_without_what_the_simulator_needs(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(
        "def test_without(): pass\n"
        "def test_with(binance_sim): pass\n"
    )  # fmt: skip
    code = (
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "import pytest\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'fastbinance.pytest_plugin']))\n"
    )
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "pip install 'fastbinance[sim]'" in done.stdout


@pytest.fixture
def installed() -> Path:
    """Directory of what is installed; skipped where that is a source tree, or editable."""
    try:
        found = distribution("fastbinance")
    except PackageNotFoundError:
        pytest.skip("fastbinance is not installed here")
    site = Path(str(found.locate_file("")))
    if not (site / "fastbinance").is_dir() or site == ROOT / "src":
        pytest.skip("fastbinance is installed as editable here")
    return site


def test_version_is_that_of_the_metadata(installed: Path) -> None:
    assert distribution("fastbinance").version == __version__


def test_licences_of_what_is_compiled_in_are_installed(installed: Path) -> None:
    licences = {
        file.name: file.read_text() for file in installed.glob("fastbinance-*.dist-info/licenses/**/*.*")
    }
    assert {"pysimdjson.txt", "simdjson.txt"} <= licences.keys()
    assert "simdjson authors" in licences["simdjson.txt"]
    assert "Tyler Kennedy" in licences["pysimdjson.txt"]


def test_sources_of_compiled_modules_are_not_installed(installed: Path) -> None:
    kinds = {path.suffix for path in (installed / "fastbinance").rglob("*") if path.is_file()}
    assert kinds <= {".py", ".pyc", ".pyi", ".so", ".typed"}
    assert not (installed / "fastbinance" / "_native").exists()
    assert (installed / "fastbinance" / "py.typed").is_file()

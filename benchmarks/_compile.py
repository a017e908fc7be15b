"""Compile the native programs of the benchmarks, against the package's headers and simdjson."""

import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from sysconfig import get_config_var, get_paths
from types import ModuleType
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
SOURCES: Final = HERE / "native"
NATIVE: Final = ROOT / "src" / "fastbinance" / "_native"
BUILD: Final = ROOT / "build" / "benchmarks"
COMPILER: Final = os.environ.get("CXX", "c++")
FLAGS: Final = ["-std=c++20", "-O3", "-DNDEBUG", "-Wall", "-Wextra", "-Wno-invalid-offsetof"]
# The same as setup.py gives the one file that may use them.
AVX2_FLAGS: Final = ["-mavx2", "-mbmi", "-mpclmul", "-mlzcnt", "-mpopcnt"]


class Unavailable(Exception):
    """Something that a benchmark needs is not installed; the message is the sentence to show."""


def simdjson_directory() -> Path:
    """Return where simdjson's C++ lies; importing the module that it lies beside would run it."""
    spec = find_spec("simdjson")
    if spec is None or spec.origin is None:
        raise Unavailable("simdjson's C++ is missing: pip install pysimdjson==7.0.2")
    return Path(spec.origin).parent


def _headers_digest() -> str:
    digest = hashlib.sha256()
    for header in sorted([*NATIVE.glob("*"), *SOURCES.glob("*.hpp")]):
        digest.update(header.read_bytes())
    return digest.hexdigest()


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{what} does not compile:\n{done.stderr}")


def _compile(source: Path, flags: list[str]) -> Path:
    """Return the object file of a source, compiled unless neither it, the flags nor a header changed."""
    text = " ".join([COMPILER, *flags, _headers_digest()]).encode() + source.read_bytes()
    target = BUILD / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:16]}.o"
    if not target.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        _run([COMPILER, *flags, "-c", str(source), "-o", str(target)], source.name)
    return target


def _link(name: str, objects: list[Path], libraries: list[str]) -> Path:
    text = " ".join([*map(str, objects), *libraries])
    target = BUILD / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if not target.exists():
        _run([COMPILER, *map(str, objects), *libraries, "-o", str(target)], name)
    return target


def decode_loop() -> Path:
    """Return the program that runs every decoder in a native loop."""
    simdjson = simdjson_directory()
    includes = [f"-I{NATIVE}", f"-I{simdjson}", f"-I{SOURCES}"]
    avx2 = [*FLAGS, *AVX2_FLAGS, *includes]
    objects = [
        _compile(SOURCES / "decode_loop.cpp", [*FLAGS, *includes]),
        _compile(NATIVE / "fallback_baseline.cpp", [*FLAGS, *includes]),
        _compile(NATIVE / "simdjson_unit.cpp", [*FLAGS, *includes]),
        # Last, as in setup.py: the linker keeps the baseline's copies of shared inline functions.
        _compile(NATIVE / "fallback_haswell.cpp", avx2),
        _compile(SOURCES / "lean.cpp", avx2),
    ]
    return _link("decode_loop", objects, [])


def sbe_loop() -> Path:
    """Return the program that runs the binary decoder in a native loop."""
    includes = [f"-I{NATIVE}", f"-I{SOURCES}"]
    return _link("sbe_loop", [_compile(SOURCES / "sbe_loop.cpp", [*FLAGS, *includes])], [])


def book_loop() -> Path:
    """Return the program that applies diffs to order books in a native loop."""
    includes = [f"-I{NATIVE}", f"-I{SOURCES}"]
    return _link("book_loop", [_compile(SOURCES / "book_loop.cpp", [*FLAGS, *includes])], [])


def with_openssl(name: str) -> Path:
    """Return `bare_loop` or `sender`, which speak TLS with OpenSSL's C interface."""
    probe = subprocess.run(
        [COMPILER, "-E", "-x", "c++", "-"],
        input="#include <openssl/ssl.h>",
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode != 0:
        raise Unavailable(
            "OpenSSL's headers are missing: on Debian, apt-get update && apt-get install libssl-dev"
        )
    source = SOURCES / f"{name}.cpp"
    return _link(name, [_compile(source, [*FLAGS, f"-I{NATIVE}", f"-I{SOURCES}"])], ["-lssl", "-lcrypto"])


def replay() -> ModuleType:
    """Return the extension module that hands frames from memory to a picows listener."""
    source = SOURCES / "replay.pyx"
    picows = find_spec("picows")
    if find_spec("Cython") is None or picows is None or picows.origin is None:
        raise Unavailable(
            "the in-memory replay is compiled with Cython against picows: pip install cython picows"
        )
    told = [
        source.read_bytes(),
        (SOURCES / "newer.hpp").read_bytes(),
        picows.origin.encode(),
        sys.version.encode(),
    ]
    stamp = hashlib.sha256(b"".join(told)).hexdigest()[:16]
    # Every version of the source has a directory of its own, so that the module keeps its name.
    target = BUILD / f"replay-{stamp}" / f"replay{get_config_var('EXT_SUFFIX')}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        generated = target.parent / "replay.cpp"
        site = str(Path(picows.origin).parent.parent)
        _run(
            [sys.executable, "-m", "cython", "--cplus", "-3", "-I", site, "-o", str(generated), str(source)],
            source.name,
        )
        flags = [
            "-shared",
            "-fPIC",
            *FLAGS,
            "-w",
            f"-I{get_paths()['include']}",
            f"-I{site}/picows",
            f"-I{SOURCES}",
        ]
        _run([COMPILER, *flags, str(generated), "-o", str(target)], source.name)
    spec = spec_from_file_location("replay", target)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def allocation_counter() -> Path:
    """Return the library that counts allocations in the process that preloads it."""
    source = SOURCES / "count_allocations.cpp"
    return _link("count_allocations.so", [_compile(source, [*FLAGS, "-fPIC"])], ["-shared"])


def compiler_version() -> str:
    """Return the first line of what the compiler says of itself."""
    done = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


if __name__ == "__main__":
    print(decode_loop(), file=sys.stderr)

"""What pyproject.toml cannot say: the extension modules, their flags, and the debug and sanitizer switch."""

import os
import sys
from contextlib import redirect_stderr
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from sysconfig import get_platform
from threading import BoundedSemaphore

# Said before anything is imported that may be missing there.
if sys.platform not in ("linux", "darwin") or sys.implementation.name != "cpython" or sys.maxsize < 2**32:
    raise SystemExit(
        "fastbinance is written for CPython on 64-bit Linux and macOS, and cannot be built for "
        f"{sys.implementation.name} on {get_platform()}. On Windows, use it inside WSL 2."
    )

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# FASTBINANCE_BUILD: release, debug (assertions, bounds and None checks) or sanitize (debug, ASan, UBSan).
MODE = os.environ.get("FASTBINANCE_BUILD", "release")
if MODE not in ("release", "debug", "sanitize"):
    raise SystemExit(f"FASTBINANCE_BUILD is {MODE!r}; it may be release, debug or sanitize")

try:
    PYSIMDJSON = distribution("pysimdjson")
except PackageNotFoundError:
    raise SystemExit("the build requirement pysimdjson is missing: build with pip, or install it") from None
# Located, not imported: importing it would run it.
SIMDJSON = Path(str(PYSIMDJSON.locate_file("simdjson")))

NATIVE = Path("src/fastbinance/_native")
CORE = Path("src/fastbinance/_core")
GENERATED = Path("build") / f"cython-{MODE}"  # of its own, so that no mode compiles what another generated
# What the objects depend on besides files: when this text changes, everything is built again.
INPUTS = Path("build/inputs.txt")
HEADERS = [str(header) for header in sorted(NATIVE.glob("*.hpp"))]
INCLUDES = [str(NATIVE), str(SIMDJSON), numpy.get_include()]
MACROS = [
    ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
    ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
]

# -fvisibility: inline functions of the AVX2 unit must not replace other modules' copies.
COMPILE = ["-std=c++20", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-invalid-offsetof"]
LINK = []
DIRECTIVES = {"language_level": "3", "embedsignature": False}
if MODE == "release":
    COMPILE += ["-O3", "-DNDEBUG", "-g0"]
    # Stripped; Apple's linker has no -s.
    LINK += ["-Wl,-dead_strip", "-Wl,-S", "-Wl,-x"] if sys.platform == "darwin" else ["-s"]
else:
    COMPILE += ["-O1", "-g", "-UNDEBUG"]
    MACROS += [("FASTBINANCE_DEBUG", "1")]
    DIRECTIVES |= {"boundscheck": True, "nonecheck": True}
if MODE == "sanitize":
    SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
    COMPILE += SANITIZE
    LINK += SANITIZE

# Only this file may use what the baseline does not have; chosen at run time.
AVX2_FILE = "fallback_haswell.cpp"
AVX2_FLAGS = ["-mavx2", "-mbmi", "-mpclmul", "-mlzcnt", "-mpopcnt"]
JOBS = 2  # each needs up to 1 GB for simdjson


def avx2_flags():
    if sys.platform == "darwin":  # one compiler run may serve two architectures
        return [word for flag in AVX2_FLAGS for word in ("-Xarch_x86_64", flag)]
    return AVX2_FLAGS if get_platform().endswith("x86_64") else []


class BuildExt(build_ext):
    """build_ext with extra flags for one source file, and a few files compiled at a time."""

    def build_extensions(self):
        compile_one = self.compiler._compile
        slots = BoundedSemaphore(self.parallel if isinstance(self.parallel, int) else JOBS)

        def with_file_flags(obj, src, ext, cc_args, extra_postargs, pp_opts):
            extra = [*extra_postargs, *(avx2_flags() if Path(src).name == AVX2_FILE else [])]
            with slots:
                compile_one(obj, src, ext, cc_args, extra, pp_opts)

        self.compiler._compile = with_file_flags
        self.parallel = len(self.extensions)  # threads, which wait for a slot
        super().build_extensions()


class Listener:
    """Passes Cython's messages on to stderr, and keeps its performance hints."""

    def __init__(self):
        self.hints = []

    def write(self, text):
        self.hints += [line for line in text.splitlines() if line.startswith("performance hint")]
        return sys.__stderr__.write(text)

    def flush(self):
        sys.__stderr__.flush()


def generate(modules):
    versions = [f"{name} {version(name)}" for name in ("Cython", "numpy", "picows", "pysimdjson")]
    inputs = "\n".join([MODE, *versions]) + "\n"
    changed = not INPUTS.is_file() or INPUTS.read_text() != inputs
    # A hint says that a check after a call, or a wait for the interpreter lock, was not written by anybody.
    listener = Listener()
    with redirect_stderr(listener):
        extensions = cythonize(
            modules,
            build_dir=str(GENERATED),
            compiler_directives=DIRECTIVES,
            include_path=["src"],
            force=changed,
            nthreads=0,
        )
    if MODE == "release" and listener.hints:
        for extension in extensions:  # or the next build would find them generated, and say nothing
            Path(extension.sources[0]).unlink(missing_ok=True)
        hints = "\n".join(listener.hints)
        raise SystemExit(f"Cython's performance hints are errors in a release build:\n{hints}")
    if changed:
        INPUTS.write_text(inputs)
    for extension in extensions:  # not before: Cython copies what is named there
        extension.depends = [*HEADERS, str(INPUTS)]
    return extensions


def copy_licence():
    """Put pysimdjson's licence where pyproject.toml's license-files finds it."""
    target = Path("licenses/pysimdjson.txt")
    for file in PYSIMDJSON.files or ():
        if file.name.startswith("LICENSE") and ".dist-info" in str(file):
            text = file.read_text()
            if not target.is_file() or target.read_text() != text:
                target.write_text(text)
            return
    raise SystemExit("the build requirement pysimdjson carries no licence file")


def module(name, *sources):
    return Extension(
        f"fastbinance._core.{name}",
        [str(CORE / f"{name}.pyx"), *(str(NATIVE / source) for source in sources)],
        include_dirs=INCLUDES,
        define_macros=MACROS,
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
        language="c++",
    )


copy_licence()
setup(
    cmdclass={"build_ext": BuildExt},
    ext_modules=generate(
        [
            module("histogram"),
            module("record"),
            module("ring"),
            module("segment"),
            module("book"),
            # The AVX2 file comes last: see its head.
            module("decode", "fallback_baseline.cpp", "simdjson_unit.cpp", AVX2_FILE),
            module("feed"),
        ],
    ),
)

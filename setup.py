"""What pyproject.toml cannot say: the extension modules, their flags, and the debug and sanitizer switch."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# FASTBINANCE_BUILD=release (default), debug (assertions, bounds and None checks), sanitize (debug + ASan + UBSan).
MODE = os.environ.get("FASTBINANCE_BUILD", "release")
if MODE not in ("release", "debug", "sanitize"):
    raise SystemExit(f"FASTBINANCE_BUILD is {MODE!r}; it may be release, debug or sanitize")

# simdjson's C++ lies beside the build requirement's own module; importing it would run it.
_spec = find_spec("simdjson")
if _spec is None or _spec.origin is None:
    raise SystemExit("the build requirement pysimdjson is missing: build with pip, or install it first")
SIMDJSON = Path(_spec.origin).parent

NATIVE = Path("src/fastbinance/_native")
CORE = Path("src/fastbinance/_core")
INCLUDES = [str(NATIVE), str(SIMDJSON), numpy.get_include()]
HEADERS = [str(header) for header in sorted(NATIVE.glob("*.hpp"))]
MACROS = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")]

# -fvisibility: inline functions of the AVX2 unit must not replace other modules' copies.
COMPILE = ["-std=c++20", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-invalid-offsetof"]
LINK = []
DIRECTIVES = {"language_level": "3", "embedsignature": False}
if MODE == "release":
    COMPILE += ["-O3", "-DNDEBUG", "-g0"]
    LINK += ["-Wl,-dead_strip"] if sys.platform == "darwin" else ["-s"]
else:
    COMPILE += ["-O1", "-g", "-UNDEBUG"]
    MACROS += [("FASTBINANCE_DEBUG", "1")]
    DIRECTIVES |= {"boundscheck": True, "nonecheck": True}
if MODE == "sanitize":
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
    COMPILE += flags
    LINK += flags

# Only these files may use what the baseline does not have; chosen at run time.
AVX2_FILE = "fallback_haswell.cpp"
AVX2_FLAGS = ["-mavx2", "-mbmi", "-mpclmul", "-mlzcnt", "-mpopcnt"]


class BuildExt(build_ext):
    """build_ext with extra flags for one source file."""

    def build_extensions(self):
        compile_one = self.compiler._compile

        def with_file_flags(obj, src, ext, cc_args, extra_postargs, pp_opts):
            extra = list(extra_postargs)
            if Path(src).name == AVX2_FILE and self._targets_x86_64():
                extra += AVX2_FLAGS
            compile_one(obj, src, ext, cc_args, extra, pp_opts)

        self.compiler._compile = with_file_flags
        super().build_extensions()

    def _targets_x86_64(self):
        from sysconfig import get_platform

        platform = os.environ.get("_PYTHON_HOST_PLATFORM", get_platform())
        return platform.endswith(("x86_64", "amd64"))


def module(name, *sources):
    return Extension(
        f"fastbinance._core.{name}",
        [str(CORE / f"{name}.pyx"), *(str(NATIVE / source) for source in sources)],
        include_dirs=INCLUDES,
        define_macros=MACROS,
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
        depends=HEADERS,
        language="c++",
    )


setup(
    cmdclass={"build_ext": BuildExt},
    ext_modules=cythonize(
        [
            module("ring"),
            # The AVX2 file comes last: see its head.
            module("decode", "fallback_baseline.cpp", "simdjson_unit.cpp", "fallback_haswell.cpp"),
            module("feed"),
        ],
        compiler_directives=DIRECTIVES,
        include_path=["src"],
        nthreads=0,
    ),
)

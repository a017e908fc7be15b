"""Build the native fuzz targets and run each for its share; the differential target beside them.

``python tests/fuzz/run.py --seconds 60`` gives each target a minute; ``--executions N`` runs the native
targets until they have had N inputs in all, and the differential one a fiftieth of that. Linux with clang++;
from the root of a checkout in which the library is built or installed. What a target finds is left in
``build/fuzz/findings``, and the status is 1. ``--record`` adds the counts to RECORD.md.
"""

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
NATIVE: Final = ROOT / "src" / "fastbinance" / "_native"
CORE: Final = ROOT / "src" / "fastbinance" / "_core"
BUILD: Final = ROOT / "build" / "fuzz"
RECORD: Final = HERE / "RECORD.md"

# A library built in place is taken before one that is installed.
sys.path[:0] = [str(HERE.parent), *([str(ROOT / "src")] if any(CORE.glob("decode*.so")) else [])]

FLAGS: Final = [
    "-std=c++20", "-O2", "-g1", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-Wno-invalid-offsetof",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
]  # fmt: skip
# Comparisons are not traced: the dictionary of the mutator has what there is to find, at a third of the time.
COVERED: Final = ["-fsanitize=fuzzer-no-link", "-fno-sanitize-coverage=trace-cmp"]
COMPILERS: Final = 2  # each needs a gigabyte
AVX2: Final = ["-mavx2", "-mbmi", "-mpclmul", "-mlzcnt", "-mpopcnt"]
# Memory that has been freed is watched for a while only: with more of it the targets do nothing but fault
# pages in.
ASAN: Final = "detect_leaks=1:quarantine_size_mb=8:allocator_may_return_null=0"


@dataclass(frozen=True)
class Target:
    """One native target: its source in `native`, the library's that it needs, its share of executions."""

    name: str
    sources: tuple[str, ...] = ()
    max_len: int = 2048
    share: float = 1.0


TARGETS: Final = (
    Target("fuzz_decode", ("fallback_baseline.cpp", "fallback_haswell.cpp", "simdjson_unit.cpp"), share=0.5),
    Target("fuzz_assemble", max_len=512, share=0.25),
    Target("fuzz_sbe", max_len=1024, share=0.25),
    Target("fuzz_book", max_len=512, share=0.25),
)


@dataclass
class Count:
    """What one target has done."""

    target: str
    executions: int
    seconds: float
    findings: int


def targets(names: list[str]) -> list[Target]:
    """Return the targets that are named, or all."""
    unknown = set(names) - {target.name for target in TARGETS}
    if unknown:
        raise SystemExit(f"no such target: {', '.join(sorted(unknown))}")
    wanted = [target for target in TARGETS if not names or target.name in names]
    missing = [target.name for target in wanted if not (HERE / "native" / f"{target.name}.cpp").is_file()]
    if missing:  # rather than pass over what would not be fuzzed
        raise SystemExit(f"no source of {', '.join(missing)}")
    return wanted


def compile_one(compiler: str, source: Path, flags: list[str]) -> Path:
    """Compile one file, unless its object is newer than every header."""
    output = BUILD / "objects" / f"{source.stem}.o"
    inputs = [source, *NATIVE.glob("*.hpp"), *(HERE / "native").glob("*.hpp"), BUILD / "routes.inc"]
    newest = max(path.stat().st_mtime for path in inputs)
    if output.is_file() and output.stat().st_mtime > newest:
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    print(f"compiling {source.name}", flush=True)
    simdjson = distribution("pysimdjson").locate_file("simdjson")
    includes = [f"-I{BUILD}", f"-I{NATIVE}", f"-I{simdjson}", f"-I{HERE / 'native'}"]
    # Compiled under another name first: an interrupted compiler leaves no object that looks new.
    unfinished = output.with_suffix(".part")
    subprocess.run([compiler, *flags, *includes, "-c", str(source), "-o", str(unfinished)], check=True)
    unfinished.replace(output)
    return output


def build(compiler: str, target: Target) -> Path:
    """Return the program of a target, its files compiled two at a time."""
    sources = [(HERE / "native" / f"{target.name}.cpp", FLAGS + COVERED)]
    for name in target.sources:
        # simdjson's other parsers are not what is explored; haswell's file needs its instructions.
        flags = FLAGS if name == "simdjson_unit.cpp" else FLAGS + COVERED
        extra = AVX2 if name == "fallback_haswell.cpp" and os.uname().machine == "x86_64" else []
        sources.append((NATIVE / name, flags + extra))
    with ThreadPoolExecutor(COMPILERS) as pool:
        objects = list(pool.map(lambda one: compile_one(compiler, *one), sources))
    program = BUILD / target.name
    link = [compiler, "-fsanitize=fuzzer,address,undefined", *map(str, objects), "-o", str(program)]
    subprocess.run(link, check=True)
    return program


def write_seeds() -> None:
    """Write the seeds of the decode target, and its table of routes when that has changed."""
    from fuzz import seeds

    shutil.rmtree(BUILD / "seeds" / "fuzz_decode", ignore_errors=True)
    rows = seeds.build(BUILD / "seeds" / "fuzz_decode")
    table, text = BUILD / "routes.inc", "\n".join(rows) + "\n"
    if not table.is_file() or table.read_text() != text:
        table.write_text(text)


def run_target(program: Path, target: Target, seconds: float | None, executions: int | None) -> Count:
    """Run one target until its time or its executions are over."""
    corpus, findings = BUILD / "corpus" / target.name, BUILD / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.glob(f"{target.name}-*"))
    command = [
        str(program), f"-max_len={target.max_len}", f"-artifact_prefix={findings}/{target.name}-",
        "-print_final_stats=1",
        "-print_funcs=0", "-entropic=0", "-timeout=20", "-rss_limit_mb=4096", "-verbosity=0",
    ]  # fmt: skip
    if seconds is not None:
        command.append(f"-max_total_time={max(1, round(seconds))}")
    if executions is not None:
        command.append(f"-runs={executions}")
    command.append(str(corpus))
    for known in (BUILD / "seeds" / target.name, HERE / "corpus" / target.name):
        if known.is_dir():
            command.append(str(known))
    begin = time.monotonic()
    done = subprocess.run(
        command,
        env=os.environ | {"ASAN_OPTIONS": ASAN},
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    spent = time.monotonic() - begin
    told = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    found = len(set(findings.glob(f"{target.name}-*")) - before)
    if done.returncode != 0:
        print(done.stderr[-6000:], file=sys.stderr)
        found = max(found, 1)
    for line in done.stderr.splitlines():
        if line.startswith("fuzz: "):  # also what a target says that it skips
            print(line)
    return Count(target.name, int(told[1]) if told else 0, spent, found)


def run_differential(seconds: float | None, executions: int | None, seed: int) -> Count:
    """Compare the library with the reference until the time or the executions are over."""
    from fuzz import differential

    begin = time.monotonic()
    end = begin + seconds if seconds is not None else None
    count, payload, text = differential.run(
        executions if executions is not None else sys.maxsize,
        seed,
        lambda: end is not None and time.monotonic() > end,
    )
    if payload is not None:
        print(
            f"differential, seed {seed}, execution {count}: {text}\nmarket {payload.market}: {payload.text!r}"
        )
    return Count("differential", count, time.monotonic() - begin, int(payload is not None))


def table_of(counts: list[Count], compiler: str) -> str:
    """Return the counts as a section of RECORD.md."""
    version = subprocess.run(
        [compiler, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    commit = git("describe", "--always", "--abbrev=10")
    # The record of the run before is no change of what was run.
    if git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!tests/fuzz/RECORD.md"):
        commit += "-dirty"
    today = datetime.datetime.now(datetime.UTC).date()
    lines = [
        f"## {today}, commit {commit or 'unknown'}", "", f"{version}; Python {sys.version.split()[0]}", "",
        "| target | executions | seconds | findings |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    lines += [
        f"| {one.target} | {one.executions:,} | {one.seconds:,.0f} | {one.findings} |" for one in counts
    ]
    native = sum(one.executions for one in counts if one.target != "differential")
    lines.append(f"| native targets together | {native:,} | | |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, help="for each target")
    parser.add_argument("--executions", type=int, help="of the native targets together")
    parser.add_argument(
        "--differential", type=int, help="executions against the reference; default: a fiftieth"
    )
    parser.add_argument(
        "--seed", type=int, default=None, help="of the differential target; default: another every time"
    )
    parser.add_argument(
        "--target", action="append", default=[], help="only this native target; may be repeated"
    )
    parser.add_argument("--compiler", default=os.environ.get("CLANGXX", "clang++"))
    parser.add_argument("--jobs", type=int, default=1, help="native targets at a time")
    parser.add_argument("--record", action="store_true", help="add the counts to RECORD.md")
    options = parser.parse_args(arguments)
    if options.seconds is None and options.executions is None:
        options.seconds = 60.0
    if shutil.which(options.compiler) is None:
        raise SystemExit(f"{options.compiler} is not there; Debian: apt-get install clang")
    BUILD.mkdir(parents=True, exist_ok=True)
    write_seeds()
    chosen = targets(options.target)
    programs = {target: build(options.compiler, target) for target in chosen}
    whole = sum(target.share for target in chosen)

    def one(target: Target) -> Count:
        share = None if options.executions is None else int(options.executions * target.share / whole)
        count = run_target(programs[target], target, options.seconds, share)
        print(f"{count.target}: {count.executions:,} executions, {count.findings} findings", flush=True)
        return count

    with ThreadPoolExecutor(options.jobs) as pool:
        counts = list(pool.map(one, chosen))
    against = options.differential
    if against is None and options.executions is not None:
        against = options.executions // 50
    seed = int.from_bytes(os.urandom(4)) if options.seed is None else options.seed
    counts.append(run_differential(options.seconds if against is None else None, against, seed))
    section = table_of(counts, options.compiler)
    print(f"\n{section}")
    if options.record:
        head, mark, rest = RECORD.read_text(encoding="utf-8").partition("\n## ")
        RECORD.write_text(f"{head.rstrip()}\n\n{section}{mark}{rest}", encoding="utf-8")
    return int(any(one.findings for one in counts))


if __name__ == "__main__":
    sys.exit(main())

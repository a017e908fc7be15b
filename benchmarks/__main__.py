"""``python -m benchmarks [NAME...]``: all of them, or those named, which are `NAMES`."""

import subprocess
import sys

from benchmarks import _compile

NAMES = ("decode", "kinds", "sbe", "ring", "feed", "loopback", "memory", "requests", "book")


def main() -> int:
    """Run each in a process of its own, so that none inherits another's heap or core."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    try:
        _compile.decode_loop()
        _compile.sbe_loop()
        _compile.book_loop()
        _compile.replay()
        _compile.with_openssl("sender")
        _compile.with_openssl("bare_loop")
    except _compile.Unavailable as missing:
        print(missing, file=sys.stderr)
        return 1
    failed = [
        name
        for name in wanted
        if subprocess.run([sys.executable, "-m", f"benchmarks.bench_{name}"]).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m fastbinance`` is the command ``fastbinance``."""

import sys

from fastbinance.cli import main

if __name__ == "__main__":
    sys.exit(main())

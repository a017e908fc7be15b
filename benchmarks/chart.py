"""``python -m benchmarks.chart``: the picture of README.md, from the newest result of the loopback flood."""

import io
import json
import sys
from pathlib import Path
from typing import Any, Final

import matplotlib
from PIL import Image

from benchmarks import _compile, _harness

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SOURCE: Final = _harness.RESULTS / "loopback.json"
TARGET: Final = _compile.ROOT / "docs" / "cpu-per-message.png"
COMMAND: Final = "python -m benchmarks loopback && python -m benchmarks.chart"
OURS: Final = "#0b6e4f"
DECODED_ONLY: Final = "#c9ced6"
STORED: Final = "#7d8899"
BARE: Final = "#b08a3e"


def _colour(name: str) -> str:
    return {"ours": OURS, "bare C": BARE, "msgspec": DECODED_ONLY, "orjson": DECODED_ONLY}.get(name, STORED)


def _time(ns: float) -> str:
    return f"{ns:,.0f} ns" if ns < 1_000 else f"{ns / 1_000:.1f} µs"


def draw(result: dict[str, Any], target: Path) -> None:
    """Draw the medians of the plain transport, cheapest first."""
    flood, stamp = result["data"]["ws"], result["environment"]
    found = {name: _harness.median(rounds) for name, rounds in flood["ns"].items()}
    names = sorted(found, key=lambda name: found[name])
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(names) + 1.5), dpi=100, facecolor="white")
    places = list(range(len(names)))[::-1]
    axes.barh(places, [found[name] for name in names], color=[_colour(name) for name in names], height=0.68)
    for place, name in zip(places, names, strict=True):
        ratio = "" if name == "ours" else f"   {flood['of_ours'][name]:.3g} x ours"
        weight = "bold" if name == "ours" else "normal"
        axes.text(
            found[name] * 1.08, place, _time(found[name]) + ratio, va="center", fontsize=9, weight=weight
        )
    axes.set_yticks(places, [flood["meaning"][name].replace("`", "") for name in names], fontsize=9)
    axes.set_xscale("log")
    axes.set_xlim(min(found.values()) / 2, max(found.values()) * 8)
    axes.set_title(
        "Client CPU for one spot bookTicker, flood over loopback (log scale)", fontsize=11, loc="left"
    )
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_formatter(lambda ns, _: _time(ns))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.text(
        0.01, 0.01,
        f"{stamp['processor']}, {stamp['cores']} cores, load {stamp['load']:.1f}; {stamp['python']}; "
        f"{result['date']}; medians of {len(flood['ns']['ours'])} rounds\n"
        f"Same bytes, same figures stored and compared; pale bars decode and keep nothing.   {COMMAND}",
        fontsize=7, color="#555555",
    )  # fmt: skip
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    picture = io.BytesIO()
    figure.savefig(picture)
    plt.close(figure)
    # Few colours are in it, and it is kept in the repository.
    Image.open(picture).convert("RGB").quantize(64).save(target, optimize=True)


def main() -> int:
    """Draw it, or say what is missing."""
    if not SOURCE.exists():
        print(
            f"there is no {SOURCE.relative_to(_compile.ROOT)}: python -m benchmarks loopback", file=sys.stderr
        )
        return 1
    draw(json.loads(SOURCE.read_text()), TARGET)
    print(f"{TARGET.relative_to(_compile.ROOT)}, {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

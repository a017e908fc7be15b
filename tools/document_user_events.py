"""Write the tables of ``docs/user-events.md`` from the classes of `fastbinance.user_events`.

``python tools/document_user_events.py`` writes them. A test compares the page with what this gives.
"""

import re
import sys
import textwrap
import typing
from pathlib import Path

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # a test that imports this has the package already, perhaps an installed one
    sys.path.insert(0, str(ROOT / "src"))

from fastbinance.user_events import (  # noqa: E402  # the sources beside this file
    EVENT_CLASSES,
    Part,
    UserEvent,
)

PAGE = ROOT / "docs" / "user-events.md"

BEGIN, END = "<!-- {}: by tools/document_user_events.py -->", "<!-- end -->"
BASE_FIELDS = UserEvent.__struct_fields__


def classes() -> list[type[Part]]:
    """Return the classes that Binance's keys become, events in the order of accounts, parts after theirs."""
    found: dict[type[Part], None] = {}
    for events in EVENT_CLASSES.values():
        for event in events.values():
            _add(event, found)
    return list(found)


def _add(cls: type[Part], found: dict[type[Part], None]) -> None:
    found.setdefault(cls)
    for hint in typing.get_type_hints(cls).values():
        for inner in (hint, *typing.get_args(hint)):
            if isinstance(inner, type) and typing.get_origin(inner) is None and issubclass(inner, Part):
                _add(inner, found)


def event_table() -> str:
    """Return the table of events: what Binance calls each, its class, and who has it."""
    accounts: dict[tuple[str, type[UserEvent]], list[str]] = {}
    for account, events in EVENT_CLASSES.items():
        for name, cls in events.items():
            accounts.setdefault((name, cls), []).append(account)
    rows = ["| event | class | account kinds |", "|---|---|---|"]
    for (name, cls), kinds in accounts.items():
        link = f"[`{cls.__name__}`](#{cls.__name__.lower()})"
        rows.append(f"| `{name}` | {link} | {', '.join(f'`{kind}`' for kind in kinds)} |")
    return "\n".join(rows)


def meanings(cls: type[Part]) -> dict[str, tuple[str, str]]:
    """Return type and meaning of each attribute, as the docstring has them."""
    doc = textwrap.dedent(f"    {cls.__doc__}")
    entries = re.findall(r"^(\w+) : (.+)\n((?:    .+\n?)+)", doc.partition("----------\n")[2], re.MULTILINE)
    return {name: (hint, " ".join(text.split())) for name, hint, text in entries}


def field_table(cls: type[Part]) -> str:
    """Return the table of a class: attribute, Binance's key, type and meaning."""
    told = meanings(cls)
    rows = []
    for name, key in zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True):
        if issubclass(cls, UserEvent) and name in BASE_FIELDS:
            continue
        hint, meaning = told[name]
        meaning = meaning.removesuffix(f" (``{key}``).").replace("``", "`")
        rows.append(f"| `{name}` | `{key}` | {hint} | {meaning} |")
    if not rows:
        return "It has no attributes but those of every event."
    return "\n".join(["| attribute | key | type | meaning |", "|---|---|---|---|", *rows])


def summary(cls: type[Part]) -> str:
    """Return the first paragraph of a class's docstring."""
    paragraph = str(cls.__doc__).strip().partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`")


def class_sections() -> str:
    """Return a section for each class."""
    return "\n\n".join(f"### {cls.__name__}\n\n{summary(cls)}\n\n{field_table(cls)}" for cls in classes())


def page(text: str) -> str:
    """Return the page with its generated parts made anew, between the marks that name them."""
    for name, made in (("events", event_table()), ("classes", class_sections())):
        begin = BEGIN.format(name)
        if text.count(begin) != 1:
            raise SystemExit(f"{PAGE.name} has {text.count(begin)} places for {name}, not one")
        before, _, rest = text.partition(begin)
        after = rest.partition(END)[2]
        text = f"{before}{begin}\n\n{made}\n\n{END}{after}"
    return text


def main() -> None:
    """Write the page where it differs, and name it."""
    text = page(PAGE.read_text())
    if PAGE.read_text() != text:
        PAGE.write_text(text)
        print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()

"""The page of user events is what the classes are, and every attribute of theirs is documented."""

import importlib.util
import re
import typing
from pathlib import Path
from types import ModuleType

import pytest

from fastbinance import user_events
from fastbinance.user_events import EVENT_CLASSES, Part, UserDataInterrupted, UserDataReady, UserEvent

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("document", ROOT / "tools" / "document_user_events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_made_of_the_classes(generator: ModuleType) -> None:
    text = (ROOT / "docs" / "user-events.md").read_text()
    assert text == generator.page(text), "run python tools/document_user_events.py"


def test_the_page_has_every_class_and_every_event(generator: ModuleType) -> None:
    public = [getattr(user_events, name) for name in user_events.__all__]
    parts = {one for one in public if isinstance(one, type) and issubclass(one, Part)}
    ours = {Part, UserEvent, user_events.UnknownEvent, UserDataReady, UserDataInterrupted}
    assert set(generator.classes()) == parts - ours
    text = (ROOT / "docs" / "user-events.md").read_text()
    names = {name for events in EVENT_CLASSES.values() for name in events}
    assert [name for name in sorted(names) if f"| `{name}` |" not in text] == []


def test_every_attribute_of_binances_is_documented_with_its_type_and_key(generator: ModuleType) -> None:
    for cls in generator.classes():
        told = generator.meanings(cls)
        own = [
            (name, key)
            for name, key in zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
            if not (issubclass(cls, UserEvent) and name in UserEvent.__struct_fields__)
        ]
        assert list(told) == [name for name, _ in own], cls.__name__
        hints = typing.get_type_hints(cls)
        for name, key in own:
            hint, meaning = told[name]
            assert f"``{key}``" in meaning, f"{cls.__name__}.{name}"
            assert hint == written(hints[name]), f"{cls.__name__}.{name}"


def written(hint: typing.Any) -> str:
    """Write a type as docstrings do."""
    text = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    text = re.sub(r"[\w.]+\.(\w+)", r"\1", text)
    text = re.sub(r"tuple\[(\w+), \.\.\.\]", r"tuple of \1", text)
    return text.replace(" | ", " or ")

"""JSON that another program wrote, and the values in it, which may be of any kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shapecalc.readers.faults import unreadable

if TYPE_CHECKING:
    from shapecalc.errors import SpecErrors


def parse_json(name: str, text: bytes | str) -> Any:  # noqa: ANN401
    """Read a text.  Raises `SpecErrors` (E009) for a damaged one."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"its JSON is damaged: {error.msg.lower()}, in line {error.lineno}"
        raise unreadable(name, message, "save the model again") from None
    except (ValueError, RecursionError):  # another encoding, a number without end, a pit
        raise unreadable(name, "its JSON cannot be read", "save the model again") from None


class JsonFields:
    """The fields of something in a file, read as what they have to be."""

    def __init__(self, name: str, owner: str, fields: object) -> None:
        self.name = name
        self.owner = owner
        self.fields: dict[str, Any] = fields if isinstance(fields, dict) else {}

    def fault(self, message: str, hint: str = "") -> SpecErrors:
        """Return what is wrong, to be raised."""
        return unreadable(self.name, f"{self.owner}: {message}", hint)

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def get(self, key: str) -> Any:  # noqa: ANN401
        """Return a value of whatever kind, None where there is none."""
        return self.fields.get(key)

    def text(self, key: str, default: str = "") -> str:
        """Return a word."""
        value = self.fields.get(key)
        return value if isinstance(value, str) else default

    def truth(self, key: str, *, default: bool) -> bool:
        """Return whether something is so."""
        value = self.fields.get(key)
        return value if isinstance(value, bool) else default

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number.  Raises `SpecErrors`."""
        value = self.fields.get(key)
        if value is None and default is not None:
            return default
        if value is None or not is_whole(value):
            raise self.fault(f"{key} is a whole number, not {shown(value)}")
        return int(value)

    def number(self, key: str, default: float) -> float:
        """Return a number.  Raises `SpecErrors`."""
        value = self.fields.get(key)
        if value is None:
            return default
        if not is_number(value):
            raise self.fault(f"{key} is a number, not {shown(value)}")
        return value  # type: ignore[no-any-return]

    def wholes(self, key: str) -> list[int]:
        """Return a list of whole numbers; one alone is a list of one.  Raises `SpecErrors`."""
        value = self.fields.get(key)
        values = value if isinstance(value, list) else [value]
        if not all(map(is_whole, values)):
            raise self.fault(f"{key} is a list of whole numbers, not {shown(value)}")
        return list(values)

    def items(self, key: str) -> list[Any]:
        """Return a list of whatever; nothing is an empty one.  Raises `SpecErrors`."""
        value = self.fields.get(key)
        if value is not None and not isinstance(value, list):
            raise self.fault(f"{key} is a list, not {shown(value)}")
        return list(value or ())


def is_whole(value: Any) -> bool:  # noqa: ANN401
    """Tell a whole number, however it is written, of a size that extents may have."""
    return is_number(value) and abs(value) < 10**18 and value == int(value)


def is_number(value: object) -> bool:
    """Tell a number, not too large to compute with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def shown(value: object) -> str:
    """Show a value of a file in a message."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:39]}…"

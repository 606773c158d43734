"""An operation of an exported program, as the file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container


class Reference(str):
    """The name of a tensor among an operation's arguments."""

    __slots__ = ()


class AtenOperation(NamedTuple):
    """An operation of the graph: its name without its overload, and what it takes and gives."""

    target: str
    arguments: dict[str, Any]
    outputs: list[str]
    path: str
    modules: list[tuple[str, str]]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return an argument; one that is missing, or nothing, has a default."""
        value = self.arguments.get(key)
        return default if value is None else value

    def leaf(self, known: Container[str]) -> tuple[str, str] | None:
        """Return the module around it whose class is known: its path and its class."""
        return next((module for module in self.modules if module[1] in known), None)

    def references(self) -> list[Reference]:
        """Return the tensors that it takes."""
        return [
            item
            for value in self.arguments.values()
            for item in (value if isinstance(value, list) else [value])
            if isinstance(item, Reference)
        ]

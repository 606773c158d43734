"""A value that no rule could compute: neither 0 nor not applicable."""

from __future__ import annotations


class Unknown:
    """The value that no rule could compute."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        """It is nothing that could be shown as a number."""
        return False


UNKNOWN = Unknown()

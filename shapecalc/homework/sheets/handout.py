"""A sheet in any of its formats, as text or as a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import did_you_mean, refuse

if TYPE_CHECKING:
    from shapecalc.homework.assignment.assignment import Homework

#: The formats of a sheet, each with the suffixes of its files, the usual one first.
FORMATS: dict[str, tuple[str, ...]] = {
    "text": (".txt",),
    "markdown": (".md", ".markdown"),
    "html": (".html", ".htm"),
    "csv": (".csv",),
    "yaml": (".yaml", ".yml"),
    "xlsx": (".xlsx",),
    "latex": (".tex",),
}


def sheet_format(name: str | None, path: str | None = None) -> str:
    """Return the format: the one named, or that of the file's suffix, or text.

    Raises `SpecErrors` (E302) for one that sheets do not have.
    """
    if name is None and path is None:
        return "text"
    suffix = "." + (path or "").rpartition(".")[2].lower()
    found = name or next((each for each, ends in FORMATS.items() if suffix in ends), None)
    if found in FORMATS:
        return found
    said = f"'{name}'" if name is not None else f"written to '{path}'"
    hint = did_you_mean(name or suffix, FORMATS) or f"one of {', '.join(FORMATS)}"
    raise refuse("E302", f"a sheet cannot be {said}", hint=hint)


def handout(
    homework: Homework,
    format: str,  # noqa: A002
    *,
    solution: bool = False,
    who: str = "",
) -> str | bytes:
    """Write the sheet of a homework; with `solution` its answers.  `who` is whose sheet it is."""
    if format == "xlsx":
        from shapecalc.homework.sheets.as_xlsx import to_xlsx

        return to_xlsx(homework, solution=solution, who=who)
    from shapecalc.homework.sheets.sheet import sheet

    return sheet(homework, format, solution=solution, who=who)

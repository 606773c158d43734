"""Write docs/layers.md and docs/columns.md from the code's own descriptions; a test compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.columns import COLUMNS
from shapecalc.describe import all_layers, common_fields
from shapecalc.profile import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator


def pages() -> dict[Path, str]:
    """Return the texts of the pages by their paths."""
    folder = Path(__file__).parent
    return {
        folder / "layers.md": "\n".join(_layers()) + "\n",
        folder / "columns.md": "\n".join(_columns()) + "\n",
    }


def _columns() -> Iterator[str]:
    yield "# Columns"
    yield ""
    yield "Made by `python docs/make.py`. `--columns` takes these names, separated by commas; CSV"
    yield "and JSON use the names of the third column. `shapecalc compare` takes them too; its CSV"
    yield "numbers them by network: `params_1`, `params_2`."
    yield ""
    yield "| column | meaning | in CSV and JSON | shown by default |"
    yield "|---|---|---|---|"
    shown = {"everywhere": "yes", "machines": "in CSV and JSON", "asked": "no"}
    for column in COLUMNS:
        cells = (f"`{column.key}`", column.meaning, f"`{column.name}`", shown[column.shown])
        yield "| " + " | ".join(map(_code, cells)) + " |"
    yield ""
    yield "`count` appears with `--profile`:"
    yield ""
    for profile in PROFILES.values():
        yield f"- `{profile.name}`: {profile.label}; {profile.note}."


def _layers() -> Iterator[str]:
    yield "# Layer types"
    yield ""
    yield "Made by `python docs/make.py` from the layers' classes. Every layer also takes "
    yield (
        ", ".join(f"`{each.name}`" for each in common_fields())
        + "; see [language.md](language.md)."
    )
    for layer in all_layers():
        yield ""
        yield f"## {layer.type}"
        yield ""
        aliases = (
            f" Also: {', '.join(f'`{each}`' for each in layer.aliases)}." if layer.aliases else ""
        )
        yield f"{layer.summary[0].upper()}{layer.summary[1:]}.{aliases}"
        yield ""
        yield f"    - {layer.example}"
        if layer.rule:
            yield ""
            yield f"- Rule: {_code(layer.rule)}."
        if layer.counts:
            yield f"- Counts: {_code(layer.counts)}."
        if layer.principal:
            yield f"- `{layer.type}: VALUE` sets `{layer.principal}`."
        if layer.fields:
            yield ""
            yield "| field | holds | default | |"
            yield "|---|---|---|---|"
            for each in layer.fields:
                cells = (f"`{each.name}`", each.holds, each.default, each.doc)
                yield "| " + " | ".join(map(_code, cells)) + " |"


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")

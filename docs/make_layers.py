"""Write docs/layers.md from the layers' own descriptions; a test compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.describe import all_layers, common_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(__file__).with_name("layers.md")


def page() -> str:
    """Return the text of docs/layers.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Layer types"
    yield ""
    yield "Made by `python docs/make_layers.py` from the layers' classes. Every layer also takes "
    yield ", ".join(f"`{each.name}`" for each in common_fields()) + "; see [language.md](language.md)."
    for layer in all_layers():
        yield ""
        yield f"## {layer.type}"
        yield ""
        aliases = f" Also: {', '.join(f'`{each}`' for each in layer.aliases)}." if layer.aliases else ""
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
    TARGET.write_text(page(), encoding="utf-8")

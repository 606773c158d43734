"""Write the pages of reference from the code's own descriptions; a test compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.analysis.tables import grammar
from shapecalc.analysis.tables.quantities import QUANTITIES as PRINTED
from shapecalc.counting.profile import grouped, told
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import QUANTITIES, SUFFIXES
from shapecalc.homework.diagnosis.misconceptions.catalogue import CATALOGUE
from shapecalc.output.columns import COLUMNS
from shapecalc.spec.layer_help import all_layers, common_fields

if TYPE_CHECKING:
    from collections.abc import Iterator


_TABLES = """
# Published tables

Made by `python docs/make.py`. A printed table is one YAML file: `shapecalc tables --file FILE`
compares it, and those in `shapecalc/analysis/tables/data/` come with the tool.

```yaml
table: A small table
source: a paper, Table 3
spec: lenet5.yaml                   # beside this file, or a shipped one

conventions:                        # how the table counts: once for all its cells
  parameters: {count: params, K: 1000, rounding: nearest}

columns:
  output size: output
  params: parameters

rows:
  conv1: [28x28x6, "156"]           # as printed; the row's name is the layer's
  conv2: [10x10x16, 2.3K]
  total: [~, 61.7K]                 # ~ where nothing is printed

errata:
  - row: conv2
    column: params
    printed: 2.3K                   # what the account is about: no other cell, no other value
    computed: 2.416K
    account: A slip; 2,416 is 2.4K.
```

**Cells** are texts, exactly as printed: 122,304, 2.7K, 60 million, 3.8x10^9, 112x112x64, 7x7/2.
The printed digits say how precise a cell is: 2.7K is whatever prints as 2.7K. A cell holds what its
column says, or its row, never both.

**Conventions.** Whatever is counted has one convention in a table: what counts, what K is, how
digits come about. There is none for a column, a row or a cell, so no cell can be made to match by
another way of counting. `operations` are counted by a profile, the ones of `summarize --profile`.

**Findings.** A cell is a `match`, when the computed value prints as the cell does; an `erratum`,
when the file knows that it is not; or a `MISMATCH`. An erratum that names a network (`spec`) or a
convention is computed anew under these, and is *explained* when it does match there; one that does
not is a MISMATCH. Any other states what is printed and what is computed. An erratum is stale, and a
MISMATCH, too, when its cell matches, or when it states other texts. With a MISMATCH the exit code
is 1. Where nothing comes out, since the profile has no rule for the layer or `over` divides by 0,
`?` stands beside the cell, a MISMATCH whatever is printed; to a sum such a layer adds nothing.

**Networks.** A row or a column may have its own `spec`. Where a cell is printed once for several
networks or layers, list them: every one of them must give it. `also` counts what matches under
other networks, `--against SPEC` shows it cell by cell.
"""


def pages() -> dict[Path, str]:
    """Return the texts of the pages by their paths."""
    folder = Path(__file__).parent
    return {
        folder / "layers.md": "\n".join(_layers()) + "\n",
        folder / "columns.md": "\n".join(_columns()) + "\n",
        folder / "tables.md": "\n".join(_tables()) + "\n",
        folder / "profiles.md": "\n".join(_profiles()) + "\n",
        folder / "misconceptions.md": "\n".join(_misconceptions()) + "\n",
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
    yield "`count` appears with `--profile`; [profiles.md](profiles.md) lists the profiles."


def _profiles() -> Iterator[str]:
    yield "# Counting profiles"
    yield ""
    yield "Made by `python docs/make.py` from the profiles. `--profile NAME` adds the column"
    yield "`count`; `shapecalc reconcile SPEC A B` explains why two of them differ."
    yield ""
    yield "A profile has a rule for every kind of layer that it counts, right or wrong: a sum of"
    yield "the quantities below. A rule `0` counts nothing on purpose. A layer without a rule is"
    yield "not counted: its cell is `?`, and the caption and JSON (`not_counted`) list it. The"
    yield "rules of tools are compared with the tools themselves, to the digit, on every shipped"
    yield "spec that they can run."
    yield ""
    yield "Some kinds of layers have a suffix: layers"
    yield ", ".join(f"{text} (`{word}`)" for word, text in SUFFIXES.items()) + "."
    for profile in PROFILES.values():
        yield ""
        yield f"## {profile.name}"
        yield ""
        yield f"{_code(told(profile))}."
        yield ""
        yield "| rule | layers |"
        yield "|---|---|"
        for rule, kinds in grouped(profile).items():
            yield f"| `{rule}` | {', '.join(kinds)} |"
    yield ""
    yield "## Quantities"
    yield ""
    yield "| quantity | meaning |"
    yield "|---|---|"
    for name, quantity in QUANTITIES.items():
        yield f"| `{name}` | {_code(quantity.meaning)} |"


def _tables() -> Iterator[str]:
    yield _TABLES.strip()
    for title, keys in (
        ("The keys of the file", grammar.TABLE_KEYS),
        ("A column", grammar.COLUMN_KEYS),
        ("A row", grammar.ROW_KEYS),
        ("A convention", grammar.CONVENTION_KEYS),
        ("An erratum", grammar.ERRATUM_KEYS),
    ):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| key | what it holds |"
        yield "|---|---|"
        for key, said in keys.items():
            yield f"| `{key}` | {_code(said)} |"
    yield ""
    yield "## What a cell may hold"
    yield ""
    yield "| quantity | what it is | its convention's `count` |"
    yield "|---|---|---|"
    for each in PRINTED.values():
        counts = ", ".join(f"`{word}`" for word in each.counts)
        yield f"| `{each.name}` | {_code(each.meaning)} | {counts} |"


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


def _misconceptions() -> Iterator[str]:
    yield "# Misconceptions"
    yield ""
    yield "Made by `python docs/make.py` from `shapecalc/homework/`. `shapecalc homework check`"
    yield "looks for these, and for two of them at once. An example is of a shipped network or of a"
    yield "single layer; *convention* marks those that are another way to count and no mistake."
    for entry in CATALOGUE.values():
        first = entry.examples[0]
        named = first.layer if "\n" in first.spec else f"{first.spec} {first.layer}"
        yield ""
        yield f"## {entry.id}: {entry.name}"
        yield ""
        convention = " *Convention.*" if entry.convention else ""
        yield f"{_code(entry.done)} {_code(entry.why)}{convention}"
        yield ""
        yield f"- {named}, {first.column}: {_code(first.wrong)} in place of {first.right}."


def _code(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")

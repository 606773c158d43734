"""What a catalogue must have: every text that is said, from the source and from the data."""

from __future__ import annotations

import ast
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.exports.parts import Per
from shapecalc.layers import BUILTIN
from shapecalc.layers.shape import SIDE_NAMES, axes_text
from shapecalc.output.columns import with_macs
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where students are spoken to.
SPEAKING = (ROOT / "shapecalc/homework", ROOT / "shapecalc/cli")


class Text(NamedTuple):
    """A text that is said, its plural, and where."""

    text: str
    plural: str
    place: str


def in_source() -> Iterator[Text]:
    """Yield the texts that are said, in the order of the files."""
    for folder in SPEAKING:
        for path in sorted(folder.rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for texts in said_in(path.read_text(encoding="utf-8"), reads="/answers/" in place):
                yield from (Text(text, plural, place) for text, plural in texts)


def said_in(source: str, *, reads: bool = False) -> Iterator[list[tuple[str, str]]]:
    """Yield the texts of each call in a file; a call whose text is computed has none.

    What `reads` files refuses them by `refuse_file`, which says the texts without values.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
        if node.func.id == "say_counted":
            assert len(texts) == 2, f"line {node.lineno}: the texts of a count must stand there"
            yield [(texts[0], texts[1])]
        elif node.func.id in ("say", "to_say"):
            yield [(text, "") for text in texts[:1]]
        elif reads and node.func.id == "refuse_file":
            plain = (*node.args[1:2], *node.args[3:4])
            yield [(arg.value, "") for arg in plain if isinstance(arg, ast.Constant) and arg.value]


def in_data() -> Iterator[Text]:
    """Yield the texts of tables that are made for others, too, and said to students."""
    for quantity in QUANTITIES.values():
        yield Text(quantity.title, "", "quantities")
    yield Text("channels", "", "axes")
    yield from (Text(word, "", "parts of a check") for word in get_args(Per))
    for rank, layout in product((1, 2, 3), ("hwc", "chw")):
        yield Text(axes_text([rank], layout), "", "axes")
        yield from (Text(name, "", "axes") for name in SIDE_NAMES[rank])
    for matmul, subsampling, recurrent in product((False, True), repeat=3):
        words = {"matmul": matmul, "subsampling": subsampling, "lstm": recurrent}
        rows = [SimpleNamespace(type=word) for word, there in words.items() if there]
        report: Any = SimpleNamespace(rows=rows)
        yield Text(with_macs(report, "convolutions"), "", "what has MACs")
    for known in CATALOGUE.values():
        yield from (Text(text, "", known.id) for text in (known.name, known.done, known.why))
    for word in BUILTIN:
        yield from (Text(text, "", f"layer {word}") for text in _of_layer(BUILTIN[word]))


def _of_layer(layer: Any) -> Iterator[str]:
    """Yield what the key of a sheet says of a layer: all but what only the help says."""
    yield layer.summary
    if not layer.learns.startswith("nothing"):
        yield layer.learns
    if costs := layer.counts.partition("; ")[2]:
        yield costs
    for field in layer.fields():
        named = field.words is not None or field.name in (layer.principal, "pad", "to")
        if named or not layer.principal:
            yield field.doc
        if field.unsaid:
            yield field.unsaid


def wanted() -> dict[str, Text]:
    """Return every text once, in the order of the catalogue."""
    texts: dict[str, Text] = {}
    for text in (*in_source(), *in_data()):
        known = texts.setdefault(text.text, text)
        assert not (known.plural and text.plural) or known.plural == text.plural
        if text.plural and not known.plural:
            texts[text.text] = text
    return texts


HEADER = """Project-Id-Version: shapecalc
Language: {language}
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
Plural-Forms: nplurals=2; plural=(n != 1);
"""


def catalogue_text(language: str, translations: dict[str, tuple[str, ...]]) -> str:
    """Write a catalogue of all that is wanted, with the translations that there are."""
    header = "".join(
        f"{_quoted(line)}\n" for line in HEADER.format(language=language).splitlines(keepends=True)
    )
    entries = [f'msgid ""\nmsgstr ""\n{header}']
    for text, plural, place in wanted().values():
        known = translations.get(text, ())
        lines = [f"#: {place}"]
        if "{" in text:
            lines.append("#, python-brace-format")
        lines.append(f"msgid {_quoted(text)}")
        if plural:
            one, many = known if len(known) == 2 else ("", "")
            lines.append(f"msgid_plural {_quoted(plural)}")
            lines += [f"msgstr[0] {_quoted(one)}", f"msgstr[1] {_quoted(many)}"]
        else:
            lines.append(f"msgstr {_quoted(known[0] if len(known) == 1 else '')}")
        entries.append("\n".join(lines) + "\n")
    return "\n".join(entries)


def _quoted(text: str) -> str:
    for sign, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(sign, escape)
    return f'"{text}"'

"""The catalogues: nothing is missing in them, nothing is dead, and every placeholder is kept.

`SHAPECALC_REGENERATE=1 pytest tests/homework/languages/test_catalogues.py` puts new sentences into
the files and takes old ones out; what is new stands there without a translation, and fails here.
"""

from __future__ import annotations

import os
import struct
from gettext import GNUTranslations
from io import BytesIO
from itertools import accumulate
from string import Formatter

import pytest

from shapecalc.cli import options
from shapecalc.homework.answers import DOES, DOES_HEADINGS, MARKS_ROWS
from shapecalc.homework.languages import ENGLISH, LANGUAGES, figures, say, say_counted, speaking
from shapecalc.homework.languages.catalogue import read_catalogue, shipped
from tests.homework.languages.messages import catalogue_text, wanted
from tests.paths import ROOT

REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
FOLDER = ROOT / "shapecalc/homework/languages"
OTHERS = [code for code in LANGUAGES if code != ENGLISH]


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("file", ["messages.pot", *(f"{code}.po" for code in OTHERS)])
def test_a_file_has_what_is_said_in_its_order_and_nothing_else(file: str) -> None:
    path = FOLDER / file
    written = read_catalogue(path.read_text(encoding="utf-8")) if path.exists() else None
    kept = {m.text: m.translations for m in written.messages.values()} if written else {}
    code = "" if file.endswith(".pot") else file.removesuffix(".po")
    text = catalogue_text(code, kept)
    if REGENERATE:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_and_keeps_its_placeholders(code: str) -> None:
    catalogue = shipped(code)
    texts = wanted()
    assert catalogue.messages.keys() == texts.keys()
    assert len(texts) > 350
    for message in catalogue.messages.values():
        assert all(message.translations), message.text
        assert not [line for line in message.comments if "fuzzy" in line], message.text
        for translation in message.translations:
            assert names(translation) == names(message.text) | names(message.plural), message.text
            assert translation.endswith((".", "?", ":")) == message.text.endswith((".", "?", ":"))
            assert translation.strip()
            assert translation[:1].isspace() == message.text[:1].isspace()


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_chooses_its_plural(code: str) -> None:
    assert [shipped(code).form(count) for count in (0, 1, 2, 1000)] == [1, 0, 1, 1]


def compiled(code: str) -> bytes:
    """Compile a catalogue as msgfmt does: sorted pairs of texts, behind tables of their places."""
    catalogue = shipped(code)
    pairs = {"": catalogue.header}
    for message in catalogue.messages.values():
        key = f"{message.text}\0{message.plural}" if message.plural else message.text
        pairs[key] = "\0".join(message.translations)
    keys = sorted(key.encode() for key in pairs)
    texts = [*keys, *(pairs[key.decode()].encode() for key in keys)]
    places = accumulate((len(text) + 1 for text in texts), initial=28 + 8 * len(texts))
    table = b"".join(
        struct.pack("<II", len(text), at) for text, at in zip(texts, places, strict=False)
    )
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    return head + table + b"".join(text + b"\0" for text in texts)


@pytest.mark.parametrize("code", OTHERS)
def test_gettext_itself_says_the_same(code: str) -> None:
    theirs, catalogue = GNUTranslations(BytesIO(compiled(code))), shipped(code)
    for message in catalogue.messages.values():
        for count in (0, 1, 2, 5):
            own = catalogue.text(message.text, count)
            if message.plural:
                assert theirs.ngettext(message.text, message.plural, count) == own
            else:
                assert theirs.gettext(message.text) == own


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == sorted(OTHERS)


def test_the_option_has_all_languages() -> None:
    assert list(LANGUAGES) == options.LANGUAGES


def test_the_reader_knows_the_column_of_what_layers_do_in_all_languages() -> None:
    assert {DOES, *(shipped(code).text(DOES) for code in OTHERS)} == DOES_HEADINGS


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', "twice"),
        ('msgid "a"\n', "without"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr "c"\n', "without"),
        ('msgid "a"\nmsgstr[0] "c"\n', "without"),
        ('msgid "a"\nmsgstr "b\n', "no line"),
        ('msgid "a"\nmsgstr "\\x"\n', "no line"),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n', "no line"),
        ('"a"\nmsgid "a"\nmsgstr "b"\n', "no line"),
    ],
)
def test_what_is_no_catalogue_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_catalogue(text)


def test_a_catalogue_is_read_as_gettext_writes_it() -> None:
    text = (
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n# a comment\n#: a.py\n'
    )
    text += 'msgid "{count} \\"cell\\""\nmsgid_plural "{count} cells"\nmsgstr[0] "une\\n"\nmsgstr[1] ""\n"b\\\\"\n'
    catalogue = read_catalogue(text)
    message = '{count} "cell"'
    assert [catalogue.text(message, count) for count in (0, 1, 2)] == ["une\n", "une\n", "b\\"]
    assert catalogue.messages[message].comments == ("# a comment", "#: a.py")


def test_the_reader_knows_the_row_of_marks_in_all_languages() -> None:
    assert {"marks", *(shipped(code).text("marks") for code in OTHERS)} == MARKS_ROWS


def test_what_no_catalogue_knows_is_said_in_english() -> None:
    with speaking("de"):
        assert say("no such {word}", word="text") == "no such text"


def test_numbers_are_written_as_the_language_does() -> None:
    assert figures("34,944 and 2.5") == "34,944 and 2.5"
    with speaking("de"):
        assert figures("34,944 and 2.5") == "34\u202f944 and 2,5"
        assert (
            figures("55x55x96, conv1.2, 1,234 of v1.5") == "55x55x96, conv1.2, 1\u202f234 of v1.5"
        )
        assert say_counted("{count} day", "{count} days", 1) == "1 Tag"
        with speaking(""):
            assert say("layer") == "Schicht"
        with speaking("en"):
            assert say("layer") == "layer"

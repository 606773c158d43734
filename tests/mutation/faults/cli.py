"""Faults in `cli`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a condition of a comparison never holds", "condition.holds(number[1], first[total])", "False"),
    Planted("completion offers every topic", '[f"{before}{comma}{word}" for word in TOPICS if word.startswith(last)]', '[f"{before}{comma}{word}" for word in TOPICS if True]'),
    Planted("a JSON check hints as little as a text", 'hint or (3 if chosen == "json" else 2)', 'hint and (3 if chosen == "json" else 2)'),
    Planted("an export is written in two halves", "row.makes[:1]", "row.makes[:2]"),
    Planted("a student's sheet is not written", "yield files, drawn", "pass"),
    Planted("a schema for standard output goes to a file", 'emit(dump(json_schema(), 2, ascii=True) + "\\n", None if path == "-" else path)', 'emit(dump(json_schema(), 2, ascii=True) + "\\n", None if path != "-" else path)'),
    Planted("an unknown code gets no hint", 'did_you_mean(code.upper(), CODES) or "`shapecalc errors` lists them"', "did_you_mean(code.upper(), CODES)"),
    Planted("a setting may be empty", "not equals or not name.strip() or not text.strip()", "not equals or not name.strip()"),
    Planted("a format that has no width is given one", 'word != "width" and name != "latex"', 'word != "width" or name != "latex"'),
    Planted("files that were not written are told", '(f"Wrote {file}." for file in (save_activations, save_weights) if file)', '(f"Wrote {file}." for file in (save_activations, save_weights) if True)'),
    Planted("a convolution's fields need no convolution", "conv is None and (fields or transposed)", "conv is None or (fields or transposed)"),
    Planted("a table that holds ends with 1", "not all(judgement.holds for judgement in judgements)", "all(judgement.holds for judgement in judgements)"),
    Planted("verify takes the shipped specs in place of those named", "shipped() if everything else specs", "shipped() if True else specs"),
]  # fmt: skip

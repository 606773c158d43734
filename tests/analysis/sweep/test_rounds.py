"""The law of repeat counts: a row is what its point gives, however many rounds there are.

One round stands for all that are alike.  It would break by rounds that are not (shapes, volumes
that are kept beside them, what one of them alone is read by, an index), by sums, peaks or receptive
fields that count another number of them, and by names that are given out by counting.
"""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.result import collect
from shapecalc.errors import SpecErrors
from shapecalc.output.options import make_view
from tests.analysis.sweep.test_spaces import by_point

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.analysis.sweep.plan import Plan

TOTALS = (
    "params,weights,biases,trainable,frozen,buffers,connections,macs,flops,count,activations,"
    "memory,moved,weights_read,inputs_read,outputs_written,peak,peak_memory,parameter_memory,"
    "kv_cache,flash"
)


def wrong_rows(plan: Plan) -> list[str]:
    """Describe where rows differ from their points.

    What a wiring is refused for as it is written, for all of its points, is said of all of these,
    without what numbers of one point would be refused for besides.
    """
    swept = collect(plan)
    whole = {formulas.refused for formulas in plan.formulas.values() if formulas.refused}
    wrong = []
    for row, point in enumerate(product(*(axis.values for axis in plan.ground.axes))):
        columns, note = by_point(plan, point)
        told = swept["note"][row]
        if told != note and not (told in whole and note):
            wrong.append(f"{point}: {swept['note'][row]!r}, but {note!r}")
        wrong += [
            f"{point} {name}: {swept[name][row]}, but {columns.get(name)}"
            for name in swept.block.columns
            if not note and swept[name][row] != columns.get(name)
        ]
    return wrong


def wirings(plan: Plan) -> int:
    """Count the networks that were wired."""
    return len({id(formulas) for formulas in plan.formulas.values()})


def planned(tmp_path: Path, text: str, over: dict[str, Any], columns: str = TOTALS) -> Plan:
    path = tmp_path / "rounds.yaml"
    path.write_text(text)
    return prepare(str(path), over, columns, make_view(profile="full", batch=3, dtype="float16"))


HEAD = "let: {n: 2, m: 1, c: 8}\ninput: 32x32x3\nlayers:\n"
#: Repeats of which one round stands for all, or for all after the first.
ALIKE = {
    "one layer": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}, relu]}
  - conv: {filters: 4, kernel: 5}
""",
    "the first is another": """
  - repeat: {times: n + 1, layers: [conv: {filters: c, kernel: 3, pad: 1}, batchnorm, relu]}
  - dense: 10
""",
    "an index": """
  - repeat:
      times: n + 1
      index: i
      layers:
        - add:
            - {if: i > 0, layers: []}
            - [conv: {filters: c, kernel: 3, pad: 1, stride: 1 + (i == 0)}]
  - global_avgpool
  - dense: 10
""",
    "in place": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n, layers: [relu, dropout]}
  - relu
  - dense: 10
""",
    "with a name": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {name: body, times: n, layers: [conv: {name: one, filters: c, kernel: 3, pad: 1}, relu]}
  - conv: {filters: 4, kernel: 5, from: body}
""",
    "in each other": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat:
      times: n
      layers:
        - conv: {filters: c, kernel: 1}
        - repeat: {times: m, layers: [add: [[conv: {filters: c, kernel: 3, pad: 1}, relu], []]]}
        - batchnorm
  - maxpool
  - dense: 10
""",
    "a branch": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - concat:
      - [conv: {filters: 2, kernel: 1}]
      - [repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}]}]
  - dense: 10
""",
    "a block with its own input": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n + 1, layers: [own]}
  - dense: 10
blocks:
  own: {layers: [conv: {filters: c, kernel: 3, pad: 1}, add: {from: [., input]}, relu]}
""",
    "some do not fit": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n, layers: [depthwise: {kernel: 3, pad: 1, multiplier: 1}]}
  - conv: {filters: 3*c, kernel: 3, stride: 9*m}
  - conv: {filters: 3, kernel: 2 + m}
""",
}
#: Repeats of which every number of rounds is wired by itself.
UNEQUAL = {
    "each is larger": """
  - repeat: {times: n, layers: [concat: [[conv: {filters: c, kernel: 3, pad: 1}], []]]}
  - dense: 10
""",
    "each is smaller": """
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 0}]}
  - dense: 10
""",
    "the index is in it": """
  - repeat: {times: n, index: i, layers: [conv: {filters: c + i, kernel: 3, pad: 1}]}
  - dense: 10
""",
    "the last is another": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat:
      times: n
      index: i
      layers: [conv: {filters: c, kernel: 3, pad: 1}, relu: {if: i + 1 < n}]
  - dense: 10
""",
    "one looks back": """
  - conv: {filters: c, kernel: 3, pad: 1, name: stem}
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}, add: {from: [., stem]}]}
  - dense: 10
""",
    "one looks back to what flows in": """
  - conv: {filters: c, kernel: 3, pad: 1, name: stem}
  - repeat: {times: n, layers: [add: {from: [., stem]}, conv: {filters: c, kernel: 3, pad: 1}]}
  - dense: 10
""",
    "heads": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}, side: [[dense: 10]]]}
  - dense: 10
""",
    "a name by its number": """
  - conv: {filters: c, kernel: 3, pad: 1}
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}]}
  - conv: {filters: c, kernel: 3, pad: 1}
  - add: {from: [., conv2]}
  - dense: 10
""",
    "shared weights": """
  - conv: {filters: c, kernel: 3, pad: 1, name: stem}
  - conv: {filters: c, kernel: 3, pad: 1, name: own}
  - repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1, share: own}]}
  - dense: 10
""",
}
#: A volume is kept while the rounds run, and read behind them: only the first is not like the rest.
KEPT = """
  - conv: {filters: c, kernel: 3, pad: 1}
  - add:
      - [repeat: {times: n, layers: [conv: {filters: c, kernel: 3, pad: 1}, relu]}]
      - []
  - dense: 10
"""


@pytest.mark.parametrize("body", ALIKE.values(), ids=ALIKE.keys())
def test_one_round_stands_for_all_that_are_alike(tmp_path: Path, body: str) -> None:
    plan = planned(tmp_path, HEAD + body, {"n": range(6), "m": [1, 2, 3], "c": [6, 8]})
    assert wrong_rows(plan) == []
    assert wirings(plan) == 1


@pytest.mark.parametrize("body", ALIKE.values(), ids=ALIKE.keys())
def test_receptive_fields_grow_with_every_round(tmp_path: Path, body: str) -> None:
    plan = planned(tmp_path, HEAD + body, {"n": range(4), "c": [6, 8]}, "output,macs")
    last = plan.ground.wire({"n": 3, "c": 6}).nodes[-1].path
    plan = planned(tmp_path, HEAD + body, {"n": range(4), "c": [6, 8]}, f"{last}.rf")
    assert wrong_rows(plan) == []


@pytest.mark.parametrize("body", UNEQUAL.values(), ids=UNEQUAL.keys())
def test_rounds_that_are_not_alike_are_wired_one_by_one(tmp_path: Path, body: str) -> None:
    plan = planned(tmp_path, HEAD + body, {"n": range(1, 5), "c": [6, 8]})
    assert wrong_rows(plan) == []
    assert wirings(plan) == 4


def test_of_a_kept_volume_no_round_but_the_first_and_none_are_wired_apart(tmp_path: Path) -> None:
    plan = planned(tmp_path, HEAD + KEPT, {"n": range(9), "c": [6, 8]})
    assert wrong_rows(plan) == []
    assert wirings(plan) == 2


def test_numbers_that_are_too_small_are_refused_and_the_others_recorded(tmp_path: Path) -> None:
    text = HEAD + ALIKE["one layer"].replace("times: n,", "times: n - 2,")
    plan = planned(tmp_path, text, {"n": range(8), "m": [1, 2], "c": [6, 8]})
    assert wrong_rows(plan) == []
    assert wirings(plan) == 3


def test_layers_before_the_rounds_and_named_ones_have_columns(tmp_path: Path) -> None:
    text = HEAD + ALIKE["with a name"]
    columns = "conv1.macs,conv2.output,conv2.rf"
    plan = planned(tmp_path, text, {"n": range(5), "c": [6, 8]}, columns)
    assert wrong_rows(plan) == []
    assert wirings(plan) == 1


def test_a_layer_of_a_round_has_the_columns_of_its_round(tmp_path: Path) -> None:
    text = HEAD + ALIKE["with a name"]
    plan = planned(tmp_path, text, {"n": range(1, 5), "c": [6, 8]}, "body/2/one.macs,body.macs")
    assert wrong_rows(plan) == []


def drawn_layer(draw: random.Random, depth: int = 0) -> str:
    """Draw a statement, most of which keep the shape."""
    kind = draw.choice(["conv"] * 4 + ["relu", "bn", "pool", "add", "concat", "gate", "repeat"])
    pad = draw.choice(["1", "1", "1", "0", "same"])
    if kind == "conv":
        filters = draw.choice(["c", "c", "c", "channels", "2*c", "n + 2"])
        return f"conv: {{filters: {filters}, kernel: 3, pad: {pad}}}"
    if kind == "pool":
        return f"maxpool: {{kernel: 3, stride: {draw.choice(['1', '1', '2', 'm'])}, pad: 1}}"
    if kind == "gate":
        return "multiply: [[], [global_avgpool, conv: {filters: channels, kernel: 1}]]"
    if depth > 2 or kind in ("relu", "bn"):
        return draw.choice(["relu", "batchnorm", "dropout"])
    inside = ", ".join(
        f"{{{text}}}" if ":" in text else text
        for text in (drawn_layer(draw, depth + 1) for _ in range(draw.choice([1, 1, 2, 3])))
    )
    if kind == "repeat":
        times = draw.choice(["n", "m", "n", "n - 1", "n + m", "2*m", "n//2", "2", "n*m"])
        name = draw.choice(["", "", f"name: r{draw.randrange(10**6)}, "])
        index = draw.choice(["", "", "index: i, "])
        if index and draw.random() < 0.7:
            rule = draw.choice(["i > 0", "i == 0", "i < n", "i < 2"])
            inside += f", relu: {{if: {rule}}}"
        return f"repeat: {{{name}times: {times}, {index}layers: [{inside}]}}"
    return f"{kind}: [[{inside}], {draw.choice(['[]', '[]', '[relu]'])}]"


def drawn_space(draw: random.Random) -> tuple[str, dict[str, list[int]]]:
    """Draw a network with repeats, and values for what it is made of."""
    layers = [drawn_layer(draw) for _ in range(draw.randrange(1, 4))]
    times = draw.choice(["n", "n", "n - 1", "n + m"])
    inner = ", ".join(f"{{{t}}}" if ":" in t else t for t in [drawn_layer(draw, 1), "relu"])
    layers.insert(draw.randrange(len(layers) + 1), f"repeat: {{times: {times}, layers: [{inner}]}}")
    layers += draw.choice([["dense: 10"], ["global_avgpool", "dense: 10"], []])
    side = draw.choice(["9", "32"])
    text = "let: {n: 2, m: 1, c: 8}\n" + f"input: {side}x{side}x3\nlayers:\n"
    text += "".join(f"  - {layer}\n" for layer in layers)
    counts = draw.choice([[0, 1, 2, 5], [1, 2, 3, 7], [2, 3, 4]])
    return text, {"n": counts, "m": draw.choice([[1, 2], [0, 1, 3]]), "c": [6, 8]}


@pytest.mark.parametrize("seed", range(12))
def test_drawn_repeats(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(20):
        text, over = drawn_space(draw)
        ends = draw.choice(["", "", ",conv1.rf", ",conv1.macs"])
        try:
            plan = planned(tmp_path, text, over, TOTALS + ends)
            wrong = wrong_rows(plan)
        except SpecErrors:  # no point exists, or there is no such layer
            continue
        assert wrong == [], text
        return
    pytest.fail("no space with a point was drawn")

"""Layers in the order of a file become statements: names as paths, groups, references between them."""

from __future__ import annotations

from typing import Any

import shapecalc
from shapecalc.readers.layer_list import LayerList


def started(**inputs: dict[str, int]) -> LayerList:
    layers = LayerList()
    for name, extents in (inputs or {"x": {"height": 8, "width": 8, "channels": 4}}).items():
        layers.add_input(name, extents)
    return layers


def paths(data: dict[str, Any]) -> list[str]:
    """Return the paths of the layers that a spec's data comes to."""
    return [row.name for row in shapecalc.summarize(data).rows if row.type != "input"]


def test_layers_of_one_beginning_are_a_group() -> None:
    layers = started()
    a = layers.add("relu", {}, ["x"], "stem/relu")
    b = layers.add("conv", {"filters": 4, "kernel": 1}, [a], "body/0/conv")
    c = layers.add("relu", {}, [b], "body/0/act")
    layers.add("add", {}, [c, a], "body/sum")
    data = layers.data()
    assert [next(iter(statement)) for statement in data["layers"]] == ["group", "group"]
    assert paths(data) == ["stem/relu", "body/0/conv", "body/0/act", "body/sum"]
    body = data["layers"][1]["group"]["layers"]
    assert body[1] == {"add": {"name": "sum", "from": ["/body/0/act", "/stem/relu"]}}


def test_a_layer_that_reads_the_one_before_says_nothing() -> None:
    layers = started()
    a = layers.add("relu", {}, ["x"], "one/relu")
    layers.add("tanh", {}, [a], "two/tanh")
    assert "from" not in layers.data()["layers"][1]["group"]["layers"][0]["tanh"]


def test_a_layer_alone_in_its_module_is_called_as_that() -> None:
    layers = started()
    a = layers.add("relu", {}, ["x"], "net/act/")
    b = layers.add("tanh", {}, [a], "net/gate/")
    layers.add("sigmoid", {}, [b], "net/gate/")
    assert paths(layers.data()) == ["net/act", "net/gate/tanh", "net/gate/sigmoid"]


def test_names_are_unique_in_their_group_and_what_names_may_hold() -> None:
    layers = started()
    source = "x"
    for name in ("relu", "relu", "relu_2", "input", "a b<c>", "g/relu", "h", "g/relu", "µ"):
        source = layers.add("relu", {}, [source], name)
    assert paths(layers.data()) == [
        "relu", "relu_2", "relu_2_2", "input_2", "a_b_c", "g/relu", "h", "g_2/relu", "layer",
    ]  # fmt: skip


def test_what_is_shared_and_given_out_is_named_from_where_it_stands() -> None:
    layers = started()
    fields = {"filters": 4, "kernel": 1}
    a = layers.add("conv", fields, ["x"], "one/conv")
    b = layers.add("conv", {**fields, "share": a}, [a], "two/conv")
    layers.add("relu", {}, [b], "three")
    data = layers.data([a, b])
    assert data["outputs"] == ["one/conv", "two/conv"]
    assert shapecalc.summarize(data)["two/conv"].shared == "one/conv"


def test_several_inputs_have_names_and_one_has_none() -> None:
    two = started(left={"channels": 3}, right={"channels": 3})
    two.add("add", {}, ["left", "right"], "g/sum")
    assert two.data()["inputs"] == {"left": 3, "right": 3}
    assert paths(two.data()) == ["g/sum"]
    one = started(x={"channels": 3})
    a = one.add("relu", {}, ["x"], "x")
    one.add("add", {}, [a, "x"], "g/sum")
    assert one.data()["input"] == 3
    assert paths(one.data()) == ["x", "g/sum"]

"""Names of layers: the file's own, as paths of the modules that they stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.readers.onnx.file import scopes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxFile, OnnxNode

_WEIGHT = re.compile(r"(.+)\.(weight|kernel|weight_v|in_proj_weight)")
#: What an exporter calls what nobody named.
_MADE_UP = re.compile(r"(node_)?[A-Za-z]*_?\d+|onnx::\w+|\d+|n\d+(_\d+)?")


class Names:
    """Says what a file's nodes are called."""

    def __init__(self, file: OnnxFile) -> None:
        self.messages = file.messages
        first = [node.name.split("/", 1)[0] for node in file.nodes if "/" in node.name]
        named = sum(1 for node in file.nodes if node.name)
        #: A first level that all nodes have says nothing.
        self.common = first[0] if first and len({*first}) == 1 and len(first) == named else ""
        self.is_ours = file.is_ours

    def of(self, node: OnnxNode, arrays: Sequence[str]) -> str:
        """Return a node's path; one that ends in `/` is its module's."""
        if self.is_ours:  # the layer's path, and the operation
            return f"{node.name.rpartition('/')[0]}/"
        scopes = scopes_of(node, self.messages) if node.notes else ""
        if scopes:
            module = _of_weight(arrays) or _last_module(scopes)
            return f"{module}/"
        if "/" in node.name:
            path = node.name.removeprefix(self.common).strip("/")
            *levels, operation = path.split("/")
            if operation.startswith(node.op):  # Conv_1, or Conv2D of TensorFlow
                return f"{'/'.join(_shortened(levels))}/"
            return "/".join([*_shortened(levels), operation])
        if node.name and not _MADE_UP.fullmatch(node.name):
            return node.name
        module = _of_weight(arrays)
        if module:
            return f"{module}/"
        output = node.outputs[0] if node.outputs else ""
        return "" if _MADE_UP.fullmatch(output) or "/" in output else output


def _of_weight(arrays: Sequence[str]) -> str:
    """Return the module that owns the first of a layer's weights, if its name says so."""
    match = _WEIGHT.fullmatch(arrays[0]) if arrays else None
    return match[1].replace(".", "/") if match else ""


def _last_module(scopes: str) -> str:
    """Return the innermost module of the list that PyTorch notes; its last entry is the operation.

    >>> _last_module("['', 'layer1', 'layer1.0', 'layer1.0.bn1', 'relu_1']")
    'layer1/0/bn1'
    """
    names = re.findall(r"'([^']*)'", scopes)
    return names[-2].replace(".", "/") if len(names) > 1 else ""


def _shortened(levels: Sequence[str]) -> list[str]:
    """Leave out of every level what the one before says.

    >>> _shortened(["layer1", "layer1.0", "conv1"]), _shortened(["conv", "conv.0", "conv.0.0"])
    (['layer1', '0', 'conv1'], ['conv', '0', '0'])
    """
    shorter = []
    before = ""
    for level in levels:
        if before and level.startswith(f"{before}."):
            shorter.append(level.removeprefix(f"{before}."))
        else:
            shorter.append(level)
        before = level
    return shorter

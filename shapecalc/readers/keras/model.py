"""Keras' graph: models of layers and of models, each called as often as it has nodes.

A tensor of the file is followed with how many axes it has; of a model that has its channels first,
ours are last as everywhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.readers import ReadModel
from shapecalc.readers.faults import unreadable
from shapecalc.readers.json_text import JsonFields, is_whole
from shapecalc.readers.keras.call import KerasLayers, LayerCall
from shapecalc.readers.keras.flow import SIDES, Flow, TensorNumber
from shapecalc.readers.keras.layers import JOINED, LAYERS
from shapecalc.readers.keras.own import OWN_LAYERS, PACKAGE
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of all calls of all layers of models in models.
_MAX_CALLS = 100_000
#: Models in models.
_MAX_DEPTH = 30
_MODELS = ("Functional", "Model", "Sequential")


class KerasModel:
    """A model on its way into a spec."""

    def __init__(self, name: str, config: object) -> None:
        self.name = name
        self.config = JsonFields(name, "the model", config)
        self.remarks: list[str] = []
        self.written = KerasLayers(channels_first=_says_channels_first(config))
        self.calls = 0

    def read(self) -> ReadModel:
        """Read all layers."""
        if self.config.text("class_name") not in _MODELS:
            kind = self.config.text("class_name")
            hint = "Sequential and Functional models are read; a class of its own has no graph"
            raise self.config.fault(
                f"it is of the class '{kind}'" if kind else "it has no class", hint
            )
        outputs = _Level(self, self.config, "").call(None)
        own = JsonFields(self.name, "the model", self.config.get("config"))
        name = own.text("name")
        ends = list(dict.fromkeys(flow.layer for flow in outputs))
        if not len(self.written.layers):
            raise self.config.fault("it has no layers that compute anything")
        data = {**({"name": name} if name else {}), **self.written.layers.data(ends)}
        return ReadModel(data, tuple(dict.fromkeys(self.remarks)))

    def input(self, name: str, shape: object) -> Flow:
        """Enter an input by its shape, the batch first."""
        extents = shape[1:] if isinstance(shape, list) else None
        if not extents or not all(size is None or is_whole(size) for size in extents):
            raise unreadable(self.name, f"the input '{name}' has no shape that is read: {shape}")
        if len(extents) - 1 not in (0, *SIDES):
            raise unreadable(self.name, f"the input '{name}' has {len(extents)} axes")
        ordered = self.written.channels_last(extents)
        number = "" if not self.written.layers.inputs else str(len(self.written.layers.inputs) + 1)
        words = (*SIDES.get(len(ordered) - 1, ()), "channels")
        sizes: list[int | str] = [
            word[0].upper() + number if size is None else int(size)
            for word, size in zip(words, ordered, strict=True)
        ]
        if None in ordered:
            self.remarks.append(
                f"the file leaves sizes of '{name}' open: they are letters, "
                "to which `--input` gives values"
            )
        layer = self.written.layers.add_input(name, dict(zip(words, sizes, strict=True)))
        return Flow(layer, len(extents), len(extents) - 1, tuple(ordered))


def _says_channels_first(config: object) -> bool:
    """Tell whether any layer has its channels first."""
    left = [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if value.get("data_format") == "channels_first":
                return True
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return False


class _Level:
    """One model, at its place among the others: its layers, and the tensors between them."""

    def __init__(self, model: KerasModel, own: JsonFields, path: str, depth: int = 0) -> None:
        if depth > _MAX_DEPTH:
            raise own.fault(f"models are nested more than {_MAX_DEPTH} deep")
        self.model = model
        self.own = own
        self.path = path
        self.depth = depth
        config = own.get("config")
        # a Sequential of long ago is a list of its layers
        self.config = JsonFields(
            own.name, own.owner, {"layers": config} if isinstance(config, list) else config
        )
        self.flows: dict[tuple[str, int, int], Flow] = {}
        #: The shapes of tensors as whoever reads them states them
        self.stated: dict[tuple[str, int, int], object] = {}

    def call(self, inputs: list[Flow] | None) -> list[Flow]:
        """Write the layers of the model, once more, of what flows in; return what comes out."""
        self.flows = {}
        if self.own.text("class_name") == "Sequential":
            return self._sequential(inputs)
        return self._functional(inputs)

    def _layers(self) -> Iterator[JsonFields]:
        for layer in self.config.items("layers"):
            fields = JsonFields(self.own.name, "a layer", layer)
            config = JsonFields(self.own.name, "a layer", fields.get("config"))
            name = config.text("name") or fields.text("name")
            yield JsonFields(
                self.own.name, f"layer '{self.path}{name}'", {**fields.fields, "name": name}
            )

    def _sequential(self, inputs: list[Flow] | None) -> list[Flow]:
        flows = inputs
        layers = list(self._layers())
        for layer, following in zip(layers, [*layers[1:], None], strict=False):
            kind = layer.text("class_name")
            if kind == "InputLayer":
                if flows is None:
                    flows = [self._entered(layer)]
                continue
            if flows is None:
                flows = [self._stated_first(layer)]
            built = following.get("build_config") if following is not None else None
            given = JsonFields(layer.name, "", built).get("input_shape")
            flows = self._called(layer, flows, {}, given)
        if flows is None:
            raise self.own.fault("it has no layers")
        return flows

    def _stated_first(self, layer: JsonFields) -> Flow:
        """Enter the input that a Sequential model states somewhere."""
        first = JsonFields(layer.name, layer.owner, layer.get("config"))
        for holder, key in (
            (first, "batch_shape"),
            (first, "batch_input_shape"),
            (self.config, "build_input_shape"),
            (JsonFields(layer.name, "", self.own.get("build_config")), "input_shape"),
            (JsonFields(layer.name, "", layer.get("build_config")), "input_shape"),
        ):
            if isinstance(holder.get(key), list):
                return self.model.input("input", holder.get(key))
        if layer.text("class_name") in _MODELS:
            inner = _Level(self.model, layer, self.path, self.depth + 1)
            return inner.stated_input(layer)
        raise self.own.fault(
            "nothing says how large its input is",
            "give it an Input, or build it before it is saved",
        )

    def stated_input(self, layer: JsonFields) -> Flow:
        """Enter the input that the first layer of this model states."""
        first = next(iter(self._layers()), None)
        if first is None:
            raise self.own.fault("it has no layers")
        return (
            self._entered(first)
            if first.text("class_name") == "InputLayer"
            else self._stated_first(first)
        )

    def _entered(self, layer: JsonFields) -> Flow:
        config = JsonFields(layer.name, layer.owner, layer.get("config"))
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        return self.model.input(layer.text("name"), shape)

    def _functional(self, inputs: list[Flow] | None) -> list[Flow]:
        entries = [_history(entry) for entry in self._ends("input_layers")]
        given = dict(zip(entries, inputs, strict=False)) if inputs is not None else {}
        if inputs is not None and len(inputs) != len(entries):
            raise self.own.fault(f"it has {len(entries)} inputs, and is called with {len(inputs)}")
        waiting: dict[tuple[str, int, int], list[_Call]] = defaultdict(list)
        self.stated = {}
        ready: list[_Call] = []
        for layer in self._layers():
            name = layer.text("name")
            if layer.text("class_name") == "InputLayer":
                key = (name, 0, 0)
                self.flows[key] = given[key] if key in given else self._entered(layer)
                continue
            for number, node in enumerate(layer.items("inbound_nodes")):
                ready.append(_Call(layer, number, *_arguments(node)))
                self.stated.update((read.key, read.shape) for read in ready[-1].reads)
        self._run(ready, waiting)
        outputs = [_history(entry) for entry in self._ends("output_layers")]
        for key in outputs:
            if key not in self.flows:
                raise self.own.fault(f"nothing computes its output '{key[0]}'")
        return [self.flows[key] for key in outputs]

    def _run(self, calls: list[_Call], waiting: dict[tuple[str, int, int], list[_Call]]) -> None:
        """Write all calls, each as soon as there is what it reads, in the order of the file."""
        ready = calls[::-1]
        left = len(calls)
        while ready:
            call = ready.pop()
            missing = next((read.key for read in call.reads if read.key not in self.flows), None)
            if missing is not None:
                waiting[missing].append(call)
                continue
            left -= 1
            flows = [self._stated(read) for read in call.reads]
            given = self.stated.get((call.layer.text("name"), call.number, 0))
            results = self._called(call.layer, flows, call.options, given)
            for at, flow in enumerate(results):
                key = (call.layer.text("name"), call.number, at)
                self.flows[key] = flow
                ready.extend(waiting.pop(key, ())[::-1])
        if left:
            key, blocked = next(iter(waiting.items()))
            raise blocked[0].layer.fault(f"nothing before it computes '{key[0]}', which it reads")

    def _stated(self, read: _Read) -> Flow:
        """Return what a call reads, with the shape that the file states for it."""
        flow = self.flows[read.key]
        if not isinstance(read.shape, list) or len(read.shape) != flow.rank + 1:
            return flow
        return flow._replace(shape=tuple(self.model.written.channels_last(read.shape[1:])))

    def _ends(self, key: str) -> list[Any]:
        """Return the inputs or the outputs that a model states: one, or several."""
        value = self.config.get(key)
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list) and value and isinstance(value[0], str):
            return [value]
        return value if isinstance(value, list) else []

    def _called(
        self, layer: JsonFields, flows: list[Flow], options: dict[str, Any], given: object
    ) -> list[Flow]:
        """Write a layer once more; `given` is the shape that the file states of its result."""
        self.model.calls += 1
        if self.model.calls > _MAX_CALLS:
            raise layer.fault(f"layers are called more than {_MAX_CALLS:,} times")
        path = self.path + layer.text("name")
        kind = layer.text("class_name")
        if kind in _MODELS and "layers" in _as_map(layer.get("config")):
            return _Level(self.model, layer, f"{path}/", self.depth + 1).call(flows)
        return [_written(LayerCall(self.model.written, layer, path, flows, options), given)]


def _written(call: LayerCall, given: object) -> Flow:
    """Write what a layer is; return its result.

    One of an unknown class is a row of unknown costs, if the shape of its result is given.  Raises
    `SpecErrors`.
    """
    if not call.flows:
        raise call.layer.fault("nothing flows into it")
    if any(flow.around for flow in call.flows) and not call.kind.startswith("MaxPooling"):
        raise call.layer.fault("what is padded below all numbers is read before a maximum pool")
    package, _, own = call.layer.text("registered_name").partition(">")
    if package == PACKAGE and own in OWN_LAYERS:
        flow = OWN_LAYERS[own](call)
        axes = len(given) - 1 if isinstance(given, list) else flow.rank
        return flow._replace(rank=axes, sides=flow.sides if own == "Indices" else axes - 1)
    rule = LAYERS.get(call.kind)
    if rule is None:
        shape = given[1:] if isinstance(given, list) else []
        if not shape or len(shape) > 4 or not all(is_whole(size) and size > 0 for size in shape):
            hint = did_you_mean(call.kind, LAYERS)
            raise call.layer.fault(f"there is no layer for its class '{call.kind}'", hint)
        ours = call.written.channels_last([int(size) for size in shape])
        word = re.sub(r"[^\w.-]", "_", call.kind, flags=re.ASCII)[:60] or "_"
        flow = call.add("opaque", op=word, shape=ours)
        return flow._replace(rank=len(ours), sides=len(ours) - 1, shape=tuple(ours))
    if call.kind not in JOINED and len(call.flows) > 1:
        raise call.layer.fault(f"it reads {len(call.flows)} tensors, where one is expected")
    if "lora_rank" in call.config:
        raise call.layer.fault(
            "it has weights of a low rank beside its own (LoRA), which are not read",
            "save the model before enable_lora",
        )
    return rule(call)


def _as_map(value: object) -> dict[str, Any]:
    """Return a map as it is, a list as the layers that it is, everything else as nothing."""
    if isinstance(value, list):
        return {"layers": value}
    return value if isinstance(value, dict) else {}


class _Call(NamedTuple):
    """A call of a layer: which of its calls it is, what it reads, what is said with it."""

    layer: JsonFields
    number: int
    reads: list[_Read]
    options: dict[str, Any]


class _Read(NamedTuple):
    """A tensor that a call reads, and the shape that is stated with it, the batch first."""

    key: tuple[str, int, int]
    shape: object = None


def _history(entry: object) -> tuple[str, int, int]:
    """Return which tensor is meant: of which layer, of which of its calls, which of several."""
    if isinstance(entry, list) and len(entry) >= 3 and isinstance(entry[0], str):
        numbers = [int(number) if is_whole(number) else 0 for number in entry[1:3]]
        return (entry[0], numbers[0], numbers[1])
    return (str(entry)[:40], 0, 0)


def _arguments(node: object) -> tuple[list[_Read], dict[str, Any]]:
    """Return the tensors of a call in order, and what else is said with it.

    `"args"` keeps the order of arguments that are no tensors, too: a tensor there is its number.
    """
    reads: list[_Read] = []
    if isinstance(node, dict):  # Keras 3
        options = {
            **_as_map(node.get("kwargs")),
            "args": _tensors(node.get("args"), reads, 0),
        }
        return reads, {key: _tensors(value, reads, 0) for key, value in options.items()}
    options = {}
    for entry in node if isinstance(node, list) else ():  # Keras 2
        reads.append(_Read(_history(entry)))
        if isinstance(entry, list) and len(entry) > 3:
            options.update(_as_map(entry[3]))
    return reads, options


def _tensors(value: object, reads: list[_Read], depth: int) -> Any:  # noqa: ANN401
    """Put numbers in the place of tensors, and note what they read."""
    if isinstance(value, list) and depth < 10:
        return [_tensors(item, reads, depth + 1) for item in value]
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        config = _as_map(value.get("config"))
        reads.append(_Read(_history(config.get("keras_history")), config.get("shape")))
        return TensorNumber(len(reads) - 1)
    return value

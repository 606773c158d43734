"""Models that live in a Python program: PyTorch's modules and Keras' models.

PyTorch follows a module itself (`torch.export`), and what it finds is read as an exported program
is; no weights are copied.  A model of Keras says what it is as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.faults import unreadable
from shapecalc.readers.json_text import parse_json
from shapecalc.readers.keras import read_config
from shapecalc.readers.pt2 import read_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.readers import ReadModel

#: The schema as which a live module is written.
_SCHEMA = {"major": 8, "minor": 20}


def is_torch(model: object) -> bool:
    """Tell a module of PyTorch, without importing PyTorch."""
    return any(
        kind.__module__ == "torch.nn.modules.module" and kind.__name__ == "Module"
        for kind in type(model).__mro__
    )


def is_keras(model: object) -> bool:
    """Tell a model of Keras, without importing Keras."""
    return any(
        kind.__name__ == "Model" and kind.__module__.split(".", maxsplit=1)[0] == "keras"
        for kind in type(model).__mro__
    )


def name_of(model: object) -> str:
    """Return what messages call a model."""
    return f"<{type(model).__name__}>"


def read_keras(model: Any) -> ReadModel:  # noqa: ANN401
    """Read a model of Keras.  Raises `SpecErrors`."""
    name = name_of(model)
    try:
        text = model.to_json()
    except (NotImplementedError, TypeError, ValueError) as error:
        message = f"Keras cannot say what the model is: {_first_line(error)}"
        raise unreadable(name, message, "build it, from layers that have a get_config") from None
    return read_config(name, parse_json(name, text))


def read_torch(module: Any, example: object) -> ReadModel:  # noqa: ANN401
    """Read a module of PyTorch with an example: a tensor, or a list of extents, channels last.

    Of several inputs the example is a list or a tuple of such.
    Raises `SpecErrors` where PyTorch cannot follow it.
    """
    import torch

    name = name_of(module)
    given = tuple(example) if isinstance(example, tuple | list) else (example,)
    given = (example,) if _is_shape(example) else given
    arguments = tuple(_tensor(module, item) if _is_shape(item) else item for item in given)
    try:
        with torch.no_grad():
            exported = torch.export.export(module, arguments)
    except Exception as error:  # whatever the user's own code raises
        message = f"torch.export cannot follow the module: {_first_line(error)}"
        hint = "does the input fit it? what depends on values cannot be followed"
        raise unreadable(name, message, hint) from error
    return read_program(name, _program(exported), _ties(module))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _is_shape(example: object) -> bool:
    return isinstance(example, list) and bool(example) and isinstance(example[0], int)


def _tensor(module: Any, extents: Any) -> Any:  # noqa: ANN401
    """Return an example of extents, where the module's own weights are."""
    import torch

    *sides, channels = extents
    first = next(module.parameters(), None)
    device = "cpu" if first is None else first.device
    dtype = None if first is None else first.dtype
    return torch.zeros(1, channels, *sides, device=device, dtype=dtype)


def _ties(module: Any) -> dict[str, Any]:  # noqa: ANN401
    """Say which parameters are one, as a file does by the place where they are stored."""
    parameters = module.named_parameters(remove_duplicate=False)
    return {"config": {name: {"path_name": str(id(tensor))} for name, tensor in parameters}}


def _program(exported: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write an exported program as its file has it."""
    nodes, sizes = [], {}
    outputs: list[Any] = []
    for node in exported.graph.nodes:
        value = node.meta.get("val")
        for name, tensor in _given(node, value):
            extents = [_extent(size) for size in tensor.shape]
            sizes[name] = {"sizes": extents, "requires_grad": bool(tensor.requires_grad)}
        if node.op == "output":
            outputs = [{"as_tensor": {"name": end.name}} for end in _nodes(node.args)]
        elif node.op == "call_function" and getattr(node.target, "__name__", "") != "getitem":
            nodes.append(_operation(node, value))
    specs = [_input_spec(spec) for spec in exported.graph_signature.input_specs]
    graph = {"nodes": nodes, "outputs": outputs, "tensor_values": sizes}
    return {
        "schema_version": _SCHEMA,
        "graph_module": {"graph": graph, "signature": {"input_specs": specs}},
    }


def _extent(size: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(size, int):
        return {"as_int": size}
    hint = getattr(size.node, "hint", None)  # none where it depends on what flows
    return {"as_expr": {"hint": None if hint is None else {"as_int": int(hint)}}}


def _given(node: Any, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield the names and the tensors that a node gives; of several each has a node of its own."""
    if hasattr(value, "shape"):
        yield node.name, value


def _parts(node: Any, value: Sequence[Any]) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the names of the several tensors that a node gives, as far as they are used."""
    names = {user.args[1]: user.name for user in node.users if _takes_part(user)}
    return [{"name": names.get(at, f"{node.name}_{at}_unused")} for at in range(len(value))]


def _takes_part(user: Any) -> bool:  # noqa: ANN401
    return getattr(user.target, "__name__", "") == "getitem" and len(user.args) == 2


def _operation(node: Any, value: Any) -> dict[str, Any]:  # noqa: ANN401
    schema = getattr(node.target, "_schema", None)
    words = [argument.name for argument in schema.arguments] if schema is not None else []
    words += [f"argument{at}" for at in range(len(words), len(node.args))]
    given = {**dict(zip(words, node.args, strict=False)), **node.kwargs}
    several = isinstance(value, tuple | list)
    output = {"as_tensors": _parts(node, value)} if several else {"as_tensor": {"name": node.name}}
    stack = node.meta.get("nn_module_stack") or {}
    return {
        "target": f"torch.ops.{node.target}",
        "inputs": [{"name": word, "arg": _argument(item)} for word, item in given.items()],
        "outputs": [output],
        "metadata": {"nn_module_stack": ";".join(map(_level, stack.items()))},
    }


def _level(level: tuple[str, tuple[str, Any]]) -> str:
    key, (path, kind) = level
    name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return f"{key},{path},{name}".replace(";", "")


def _argument(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write an argument as the file has it."""
    if hasattr(value, "meta"):
        inner = value.meta.get("val")
        if hasattr(inner, "shape"):
            return {"as_tensor": {"name": value.name}}
        return {"as_int": int(inner)} if inner is not None else {"as_none": True}
    if isinstance(value, list | tuple):
        if any(hasattr(getattr(item, "meta", {}).get("val", None), "shape") for item in value):
            return {
                "as_tensors": [{"name": item.name} if item is not None else {} for item in value]
            }
        return {"as_ints": [_argument(item).get("as_int", item) for item in value]}
    if value is None or not isinstance(value, bool | int | float | str):
        return {"as_none": True}
    return {f"as_{type(value).__name__}": value}


def _nodes(value: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(value, list | tuple):
        for item in value:
            yield from _nodes(item)
    elif hasattr(value, "meta"):
        yield value


def _input_spec(spec: Any) -> dict[str, Any]:  # noqa: ANN401
    arg = {"name": getattr(spec.arg, "name", "")}
    kind = spec.kind.name.lower()
    if kind == "user_input":
        return {"user_input": {"arg": {"as_tensor": arg}}}
    return {kind: {"arg": arg, "parameter_name": spec.target}}

"""The counting tools themselves: what each says of a network."""

from __future__ import annotations

import contextlib
import io
import os
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from judge import need
from natural import Net

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from shapecalc.report import Report
else:
    torch = need("torch")


def torchinfo(net: Net) -> int:
    tool = import_module("torchinfo")
    return int(tool.summary(net, input_data=net.inputs, verbose=0, device="meta").total_mult_adds)


def fvcore(net: Net) -> int:
    tool = import_module("fvcore.nn")
    counted = tool.FlopCountAnalysis(net, tuple(net.inputs))
    counted.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return int(counted.total())


def thop(net: Net) -> int:
    return int(import_module("thop").profile(net, tuple(net.inputs), verbose=False)[0])


def ptflops(backend: str) -> Callable[[Net], int]:
    def count(net: Net) -> int:
        (given,) = net.inputs
        return int(
            import_module("ptflops").get_model_complexity_info(
                net,
                tuple(given.shape[1:]),
                as_strings=False,
                print_per_layer_stat=False,
                verbose=False,
                backend=backend,
            )[0]
        )

    return count


def flop_counter(net: Net) -> int:
    counter = import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
    with counter:
        net(*net.inputs)
    return int(counter.get_total_flops())


def calflops(what: int) -> Callable[[Net], int]:
    def count(net: Net) -> int:
        counted = import_module("calflops").calculate_flops(
            net,
            args=list(net.inputs),
            print_results=False,
            print_detailed=False,
            output_as_string=False,
        )
        return int(counted[what])

    return count


def torchscan(net: Net) -> int:
    tool = import_module("torchscan")
    report: Any = tool.crawl_module(net, args=tuple(net.inputs))
    found = report.get("totals", report)
    return int(found["macs"]["known_value"])


def torchprofile(net: Net) -> int:
    """Count without the twin's own arithmetic of sizes: a product of two numbers counts 1."""
    tool = import_module("torchprofile")
    counts: dict[Any, int] = tool.profile_macs(net, tuple(net.inputs), reduction=None)
    return sum(
        count
        for node, count in counts.items()
        if node.operator != "aten::mul" or node.outputs[0].shape
    )


def deepspeed(net: Net) -> int:
    tool = import_module("deepspeed.profiling.flops_profiler")
    counted = tool.get_model_profile(
        net, args=list(net.inputs), print_profile=False, detailed=False, as_string=False, warm_up=0
    )
    return int(counted[0])


def onnx_tool(report: Report) -> int:
    made, feeds = import_module("onnx_net").model(report)
    model = import_module("onnx_tool").Model(made)
    model.graph.shape_infer({name: np.zeros(shape, "float32") for name, shape in feeds.items()})
    model.graph.profile()
    return round(model.graph.macs[0])


def tensorflow(report: Report) -> int:
    """Count the program that is written for Keras, on TensorFlow."""
    keras_on_tensorflow()
    space: dict[str, Any] = {"__name__": "written"}
    exec(compile(import_module("shapecalc.writers.keras").written(report).text, "-", "exec"), space)
    return of_keras(space["build"]())


def keras_on_tensorflow() -> Any:
    """Import Keras, if it can run on TensorFlow in this process."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    keras = import_module("keras")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras runs on another backend in this process")
    return keras


def of_keras(model: Any) -> int:
    """Count the graph of a model of Keras."""
    tf = import_module("tensorflow")
    taken = [tf.TensorSpec((1, *given.shape[1:]), given.dtype) for given in model.inputs]
    run = tf.function(lambda *given: model(given[0] if len(given) == 1 else list(given)))
    profiler = tf.compat.v1.profiler
    what = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    graph = run.get_concrete_function(*taken).graph
    counted = profiler.profile(graph, options=what.with_empty_output().build())
    keras_on_tensorflow().backend.clear_session()
    return int(counted.total_float_ops)


def xla(report: Report) -> int:
    natural = import_module("natural_jax")
    try:
        return int(natural.flops(report))
    except natural.NotInJaxError as reason:
        pytest.skip(str(reason))


def paddle(report: Report) -> int:
    natural = import_module("natural_paddle")
    try:
        return int(natural.flops(report))
    except natural.NotInPaddleError as reason:
        pytest.skip(str(reason))


#: Profile -> the package of the tool, and what it says.
TOOLS: dict[str, tuple[str, Callable[..., int]]] = {
    "torchinfo": ("torchinfo", torchinfo),
    "fvcore": ("fvcore", fvcore),
    "thop": ("thop", thop),
    "ptflops:aten": ("ptflops", ptflops("aten")),
    "ptflops:pytorch": ("ptflops", ptflops("pytorch")),
    "torch-flop-counter": ("torch", flop_counter),
    "calflops": ("calflops", calflops(1)),
    "calflops:flops": ("calflops", calflops(0)),
    "deepspeed": ("deepspeed", deepspeed),
    "torchprofile": ("torchprofile", torchprofile),
    "ultralytics-thop": ("ultralytics-thop", thop),
    "torchscan": ("torchscan", torchscan),
    "onnx-tool": ("onnx-tool", onnx_tool),
    "tensorflow": ("tensorflow-cpu", tensorflow),
    "xla": ("jax", xla),
    "paddle": ("paddlepaddle", paddle),
}

#: Those that count no model of PyTorch: what they count is built of a report.
OF_REPORTS = ("onnx-tool", "tensorflow", "xla", "paddle")


#: What computes for real: traced, or counting also what stands for an operation on no device.
ON_CPU = ("fvcore", "ptflops:pytorch", "calflops", "calflops:flops", "deepspeed", "torchprofile")


def installed(package: str) -> str:
    """Return a package's version as PyPI writes it, or nothing.

    Two packages bring a module `thop`; where both are, it is the second one's.
    """
    if package == "thop" and installed("ultralytics-thop"):
        return ""
    try:
        return version(package).split("+")[0].replace("-", ".post")
    except PackageNotFoundError:
        return ""


def counted(profile: str, report: Report) -> int:
    """Let a profile's tool count a network, without what it prints."""
    if profile in OF_REPORTS:
        with contextlib.redirect_stdout(io.StringIO()):
            return TOOLS[profile][1](report)
    net = Net(report)
    if profile in ON_CPU:
        net.to_empty(device="cpu")
        net.inputs = [torch.zeros(each.shape) for each in net.inputs]
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        return TOOLS[profile][1](net)

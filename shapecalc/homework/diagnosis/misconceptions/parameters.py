"""Misconceptions about parameters: of a layer, P1 to P32, of blocks and the network, P33 to P40."""

from __future__ import annotations

from math import prod
from operator import add
from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.misconceptions.model import (
    PARAMS,
    Case,
    CellExample,
    Misconception,
)
from shapecalc.homework.diagnosis.working import Factors, kernel_of, sides_of
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.depthwise import Depthwise
from shapecalc.layers.norm import BatchNorm, InstanceNorm, Norm
from shapecalc.layers.pool import Pool
from shapecalc.layers.product import Matmul
from shapecalc.layers.window import padding

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.diagnosis.misconceptions.model import Case

_DEPTHWISE = "input: 14x14x32\nlayers: [depthwise: {kernel: 3, pad: 1, bias: false}]\n"
_CONV_NORM = "input: 56x56x64\nlayers: [conv: {filters: 8, kernel: 3}, batchnorm]\n"
_GRAY = "input: 128x128x1\nlayers: [dense: 256]\n"
_ATTENTION = "input: 20x64\nlayers: [attention: {heads: 4}]\n"
_NORM = "input: 56x56x64\nlayers: [batchnorm]\n"
_UNBIASED = (
    "input: 224x224x3\n"
    "layers: [conv: {filters: 64, kernel: 7, stride: 2, pad: 3, bias: false}, batchnorm]\n"
)
_NO_BIAS = (
    "input: 224x224x3\nlayers:\n"
    "- conv: {filters: 64, kernel: 7, stride: 2, pad: 3, bias: false}\n"
    "- dense: {units: 10, bias: false}\n"
)


def _of(
    kind: type, change: Callable[[Case, Factors], Factors | tuple[Factors, ...] | None]
) -> Callable[[Case, Factors], Factors | tuple[Factors, ...] | None]:
    """Make a rule for one type of layer."""
    return lambda case, right: change(case, right) if isinstance(case.layer, kind) else None


def _without_bias(case: Case, right: Factors) -> Factors | None:
    biased = right.plus and right.filters and case.row.name != "total"  # of the sum: P35
    return right._replace(plus=()) if biased else None


def _biased(count: Callable[[Case], tuple[int, ...]]) -> Callable[[Case, Factors], Factors | None]:
    """Make a rule that adds other biases, for convolutions that have some."""

    def rule(case: Case, right: Factors) -> Factors | None:
        if not isinstance(case.layer, Conv | Depthwise) or not right.plus:
            return None
        return right._replace(plus=count(case))

    return rule


def _doubled(case: Case, right: Factors) -> Factors | None:
    return right._replace(plus=(case.co, case.co)) if right.plus and case.co else None


def _per_input(case: Case, right: Factors) -> Factors | None:
    if not isinstance(case.layer, Conv | Dense) or not right.plus:
        return None
    entering = known(case.row.inputs[0].size) if isinstance(case.layer, Dense) else case.ci
    # A dense layer's inputs are all its elements.
    return right._replace(plus=(entering,))


def _one_filter(case: Case, right: Factors) -> tuple[Factors, ...]:
    single = right._replace(filters=(), plus=(1,) if right.plus else ())
    return single, single._replace(plus=())


def _kernel_once(case: Case, right: Factors) -> Factors | None:
    return right._replace(kernel=case.kernel[:1]) if len(case.kernel) > 1 else None


def _kernel_sum(case: Case, right: Factors) -> Factors | None:
    return right._replace(kernel=(sum(case.kernel),)) if len(case.kernel) > 1 else None


def _unshared(case: Case, right: Factors) -> Factors:
    plus = (prod(case.sides) * case.co,) if right.plus else ()
    return right._replace(places=case.sides, plus=plus)


def _added_depth(case: Case, right: Factors) -> Factors:
    size = 1
    for extent in case.kernel:
        size *= extent
    return right._replace(kernel=(size + case.ci,), depth=())


def _image_depth(case: Case, right: Factors) -> Factors | None:
    image = case.report.rows[0].output
    depth = known(image.channels)
    return right._replace(depth=(depth,)) if image.sides and depth != case.ci else None


def _padded_kernel(case: Case, right: Factors) -> Factors | None:
    layer = case.layer
    assert isinstance(layer, Conv)
    moves = layer.moves(case.row.inputs[0])
    added = [sum(map(known, padding(n, m))) for n, m in zip(case.entering, moves, strict=True)]
    grown = tuple(map(add, case.kernel, added))
    return right._replace(kernel=grown) if grown != case.kernel else None


def _other_kernel(case: Case, right: Factors) -> tuple[Factors, ...] | None:
    if not isinstance(case.layer, Conv):
        return None
    earlier = case.earlier()
    kernels = [(3,) * len(case.kernel)]
    if earlier is not None and len(kernel_of(earlier)) == len(case.kernel):
        kernels.append(kernel_of(earlier))
    if all(kernel == case.kernel for kernel in kernels):
        return None
    return tuple(right._replace(kernel=kernel) for kernel in kernels)


def _units(case: Case, right: Factors) -> tuple[Factors, ...]:
    channels = dict.fromkeys(
        (case.co, known(case.row.output.channels))
    )  # they may differ by a slip
    return tuple(Factors(places=case.sides, filters=(number,)) for number in channels)


def _whole_depth(case: Case, right: Factors) -> Factors | None:
    return right._replace(depth=(case.ci,)) if case.groups > 1 else None


def _groups_both(case: Case, right: Factors) -> Factors | None:
    if case.groups == 1:
        return None
    fewer = case.co // case.groups
    return right._replace(filters=(fewer,), plus=(fewer,) if right.plus else ())


def _grouped(case: Case, right: Factors) -> Factors | None:
    halves = case.groups == 1 and case.ci % 2 == 0
    return right._replace(depth=(case.ci // 2,)) if halves else None


def _full_depthwise(case: Case, right: Factors) -> Factors:
    return right._replace(depth=(case.ci,))


def _pool(case: Case, right: Factors) -> tuple[Factors, ...] | None:
    if not isinstance(case.layer, Pool) or right.value:
        return None
    kernel, c = case.kernel, case.ci
    products = (Factors(kernel, (), (c,)), Factors(kernel, (c,), (c,)))
    return (*(product._replace(plus=(c,)) for product in products), *products)


def _before_pool(case: Case, right: Factors) -> Factors | None:
    for row in reversed(case.report.rows[: case.at]):
        if isinstance(row.layer, Pool) and row.output == case.row.inputs[0]:
            shape = row.inputs[0]
            return right._replace(kernel=sides_of(shape), depth=(known(shape.channels),))
        if not (row.layer is not None and row.layer.inplace):
            return None
    return None


def _added(case: Case, right: Factors) -> Factors:
    return Factors(plus=(known(case.row.inputs[0].size), case.co))


def _four(case: Case, right: Factors) -> Factors | None:
    return Factors(scale=(4,), filters=(case.co,)) if right.value == 2 * case.co else None


def _bias_added(case: Case, right: Factors) -> Factors | None:
    layer = case.layer
    bias = isinstance(layer, Conv | Depthwise | Dense) and not layer.bias
    return right._replace(plus=(case.co,)) if bias else None


def _bias_normalised(case: Case, right: Factors) -> Factors | None:
    return _bias_added(case, right) if _is_normalised(case) else None


def _bias_unwritten(case: Case, right: Factors) -> Factors | None:
    return None if _is_normalised(case) else _bias_added(case, right)


def _is_normalised(case: Case) -> bool:
    """Tell whether a layer's every reader takes the mean of each channel away, and so a bias."""
    readers = [row for row in case.report.rows if case.row.name in row.sources]
    return bool(readers) and all(isinstance(row.layer, BatchNorm | InstanceNorm) for row in readers)


def _none_has(case: Case, right: Factors) -> tuple[Factors, ...] | None:
    layer = case.layer
    if layer is None or right.value or isinstance(layer, Pool) or not case.row.inputs:
        return None
    return Factors(places=case.sides, filters=(case.co,)), Factors(filters=(case.co,))


def _without_reductions(case: Case, right: Factors) -> Factors | None:
    """Count the convolutions that are no 1x1 beside others, each on the block's own input."""
    convs = [row for row in case.members if isinstance(row.layer, Conv)]
    wide = {row.name.rpartition("/")[0] for row in convs if max(kernel_of(row)) > 1}
    if not wide or not case.row.inputs:
        return None
    depth, total = known(case.row.inputs[0].channels), 0
    pools = {row.name.rpartition("/")[0] for row in case.members if isinstance(row.layer, Pool)}
    for row in convs:
        branch = row.name.rpartition("/")[0]
        if branch in pools or (branch in wide and max(kernel_of(row)) == 1):
            continue
        product = Factors(kernel_of(row), (depth,), (known(row.output.channels),))
        biased = case.column == "params" and case.conventions.bias
        total += product.value + (known(row.biases) if biased else 0)
    return Factors(plus=(total,))


def _without_dense(case: Case, right: Factors) -> Factors | None:
    if case.row.name != "total":
        return None
    kept = [row for row in case.members if not isinstance(row.layer, Dense)]
    weights = sum(known(row.weights) for row in kept)
    with_biases = case.conventions.bias and case.column == "params"
    biases = sum(known(row.biases) for row in kept) if with_biases else 0
    return Factors(plus=(weights, biases)) if len(kept) < len(case.members) else None


def _no_biases(case: Case, right: Factors) -> Factors | None:
    if case.row.name != "total" or case.column != "params" or not case.conventions.bias:
        return None
    return Factors(plus=(sum(known(row.weights) for row in case.members),))


def _without_norms(case: Case, _: Factors) -> Factors | None:
    kept = [row for row in case.members if not isinstance(row.layer, Norm)]
    if case.row.name != "total" or len(kept) == len(case.members):
        return None
    biases = case.conventions.bias and case.column == "params"
    counts = (row.params if biases else row.weights for row in kept)
    return Factors(plus=(sum(map(known, counts)),))


def _norm_of_places(case: Case, right: Factors) -> Factors | None:
    return Factors(scale=(right.value,), places=case.sides) if right.value and case.sides else None


def _gray_as_color(case: Case, right: Factors) -> Factors | None:
    image = case.at == 1 and case.ci == 1 and right.kernel
    return right._replace(depth=(3,)) if image else None


def _without_projection(case: Case, _: Factors) -> Factors | None:
    """Leave out what an attention's heads go through at last."""
    if case.row.name == "total" or not any(isinstance(r.layer, Matmul) for r in case.members):
        return None
    kept = [row for row in case.members if row.name != f"{case.row.name}/out"]
    if len(kept) == len(case.members):
        return None
    biases = case.conventions.bias and case.column == "params"
    counts = (row.params if biases else row.weights for row in kept)
    return Factors(plus=(sum(map(known, counts)),))


_WITH_BIASES = ("params",)
_BIASES = ("params", "biases")

# fmt: off
WRONG_PARAMETERS: tuple[Misconception, ...] = (
    Misconception("P1", "the biases were forgotten", _WITH_BIASES,
        "The biases were left out.",
        "Every filter, and every unit of a dense layer, has one bias beside its weights.",
        _without_bias,
        (CellExample("alexnet", "conv2", "params", "614,656", "614,400"),
         CellExample("alexnet", "conv1", "params", "34,944", "34,848"),
         CellExample("alexnet", "fc6", "params", "37,752,832", "37,748,736"))),
    Misconception("P2", "the input's depth was forgotten", PARAMS,
        "The channels that flow in were left out.",
        "A filter is as deep as what it looks at: kernel x kernel x channels weights.",
        _of(Conv, lambda _, right: right._replace(depth=())),
        (CellExample("alexnet", "conv2", "params", "614,656", "6,656"),
         CellExample("alexnet", "conv1", "params", "34,944", "11,712"))),
    Misconception("P3", "the input's depth and the biases were forgotten", _WITH_BIASES,
        "The channels that flow in and the biases were left out.",
        "A filter is as deep as what it looks at, and has a bias.",
        _of(Conv, lambda _, right: right._replace(depth=(), plus=()) if right.plus else None),
        (CellExample("alexnet", "conv2", "params", "614,656", "6,400"),)),
    Misconception("P4", "one filter was counted", PARAMS,
        "The weights of one filter were counted.",
        "Every filter has weights of its own.",
        _of(Conv, _one_filter),
        (CellExample("alexnet", "conv2", "params", "614,656", "2,401"),
         CellExample("alexnet", "conv2", "params", "614,656", "2,400"))),
    Misconception("P5", "the kernel was used once", PARAMS,
        "The kernel's extent was multiplied in once.",
        "A kernel has a height and a width: k x k weights per channel.",
        _of(Conv, _kernel_once),
        (CellExample("alexnet", "conv2", "params", "614,656", "123,136"),
         CellExample("alexnet", "conv1", "params", "34,944", "3,264"))),
    Misconception("P6", "one bias for the whole layer", _BIASES,
        "One bias was counted for the whole layer.",
        "Every filter has a bias of its own.",
        _biased(lambda _: (1,)),
        (CellExample("alexnet", "conv2", "params", "614,656", "614,401"),
         CellExample("alexnet", "conv1", "params", "34,944", "34,849"))),
    Misconception("P7", "a bias for every input channel", _BIASES,
        "A bias was counted for everything that flows in.",
        "Biases belong to the outputs: one a filter or unit.",
        _per_input,
        (CellExample("alexnet", "conv2", "params", "614,656", "614,496"),
         CellExample("alexnet", "fc6", "params", "37,752,832", "37,757,952"))),
    Misconception("P8", "a bias for every slice of a filter", _BIASES,
        "A bias was counted for every channel of every filter.",
        "A filter adds up over its channels first; the sum gets one bias.",
        _biased(lambda case: (case.ci * case.co,)),
        (CellExample("alexnet", "conv2", "params", "614,656", "638,976"),)),
    Misconception("P9", "a bias for every output pixel", _BIASES,
        "A bias was counted for every element of the output.",
        "A filter uses one bias at all its places, as it does its weights.",
        _biased(lambda case: (prod(case.sides) * case.co,)),
        (CellExample("alexnet", "conv2", "params", "614,656", "801,024"),)),
    Misconception("P10", "biases for inputs and outputs", _BIASES,
        "Biases were counted for the channels that flow in and for the filters.",
        "Biases belong to the outputs: one a filter.",
        _biased(lambda case: (case.ci, case.co)),
        (CellExample("alexnet", "conv2", "params", "614,656", "614,752"),)),
    Misconception("P11", "the biases were counted twice", _BIASES,
        "The biases were added twice.",
        "Every filter has one bias.",
        _doubled,
        (CellExample("alexnet", "conv2", "params", "614,656", "614,912"),)),
    Misconception("P12", "the kernel's sides were added", PARAMS,
        "The kernel's sides were added.",
        "A kernel of k x k has k*k weights per channel.",
        _of(Conv, _kernel_sum),
        (CellExample("googlenet", "conv1", "weights", "9,408", "2,688"),)),
    Misconception("P13", "weights for every place", PARAMS,
        "Weights were counted for every place of the output.",
        "A filter uses the same weights at all its places: they are shared.",
        _of(Conv, _unshared),
        (CellExample("alexnet", "conv1", "params", "34,944", "105,705,600"),
         CellExample("alexnet", "conv2", "params", "614,656", "448,084,224"))),
    Misconception("P14", "the depth was added to the kernel", PARAMS,
        "The depth was added to the kernel's area.",
        "A filter has the kernel's weights for every channel: they multiply.",
        _of(Conv, _added_depth),
        (CellExample("alexnet", "conv2", "params", "614,656", "31,232"),)),
    Misconception("P15", "the image's depth was used", PARAMS,
        "The depth of the network's input was used.",
        "A filter is as deep as what flows into its own layer.",
        _of(Conv, _image_depth),
        (CellExample("alexnet", "conv2", "params", "614,656", "19,456"),)),
    Misconception("P16", "the number of filters was taken for the depth", PARAMS,
        "The number of filters was used as the depth, too.",
        "A filter is as deep as what flows in; the number of filters is what comes out.",
        _of(Conv, lambda case, right: right._replace(depth=(case.co,))),
        (CellExample("alexnet", "conv2", "params", "614,656", "1,638,656"),)),
    Misconception("P17", "the padding was added to the kernel", PARAMS,
        "The kernel was widened by the padding.",
        "Padding belongs to the input; the kernel keeps its extent.",
        _of(Conv, _padded_kernel),
        (CellExample("alexnet", "conv2", "params", "614,656", "1,990,912"),)),
    Misconception("P18", "another layer's kernel was used", PARAMS,
        "The kernel of another layer was used.",
        "Every layer states its own kernel.",
        _other_kernel,
        (CellExample("alexnet", "conv2", "params", "614,656", "221,440"),)),
    Misconception("P19", "activations were answered", PARAMS,
        "The output's elements were counted.",
        "Parameters are what is trained; the output is computed with them.",
        _of(Conv, _units),
        (CellExample("alexnet", "conv2", "params", "614,656", "186,624"),), instead=True),
    Misconception("P20", "the groups were forgotten", PARAMS,
        "The layer was counted as if it had no groups.",
        "In g groups a filter sees only the channels of its own group.",
        _of(Conv, _whole_depth),
        (CellExample("alexnet-2012", "conv2", "params", "307,456", "614,656"),
         CellExample("alexnet-2012", "conv4", "params", "663,936", "1,327,488"),
         CellExample("alexnet-2012", "conv5", "params", "442,624", "884,992"))),
    Misconception("P21", "the groups divided the filters, too", PARAMS,
        "The filters of one group were counted.",
        "All groups together have as many filters as stated.",
        _of(Conv, _groups_both),
        (CellExample("alexnet-2012", "conv2", "params", "307,456", "153,728"),)),
    Misconception("P22", "groups were used where there are none", PARAMS,
        "The layer was counted as if it had two groups.",
        "This layer has no groups: every filter sees all channels.",
        _of(Conv, _grouped),
        (CellExample("alexnet", "conv2", "params", "614,656", "307,456"),)),
    Misconception("P23", "a depthwise convolution was counted as a full one", PARAMS,
        "Every filter was counted with all channels.",
        "A depthwise filter sees one channel only.",
        _of(Depthwise, _full_depthwise),
        (CellExample(_DEPTHWISE, "depthwise1", "params", "288", "9,216"),)),
    Misconception("P24", "a pool was given parameters", (*PARAMS, "biases"),
        "The pool's window was counted as weights.",
        "A pool takes a maximum or a mean; nothing of it is trained.",
        _pool,
        (CellExample("alexnet", "pool1", "params", "0", "960"),
         CellExample("alexnet", "pool1", "params", "0", "83,040")), instead=True),
    Misconception("P25", "the dense layer ignored the sides", PARAMS,
        "Only the channels were counted as inputs.",
        "A dense layer is connected to every element: all sides x channels.",
        _of(Dense, lambda _, right: right._replace(kernel=()) if right.kernel else None),
        (CellExample("alexnet", "fc6", "params", "37,752,832", "1,052,672"),
         CellExample("vgg16", "fc6", "params", "102,764,544", "2,101,248"))),
    Misconception("P26", "the dense layer ignored the depth", PARAMS,
        "Only the area was counted as inputs.",
        "A dense layer is connected to every element: all sides x channels.",
        _of(Dense, lambda _, right: right._replace(depth=()) if right.kernel else None),
        (CellExample("alexnet", "fc6", "params", "37,752,832", "151,552"),
         CellExample("vgg16", "fc6", "params", "102,764,544", "204,800"))),
    Misconception("P27", "the volume before the pool was used", PARAMS,
        "The volume before the pool was used.",
        "The dense layer reads what comes out of the pool.",
        _of(Dense, _before_pool),
        (CellExample("alexnet", "fc6", "params", "37,752,832", "177,213,440"),)),
    Misconception("P28", "inputs and outputs were added", PARAMS,
        "Inputs and outputs were added.",
        "Every unit has a weight for every input: they multiply.",
        _of(Dense, _added),
        (CellExample("alexnet", "fc6", "params", "37,752,832", "13,312"),), instead=True),
    Misconception("P29", "one bias for the whole dense layer", _BIASES,
        "One bias was counted for the whole layer.",
        "Every unit has a bias of its own.",
        _of(Dense, lambda _, right: right._replace(plus=(1,)) if right.plus else None),
        (CellExample("alexnet", "fc6", "params", "37,752,832", "37,748,737"),)),
    Misconception("P30", "running statistics were counted", _WITH_BIASES,
        "The running mean and variance were counted as well.",
        "These are kept, but not trained; scale and shift are.",
        _of(BatchNorm, _four),
        (CellExample(_NORM, "bn1", "params", "128", "256"),), convention=True, instead=True),
    Misconception("P31", "a bias was counted where there is none", _BIASES,
        "Biases were counted.",
        "This layer has none: the normalisation after it would cancel them.",
        _bias_normalised,
        (CellExample(_UNBIASED, "conv1", "params", "9,408", "9,472"),)),
    Misconception("P32", "a layer without weights was given parameters", (*PARAMS, "biases"),
        "The layer's outputs were counted as parameters.",
        "This layer computes without anything that is trained.",
        _none_has,
        (CellExample("alexnet", "relu1", "params", "0", "290,400"),), instead=True),
    Misconception("P33", "the 1x1 reductions were left out", PARAMS,
        "The wide convolutions were applied to the block's own input.",
        "1x1 convolutions thin the volume before the wide ones, and count themselves.",
        _without_reductions,
        (CellExample("googlenet", "inception_3a", "params", "163,696", "387,296"),), instead=True),
    Misconception("P34", "the total leaves out the dense layers", PARAMS,
        "Only the convolutions were added up.",
        "Dense layers have weights as well, often the most.",
        _without_dense,
        (CellExample("alexnet", "total", "params", "62,378,344", "3,747,200"),), instead=True),
    Misconception("P35", "the total is without biases", ("params",),
        "The biases of all layers were left out of the sum.",
        "Every filter and every unit has a bias, which the total counts.",
        _no_biases,
        (CellExample("alexnet", "total", "params", "62,378,344", "62,367,776"),), instead=True),
    Misconception("P36", "a bias was counted where none is written", _BIASES,
        "Biases were counted.",
        'This layer has none: its row says "no bias".',
        _bias_unwritten,
        (CellExample(_NO_BIAS, "conv1", "params", "9,408", "9,472"),
         CellExample(_NO_BIAS, "fc1", "params", "8,028,160", "8,028,170"))),
    Misconception("P37", "the total leaves out the normalisations", PARAMS,
        "Only convolutions and dense layers were added up.",
        "A normalisation trains a scale and a shift for every channel.",
        _without_norms,
        (CellExample(_CONV_NORM, "total", "params", "4,632", "4,616"),), instead=True),
    Misconception("P38", "a normalisation for every place", PARAMS,
        "Every place got a scale and a shift.",
        "All places of a channel share one scale and one shift.",
        _of(BatchNorm, _norm_of_places),
        (CellExample(_NORM, "bn1", "params", "128", "401,408"),), instead=True),
    Misconception("P39", "a gray image was counted in color", PARAMS,
        "The inputs were counted three times.",
        "A gray image has one channel.",
        _of(Dense, _gray_as_color),
        (CellExample(_GRAY, "fc1", "params", "4,194,560", "12,583,168"),)),
    Misconception("P40", "the attention's last projection was left out", PARAMS,
        "Queries, keys and values were counted, and nothing behind them.",
        "What the heads give is joined and goes through one more matrix.",
        _without_projection,
        (CellExample(_ATTENTION, "attention1", "params", "16,640", "12,480"),), instead=True),
)
# fmt: on

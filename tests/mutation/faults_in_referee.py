"""Single faults in the executor: in forwards, backwards, arrays, counting and the run of a network."""

from __future__ import annotations

from tests.mutation.fault import Fault

_WINDOWS = [
    Fault("dilation is forgotten", "conv", "reference.moving:sliding_window", "d * (k - 1) + 1", "k"),
    Fault("`same` pads a pixel less", "maxpool", "reference.moving:_side", "[-1] + extent - n", "[-1] + extent - n - 1"),
    Fault("a stride hangs over", "avgpool", "reference.moving:_side", "pair, stride - 1,", "pair, stride,"),
    Fault("the clip forgets the padding", "maxpool", "reference.moving:_side", "pair[0] + n if", "n if"),
    Fault("Caffe's clip without padding, too", "maxpool", "reference.moving:sliding_window", " and any(map(any, pairs))", ""),
    Fault("Caffe's clip for padded sides alone", "network", "reference.moving:sliding_window", "and any(map(any, pairs))", "and all(map(any, pairs))"),
    Fault("windows at every position", "conv", "reference.moving:windows", "slice(0, end, step)", "slice(0, end, 1)"),
    Fault("taps side by side", "avgpool", "reference.moving:windows", "slice(None, None, step)", "slice(None)"),
    Fault("a piece forgets the others", "network", "reference.weighted:_unfolded", "slice(first * row, last * row)", "slice(0, (last - first) * row)"),
    Fault("only the last example counts", "conv", "reference.weighted:correlate_kernels", "total +=", "total ="),
    Fault("overlapping windows overwrite", "conv", "reference.weighted:correlate_back", "piece[:, :, *tap] += columns", "piece[:, :, *tap] = columns"),
    Fault("kernels turned round on the way back", "conv", "reference.weighted:correlate_back", "columns[:, :, *tap]", "columns[:, :, *(-1 - t for t in tap)]"),
]  # fmt: skip

_CONVOLUTIONS = [
    Fault("groups are forgotten in the arrays", "conv", "reference.conv:slots", "x.shape[1] // layer.groups", "x.shape[1]"),
    Fault("a bias for every input position", "conv", "reference.conv:bias_slots", "view.shape[2 : x.ndim]", "x.shape[2:]"),
    Fault("the bias is taken away", "conv", "reference.conv:add_bias", "y += bias", "y -= bias"),
    Fault("the bias is forgotten", "depthwise", "reference.conv:add_bias", "y += bias if bias.ndim > 1 else column(bias, y)", "pass"),
    Fault("a bias's gradient is a mean", "conv", "reference.conv:bias_gradient", "gradient.sum(", "gradient.mean("),
    Fault("a bias of the first example", "conv", "reference.conv:bias_gradient", "gradient.sum(0 if", "gradient[:1].sum(0 if"),
    Fault("maps that several filters see get one's gradient", "conv", "reference.conv:backward", "back[:, row] += seen", "back[:, row] = seen"),
    Fault("groups are mixed", "conv", "reference.conv:forward", "sliding), weight, layer.groups)", "sliding), weight)"),
    Fault("the table's rows are read one on", "conv", "reference.conv:_table", "weight[start : start + len(row)]", "weight[start - 1 : start + len(row) - 1]"),
    Fault("the multiplier is forgotten in the arrays", "depthwise", "reference.depthwise:slots", "x.shape[1] * layer.multiplier", "x.shape[1]"),
    Fault("the inner gradient is the inner value", "separable", "reference.depthwise:separable_backward", "correlate_kernels(view, middle,", "correlate_kernels(view, between,"),
    Fault("the kernels' channels and filters are swapped", "transposed", "reference.transposed:slots", "(x.shape[1], filters // layer.groups,", "(filters, x.shape[1] // layer.groups,"),
    Fault("a stride too much", "transposed", "reference.transposed:landing", "(n - 1) * s + d", "n * s + d"),
    Fault("`valid` loses what a stride leaves", "transposed", "reference.transposed:_side", "max(last, strides), 0", "last, 0"),
    Fault("the output padding is forgotten", "transposed", "reference.transposed:_side", "last + (extra or 0) - before", "last - before"),
    Fault("the padding is cut at the other end on the way back", "transposed", "reference.transposed:backward", "canvas[along_sides(where.cut)] = gradient", "canvas[along_sides(where.cut)] = gradient[..., ::-1]"),
    Fault("the bias is forgotten", "dense", "reference.dense:forward", 'y += arrays["bias"]', "pass"),
    Fault("the bias of the first example", "dense", "reference.dense:backward", "g.sum(0)", "g[0]"),
    Fault("the way back is not scaled", "matmul", "reference.product:backward", "to_first * (1 / a.shape[-1] ** 0.5)", "to_first"),
    Fault("what is hidden gets a gradient", "causal_mask", "reference.attention:mask_backward", "g, 0)", "g, g)"),
    Fault("the table has the first example's gradient", "relative_position", "reference.attention:backward", "gradient.sum(", "gradient[:1].sum("),
    Fault("gradients come back the other way round", "window_partition", "reference.partition:backward", "gradient[:, :, inside]", "gradient[:, :, inside][..., ::-1]"),
    Fault("a square's 2 is forgotten", "rbf", "reference.dense:rbf_backward", "2 * apart", "apart"),
    Fault("products of one group count", "conv", "reference.weighted:matmul", "product.size // (product.shape[-2] * product.shape[-1])", "1"),
]  # fmt: skip

_POOLS = [
    Fault("a window's last element is not seen", "maxpool", "reference.pool:side_by_side", "range(k)", "range(max(k - 1, 1))"),
    Fault("padding counts for 0", "maxpool", "reference.pool:max_forward", "surround(x, sliding, -np.inf)", "surround(x, sliding)"),
    Fault("all equals win", "maxpool", "reference.pool:max_backward", "open_still & (shown == y)", "shown == y"),
    Fault("a winner of several windows gets one's gradient", "maxpool", "reference.pool:max_backward", "target[...] += won * gradient", "target[...] = np.where(won, gradient, target)"),
    Fault("a mean's gradient is not divided", "avgpool", "reference.pool:avg_backward", "gradient / divisor(layer, x, sliding)", "gradient"),
    Fault("overlapping windows overwrite", "avgpool", "reference.pool:spread_back", "target[...] += gradient", "target[...] = gradient"),
    Fault("the coefficient is forgotten on the way back", "subsampling", "reference.pool:subsampling_backward", "gradient * coefficient", "gradient"),
    Fault("the coefficient's gradient forgets the sum", "subsampling", "reference.pool:subsampling_backward", "gradient * total", "gradient"),
    Fault("what is met in the mirror is lost", "blurpool", "reference.pool:blur_backward", "own[1 : before + 1] += side[:before][::-1]", "pass"),
    Fault("spans end too early", "adaptive_avgpool", "reference.globalpool:spans", "-(-(i + 1) * n // o)", "max((i + 1) * n // o, i * n // o + 1)"),
    Fault("overlapping spans overwrite", "adaptive_avgpool", "reference.globalpool:avg_backward", "back[box] += ", "back[box] = "),
    Fault("the loser gets the gradient", "global_maxpool", "reference.globalpool:max_backward", "argmax", "argmin"),
    Fault("the last of equals wins", "adaptive_maxpool", "reference.globalpool:max_backward", "seen.argmax(2)", "seen.shape[2] - 1 - seen[..., ::-1].argmax(2)"),
]  # fmt: skip

_OTHERS = [
    Fault("an even window leans the other way", "lrn", "reference.lrn:scale", "layer.size // 2, (layer.size - 1) // 2", "(layer.size - 1) // 2, layer.size // 2"),
    Fault("the way back leans as the way there", "lrn", "reference.lrn:backward", "(layer.size - 1) // 2, layer.size // 2", "layer.size // 2, (layer.size - 1) // 2"),
    Fault("a square's 2 is forgotten", "lrn", "reference.lrn:backward", "2 * layer.alpha", "layer.alpha"),
    Fault("the mean is a constant on the way back", "instancenorm", "reference.norm:backward", "inner - inner.mean(axes, keepdims=True)", "inner.copy()"),
    Fault("the deviation is a constant on the way back", "groupnorm", "reference.norm:backward", "back -= normal", "back -= 0 * normal"),
    Fault("epsilon is forgotten", "layernorm", "reference.norm:standard", " + EPSILON", ""),
    Fault("the running mean is added", "batchnorm", "reference.norm:fixed", "-arrays", "arrays"),
    Fault("batch statistics of each example", "batchnorm", "reference.norm:backward", "gradient.sum(shared)", "gradient[:1].sum(shared)"),
    Fault("no corner at 6", "relu6", "reference.activation:relu6_gradient", "(x > 0) & (x < 6)", "x > 0"),
    Fault("a density is forgotten", "gelu", "reference.activation:gelu_gradient", "x * np.exp", "0 * np.exp"),
    Fault("a factor x is forgotten", "silu", "reference.activation:silu_gradient", "x * s * (1 - s)", "s * (1 - s)"),
    Fault("the softplus is a constant on the way back", "mish", "reference.activation:mish_gradient", "s + x * (1 - s * s)", "s + 0 * (1 - s * s)"),
    Fault("the square of the input", "tanh", "reference.activation:tanh_gradient", "y * y", "x * x"),
    Fault("a third too steep", "hard_swish", "reference.activation:hard_swish_gradient", "(2 * x + 3)", "(2 * x + 4)"),
    Fault("one score does not touch another", "softmax", "reference.softmax:softmax_gradient", "g - (g * y).sum(_shared(layer, x), keepdims=True)", "g"),
    Fault("positions for channels", "softmax", "reference.softmax:_shared", 'layer.over == "channels"', 'layer.over != "channels"'),
    Fault("alpha is forgotten on the way back", "elu", "reference.activation:elu_gradient", "g * layer.alpha * np", "g * np"),
    Fault("positive inputs move the slope", "prelu", "reference.activation:prelu_backward", "np.minimum(x, 0)", "x"),
    Fault("an operand times itself", "multiply", "reference.merge:multiply_backward", "operands[:number] + operands[number + 1 :]", "operands[: number + 1] + operands[number + 1 :]"),
    Fault("a stretched operand is not added up", "multiply", "reference.merge:multiply_backward", "others.sum(stretched)", "others.mean(stretched)"),
    Fault("a third branch is forgotten", "add", "reference.merge:add", "y += x", "pass"),
    Fault("axes go back the way they came", "permute", "reference.reshape:permute_gradient", "np.argsort(order)", "order"),
    Fault("what was cut away gets ones", "crop", "reference.reshape:crop_gradient", "np.zeros_like(x)", "np.ones_like(x)"),
    Fault("corners are aligned", "upsample", "reference.upsample:_side", "(2 * u + 1) * over - times", "2 * u * over"),
    Fault("all in float64", "upsample", "reference.upsample:upsample", "blend(side).astype(x.dtype)", "blend(side)"),
    Fault("what was not taken gets ones", "slice", "reference.slicing:take_gradient", "np.zeros_like(x)", "np.ones_like(x)"),
    Fault("the places of a block come before the channel", "pixel_shuffle", "reference.slicing:_spread_out", "own = 1 if order", "own = 1 + rank if order"),
    Fault("the cell forgets its gradient", "lstm", "reference.recurrent:_step_back", "to_cell * f)", "0 * f)"),
    Fault("the gate is not multiplied on the way back", "glu", "reference.gated:gated_gradient", "[g * s,", "[g,"),
    Fault("a maximum goes back to the last", "maxout", "reference.gated:maxout_gradient", "pieces.argmax(2)", "pieces.argmin(2)"),
    Fault("the reciprocal is a constant on the way back", "rmsnorm", "reference.rmsnorm:backward", "(inner * z).mean", "(0 * z).mean"),
    Fault("dealt out twice", "channel_shuffle", "reference.reshape:channel_shuffle_gradient", "x.shape[1] // layer.groups", "layer.groups"),
    Fault("an addition counts twice", "avgpool", "reference.tally:Counting.__add__", "adds += 1", "adds += 2"),
    Fault("comparing is free", "relu", "reference.tally:Counting.__gt__", "compares += 1", "compares += 0"),
    Fault("a channel is passed over", "conv", "reference.weighted:grouped", "range(first, first + seen), kernels", "range(first, first + seen - 1), kernels[:-1]"),
]  # fmt: skip

_NETWORK = [
    Fault("what others read is written over", "network", "reference.memory:Memory.only_here", "self._left[node.inputs[0]] != 1", "False"),
    Fault("views count as arrays of their own", "network", "reference.memory:owner", "array.base is not None", "False"),
    Fault("nothing is freed", "network", "reference.memory:Memory.release", "if not self._left[activation]:", "if False:"),
    Fault("branches do not add up on the way back", "network", "reference.run:_add", "total[key] + more if key in total else more", "more"),
    Fault("shared weights are drawn twice", "network", "reference.run:_LayerArrays.arrays", "owner = index if share is None else share", "owner = index"),
]  # fmt: skip

REFEREE: tuple[Fault, ...] = (*_WINDOWS, *_CONVOLUTIONS, *_POOLS, *_OTHERS, *_NETWORK)

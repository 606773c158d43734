"""Faults in `reference`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("what a formula reads is not marked", "marks[index] = True", "pass"),
    Planted("a shared slope is one a channel", '"n" if layer.shared else "c"', '"n" if True else "c"'),
    Planted("a depthwise kernel is added to its channels", "kernel, filters = spread(layer.kernel, x), x.shape[1] * layer.multiplier", "kernel, filters = spread(layer.kernel, x), x.shape[1] + layer.multiplier"),
    Planted("a formula loses its bias", "if plus is not None:\n            summands.append(Term((plus.at(values, dict(zip(at, place, strict=True))),)))", "if plus is None:\n            summands.append(Term((plus.at(values, dict(zip(at, place, strict=True))),)))"),
    Planted("slots are needed where there are none", "needs is not None", "needs is None"),
    Planted("a buffer is somebody else's", "buffer is own", "buffer is not own"),
    Planted("a stretched operand's gradient is no sum", 'text = f"sum over {over} of {text}"', "pass"),
    Planted("a padded window has no taps", "yield view[along_sides(tap)]", "pass"),
    Planted("one step back is none", "self.seen > 1", "self.seen > 2"),
    Planted("a slope is measured by a sum", "12 * step", "12 + step"),
    Planted("a probe leaves the first axis out", "range(x.ndim - 1)", "range(1, x.ndim - 1)"),
    Planted("a crop is doubled, not halved", "((n - size) // 2, size) for n, size in zip", "((n - size) * 2, size) for n, size in zip"),
    Planted("a step has no shape", "self.shapes[index] = _shape_of(output)", "pass"),
    Planted("a softmax sums over channels alone", "powers / add_up(powers, axes, x)", "powers / add_up(powers, (1,), x)"),
    Planted("a rectifier lets 0 through", "v if v > 0 else low", "v if v >= 0 else low"),
    Planted("groups multiply the filters of a kernel", "kernels.reshape(groups, filters // groups, -1).swapaxes", "kernels.reshape(groups, filters * groups, -1).swapaxes"),
    Planted("a query's heads share the wrong keys", "self.heads, self.repeated, high, wide).sum(-3)", "self.repeated, self.heads, high, wide).sum(-4)"),
    Planted("a query sees what comes after it", "np.tri(xs[0].shape[-1], dtype=bool).T", "np.tri(xs[0].shape[-1], dtype=bool)"),
    Planted("a map moves forward before it is cut", "[-shift for shift in shifts]", "list(shifts)"),
]  # fmt: skip

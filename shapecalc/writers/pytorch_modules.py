"""Modules for what PyTorch has no layer for, as texts that go into the program that needs them.

`{n}` stands for the number of sides.
"""

from __future__ import annotations

from typing import NamedTuple


class Helper(NamedTuple):
    """A class or a function of the program: its text, and the other ones that it calls."""

    text: str
    needs: tuple[str, ...] = ()


HELPERS: dict[str, Helper] = {
    "window_sums": Helper('''
def window_sums(x: Tensor, kernel, stride, dilation) -> Tensor:
    """Add up every window of every channel, as a convolution with ones."""
    ones = x.new_ones(x.shape[1], 1, *kernel)
    return F.conv{n}d(x, ones, None, stride, 0, dilation, x.shape[1])
'''),
    "PaddedConv": Helper('''
class PaddedConv{n}d(nn.Conv{n}d):
    """A convolution whose padding differs from end to end, in the order of F.pad."""

    def __init__(self, *arguments, margins, **options) -> None:
        super().__init__(*arguments, **options)
        self.margins = margins

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.margins))
'''),
    "UntiedConv": Helper('''
class UntiedConv{n}d(nn.Conv{n}d):
    """A convolution with a bias for every position of every filter."""

    def __init__(self, *arguments, margins, sides, **options) -> None:
        super().__init__(*arguments, bias=False, **options)
        self.margins = margins
        self.bias = nn.Parameter(torch.zeros(self.out_channels, *sides))

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(F.pad(x, self.margins), self.weight, None) + self.bias
'''),
    "TableConv": Helper('''
class TableConv{n}d(nn.Module):
    """A convolution whose filters read only those input maps that a table names.

    It trains kernels for these alone; the others are zeros.
    """

    def __init__(
        self, channels, table, kernel, stride, dilation, margins, bias
    ) -> None:
        super().__init__()
        self.size = (len(table), channels, *kernel)
        self.filters = [number for number, row in enumerate(table) for _ in row]
        self.reads = [channel for row in table for channel in row]
        self.window = (stride, 0, dilation)
        self.margins = margins
        self.weight = nn.Parameter(torch.empty(len(self.reads), *kernel))
        nn.init.uniform_(self.weight, -0.1, 0.1)
        self.bias = nn.Parameter(torch.zeros(bias)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        weight = x.new_zeros(self.size)
        weight[self.filters, self.reads] = self.weight
        y = F.conv{n}d(F.pad(x, self.margins), weight, None, *self.window)
        if self.bias is None:
            return y
        sides = self.bias.shape[1:] or {ones}
        return y + self.bias.reshape(-1, *sides)
'''),
    "SeparableConv": Helper('''
class SeparableConv(nn.Module):
    """A convolution of every channel by itself, then one that mixes the channels."""

    def __init__(self, depthwise: nn.Module, pointwise: nn.Module) -> None:
        super().__init__()
        self.depthwise = depthwise
        self.pointwise = pointwise

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))
'''),
    "CutConvTranspose": Helper('''
class CutConvTranspose{n}d(nn.ConvTranspose{n}d):
    """A transposed convolution whose output is cut, or filled up, by margins as in F.pad.

    The bias is added behind, where it may differ from position to position.
    """

    def __init__(self, *arguments, margins, bias, **options) -> None:
        super().__init__(*arguments, bias=False, **options)
        self.margins = margins
        self.bias = nn.Parameter(torch.zeros(bias)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv_transpose{n}d(
            x,
            self.weight,
            None,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )
        y = F.pad(y, self.margins)
        if self.bias is None:
            return y
        sides = self.bias.shape[1:] or {ones}
        return y + self.bias.reshape(-1, *sides)
'''),
    "PaddedMaxPool": Helper('''
class PaddedMaxPool{n}d(nn.MaxPool{n}d):
    """A maximum pool inside margins as in F.pad, of what is smaller than every number."""

    def __init__(self, *arguments, margins, **options) -> None:
        super().__init__(*arguments, **options)
        self.margins = margins

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.margins, value=float("-inf")))
'''),
    "MeanPool": Helper(
        '''
class MeanPool{n}d(nn.Module):
    """A mean over windows inside margins, of which those in `counted` count as elements."""

    def __init__(self, kernel, stride, dilation, margins, counted, beyond) -> None:
        super().__init__()
        self.window = (kernel, stride, dilation)
        self.margins, self.counted, self.beyond = margins, counted, beyond

    def forward(self, x: Tensor) -> Tensor:
        ones = F.pad(torch.ones_like(x), self.counted, value=1.0)
        count = window_sums(F.pad(ones, self.beyond), *self.window)
        return window_sums(F.pad(x, self.margins), *self.window) / count.clamp(min=1)
''',
        ("window_sums",),
    ),
    "Subsampling": Helper(
        '''
class Subsampling{n}d(nn.Module):
    """LeNet's pool: the sum of every window, times a coefficient, plus a bias."""

    def __init__(self, channels, kernel, stride, dilation, margins) -> None:
        super().__init__()
        self.window = (kernel, stride, dilation)
        self.margins = margins
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        sums = window_sums(F.pad(x, self.margins), *self.window)
        weight, bias = (p.reshape(-1, *{ones}) for p in (self.weight, self.bias))
        return sums * weight + bias
''',
        ("window_sums",),
    ),
    "BlurPool": Helper('''
class BlurPool{n}d(nn.Module):
    """Blurs every channel by a fixed binomial filter before it strides."""

    def __init__(self, channels, kernel, stride) -> None:
        super().__init__()
        self.stride = stride
        self.margins = [e for k in reversed(kernel) for e in ((k - 1) // 2, k // 2)]
        taps = torch.ones(())
        for k in kernel:
            row = torch.tensor([math.comb(k - 1, tap) / 2 ** (k - 1) for tap in range(k)])
            taps = taps[..., None] * row
        self.register_buffer("filt", taps.expand(channels, 1, *kernel).clone())

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, self.margins, mode="reflect")
        return F.conv{n}d(x, self.filt, stride=self.stride, groups=x.shape[1])
'''),
    "Rbf": Helper('''
class Rbf(nn.Module):
    """LeNet's output: the squared distance to a fixed code, for every unit."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.sign(torch.rand(units, inputs) - 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return (x.flatten(1)[:, None] - self.codes).square().sum(2)
'''),
    "StochasticDepth": Helper('''
class StochasticDepth(nn.Module):
    """Drops a whole branch of an example in training (drop path)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        if self.rate == 1:
            return torch.zeros_like(x)
        kept = torch.rand(len(x), *(1,) * (x.ndim - 1), device=x.device) >= self.rate
        return x * kept / (1 - self.rate)
'''),
    "Scale": Helper('''
class Scale(nn.Module):
    """Multiplies by trained factors, and adds trained biases where there are any."""

    def __init__(self, weight, bias=None, shape=None, init=1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(weight, init))
        self.bias = nn.Parameter(torch.zeros(bias)) if bias else None
        self.shape = shape or weight

    def forward(self, x: Tensor) -> Tensor:
        y = x * self.weight.reshape(self.shape)
        return y if self.bias is None else y + self.bias.reshape(self.shape)
'''),
    "Bias": Helper('''
class Bias(nn.Module):
    """Adds a trained array."""

    def __init__(self, bias, shape=None) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(bias))
        self.shape = shape or bias

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias.reshape(self.shape)
'''),
    "PositionEmbedding": Helper('''
class PositionEmbedding(nn.Module):
    """Adds a trained array of the input's shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight
'''),
    "Tokens": Helper('''
class Tokens(nn.Module):
    """Puts trained rows in front of a sequence."""

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, count))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.weight.expand(len(x), -1, -1), x], dim=2)
'''),
    "TrainedArray": Helper('''
class TrainedArray(nn.Module):
    """A trained array by itself, for as many examples as there are of something else."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(shape))

    def forward(self, like=()) -> Tensor:
        return self.weight.expand(max(len(like), 1), *self.weight.shape)
'''),
    "MatrixProduct": Helper('''
class MatrixProduct(nn.Module):
    """A product of two stacks of matrices, whose channels may be those of several heads.

    `first` and `second` are the channels taken of either one; with a `merge` the heads are put
    side by side again, as a sequence or as the map that the second one is.
    """

    def __init__(
        self,
        transpose="none",
        heads=None,
        groups=None,
        merge="none",
        windows=False,
        first=None,
        second=None,
        root=False,
    ) -> None:
        super().__init__()
        self.turned = [transpose in (which, "both") for which in ("first", "second")]
        self.heads, self.groups, self.merge = heads, groups or heads, merge
        self.windows, self.spans, self.root = windows, (first, second), root

    def operand(self, x: Tensor, number: int, heads) -> Tensor:
        rows = x.movedim(1, -1)
        if self.spans[number]:
            start, stop = self.spans[number]
            rows = rows[..., start:stop]
        if heads:
            rows = rows.flatten(1 + self.windows, -2)
            rows = rows.unflatten(-1, (heads, -1)).transpose(-3, -2)
            if heads != self.heads:
                rows = rows.repeat_interleave(self.heads // heads, -3)
        return rows.mT if self.turned[number] else rows

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        merged = self.merge != "none"
        a = self.operand(x, 0, None if merged else self.heads)
        b = self.operand(other, 1, self.groups)
        y = (a / a.shape[-1] ** 0.5 if self.root else a) @ b
        if merged:
            y = y.transpose(-3, -2).flatten(-2)
        if self.merge == "map":
            y = y.reshape(*other.movedim(1, -1).shape[:-1], -1)
        return y.movedim(-1, 1)
'''),
    "CausalMask": Helper('''
class CausalMask(nn.Module):
    """Hides later positions from earlier ones."""

    def forward(self, x: Tensor) -> Tensor:
        scores = x.movedim(1, -1)
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(later, float("-inf")).movedim(-1, 1)
'''),
    "window_moves": Helper('''
def window_moves(sides, size, shift):
    """Return the sides of a map of whole windows, and how far it moves along each."""
    whole = [-(-side // window) * window for side, window in zip(sides, size)]
    moves = zip(whole, size, shift)
    return whole, [0 if window >= side else move for side, window, move in moves]
'''),
    "cut_windows": Helper(
        '''
def cut_windows(x: Tensor, size, shift, grid: bool) -> Tensor:
    """Cut a map into windows: batch x channels x windows x places."""
    rank = len(size)
    whole, moves = window_moves(x.shape[2:], size, shift)
    ends = [end for side, n in zip(whole, x.shape[2:]) for end in (side - n, 0)]
    x = F.pad(x, ends[::-1])
    x = torch.roll(x, [-move for move in moves], tuple(range(2, rank + 2)))
    for axis, window in enumerate(size):
        at = 2 + 2 * axis
        x = x.unflatten(at, (window, -1) if grid else (-1, window))
        x = x.transpose(at, at + 1) if grid else x
    first, rest = range(2, 2 + 2 * rank, 2), range(3, 2 + 2 * rank, 2)
    return x.permute(0, 1, *first, *rest).flatten(2 + rank).flatten(2, 1 + rank)
''',
        ("window_moves",),
    ),
    "WindowPartition": Helper(
        '''
class WindowPartition(nn.Module):
    """Cuts a map into windows, after moving it back around its ends by a shift."""

    def __init__(self, size, shift, grid=False) -> None:
        super().__init__()
        self.size, self.shift, self.grid = size, shift, grid

    def forward(self, x: Tensor) -> Tensor:
        return cut_windows(x, self.size, self.shift, self.grid)
''',
        ("cut_windows",),
    ),
    "WindowMerge": Helper(
        '''
class WindowMerge(nn.Module):
    """Puts windows together to a map like the second input: each place to where it was."""

    def __init__(self, size, shift, grid=False) -> None:
        super().__init__()
        self.size, self.shift, self.grid = size, shift, grid

    def forward(self, windows: Tensor, like: Tensor) -> Tensor:
        sides = like.shape[2:]
        numbers = torch.arange(1, sides.numel() + 1, device=windows.device)
        numbers = numbers.reshape(1, 1, *sides)
        origin = cut_windows(numbers, self.size, self.shift, self.grid).flatten()
        order = origin.argsort()[-sides.numel() :]  # the first are of the padding, 0
        return windows.flatten(2)[:, :, order].unflatten(2, sides)
''',
        ("cut_windows",),
    ),
    "WindowMask": Helper(
        '''
class WindowMask(nn.Module):
    """Hides from each other the places of a window that only the shift brought together."""

    def __init__(self, size, shift) -> None:
        super().__init__()
        self.size, self.shift = size, shift

    def forward(self, x: Tensor, whole: Tensor) -> Tensor:
        sides, moves = window_moves(whole.shape[2:], self.size, self.shift)
        regions = torch.zeros((), dtype=torch.int64, device=x.device)
        for side, move in zip(sides, moves):
            line = torch.zeros(side, dtype=torch.int64, device=x.device)
            line[side - move :] = 1
            regions = 2 * regions[..., None] + line
        still = (0,) * len(sides)
        parts = cut_windows(regions[None, None], self.size, still, False)[0, 0]
        hidden = parts[:, :, None] != parts[:, None]
        hidden = hidden[:, None] if x.ndim > 4 else hidden
        return x.movedim(1, -1).masked_fill(hidden, float("-inf")).movedim(-1, 1)
''',
        ("window_moves", "cut_windows"),
    ),
    "RelativePosition": Helper('''
class RelativePosition(nn.Module):
    """Adds a trained number to every score, by distance and head."""

    def __init__(self, sides, heads: int) -> None:
        super().__init__()
        axes = [torch.arange(side) for side in sides]
        places = torch.cartesian_prod(*axes).reshape(-1, len(sides))
        apart = places[:, None] - places[None] + torch.tensor(sides) - 1
        index = torch.zeros(apart.shape[:2], dtype=torch.int64)
        for axis, side in enumerate(sides):
            index = index * (2 * side - 1) + apart[..., axis]
        self.register_buffer("index", index, persistent=False)
        distances = math.prod(2 * side - 1 for side in sides)
        self.table = nn.Parameter(0.02 * torch.randn(distances, heads))

    def forward(self, x: Tensor) -> Tensor:
        bias = self.table[self.index].movedim(-1, 0)
        return (x.movedim(1, -1) + bias).movedim(-1, 1)
'''),
    "BlockShuffle": Helper('''
class BlockShuffle(nn.Module):
    """Turns channels into places: every side grows by its factor."""

    def __init__(self, factors, channels_first: bool) -> None:
        super().__init__()
        self.factors, self.channels_first = factors, channels_first

    def forward(self, x: Tensor) -> Tensor:
        rank = len(self.factors)
        channels = x.shape[1] // math.prod(self.factors)
        if self.channels_first:
            x = x.unflatten(1, (channels, *self.factors))
        else:
            x = x.unflatten(1, (*self.factors, channels)).movedim(1 + rank, 1)
        order = [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
        x = x.permute(0, 1, *order)
        for axis in range(2, 2 + rank):
            x = x.flatten(axis, axis + 1)
        return x
'''),
    "BlockUnshuffle": Helper('''
class BlockUnshuffle(nn.Module):
    """Turns places into channels: every side shrinks by its factor."""

    def __init__(self, factors, channels_first: bool) -> None:
        super().__init__()
        self.factors, self.channels_first = factors, channels_first

    def forward(self, x: Tensor) -> Tensor:
        rank = len(self.factors)
        for i, factor in enumerate(self.factors):
            x = x.unflatten(2 + 2 * i, (-1, factor))
        places, blocks = range(2, 2 + 2 * rank, 2), range(3, 3 + 2 * rank, 2)
        channels = (1, *blocks) if self.channels_first else (*blocks, 1)
        return x.permute(0, *channels, *places).flatten(1, 1 + rank)
'''),
    "HeadNorm": Helper('''
class HeadNorm(nn.Module):
    """Normalises the channels of every head by themselves, with the same weights."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        heads = x.movedim(1, -1).unflatten(-1, (-1, *self.norm.normalized_shape))
        return self.norm(heads).flatten(-2).movedim(-1, 1)
'''),
    "JointSoftmax": Helper('''
class JointSoftmax(nn.Module):
    """Makes the elements along several axes sum to 1 together."""

    def __init__(self, dims) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        y = (x - x.amax(self.dims, keepdim=True)).exp()
        return y / y.sum(self.dims, keepdim=True)
'''),
    "without_weight": Helper('''
def without_weight(norm: nn.Module) -> nn.Module:
    """Take the trained factors away from a normalisation."""
    norm.weight = None
    return norm
'''),
    "without_bias": Helper('''
def without_bias(norm: nn.Module) -> nn.Module:
    """Take the trained shift away from a normalisation."""
    norm.bias = None
    return norm
'''),
}

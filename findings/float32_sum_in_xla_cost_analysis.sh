#!/usr/bin/env bash
# XLA's cost analysis of a program with two parts, and of a loop.
# Guessed: a convolution of 6,635,520,000 flops and a product of 168 are 6,635,520,168 together, and
# five products of 288 in a lax.scan 1,440.
# Found: the sum is kept in float32, so that the product adds nothing (VGG-16 prints 29,971,351,552
# where its operations are 29,971,355,527), and a loop's body counts once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2
cat > "$work/count.py" <<'PY'
import jax
from jax import lax, numpy as jnp

IMAGE, KERNEL = (1, 302, 302, 64), (3, 3, 64, 64)
ROW, MATRIX = (1, 12), (12, 7)
SQUARE = (12, 12)


def flops(function, *shapes):
    given = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    return int(jax.jit(function).lower(*given).cost_analysis()["flops"])


def convolve(image, kernel):
    axes = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(image, kernel, (1, 1), "VALID", dimension_numbers=axes)


def both(image, kernel, row, matrix):
    return convolve(image, kernel), row @ matrix


def loop(row, square):
    return lax.scan(lambda carry, _: (carry @ square, None), row, None, length=5)[0]


print("convolution", flops(convolve, IMAGE, KERNEL))
print("product", flops(jnp.matmul, ROW, MATRIX))
print("both", flops(both, IMAGE, KERNEL, ROW, MATRIX))
print("once", flops(jnp.matmul, ROW, SQUARE))
print("five times in a loop", flops(loop, ROW, SQUARE))
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
convolution 6635520000
product 168
both 6635520000
once 288
five times in a loop 290
SEEN

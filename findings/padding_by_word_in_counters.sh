#!/usr/bin/env bash
# A convolution with padding="same" instead of a number: 3 to 8 channels on 8x8, kernels 3x3 and 4x4.
# Guessed: as with a number, 13,824 and 24,576 multiply-accumulates of every counter.
# Found: fvcore says 0 for both, since PyTorch traces padding by a word as another operator, of which
# fvcore has no rule.  calflops counts the even kernel as if it gave 7x7 positions: 18,816.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3' \
  fvcore==0.1.5.post20221221 thop==0.1.1.post2209072238 calflops==0.3.2 transformers accelerate
cat > "$work/count.py" <<'PY'
import contextlib
import io
import warnings

warnings.filterwarnings("ignore")
import thop
import torch
from calflops import calculate_flops
from fvcore.nn import FlopCountAnalysis
from torch.utils.flop_counter import FlopCounterMode

image = torch.zeros(1, 3, 8, 8)
for kernel in (3, 4):
    network = torch.nn.Conv2d(3, 8, kernel, padding="same").eval()
    fvcore = FlopCountAnalysis(network, image)
    fvcore.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with FlopCounterMode(display=False) as counter:
        network(image)
    with contextlib.redirect_stdout(io.StringIO()):
        _, calflops, _ = calculate_flops(
            network, args=[image], print_results=False, print_detailed=False, output_as_string=False
        )
    print(kernel, "torch", counter.get_total_flops() // 2, "fvcore", int(fvcore.total()))
    print(kernel, "calflops", int(calflops))
    print(kernel, "thop", int(thop.profile(network, (image,), verbose=False)[0]))
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
3 torch 13824 fvcore 0
3 calflops 13824
3 thop 13824
4 torch 24576 fvcore 0
4 calflops 18816
4 thop 24576
SEEN

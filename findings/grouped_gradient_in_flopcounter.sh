#!/usr/bin/env bash
# A training step of a grouped or depthwise convolution, counted by PyTorch's own FlopCounterMode.
# Guessed: as without groups, backward is twice forward: the input's gradient and the kernel's each
# take as many multiplications as the forward pass.
# Found: the kernel's gradient is counted as if there were no groups, so backward is 1 + groups times
# forward: of a depthwise layer of 8 channels 9 times, where 2 is what is multiplied.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3'
cat > "$work/count.py" <<'PY'
import torch
from torch.utils.flop_counter import FlopCounterMode

for groups in (1, 2, 4, 8):
    layer = torch.nn.Conv2d(8, 8, 3, padding=1, groups=groups, bias=False)
    image = torch.zeros(1, 8, 10, 10, requires_grad=True)
    with FlopCounterMode(display=False) as forward:
        result = layer(image)
    with FlopCounterMode(display=False) as backward:
        result.sum().backward()
    print(groups, forward.get_total_flops(), backward.get_total_flops())
PY
# groups, forward, backward: 2*8*(8/groups)*9*100 multiplications and additions forward
cat > "$work/seen.txt" <<'TXT'
1 115200 230400
2 57600 172800
4 28800 144000
8 14400 129600
TXT
"$work/venv/bin/python" -W ignore "$work/count.py" | tee "$work/now.txt"
diff "$work/seen.txt" "$work/now.txt" && echo "torch 2.13.0: as seen"

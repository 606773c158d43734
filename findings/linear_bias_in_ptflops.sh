#!/usr/bin/env bash
# One Linear layer of 6 inputs and 4 units over 7 positions, counted by ptflops' two backends.
# Guessed: 7*4*(6 + 1) = 196 multiply-accumulates with the bias, or 168 without it, but the same
# whether the input lies in memory as written or was transposed just before.
# Found: the aten backend counts the bias of an input that is contiguous (196), and not of one that
# is a transposed view (168), since PyTorch then calls other functions; the pytorch backend says 196
# both times.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  torch==2.13.0 ptflops==0.7.5 'numpy<3'
cat > "$work/count.py" <<'PY'
import torch
from ptflops import get_model_complexity_info


class Positions(torch.nn.Module):
    def __init__(self, turned):
        super().__init__()
        self.turned = turned
        self.dense = torch.nn.Linear(6, 4)

    def forward(self, x):
        return self.dense(x.transpose(1, 2) if self.turned else x)


for backend in ("pytorch", "aten"):
    for turned in (False, True):
        macs, params = get_model_complexity_info(
            Positions(turned), (6, 7) if turned else (7, 6), as_strings=False,
            print_per_layer_stat=False, backend=backend,
        )
        print(backend, "view" if turned else "contiguous", macs, params)
PY
# backend, input, multiply-accumulates, parameters
cat > "$work/seen.txt" <<'TXT'
pytorch contiguous 196 28
pytorch view 196 28
aten contiguous 196 28
aten view 168 28
TXT
"$work/venv/bin/python" -W ignore "$work/count.py" | tee "$work/now.txt"
diff "$work/seen.txt" "$work/now.txt" && echo "ptflops 0.7.5: as seen"

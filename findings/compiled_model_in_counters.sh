#!/usr/bin/env bash
# A model after torch.compile, which counts nothing by itself and runs as before: one convolution of
# 13,824 multiply-accumulates and a ReLU.
# Guessed: the wrapper is a module around the model, so that counters see through it.
# Found: the wrapper shares the model's attributes, so thop registers its totals twice and raises
# KeyError; fvcore refuses to trace it.  torchinfo, ptflops (by its rule: the ReLU twice, 1,024) and
# PyTorch's own counter see through.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 'numpy<3' \
  fvcore==0.1.5.post20221221 thop==0.1.1.post2209072238 ptflops==0.7.5 torchinfo==1.8.0
cat > "$work/count.py" <<'PY'
import contextlib
import io
import warnings

warnings.filterwarnings("ignore")
import thop
import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis
from ptflops import get_model_complexity_info
from torch.utils.flop_counter import FlopCounterMode

image = torch.zeros(1, 3, 8, 8)


def network():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.nn.ReLU())
    return torch.compile(model.eval(), backend="eager")


def counted(name, count):
    try:
        with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
            number = count()
    except Exception as error:
        number = type(error).__name__
    print(name, number)


def flop_counter():
    with FlopCounterMode(display=False) as counter:
        network()(image)
    return counter.get_total_flops() // 2


def ptflops():
    return get_model_complexity_info(
        network(), (3, 8, 8), as_strings=False, print_per_layer_stat=False, backend="pytorch"
    )[0]


counted("torch", flop_counter)
counted("torchinfo", lambda: torchinfo.summary(network(), input_data=image, verbose=0).total_mult_adds)
counted("fvcore", lambda: int(FlopCountAnalysis(network(), image).total()))
counted("thop", lambda: int(thop.profile(network(), (image,), verbose=False)[0]))
counted("ptflops", ptflops)
PY
"$work/venv/bin/python" "$work/count.py" 2>/dev/null | tee "$work/output"
diff - "$work/output" <<'SEEN'
torch 13824
torchinfo 13824
fvcore RuntimeError
thop KeyError
ptflops 14848
SEEN

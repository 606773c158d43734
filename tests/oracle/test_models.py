"""The counting tools on the models that people run: every profile on torchvision's own networks."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from judge import need
from tools import ON_CPU, TOOLS, installed

from shapecalc import summarize
from shapecalc.counting.profiles import PROFILES
from tests.counting.test_profiles import UNSAID
from tests.paths import TESTS

if TYPE_CHECKING:
    import torch
else:
    torch = need("torch")

models = need("torchvision.models")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

PRINTED: dict[str, dict[str, int]] = json.loads(
    (TESTS / "data" / "torchvision_counts.json").read_text("utf-8")
)["counts"]

#: Reads a file and no model; what it says of exported ones is in test_onnx_files.py.
OF_FILES = {"onnx-tool"}


def built(spec: str, *, real: bool) -> Any:
    """Build torchvision's model of a spec and its one picture, on the CPU or on no device."""
    name = spec.removesuffix("-torchvision").replace("-", "_")
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        model = getattr(models, name)(weights=None, **options).eval()
        model.inputs = [torch.zeros(1, 3, 224, 224)]
    if real:
        model.to_empty(device="cpu")
        model.inputs = [torch.zeros(1, 3, 224, 224)]
    return model


@pytest.mark.parametrize("profile", sorted(TOOLS.keys() - OF_FILES))
@pytest.mark.parametrize("spec", PRINTED)
def test_a_profile_is_its_tool_on_the_model_itself(spec: str, profile: str) -> None:
    package, count = TOOLS[profile]
    if not installed(package):
        pytest.skip(f"{package} is not installed: pip install 'shapecalc-convnets[tools]'")
    model = built(spec, real=profile in ON_CPU)
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        number = count(model)
    assert number == PRINTED[spec][profile]
    if (spec, profile) not in UNSAID:
        assert PROFILES[profile].count(summarize(spec).totals) == number

"""Faults in `draw`: of shapes, their writers, and the figures of volumes, costs and fields."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a text is given its width without slack", "return width(text, size, bold=bold) * (1 + SLACK)", "return width(text, size, bold=bold)"),
    Planted("a bold text is measured as a plain one", "table = _advances()[bold]", "table = _advances()[False]"),
    Planted("a text that ends somewhere begins there", '"middle": -length / 2, "end": -length}', '"middle": -length / 2, "end": 0.0}'),
    Planted("dark pictures are lined as light ones", "return self.fill[at], self.line[at]", "return self.fill[at], self.line[0]"),
    Planted("two drawings of a page share their ids", 'id=f"{prefix}head-{kind}",', 'id=f"head-{kind}",'),
    Planted("a box's depth is that of its height", "return broad, scale.side * sqrt(solid.height), scale.side * sqrt(solid.width)", "return broad, scale.side * sqrt(solid.height), scale.side * sqrt(solid.height)"),
    Planted("boxes are as long as their extents", "broad = max(2.0, scale.channels * sqrt(solid.channels))\n    return broad", "broad = max(2.0, scale.channels * solid.channels)\n    return broad"),
    Planted("kernels are drawn as parts of a side", "down = min(1.0, sqrt(solid.kernel[0] / before.solid.height))", "down = min(1.0, solid.kernel[0] / before.solid.height)"),
    Planted("a volume that is asked is told", "if name in self.given:", "if name:"),
    Planted("an arc is drawn through what it skips", "y = min(highest[at] for at in range(source, target + 1)) - _ARC", "y = highest[source] - _ARC"),
    Planted("a line of boxes is broken under an arc", "covered.update(range(source + 1, target + 1))", "covered.update(())"),
    Planted("boxes stand close whatever their size", "and solid.row.output == before.row.output", "and bool(solid.row.output)"),
    Planted("an activation has a box of its own", "return home in _STAYING and row.inputs == (row.output,)", "return home in _STAYING[2:] and row.inputs == (row.output,)"),
    Planted("bars begin with their sum", "most = max(column, default=0)\n    for entry, value", "most = sum(column)\n    for entry, value"),
    Planted("every line is the peak", 'kind = "peak" if peak.elements == most else "muted"', 'kind = "peak"'),
    Planted("a cone is as wide as it is high", "right = [\n        (axis + scale * size / 2, entry.y + LINE / 2)", "right = [\n        (axis + scale * size, entry.y + LINE / 2)"),
    Planted("nodes of TikZ share a name", "while free in self._taken:", "while False:"),
    Planted("LaTeX obeys a name", "{escaped(one_line(text.text))}", "{one_line(text.text)}"),
]  # fmt: skip

"""Faults in `draw.graph`, and in how pictures are asked for."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a picture that nobody names is the last one", "return next(iter(known.values()))", "return [*known.values()][-1]"),
    Planted("a picture takes every word", "if word not in kind.options:", "if False:"),
    Planted("branches stand in any order", "branches.sort(key=lambda branch: branch[0])", "branches.sort(key=lambda branch: -branch[0])"),
    Planted("a strand runs backwards", "ranges = {} if apart else places.backward(links)", "ranges = {}"),
    Planted("a fork that cuts a level is kept", "return any(label and size != self.sizes[*above, label] for label, size in inside.items())", "return False"),
    Planted("levels are folded one too deep", "elif depth and len(path) >= depth:", "elif depth and len(path) > depth:"),
    Planted("two convolutions that are written out are a repeat", "if not stated and len(first) < _FEWEST:", "if not stated and len(first) < 2:"),
    Planted("rounds may have other sizes", "own = (type(row.layer), row.layer, row.frozen != 0, shared, links)", "own = (type(row.layer), row.frozen != 0, shared, links)"),
    Planted("an activation that others read is drawn on its layer", "and self.targets.keys().isdisjoint(leaves_of([last]))", ""),
    Planted("nodes are stacked without end", "return isinstance(item, Leaf) and all(lows)", "return isinstance(item, Leaf) and any([*lows, True])"),
    Planted("a lane runs over what is beside it", "return max((s.reach for s in self.contour if s.start < end and s.end > start), default=0.0)", "return max((s.reach for s in self.contour if s.start > start and s.end < end), default=0.0)"),
    Planted("branches touch", "at += branch.left + max(branch.right, self._aside(text)) + BESIDE", "at += branch.left + BESIDE"),
    Planted("a link is drawn to its nearest target alone", "targets = [node for node in self.targets[source] if node in slab.ports]", "targets = [node for node in self.targets[source] if node in slab.ports][:1]"),
    Planted("a picture has all rounds of one repeat", "if nodes > MOST:", "if False:"),
    Planted("bars are a part of all", "share = number / most if type(number) is int and most else None", "share = number / (2 * most) if type(number) is int and most else None"),
    Planted("rounds are joined by edges back", "drawn.is_between_rounds(source, target)", "False"),
    Planted("quotes of a name end a text of DOT", """'"': r"\\\"",""", ""),
    Planted("an ampersand of a name is read by Graphviz", """'"': r"\\\"", "&": "&amp;"})""", """'"': r"\\\""})"""),
    Planted("names are markup in Mermaid", 'return _SPECIAL.sub(lambda sign: f"#{ord(sign[0])};", apart)', "return apart"),
    Planted("dollars of a name are a formula in Mermaid", "apart = _TOGETHER.sub(", "apart = one_line(text) or _TOGETHER.sub("),
    Planted("characters are cut too late", "while width_of(text) > width - 1:", "while width_of(text) > width:"),
]  # fmt: skip

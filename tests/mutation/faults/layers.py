"""Faults in `layers`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("softmax over positions takes a vector", '"positions" in self.over and isinstance(inputs[0], Vector)', "False"),
    Planted("a table of connections need not fit", "len(table) != self.filters or self.groups > 1", "False"),
    Planted("a split needs one good word", "all(word.isdigit() or word.isidentifier() for word in words)", "any(word.isdigit() or word.isidentifier() for word in words)"),
    Planted("a response normalisation costs two less", "self.size + 1", "self.size - 1"),
    Planted("a normalisation over all has a scale a channel", "return (shape.channels, *shape.sides)", "return (shape.channels,)"),
    Planted("trained rows see the first of the others", "(0,) * rows + own, (-1,) * rows + own", "(0,) * rows + own, (0,) * rows + own"),
    Planted("heads share no keys", "part = (_parts(b.start, b.size, heads.sharing), batch)", "part = (_parts(b.start, b.size), batch)"),
    Planted("columns count along the row", "column: Look = (OWN, sides)", "column: Look = (OWN, sides - 1)"),
    Planted("a vector's units are its first extent", "dims[-1]", "dims[0]"),
    Planted("a transposed size has two steps too many", "(n - 1) * stride + extent - before", "(n + 1) * stride + extent - before"),
]  # fmt: skip

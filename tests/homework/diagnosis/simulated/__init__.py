"""A simulated class: sheets with known mistakes, in code of its own.

Nothing here is shared with the diagnosis: networks are lists of layers (`networks`), sizes come
from moving windows, every mistake is a formula written out again (`rules`), what follows from a
student's own values is worked out by a walk of its own (`follow`), and the sheets are written in
all notations that the reader claims (`notation`).  `students` fills sheets in and records for every
cell what is intended; `verdicts` compares that with what was judged.
"""

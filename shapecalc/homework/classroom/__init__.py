"""A whole class: what was handed in, graded, and what the teacher gets of it."""

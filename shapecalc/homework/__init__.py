"""Homework: answers of a student read, judged against a network, and explained.

The rooms, from the ground up: `assignment` is what is asked, `answers` what a file says,
`diagnosis` what became of every cell and why, `variants` other numbers for every student, `sheets`
what is handed out and back, `classroom` a class from its submissions to its grades, and `exports`
all of this for learning platforms.  `api` is the front door from Python.  The nouns of a room stand
in its `__init__` or its `model`.
"""

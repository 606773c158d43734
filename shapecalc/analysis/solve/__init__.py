"""Inverse questions: which sizes, constants and fields make a statement about a network true.

question.py     text to conditions
atoms.py        conditions to relations of expressions, by a report
lost_pixels.py  the conditions that every window fits exactly
unknowns.py     what is free, and what is tried one by one
boxes.py        boxes of integers: what answers are made of
decide.py       relations to boxes
reasons.py      why, and by how much what is near fails
answer.py       the noun: a solution
solve.py        the whole way
windows.py      the windows that take one size to another
"""

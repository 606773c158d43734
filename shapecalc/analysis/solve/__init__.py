"""Inverse questions: which sizes, constants and fields make a statement about a network true.

question.py     text to conditions
units.py        bytes in conditions
atoms.py        conditions to relations of expressions, by a report
unknowns.py     what is free, and what is tried one by one
decide.py       relations to boxes
answer.py       the noun: a solution, and the boxes of integers that it is made of
reasons.py      why, and by how much what is near fails
solve.py        the whole way
windows.py      the windows that take one size to another
document.py     solutions and windows laid out
"""

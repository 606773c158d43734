"""Answers to verdicts, marks and explanations; `check` is the way through.

`judge` looks at a cell by itself, `ranking` at the whole table, `marking` makes marks of verdicts
and `wording` sentences of findings.  Which mistakes there are is in `misconceptions`.
"""

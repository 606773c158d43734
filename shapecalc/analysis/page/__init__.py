"""Networks as one page that computes: tables that fold, each number with its arithmetic.

Totals and rows are closed forms in the sizes, so the page computes all of them anew, exactly, when
a size is turned.
"""

"""Files of answers to cells: tables, trees, workbooks, numerals, volumes."""

"""Homework: answers of a student read, judged against a network, and explained.

The nouns are frozen, the verbs pure: `assignment.Homework` is what is asked, `answers.Answers` what
a file says, `check.Checked` what became of every cell.
"""

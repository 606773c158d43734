"""Answers to verdicts, marks and explanations."""

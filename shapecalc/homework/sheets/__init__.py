"""Sheets to fill in, worked solutions, and checked answers as tables."""

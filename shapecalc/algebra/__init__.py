"""Whole numbers over symbols: expressions, how they are written, compared, bounded, solved."""

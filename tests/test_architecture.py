"""Being written by the fuzz helper."""

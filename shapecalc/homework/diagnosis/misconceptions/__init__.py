"""The catalogue of misconceptions: wrong rules with names and worked examples."""

"""A `NetSpec` to a `Graph`: blocks and repeats expanded, names resolved, layers in order."""

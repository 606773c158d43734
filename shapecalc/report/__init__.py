"""A `Graph` to a `Report`: every layer's rules applied, a row a layer, and the totals."""

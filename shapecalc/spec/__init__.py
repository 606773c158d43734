"""YAML text to a `NetSpec`: the grammar of the spec language, all complaints in one run."""

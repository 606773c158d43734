"""Other numbers for every student, and how much a homework can tell."""

"""What a homework asks: quantities, conventions, deadline, cells and their values."""

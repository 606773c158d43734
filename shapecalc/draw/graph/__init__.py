"""The graph of a network: from its structure to a picture, and to texts of others."""

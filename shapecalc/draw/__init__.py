"""Pictures of networks: plain values that say what is where, and writers of them."""

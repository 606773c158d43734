"""Text and its places: sources, files, suggestions, words, and what makes a text safe to show."""

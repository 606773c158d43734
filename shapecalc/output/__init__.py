"""A result to text: tables, pages and records, in every format."""

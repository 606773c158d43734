"""The report beside a run: every law, layer by layer, and what a run reads and writes."""

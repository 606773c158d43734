"""What of a layer is counted: measures, quantities, and conventions of papers and tools."""

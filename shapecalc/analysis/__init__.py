"""What can be asked of a report: a folder a command, named like it."""

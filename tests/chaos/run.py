"""Every attack at full size: prints a row each, with its negative control, and writes the table of docs/guarantees.md."""

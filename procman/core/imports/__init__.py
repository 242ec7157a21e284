"""What other process managers' files come to as a manifest: values and decisions, no file is opened."""

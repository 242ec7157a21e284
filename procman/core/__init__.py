"""Pure values and decisions: nothing here reads, writes, waits or prints."""

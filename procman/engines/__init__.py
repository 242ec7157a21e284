"""One target, one file: a plan becomes sheets, and nothing is written."""

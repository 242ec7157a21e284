"""One door per outside thing, and no decision."""

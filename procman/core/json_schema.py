"""The JSON Schema of the manifest, for editors; made from the table of keys that the checker reads by."""

from __future__ import annotations

from procman.core.keys import MANIFEST
from procman.core.kinds import Schema


def schema() -> Schema:
    """Return the schema (draft 2020-12). It accepts ``${NAME}`` wherever one value stands."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "procman.schema.json",
        "title": "procman manifest",
        "description": "One project: its services, what RAM they may use, and how they are kept running.",
        **MANIFEST.schema(),
        "$defs": {
            "variable": {
                "title": "variable",
                "description": "Text with ${NAME} or ${NAME:-default}, filled in when procman reads the manifest.",
                "type": "string",
                "pattern": r"\$\{",
            }
        },
    }

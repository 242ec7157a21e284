"""The reference consumers in everything but the unique key: what the attacks on them must double, or prove nothing."""

import sys

KEYLESS_PYTHON = (
    sys.executable,
    "-c",
    """
import re, sys
import consumer, storage_sqlite
schema = storage_sqlite._SCHEMA
storage_sqlite._SCHEMA = tuple(re.sub(r",\\s*PRIMARY KEY \\(timestamp[^)]*\\)", "", each) for each in schema)
storage_sqlite._UPSERT_READING = storage_sqlite._UPSERT_READING.split("ON CONFLICT")[0]
sys.exit(consumer.main())
""",
)
KEYLESS_NODE = (
    "node",
    "-e",
    """
const { prototype } = require('node:module');
const { _compile } = prototype;
const KEY = /,\\s*PRIMARY KEY \\(timestamp[^)]*\\)/;
const UPSERT = /ON CONFLICT \\(timestamp[^`]*/;
prototype._compile = function (text, name, ...more) {
  const keyless = name.endsWith('/storage-sqlite.js') ? text.replace(KEY, '').replace(UPSERT, '') : text;
  return _compile.call(this, keyless, name, ...more);
};
require('./src/mqtt-consumer.js');
""",
)

KEYLESS = {"python": KEYLESS_PYTHON, "node": KEYLESS_NODE}

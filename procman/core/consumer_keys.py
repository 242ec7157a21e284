"""What a consumer may say under ``consumes``: the part of the table of keys (`core.keys`) that is about messages."""

from __future__ import annotations

from procman.core import addresses, measures, scalars
from procman.core.kinds import Field, Record
from procman.core.shapes import ListOf, ScalarOrList

BROKER = Field("broker", addresses.broker(), "The broker's URL.", required=True, examples=("mqtt://127.0.0.1:1883",))
CA = Field(
    "ca",
    scalars.text("a file", "the path of a file in PEM form", r"^[^\u0000]+$"),
    "The certificates of the authorities that sign the broker's, for mqtts and wss; left out: those of the system.",
    examples=("certs/ca.pem",),
)
TOPICS = Field(
    "topics",
    ListOf("topic filter", addresses.topic()),
    "The topic filters subscribed to.",
    required=True,
    examples=(["tiwater/+/data"],),
)
CLIENT_ID = Field(
    "client_id",
    scalars.text("a client id", "text, such as tiwater-consumer"),
    "The fixed MQTT client id, which a persistent session needs.",
    examples=("tiwater-consumer",),
)
QOS = Field("qos", scalars.whole(0, 2), "The quality of service subscribed with.", default=1)
SESSION = Field(
    "session",
    scalars.choice("a session", "persistent", "clean"),
    "persistent: the broker keeps what comes while the service is down; clean: that is lost.",
    default="persistent",
)
SHARE = Field(
    "share",
    scalars.text("a share group", "a name without /, + and #", r"^[^/+#\u0000]+$"),
    "The group of a shared subscription, which divides messages among its members.",
    examples=("tiwater",),
)
DATABASE = Field(
    "database",
    addresses.database(),
    "The database: a URL, or the path of an SQLite file.",
    required=True,
    examples=("run/tiwater.db", "postgresql://127.0.0.1/tiwater"),
)
TABLE = Field("table", scalars.text("a table", "a table's name"), "The table.", required=True, examples=("readings",))
_COLUMN = scalars.text("a column", "a column's name")
KEY: Field[str | tuple[str, ...]] = Field(
    "key",
    ScalarOrList(_COLUMN, ListOf("column", _COLUMN)),
    "The columns of the unique key, taken from the message itself.",
    required=True,
    examples=(["timestamp", "device"],),
)
DEDUP = Field(
    "dedup", Record((DATABASE, TABLE, KEY)), "The unique key that makes one row of a message that comes twice."
)

RATE = Field(
    "rate", scalars.whole(1, 1_000_000), "Messages a second, as many as there may be for long.", examples=(50,)
)
DOWNTIME = Field(
    "downtime",
    measures.time(),
    "How long the consumer may be away while the broker keeps what comes.",
    examples=("10m",),
)
CANARY_TOPIC = Field(
    "topic",
    scalars.text("a topic", "a topic without + and #", r"^[^+#\u0000]+$"),
    "Where canary readings are published; {tag} is the text by which they are known, {n} their number.",
    required=True,
    examples=("tiwater/{tag}/data",),
)
CANARY_PAYLOAD = Field(
    "payload",
    scalars.text("a payload", "text that is not empty"),
    "What a canary reading says, with {tag}, {n} and {time}, a time of its own in 2001.",
    required=True,
    examples=('{"timestamp": "{time}", "equipo_id": "E{n}", "values": {}}',),
)
CANARY_COLUMN = Field("column", _COLUMN, "The column that then holds {tag}.", required=True, examples=("device",))
CANARY = Field(
    "canary",
    Record((CANARY_TOPIC, CANARY_PAYLOAD, CANARY_COLUMN)),
    "Lets `procman verify` send readings of its own through the real path, and remove their rows again.",
)

CONSUMES = Field(
    "consumes",
    Record((BROKER, CA, TOPICS, CLIENT_ID, QOS, SESSION, SHARE, DEDUP, RATE, DOWNTIME, CANARY)),
    "What the service takes from an MQTT broker, and how.",
)

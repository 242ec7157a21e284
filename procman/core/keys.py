"""The one table of the manifest's keys: names, kinds, defaults and words. Checker, schema and guide come from it."""

from __future__ import annotations

from procman.core import measures, scalars
from procman.core.alive_keys import ALIVE
from procman.core.consumer_keys import CONSUMES
from procman.core.kinds import Fault, Field, Record, Values
from procman.core.life_keys import DEPENDS_ON, LETTERS, LOGS, ONESHOT, RESTART, SERVICE_NAME, SIZE, START, STOP
from procman.core.listen_keys import LISTEN
from procman.core.memory_keys import MEMORY, PRESSURE, RUNTIME
from procman.core.ready_keys import READY
from procman.core.shapes import ListOf, NameRule, ScalarOrList, ScalarOrMapping, Table

VERSION_1 = 1
MOST_INSTANCES = 256
MOST_WEIGHT = 100
MOST_PROFILES = 100


def _variable_name_fault(name: str) -> str | None:
    return (
        "procman itself sets the variables PROCMAN_* and LISTEN_*" if name.startswith(("PROCMAN_", "LISTEN_")) else None
    )


PROFILE_NAME = NameRule("profile name", LETTERS, r"(?!x-)[a-z][a-z0-9-]{0,31}")
VARIABLE_NAME = NameRule(
    "variable name",
    "letters, digits and '_', beginning with no digit; not PROCMAN_* or LISTEN_*",
    r"(?!PROCMAN_|LISTEN_)[A-Za-z_][A-Za-z0-9_]*",
    _variable_name_fault,
)

PATH = scalars.text("a path", "a path, such as . or ./api")

MIN = Field("min", scalars.whole(1, MOST_INSTANCES), "The fewest instances that will do.", default=1)
MAX = Field("max", scalars.whole(1, MOST_INSTANCES), "The most instances; left out: as many as fit.", examples=(4,))


def _from_range(parts: Values) -> tuple[int, int | None]:
    low, high = parts.get(MIN) or 1, parts.get(MAX)
    if high is not None and low > high:
        raise Fault(f"min is {low}, which is more than max, {high}", "swap them, or write one number")
    return low, high


_COUNT = ScalarOrMapping(scalars.whole_or(1, MOST_INSTANCES, "auto"), Record((MIN, MAX)), _from_range)
INSTANCES = Field(
    "instances",
    _COUNT,
    "How many: a number, auto (as many as fit), or {min, max}.",
    default=1,
    examples=(2, "auto", {"min": 1, "max": 4}),
)
WEIGHT = Field(
    "weight",
    scalars.whole(1, MOST_WEIGHT),
    "The share of an open count: with 2 it gets twice the instances of one with 1.",
    default=1,
)


KIND = Field(
    "kind",
    scalars.choice("a kind", "singleton", "scalable"),
    "singleton: exactly one process, ever; scalable: as many as fit.",
    required=True,
    examples=("scalable",),
)
_PROGRAM = scalars.text("a program", "the program to run, text that is not empty", raw=True)
_ARGUMENT = scalars.text("an argument", 'text; "" is an empty argument', r"^[^\u0000]*$", raw=True)
_COMMAND_TEXT = scalars.text("a command", "the command as text, or as a list of text", r"\S", raw=True)
COMMAND: Field[str | tuple[str, ...]] = Field(
    "command",
    ScalarOrList(_COMMAND_TEXT, ListOf("argument", _ARGUMENT, _PROGRAM)),
    "What to run; text is split as a shell would, but no shell runs it.",
    required=True,
    examples=("node src/index.js", ["node", "src/index.js"]),
)
SHELL = Field("shell", scalars.boolean(), "Run the command, one text, with sh -c.", default=False)
DRAIN = Field(
    "drain",
    scalars.choice("a way to drain", "on", "off"),
    "on: what comes on open connections is answered before an instance ends; off: left to the server.",
    default="on",
)
ENV = Field(
    "env",
    Table(VARIABLE_NAME, scalars.variable_value()),
    "Environment variables.",
    examples=({"NODE_ENV": "production"},),
)
ENV_FILE = Field("env_file", PATH, "A file of NAME=value lines for the environment.", examples=(".env",))
DIRECTORY = Field("directory", PATH, "Where to run; relative to the manifest's folder.", default=".")
USER = Field(
    "user",
    scalars.text("a user", "a user's name or number", raw=True),
    "Whom to run as; needs root.",
    examples=("app",),
)
SERVICE = Record(
    (
        KIND,
        COMMAND,
        SHELL,
        INSTANCES,
        MEMORY,
        RUNTIME,
        WEIGHT,
        ONESHOT,
        DEPENDS_ON,
        LISTEN,
        DRAIN,
        READY,
        ALIVE,
        ENV,
        ENV_FILE,
        DIRECTORY,
        USER,
        CONSUMES,
        START,
        STOP,
        RESTART,
        LOGS,
    )
)
SHARED = Record((INSTANCES, MEMORY, START, STOP, RESTART, LOGS))
OVERLAY = Record((INSTANCES, MEMORY))

_SIZE_OR_AUTO = scalars.or_word(SIZE, "auto")
BUDGET_RAM = Field("ram", _SIZE_OR_AUTO, "The machine's RAM; auto measures it.", default="auto", examples=("2G",))
RESERVE = Field(
    "reserve",
    measures.share(),
    "Kept for the system, broker and database; left out: 25% of the RAM, at least 512M.",
    examples=("25%", "512M"),
)
PROFILE_RAM = Field("ram", SIZE, "The machine that the profile is for.", examples=("2G",))
OVERLAYS = Field("services", Table(SERVICE_NAME, OVERLAY), "What the profile changes of each service.")
PROFILE = Record((PROFILE_RAM, OVERLAYS))

VERSION = Field("version", scalars.version(VERSION_1), "The version of this format.", required=True, examples=(1,))
PROJECT = Field(
    "project",
    scalars.name("a project name", LETTERS, "[a-z][a-z0-9-]{0,31}"),
    "The project's name on this host.",
    required=True,
    examples=("tiwater",),
)
BUDGET = Field("budget", Record((BUDGET_RAM, RESERVE, PRESSURE)), "The RAM that instances may use.")
PROFILES = Field(
    "profiles",
    Table(PROFILE_NAME, PROFILE, most=MOST_PROFILES),
    "Named instance counts and limits for sizes of machine.",
)
DEFAULTS = Field("defaults", SHARED, "Values for every service that has none of its own.")
SERVICES = Field("services", Table(SERVICE_NAME, SERVICE, empty=False), "What runs.", required=True)

MANIFEST = Record((VERSION, PROJECT, BUDGET, PROFILES, DEFAULTS, SERVICES))

"""Writes what the documentation says twice: one page per rule, the table of fields, the JSON Schema.

`make docs` runs it. With --check it writes nothing, names what is stale and ends with 1.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from procman.core import keys
from procman.core.code_examples import EXAMPLES
from procman.core.codes import CODES
from procman.core.imports.pm2_fields import FIELDS, TOP, camel
from procman.core.imports.pm2_fields import Field as Pm2Field
from procman.core.json_schema import schema
from procman.core.kinds import Field, Json, Kind, Record, ScalarKind
from procman.core.shapes import ListOf, ScalarOrList, ScalarOrMapping, Table
from procman.rules.base import Rule
from procman.rules.index import RULES

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide.md"
PAGES = ROOT / "docs" / "rules"
PM2 = ROOT / "docs" / "pm2.md"
PM2_BEGIN, PM2_END = "<!-- pm2 fields: made by `make docs` -->\n", "<!-- end of pm2 fields -->\n"
BEGIN, END = "<!-- fields: made by `make docs` -->\n", "<!-- end of fields -->\n"
HEAD = "<!-- Made by `make docs`; edit {source} instead. -->\n"


def main(arguments: list[str]) -> int:
    """Write every page that differs; with ``--check`` only name it."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    orphans = sorted(set(PAGES.glob("*.md")) - set(pages()))
    for path in [*stale, *orphans]:
        print(f"docs: {path.relative_to(ROOT)}{' is stale: make docs' if '--check' in arguments else ''}")
    if "--check" in arguments:
        return int(bool(stale or orphans))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
    for path in orphans:
        path.unlink()
    return 0


def pages() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {
        **{PAGES / f"{rule.CODE}.md": rule_page(rule) for rule in RULES},
        PAGES / "syntax.md": syntax_page(),
        PAGES / "index.md": index_page(),
        ROOT / "docs" / "schema" / "procman.schema.json": json.dumps(schema(), indent=2) + "\n",
        GUIDE: with_fields(GUIDE.read_text(encoding="utf-8")),
        PM2: with_pm2_fields(PM2.read_text(encoding="utf-8")),
    }


def rule_page(rule: Rule) -> str:
    """Return the page of one rule: its code and name, then its docstring."""
    lead, _, rest = (inspect.getdoc(rule) or "").partition("\n")
    head = HEAD.format(source=f"procman/rules/{module_name(rule)}.py")
    return f"{head}\n# {rule.CODE} {rule.NAME}\n\n**{rule.SEVERITY.value}**, since {rule.SINCE} · {lead}\n{rest}\n"


def module_name(rule: Rule) -> str:
    """Return the name of the file that holds a rule."""
    return (inspect.getmodulename(inspect.getfile(rule)) if inspect.ismodule(rule) else None) or rule.NAME


def syntax_page() -> str:
    """Return the one page of all codes of syntax and schema, each with an example that has it."""
    parts = [HEAD.format(source="procman/core/codes.py and code_examples.py"), SYNTAX_LEAD]
    for code, kind in CODES.items():
        lead = f"**{kind.severity.value}** · {_sentence(kind.why)}"
        parts.append(f"## {code} {kind.name}\n\n{lead}\n\n```yaml\n{EXAMPLES[code].strip()}\n```\n")
    return "\n".join(parts)


def index_page() -> str:
    """Return the table of every code, in order."""
    rows = [
        (c, k.name, k.severity.value, _sentence(k.why), f"syntax.md#{c.lower()}-{k.name}") for c, k in CODES.items()
    ]
    for rule in RULES:
        lead = (inspect.getdoc(rule) or "").partition("\n")[0]
        rows.append((rule.CODE, rule.NAME, rule.SEVERITY.value, lead, f"{rule.CODE}.md"))
    lines = [f"| [{code}]({link}) | {name} | {weight} | {lead} |" for code, name, weight, lead, link in sorted(rows)]
    head = HEAD.format(source="procman/core/codes.py and procman/rules/")
    return "\n".join([head, INDEX_LEAD, "| code | name | weight | what |", "| --- | --- | --- | --- |", *lines, ""])


def with_fields(guide: str) -> str:
    """Return the guide with the table of fields renewed between its two marks."""
    before, _, rest = guide.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{fields_table()}\n{END}{after}"


def fields_table() -> str:
    """Return every key of the manifest as one table per place in it."""
    sections = (
        ("At the top", "", Record(tuple(f for f in keys.MANIFEST.fields if f not in (keys.DEFAULTS, keys.SERVICES)))),
        ("Of each service, under `services: {NAME: ...}`", "", keys.SERVICE),
        ("In `defaults`: the same keys, for every service that has none of its own", "", keys.SHARED),
    )
    return "\n".join(
        f"**{title}**\n\n| key | value | default | what it means |\n| --- | --- | --- | --- |\n"
        + "".join(_row(*row) for row in (_names(record) if record is keys.SHARED else _rows(record, prefix)))
        for title, prefix, record in sections
    )


def with_pm2_fields(page: str) -> str:
    """Return the page about PM2 with the table of its fields renewed between its two marks."""
    before, _, rest = page.partition(PM2_BEGIN)
    _, _, after = rest.partition(PM2_END)
    head = "\n| PM2's field | becomes | outcome | what to know |\n| --- | --- | --- | --- |\n"
    rows = "".join(_row(_spellings(f), f"`{f.to}`" if f.to else "", f.outcome.value, f.words) for f in (*FIELDS, *TOP))
    return f"{before}{PM2_BEGIN}{head}{rows}\n{PM2_END}{after}"


def _spellings(field: Pm2Field) -> str:
    """Return every name of a field; camelCase, which each has, is said above the table."""
    names = [name for name in (field.name, *field.aliases) if name != camel(field.name) or name == field.name]
    return ", ".join(f"`{name}`" for name in names)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


Row = tuple[str, str, str, str]


def _names(record: Record) -> Iterator[Row]:
    yield ", ".join(f"`{f.name}`" for f in record.fields), "as above", "", "What a service writes itself wins."


def _rows(record: Record, prefix: str) -> Iterator[Row]:
    for field in record.fields:
        name = f"{prefix}{field.name}"
        default = "required" if field.required else _as_written(field.default)
        if record is keys.OVERLAY:
            default = "the service's"
        yield f"`{name}`", _forms(field.kind), default, field.description
        inner, below = _inside(field, name)
        if inner is not None:
            yield from _rows(inner, below)


def _inside(field: Field[object], name: str) -> tuple[Record | None, str]:
    kind = field.kind
    if isinstance(kind, Record):
        return kind, f"{name}."
    if isinstance(kind, ScalarOrMapping) and isinstance(kind.mapping, Record):
        return kind.mapping, f"{name}."
    if isinstance(kind, Table) and isinstance(kind.item, Record):
        return kind.item, f"{name}.NAME."
    return None, ""


def _forms(kind: Kind[object]) -> str:
    match kind:
        case ScalarKind():
            return kind.forms
        case ScalarOrList():
            forms = _forms(kind.scalar)
            return forms if "list" in forms else f"{forms}, or a list"
        case ScalarOrMapping():
            return f"{_forms(kind.scalar)}, or a mapping"
        case ListOf():
            return f"a list: {_forms(kind.item)}"
        case Table():
            return f"NAME: value; NAME is {kind.rule.allowed}"
        case _:
            return "a mapping"


def _as_written(value: Json) -> str:
    if value is None:
        return ""
    return f"`{json.dumps(value)}`" if not isinstance(value, str) else f"`{value}`"


def _row(key: str, value: str, default: str, meaning: str) -> str:
    cells = (text.replace("|", "\\|") for text in (key, value, default, meaning))
    return f"| {' | '.join(cells)} |\n"


SYNTAX_LEAD = """# Syntax and schema: PM001 to PM015

What procman says when a file cannot be read as a manifest. All faults are shown at once, and the rules still judge what
could be read. All of them are errors, and nothing starts, but for PM012 to PM015, which are warnings about comments.
The examples below are run; each has the fault it stands for.
"""

INDEX_LEAD = """# Rules

A finding is `file:line:column CODE name message`, then the line itself, `why` and `help`. A code never changes its
meaning. **Errors** stop `up`; warnings and hints never do, and change the exit code only with
`procman validate --fail-on warning`.

Families: `PM00x` syntax and schema, `PM02x` what this host must have (not asked with `--offline`), `PM1xx` resources,
`PM2xx` one consumer, `PM3xx` life cycle, `PM4xx` MQTT and data, `PM5xx` security, `PM6xx` portability and clarity.
`procman explain CODE` prints a page, `procman rules` this table.

A finding that is right and does not matter here is suppressed at the end of its line, with the reason:

```yaml
    listen: 0.0.0.0:3000  # procman: ignore[PM503] the container's only way in
```

Several codes stand between the brackets with commas. A suppression without a reason suppresses nothing, and one that is
not used is itself a finding. `PM0xx`, `PM2xx` and `PM101` cannot be suppressed.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

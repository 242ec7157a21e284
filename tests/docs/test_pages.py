"""What the pages say without running anything: links, commands, exit codes, examples, and what is generated."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from procman.cli.door import EXIT_WRONG_USE_DETAILED
from procman.cli.group import COMMANDS, group
from procman.cli.plan import EXIT_CHANGES
from procman.core import errors
from procman.core.diagnostics import Finding, Severity
from procman.workflow.decide import Choice, decide
from procman.workflow.load import Loaded, load_text
from tests.docs.pages import GUIDE, PAGES, README, ROOT, Fence, fences, name, prose, table

CODES = {
    errors.EXIT_OK,
    errors.EXIT_FAILED,
    errors.EXIT_USAGE,
    errors.EXIT_DEGRADED,
    errors.EXIT_NOT_RUNNING,
    errors.EXIT_HELD,
}
_LINK = re.compile(r"\]\((?!https?://)(?P<path>[^)#\s]*)(?:#(?P<part>[^)\s]+))?\)")
_WORDS = re.compile(rf"(?<![\w/.-])procman (?P<words>(?:{'|'.join(COMMANDS)})\b[^\n|;&#`)]*)")


def test_links_are_found_at_all() -> None:
    """README and guide are full of them: an expression that finds none would pass every page."""
    assert [len(_LINK.findall(prose(page))) > 10 for page in (README, GUIDE)] == [True, True]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project, and to a heading in it, has its target."""
    assert list(_broken(page, prose(page))) == []


def test_a_broken_link_is_seen() -> None:
    """Negative control: a page and a heading that are not there are found, and what is there is not."""
    text = "[a](docs/gone.md) [b](#nowhere) [c](docs/guide.md#nowhere) [d](docs/guide.md) [e](https://example.org/gone)"
    assert list(_broken(README, text)) == [
        "docs/gone.md is not there",
        "README.md has no heading #nowhere",
        "docs/guide.md has no heading #nowhere",
    ]


def _broken(page: Path, text: str) -> Iterator[str]:
    for link in _LINK.finditer(text):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists():
            yield f"{link['path']} is not there"
        elif link["part"] and link["part"] not in _anchors(target):
            yield f"{name(target)} has no heading #{link['part']}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_have_options_that_exist(page: Path) -> None:
    """Whatever procman command stands in a block of code is one that procman understands."""
    wrong = []
    for fence in fences(page):
        said = fence.kind == "console"
        lines = [line for line in fence.text.splitlines() if line.startswith("$ ") or not said]
        for found in _WORDS.finditer("\n".join(lines)):
            words = found["words"].split("  ")[0].split()
            try:
                _parse(words)
            except click.UsageError as error:
                wrong.append(f"procman {' '.join(words)}: {error.format_message()}")
    assert wrong == []


def test_an_unknown_option_is_seen() -> None:
    """Negative control: a command with an option that does not exist is found."""
    with pytest.raises(click.UsageError):
        _parse(["plan", "--rom", "2G"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_guide_and_readme(command: str) -> None:
    """A command is told of in the guide and has its row in the README."""
    assert re.search(rf"procman {command}\b|\*\*{command}\*\*|`{command}", GUIDE.read_text(encoding="utf-8"))
    assert f"`{command}`" in [row[0] for row in table(README, "command")]


def test_exit_codes_of_the_readme_are_those_of_the_code() -> None:
    """The columns of the table are the codes there are, and the exceptions in it have their constants."""
    head, *rows = table(README, "command")
    assert {int(cell) for cell in head[2:]} == CODES
    detailed = next(row for row in rows if row[0] == "`plan --detailed-exitcode`")
    assert detailed[head.index(str(EXIT_CHANGES))].startswith("changes")
    assert f"wrong use is {EXIT_WRONG_USE_DETAILED}" in " ".join(detailed)
    assert f"Ctrl-C is {errors.EXIT_INTERRUPTED}" in README.read_text(encoding="utf-8")


def test_exit_codes_of_the_guide_are_those_of_the_code() -> None:
    """The guide explains every code that procman ends with, and no other."""
    rows = table(GUIDE, "code")[1:]
    assert {int(row[0]) for row in rows} == CODES | {EXIT_WRONG_USE_DETAILED, errors.EXIT_INTERRUPTED}


@pytest.mark.parametrize("command", COMMANDS)
def test_exit_codes_of_a_help_are_those_of_the_readme(command: str) -> None:
    """A command's help names the codes that its rows in the README fill, and no other."""
    head, *rows = table(README, "command")
    mine = [row for row in rows if row[0].split()[0].strip("`") == command]
    filled = {int(head[i]) for row in mine for i in range(2, len(head)) if row[i]}
    epilog = getattr(group.get_command(click.Context(group), command), "epilog", "") or ""
    told = {int(code) for code in re.findall(r"(?<![\w.-])(\d+) [a-z]", epilog.partition("Exit codes:")[2])}
    assert told - {EXIT_WRONG_USE_DETAILED} == filled


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of a help is wider than a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    context = click.Context(group, info_name="procman", terminal_width=80)
    found = group.get_command(context, command) if command else group
    assert found is not None
    shown = found.get_help(click.Context(found, info_name=command or "procman", terminal_width=80))
    assert [line for line in shown.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("source", ["pm2", "procfile", "supervisord"])
def test_help_of_each_source_of_import_fits_80_columns(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider, and the list of sources says each one's sentence whole."""
    monkeypatch.setenv("COLUMNS", "80")
    group_of_sources = group.get_command(click.Context(group), "import")
    assert isinstance(group_of_sources, click.Group)
    found = group_of_sources.commands[source]
    shown = found.get_help(click.Context(found, info_name=source, terminal_width=80))
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    assert (
        "..." not in group_of_sources.get_help(click.Context(group_of_sources, terminal_width=80)).split("Commands:")[1]
    )


def _manifests() -> list[tuple[Path, Fence]]:
    """Every whole manifest of the pages that is not shown for its faults."""
    pages = [page for page in PAGES if page.name != "syntax.md"]
    return [(p, f) for p in pages for f in fences(p) if f.text.startswith("version: 1") and f.file is None]


@pytest.mark.parametrize(("page", "fence"), _manifests(), ids=lambda each: name(each) if isinstance(each, Path) else "")
def test_manifests_on_pages_are_good(page: Path, fence: Fence) -> None:
    """A manifest that a page offers for copying has no fault."""
    assert _load(fence.text).findings == ()


def test_every_fault_of_syntax_has_an_example_that_has_it() -> None:
    """On the page of syntax and schema, the example below a code is told with that code."""
    page = (ROOT / "docs" / "rules" / "syntax.md").read_text(encoding="utf-8")
    examples = re.findall(r"^## (PM\d+).*?```yaml\n(.*?)\n```", page, re.DOTALL | re.MULTILINE)
    assert examples
    told = {code: {f for f in _judged(text) if f.code.startswith("PM0")} for code, text in examples}
    assert {code: {code} for code, _ in examples} == {code: {f.code for f in found} for code, found in told.items()}
    errors = {code for code, found in told.items() if all(f.severity is Severity.ERROR for f in found)}
    assert set(told) - errors == {"PM012", "PM013", "PM014", "PM015"}


def test_generated_pages_are_fresh() -> None:
    """The pages of the rules, the table of keys and the schema are what `make docs` would write."""
    command = [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def _load(text: str) -> Loaded:
    return load_text(text.encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})


def _judged(text: str) -> tuple[Finding, ...]:
    return decide(_load(text), Choice(offline=True), {}).findings


def _parse(words: list[str]) -> None:
    """Read the words as the command line does, and run nothing."""
    command = group.get_command(click.Context(group), words[0])
    assert command is not None
    command.make_context(words[0], [word.strip("\"'`") for word in words[1:]])


def _anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

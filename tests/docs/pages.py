"""The pages of the documentation, as their tests read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README, GUIDE = ROOT / "README.md", ROOT / "docs" / "guide.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/*.md")])

_FENCE = re.compile(
    r"^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_COMMAND = re.compile(r"^\$ procman(?P<words> .*?)(?: +# exit (?P<code>\d+))?$")


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code: its language, its text, and the file that it is to be written to, if any."""

    kind: str
    text: str
    file: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a page shows it: its words, the exit code that stands behind it, and lines of what it says."""

    words: str
    code: int
    lines: tuple[str, ...]
    line: int


def name(page: Path) -> str:
    """Return the path of a page from the root."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> Iterator[Fence]:
    """Yield the blocks of code of `page`, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Fence(found["kind"], found["text"], found["file"], text.count("\n", 0, found.start("text")) + 1)


def shown(fence: Fence) -> Iterator[Shown]:
    """Yield the commands of a console block with what stands below each."""
    words, code, at, lines = "", 0, 0, list[str]()
    for number, line in enumerate(fence.text.splitlines(), fence.line):
        found = _COMMAND.match(line)
        if found is None:
            lines.append(line)
            continue
        if words:
            yield Shown(words, code, tuple(lines), at)
        words, code, at, lines = found["words"].strip(), int(found["code"] or 0), number, []
    if words:
        yield Shown(words, code, tuple(lines), at)


def prose(page: Path) -> str:
    """Return the text of `page` without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def table(page: Path, first: str) -> list[list[str]]:
    """Return the cells below the head of the table of `page` whose first column is called `first`."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]

"""A plan as a picture: the machine's RAM as one stacked bar, each service against its share, the verdict. Layout only.

Plain SVG 1.1 without script, font or link, so that it shows wherever a picture does; light and dark by the viewer's
``prefers-color-scheme``. Colours have 4.5:1 against their ground, and every part is named in text as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from procman.cli.plan_words import counted, share, verdict_words
from procman.core.plan import Plan, PlannedService
from procman.core.quantity import format_size

WIDTH, EDGE, LABEL = 760, 24, 150
TOP, BAR, ROW = 122, 34, 30
HUES = 6

STYLE = """\
svg{font:14px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;background:#fff}
.ground{fill:#fff}.text{fill:#1f2328}.dim{fill:#59636e}.line{stroke:#59636e}
.head{font-size:18px;font-weight:600}.small{font-size:12px}
.good{fill:#116329}.warn{fill:#7d4e00}.bad{fill:#a40e26}
.s0{fill:#0969da}.s1{fill:#8250df}.s2{fill:#1b7c83}.s3{fill:#bf3989}.s4{fill:#7d4e00}.s5{fill:#116329}
.free{fill:#d8dee4}.reserve{fill:#8c959f}.manager{fill:#424a53}.over{fill:#cf222e}
@media (prefers-color-scheme:dark){
svg{background:#0d1117}.ground{fill:#0d1117}.text{fill:#f0f6fc}.dim{fill:#9198a1}.line{stroke:#9198a1}
.good{fill:#3fb950}.warn{fill:#d29922}.bad{fill:#ff7b72}
.s0{fill:#4493f8}.s1{fill:#ab7df8}.s2{fill:#39c5cf}.s3{fill:#db61a2}.s4{fill:#d29922}.s5{fill:#3fb950}
.free{fill:#2a313c}.reserve{fill:#6e7681}.manager{fill:#c9d1d9}.over{fill:#f85149}}"""


def svg(plan: Plan) -> str:
    """Return the picture of `plan` as one SVG document."""
    services = [s for s in plan.services if s.required]
    height = TOP + BAR + 66 + ROW * len(plan.services) + EDGE
    profile = f", profile {plan.profile}" if plan.profile else ""
    title = f"{plan.project}{profile}: {'fits' if plan.fits else 'does not fit'}, {verdict_words(plan)}"
    body = [
        _head(height),
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(_described(plan))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(EDGE, 36, f"{plan.project}{profile}", "text head"),
        _text(EDGE, 62, f"{'fits' if plan.fits else 'does not fit'}, {verdict_words(plan)}", f"head {_tone(plan)}"),
        _text(EDGE, 86, _described(plan), "dim"),
        *_machine(plan, services),
        *_rows(plan, services, TOP + BAR + 66),
        "</svg>",
    ]
    return "\n".join(body)


def _head(height: int) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d">'


def _described(plan: Plan) -> str:
    budget = plan.budget
    return (
        f"{format_size(plan.required)} of {format_size(budget.usable)} usable ({share(plan.required, plan)}) "
        f"on {format_size(budget.machine.ram)} of RAM"
    )


def _tone(plan: Plan) -> str:
    if not plan.fits:
        return "bad"
    return "good" if plan.verdict.recommended else "warn"


def _machine(plan: Plan, services: list[PlannedService]) -> Iterator[str]:
    """Yield the stacked bar of the RAM, the border of what is usable, and a legend."""
    budget = plan.budget
    total = max(1, budget.machine.ram, plan.required)
    scale = (WIDTH - 2 * EDGE) / total
    left = max(0, budget.machine.ram - plan.required)
    manager = min(budget.manager, left)
    kept = min(budget.kept, left - manager)
    parts = [(s.required, f"s{i % HUES}", s.name) for i, s in enumerate(services)]
    parts += [
        (left - manager - kept, "free", "free"),
        (kept, "reserve", "reserve"),
        (manager, "manager", "supervisord"),
    ]
    at = 0
    for size, kind, name in parts:
        if size:
            hint = f"<title>{escape(name)}: {format_size(size)}</title>"
            yield _box(EDGE + at * scale, TOP, size * scale, BAR, kind, hint)
        at += size
    if plan.required > budget.usable:
        yield _box(EDGE + budget.usable * scale, TOP + BAR + 2, (plan.required - budget.usable) * scale, 5, "over")
    edge = EDGE + budget.usable * scale
    yield f'<line class="line" x1="{edge:.1f}" x2="{edge:.1f}" y1="{TOP - 8}" y2="{TOP + BAR + 8}" stroke-width="2"/>'
    anchor = "end" if edge > WIDTH / 2 else "start"
    yield _text(
        edge + (-6 if anchor == "end" else 6), TOP - 6, f"usable {format_size(budget.usable)}", "dim small", anchor
    )
    yield from _legend(plan, left - manager - kept)


def _legend(plan: Plan, free: int) -> Iterator[str]:
    budget = plan.budget
    entries = [("free", f"free {format_size(free)}"), ("reserve", f"reserve {format_size(budget.reserve)}")]
    if budget.kept > budget.reserve:
        entries[1] = ("reserve", f"others need {format_size(budget.kept)}")
    entries.append(("manager", f"supervisord {format_size(budget.manager)}"))
    if plan.required > budget.usable:
        entries[0] = ("over", f"over budget {format_size(plan.required - budget.usable)}")
    y = TOP + BAR + 30
    for i, (kind, words) in enumerate(entries):
        x = EDGE + i * 210
        yield _box(x, y - 10, 12, 12, kind)
        yield _text(x + 18, y, words, "dim small")


def _rows(plan: Plan, services: list[PlannedService], top: int) -> Iterator[str]:
    """Yield one bar per service against what is usable, with count and limit."""
    room = WIDTH - 2 * EDGE - LABEL - 250
    most = max(1, plan.budget.usable, plan.required)
    for i, service in enumerate(plan.services):
        y = top + i * ROW
        yield _text(EDGE, y + 15, service.name, "text")
        yield _box(EDGE + LABEL, y + 2, room, 16, "free")
        if service in services:
            yield _box(EDGE + LABEL, y + 2, service.required / most * room, 16, f"s{services.index(service) % HUES}")
        words = f"{counted(service)} = {format_size(service.required)}, {share(service.required, plan)}"
        yield _text(WIDTH - EDGE, y + 15, words if service.memory else counted(service), "text", "end")


def _box(x: float, y: float, width: float, height: float, kind: str, inner: str = "") -> str:
    shape = f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(0.5, width):.1f}" height="{height}" rx="2"'
    return f"{shape}>{inner}</rect>" if inner else f"{shape}/>"


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}"' + (f' text-anchor="{anchor}"' if anchor != "start" else "")
    return f'<text class="{kind}" {place}>{escape(words)}</text>'

"""What is started inside programs that only start another."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.carried import operands, own_options, programs


def names(command: str) -> list[str]:
    """Return the programs of `command`, outermost first."""
    return [call.name for call in programs(tuple(shlex.split(command)))]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("serve x", ["serve"]),
        ("npx serve x", ["npx", "serve"]),
        ("npx -y serve@14.2 x", ["npx", "serve"]),
        ("npx -y @nestjs/cli@10 start", ["npx", "cli"]),
        ("npx -p a --package b serve", ["npx", "serve"]),
        ("npx -c 'serve x && next'", ["npx", "serve", "next"]),
        ("npx", ["npx"]),
        ("npx -y", ["npx"]),
        ("npx -c", ["npx"]),
        ("npm", ["npm"]),
        ("npm exec", ["npm"]),
        ("npm serve", ["npm"]),
        ("npm -- serve", ["npm"]),
        ("pnpm exec -c 'serve x'", ["pnpm", "serve"]),
        ("uvx -c limits.txt serve", ["uvx", "serve"]),
        ("npm exec -- serve", ["npm", "serve"]),
        ("npm run dev", ["npm", "dev"]),
        ("pnpm serve", ["pnpm", "serve"]),
        ("pnpm -C a --filter b dlx serve", ["pnpm", "serve"]),
        ("yarn workspace api run serve", ["yarn", "serve"]),
        ("bun x serve", ["bun", "serve"]),
        ("bun src/x.ts", ["bun"]),
        ("uv tool run serve", ["uv", "serve"]),
        ("uv pip install serve", ["uv"]),
        ("uv run --frozen --with a serve", ["serve"]),
        ("uv run -- serve", ["serve"]),
        ("uv run -m serve x", ["serve"]),
        ("uv run --frozen", []),
        ("poetry run serve", ["serve"]),
        ("bundle exec --gemfile x puma", ["puma"]),
        ("pdm run serve", ["pdm", "serve"]),
        ("hatch -e prod run serve", ["hatch", "serve"]),
        ("cross-env A=1 B=2 serve", ["cross-env", "serve"]),
        ("npx cross-env A=1 npx serve", ["npx", "cross-env", "npx", "serve"]),
        ("npx sh -c 'exec serve'", ["npx", "serve"]),
        ("node node_modules/.bin/serve x", ["node", "serve"]),
        ("node ../api/node_modules/serve/bin/x.js x", ["node", "serve"]),
        ("node -r a node_modules/@nestjs/cli/bin/nest.js start", ["node", "cli"]),
        ("node node_modules/a/node_modules/b/x.js", ["node", "b"]),
        ("node src/serve/x.js", ["node"]),
        ("node -e 1 node_modules/.bin/serve", ["node"]),
        ("node", ["node"]),
        ("python /srv/venv/bin/serve x", ["python", "serve"]),
        ("python -u manage.py x", ["python", "manage.py"]),
        ("python -c 1 manage.py", ["python"]),
        ("python -m serve", ["serve"]),
        ("python src", ["python"]),
    ],
)
def test_the_program_inside_is_found(command: str, expected: list[str]) -> None:
    """Behind verbs and options, without its version, through as many as there are; a value of an option is none."""
    assert expected == names(command)


@pytest.mark.parametrize(
    ("command", "options", "rest"),
    [
        ("node --a=1 -r x --b src/x.js --c", ("--a=1", "-r", "--b"), ("src/x.js", "--c")),
        ("node -e text --a", (), ()),
        ("node --a", ("--a",), ()),
        ("node --a -- src/x.js", ("--a",), ("--", "src/x.js")),
        ("node --a - --b", ("--a",), ("-", "--b")),
        ("bun --a run --b src/x.ts --c", ("--a", "--b"), ("src/x.ts", "--c")),
        ("deno serve --a src/x.ts --c", ("--a",), ("src/x.ts", "--c")),
        ("tsx --tsconfig a watch b", ("--tsconfig",), ("watch", "b")),
        ("serve -x a", ("-x",), ("a",)),
    ],
)
def test_options_of_a_runtime_end_where_its_script_begins(
    command: str, options: tuple[str, ...], rest: tuple[str, ...]
) -> None:
    """The value of an option is no script, and behind the script everything is the script's."""
    (call,) = programs(tuple(shlex.split(command)))
    assert (options, rest) == (own_options(call), operands(call))


WORDS = st.sampled_from(
    ["npx", "npm", "exec", "-c", "-p", "--", "node", "sh", "uv", "run", "-m", "x@", "@", "", "cross-env"]
)


@given(st.lists(WORDS, min_size=1, max_size=40))
def test_any_words_come_to_an_end(words: list[str]) -> None:
    """However runners are nested, there are no more programs than words."""
    assert len(programs(tuple(words))) <= len(words) + 1


def test_runners_within_runners_are_looked_into_a_few_times() -> None:
    """A thousand of them: what is inside of all is not looked for any more."""
    found = [call.name for call in programs(("npx",) * 1000)]
    assert set(found) == {"npx"}
    assert len(found) < 20

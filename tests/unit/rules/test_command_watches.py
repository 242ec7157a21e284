"""Commands that restart by themselves when files change: every way in which they are written, and what comes near."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from procman.rules import command_watches as rule
from tests.support.judging import HERE, judged

TEXT = "services: {{api: {{kind: scalable, command: {command}, memory: 90M{more}}}}}"


def told(command: str, *, more: str = "", script: str | None = None) -> list[str]:
    """Return what the rule says watches files in `command`; `script` is what package.json has of it."""
    facts = {"api": replace(HERE, script=script)} if script else None
    text = TEXT.format(command=json.dumps(command), more=more)
    return [
        t.message.removeprefix("'api' restarts by itself when files change: ") for t in judged(rule, text, facts=facts)
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("nodemon src/index.js", "nodemon"),
        ("./node_modules/.bin/nodemon src/index.js", "nodemon"),
        ("node node_modules/.bin/nodemon src/index.js", "nodemon"),
        ("node ./node_modules/nodemon/bin/nodemon.js src/index.js", "nodemon"),
        ("npx nodemon src/index.js", "nodemon"),
        ("npx -y nodemon src/index.js", "nodemon"),
        ("npx --yes nodemon@3 src/index.js", "nodemon"),
        ("npx -p nodemon nodemon src/index.js", "nodemon"),
        ("npx --package=nodemon -- nodemon src/index.js", "nodemon"),
        ("npx -c 'nodemon src/index.js'", "nodemon"),
        ("npm exec nodemon src/index.js", "nodemon"),
        ("npm exec -- nodemon src/index.js", "nodemon"),
        ("npm x -y -- nodemon src/index.js", "nodemon"),
        ("npm --prefix api exec nodemon src/index.js", "nodemon"),
        ("npm exec -w api nodemon src/index.js", "nodemon"),
        ("npm exec -c 'nodemon src/index.js'", "nodemon"),
        ("pnpm exec nodemon src/index.js", "nodemon"),
        ("pnpm dlx nodemon src/index.js", "nodemon"),
        ("pnpm nodemon src/index.js", "nodemon"),
        ("pnpm -C api --filter web exec nodemon src/index.js", "nodemon"),
        ("pnpx nodemon src/index.js", "nodemon"),
        ("yarn nodemon src/index.js", "nodemon"),
        ("yarn run nodemon src/index.js", "nodemon"),
        ("yarn exec nodemon src/index.js", "nodemon"),
        ("yarn dlx nodemon src/index.js", "nodemon"),
        ("yarn --cwd api nodemon src/index.js", "nodemon"),
        ("yarn workspace api nodemon src/index.js", "nodemon"),
        ("bunx nodemon src/index.js", "nodemon"),
        ("bun x nodemon src/index.js", "nodemon"),
        ("cross-env NODE_ENV=production nodemon src/index.js", "nodemon"),
        ("npx cross-env A=1 B=2 nodemon src/index.js", "nodemon"),
        ("npx dotenv -e .env -- nodemon src/index.js", "nodemon"),
        ("dotenvx run -f .env -- nodemon src/index.js", "nodemon"),
        ("env A=1 npx nodemon src/index.js", "nodemon"),
        ("npx ts-node-dev --respawn src/index.ts", "ts-node-dev"),
        ("tsnd src/index.ts", "tsnd"),
        ("npx node-dev src/index.js", "node-dev"),
        ("node --watch src/index.js", "node --watch"),
        ("node --watch-path=src src/index.js", "node --watch-path"),
        ("node --watch-path src src/index.js", "node --watch-path"),
        ("node -r dotenv/config --watch src/index.js", "node --watch"),
        ("node --import tsx --env-file .env --watch src/index.ts", "node --watch"),
        ("/usr/bin/node20 --watch src/index.js", "node --watch"),
        ("npx node --watch src/index.js", "node --watch"),
        ("tsx watch src/index.ts", "tsx watch"),
        ("tsx --env-file .env watch src/index.ts", "tsx watch"),
        ("npx tsx watch src/index.ts", "tsx watch"),
        ("tsx --watch src/index.ts", "tsx --watch"),
        ("bun --watch src/index.ts", "bun --watch"),
        ("bun --hot run src/index.ts", "bun --hot"),
        ("bun run --watch src/index.ts", "bun --watch"),
        ("deno run -A --watch src/index.ts", "deno --watch"),
        ("deno run --watch=src,lib src/index.ts", "deno --watch"),
        ("deno serve --watch src/index.ts", "deno --watch"),
        ("npx nest start --watch", "nest --watch"),
        ("uvicorn --reload api:app", "uvicorn --reload"),
        ("uvicorn api:app --fd 3 --reload", "uvicorn --reload"),
        ("python -m uvicorn api:app --reload", "uvicorn --reload"),
        ("python3.11 -X dev -m uvicorn api:app --reload", "uvicorn --reload"),
        ("/srv/venv/bin/uvicorn api:app --reload", "uvicorn --reload"),
        ("/srv/venv/bin/python /srv/venv/bin/uvicorn api:app --reload", "uvicorn --reload"),
        ("uv run uvicorn api:app --reload", "uvicorn --reload"),
        ("uv run --frozen --with httptools uvicorn api:app --reload", "uvicorn --reload"),
        ("uv run -m uvicorn api:app --reload", "uvicorn --reload"),
        ("uvx uvicorn api:app --reload", "uvicorn --reload"),
        ("uvx --from uvicorn --with fastapi uvicorn api:app --reload", "uvicorn --reload"),
        ("uv tool run uvicorn api:app --reload", "uvicorn --reload"),
        ("pipx run uvicorn api:app --reload", "uvicorn --reload"),
        ("poetry run uvicorn api:app --reload", "uvicorn --reload"),
        ("gunicorn --reload api:app", "gunicorn --reload"),
        ("hypercorn --reload api:app", "hypercorn --reload"),
        ("granian --reload api:app", "granian --reload"),
        ("flask --app api --debug run", "flask --debug"),
        ("flask --app api run --debug", "flask --debug"),
        ("flask --app api run --reload", "flask --reload"),
        ("python -m flask --app api --debug run", "flask --debug"),
        ("fastapi dev api.py", "fastapi dev"),
        ("fastapi run --reload api.py", "fastapi --reload"),
        ("python manage.py runserver 8000", "manage.py runserver"),
        ("python -u ./shop/manage.py runserver", "manage.py runserver"),
        ("./manage.py runserver", "manage.py runserver"),
        ("django-admin runserver", "django-admin runserver"),
        ("watchmedo auto-restart -- python app.py", "watchmedo"),
        ("python -m watchdog.watchmedo auto-restart -- python app.py", "watchmedo"),
        ("watchfiles 'python app.py' src", "watchfiles"),
        ("python -m watchfiles 'python app.py' src", "watchfiles"),
        ("hupper -m app", "hupper"),
        ("watchexec -r -- node src/index.js", "watchexec"),
        ("entr -r node src/index.js", "entr"),
        ("reflex -s -- ./api", "reflex"),
        ("air -c .air.toml", "air"),
        ("cargo watch -x run", "cargo watch"),
        ("cargo-watch -x run", "cargo-watch"),
        ("dotnet watch run", "dotnet watch"),
    ],
)
def test_a_watcher_is_found_in_every_spelling(command: str, words: str) -> None:
    """By itself, behind a package runner, as a module, as a file of node_modules, with options before and behind."""
    assert [words] == told(command)


@pytest.mark.parametrize(
    "command",
    [
        "node src/index.js --watch",
        "node src/index.js nodemon",
        "node -r nodemon src/index.js",
        "node --require ./watch src/index.js",
        "node src/nodemon/index.js",
        "node dist/uvicorn.js --reload",
        "tsx src/index.ts watch",
        "tsx src/index.ts --watch",
        "npx tsx src/index.ts",
        "npx -p nodemon serve",
        "npx serve nodemon",
        "npm start",
        "npm run start --watch",
        "npm install nodemon",
        "yarn add nodemon",
        "pnpm add nodemon",
        "bun src/index.ts --watch",
        "bun run src/index.ts --hot",
        "deno run -A src/index.ts --watch",
        "deno run --allow-net src/index.ts",
        "uvicorn api:app --reload-dir src",
        "python app.py --reload",
        "python -m uvicorn api:app",
        "python -c 'import uvicorn' --reload",
        "uv run uvicorn api:app",
        "uv sync --reload",
        "flask --app api --debug run --no-reload",
        "fastapi run api.py",
        "python manage.py migrate",
        "python manage.py runserver --noreload",
        "python runserver manage.py",
        "cargo run watch",
        "dotnet api.dll watch",
        "migrate --from nodemon",
        "serve --reload-config",
    ],
)
def test_what_comes_near_is_no_watcher(command: str) -> None:
    """An option of the script, a file or an argument of that name, a reload that is switched off."""
    assert told(command) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cd app && exec npx nodemon src/index.js", "nodemon"),
        ("ls src/*.js | entr -r node src/index.js", "entr"),
        ("A=1 exec uvicorn api:app --reload", "uvicorn --reload"),
    ],
)
def test_a_watcher_in_the_text_of_a_shell_is_found(text: str, words: str) -> None:
    """Wherever in the text it stands."""
    assert [words] == told(text, more=", shell: true")


@pytest.mark.parametrize("command", ["npm run dev", "npm start", "yarn dev", "pnpm run dev"])
def test_what_package_json_says_of_a_script_is_looked_into(command: str) -> None:
    """The usual place of a watcher is the script that `npm run` names, not the manifest."""
    assert told(command, script="nodemon src/index.js") == ["nodemon"]
    assert told(command, script="NODE_ENV=x npx tsx watch src/index.ts") == ["tsx watch"]
    assert told(command, script="node src/index.js") == []
    assert told(command) == []

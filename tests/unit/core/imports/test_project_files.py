"""What package.json, pyproject.toml and Procfile say of a project's programs."""

from collections.abc import Mapping

from procman.core.imports.draft import Draft
from procman.core.imports.evidence import Verdict
from procman.core.imports.program import drafted
from procman.core.imports.project_files import Look, of_package, of_procfile, of_pyproject
from procman.core.manifest import Kind


def drafts(look: Look) -> dict[str, Draft]:
    """Return the services of `look` by name."""
    taken: dict[str, tuple[Draft, Verdict]] = {}
    for program in look.programs:
        draft, verdict = drafted(program, taken)
        taken[draft.name] = draft, verdict
    return {name: draft for name, (draft, _) in taken.items()}


def reader(files: Mapping[str, str]) -> object:
    """Return a reader of these files."""
    return lambda name: files.get(name, "")


def test_npm_scripts_that_start_something_become_services() -> None:
    """What runs plainly is run itself, with its variables; the rest through npm; tests and builds are left out."""
    package = {
        "name": "@acme/shop",
        "scripts": {
            "start": "cross-env NODE_ENV=production node src/index.js",
            "start:mqtt": "node build.js && node mqtt.js",
            "worker": "node w.js",
            "dev": "nodemon x.js",
            "test:worker": "jest",
        },
        "dependencies": {"express": "^4", "mqtt": "^5"},
    }
    files = {"src/index.js": "import express from 'express'", "w.js": "x"}
    found = drafts(of_package(package, reader(files)))  # type: ignore[arg-type]
    assert {name: (draft.kind, draft.get("command")) for name, draft in found.items()} == {
        "shop": (Kind.SCALABLE, "node src/index.js"),
        "mqtt": (Kind.SINGLETON, "npm run --silent start:mqtt"),
        "worker": (Kind.SINGLETON, "node w.js"),
    }
    assert found["shop"].get("env") == {"NODE_ENV": "production"}


def test_a_package_without_scripts_is_its_main_file() -> None:
    """`main`, or server.js; nothing is said where nothing runs."""
    package = {"name": "in", "main": "lib.js", "dependencies": {"mqtt": "^5"}}
    (draft,) = drafts(of_package(package, reader({"lib.js": "x"}))).values()  # type: ignore[arg-type]
    assert (draft.kind, draft.get("command")) == (Kind.SINGLETON, "node lib.js")
    assert of_package({"scripts": 7, "dependencies": []}, reader({})).notes  # type: ignore[arg-type]


def test_a_procfile_says_what_serves() -> None:
    """`web` has a port and may run twice, the rest by its name; `release` runs once and is no service."""
    text = "# all\nweb: gunicorn -b :$PORT shop\nclock: python cron.py\nrelease: ./migrate\nnonsense\n"
    look = of_procfile(text, reader({}))  # type: ignore[arg-type]
    found = drafts(look)
    assert {name: draft.kind for name, draft in found.items()} == {"web": Kind.SCALABLE, "clock": Kind.SINGLETON}
    assert found["web"].get("shell") is True
    assert found["web"].get("env") == {"PORT": "${PORT:-5000}"}
    assert [note.split()[0] for note in look.notes] == ["release:", "line"]


def test_a_python_project_is_known_by_its_files() -> None:
    """An ASGI application gets a server that takes the socket; a consumer is started as it is."""
    files = {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n", "consumer.py": "import paho.mqtt.client\n"}
    pyproject = {"project": {"dependencies": ["fastapi[all]>=1", "paho-mqtt"]}}
    found = drafts(of_pyproject(pyproject, reader(files)))  # type: ignore[arg-type]
    assert found["main"].get("command") == "python3 -m uvicorn --fd 3 main:app"
    assert found["main"].get("listen") == "127.0.0.1:8000"
    assert found["consumer"].kind is Kind.SINGLETON
    assert of_pyproject({"project": {"scripts": {"shop": "shop:main"}}}, reader({})).programs  # type: ignore[arg-type]

"""One manifest for each fault of syntax and schema, for the pages about them. The rules have examples of their own."""

from __future__ import annotations

_HEAD = "version: 1\nproject: shop\n"
_API = "services:\n  api:\n    kind: scalable\n    command: ./api\n"

TITLES = {
    "PM001": "The file is not YAML, or YAML that a manifest must not use.",
    "PM002": "A key stands twice in one mapping.",
    "PM003": "A key, or the name of a service, is not known.",
    "PM004": "A key that must be there is missing.",
    "PM005": "A value is of the wrong type, or there is none.",
    "PM006": "A name has characters that names must not have.",
    "PM007": "There is nothing in the file.",
    "PM008": "A variable that a value needs is not set.",
    "PM009": "The manifest is of a version that this procman does not know.",
    "PM010": "A value cannot mean anything.",
    "PM011": "A comment that looks like a suppression is none.",
    "PM012": "A suppression gives no reason, and so suppresses nothing.",
    "PM013": "A suppression names a code that does not exist.",
    "PM014": "A suppression suppresses nothing: no such finding is on its line.",
    "PM015": "A suppression names a code that cannot be suppressed.",
}
EXAMPLES = {
    "PM001": "services: [api",
    "PM002": f"version: 1\nproject: shop\nproject: store\n{_API}",
    "PM003": f"{_HEAD}{_API}    memroy: 400M\n",
    "PM004": f"{_HEAD}services:\n  api:\n    kind: scalable\n",
    "PM005": f"{_HEAD}{_API}    shell: on\n",
    "PM006": f"version: 1\nproject: Shop!\n{_API}",
    "PM007": "# nothing but a comment\n",
    "PM008": f"{_HEAD}services:\n  api:\n    kind: scalable\n    command: ${{NOT_SET}}/api\n",
    "PM009": f"version: 2\nproject: shop\n{_API}",
    "PM010": f"{_HEAD}{_API}    memory: 400MB\n",
    "PM011": f"{_HEAD}{_API}    memory: 400M # procman: ignore\n",
    "PM012": f"{_HEAD}{_API}    memory: 400M\n    user: root # procman: ignore[PM504]\n",
    "PM013": f"{_HEAD}{_API}    memory: 400M # procman: ignore[PM999] no such rule\n",
    "PM014": f"{_HEAD}{_API}    memory: 400M # procman: ignore[PM103] it has a limit now\n",
    "PM015": f"{_HEAD}services:\n  mqtt:\n    kind: singleton\n    command: ./consume\n    memory: 90M\n"
    "    instances: 2 # procman: ignore[PM201] we know\n",
}

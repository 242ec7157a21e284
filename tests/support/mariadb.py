"""A real MariaDB server in a temporary folder, under an unprivileged user, ended with the test that needs it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from tests.support.tiwater import answers, free_port, need
from tests.support.waiting import wait_until

DATABASE = "tiwater"
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Mariadb:
    """One server: its port. User and password are asked for, as on a real one."""

    port: int

    @property
    def url(self) -> str:
        """The address of its database `tiwater`."""
        return f"mariadb://procman:sesame@127.0.0.1:{self.port}/{DATABASE}"


@contextmanager
def mariadb() -> Iterator[Mariadb]:
    """A server with an empty database `tiwater`."""
    server, install = need("mariadbd", "mariadb-server"), need("mariadb-install-db", "mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="my-"))
    user = _user()
    run_as: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    if os.geteuid() != 0:
        run_as = {}
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        # The server removes what looks like another's leftovers from its folder for temporary files when it starts.
        common = ["--no-defaults", f"--datadir={folder}/data", f"--tmpdir={folder}"]
        done = subprocess.run(
            [install, *common, "--skip-test-db", "--auth-root-authentication-method=normal"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            **run_as,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        made = Mariadb(free_port())
        script = folder / "init.sql"
        script.write_text(
            f"CREATE DATABASE {DATABASE};\nCREATE USER procman@'127.0.0.1' IDENTIFIED BY 'sesame';\n"
            f"GRANT ALL ON {DATABASE}.* TO procman@'127.0.0.1';\n"
        )
        script.chmod(0o644)
        listen = [f"--port={made.port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", "--skip-name-resolve"]
        quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin"]
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [server, *common, *listen, *quick, f"--init-file={script}", f"--pid-file={folder}/pid"],
                stdout=log,
                stderr=log,
                cwd="/",
                **run_as,
            )
        try:
            wait_until(lambda: _answers(made, process, folder), PATIENCE, f"MariaDB answers; see {folder}/log")
            yield made
        finally:
            process.terminate()
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _answers(server: Mariadb, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "log").read_text(errors="replace")
    if not answers(server.port):
        return False
    try:
        with closing(
            pymysql.connect(host="127.0.0.1", port=server.port, user="procman", password="sesame", database=DATABASE)
        ):
            return True
    except pymysql.err.OperationalError:
        return False


def _user() -> str:
    """The server refuses to run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "mysql" if "mysql" in names else "nobody"

"""Certificates of an authority of our own, made by openssl: good ones, and each kind that must be refused."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiwater import need

GOOD, ELSEWHERE, EXPIRED, OWN = "good", "elsewhere", "expired", "own"
"""For localhost and 127.0.0.1; for another host; out of date; signed by itself."""

_NAMES = {GOOD: "DNS:localhost,IP:127.0.0.1", ELSEWHERE: "DNS:broker.example.org", EXPIRED: "DNS:localhost"}


@dataclass(frozen=True, slots=True)
class Certificates:
    """`ca` is the authority's own; `pair` gives certificate and key of one kind."""

    folder: Path

    @property
    def ca(self) -> str:
        """The authority to trust."""
        return str(self.folder / "ca.pem")

    def pair(self, kind: str) -> tuple[str, str]:
        """Return the paths of certificate and key."""
        return str(self.folder / f"{kind}.pem"), str(self.folder / f"{kind}.key")

    def listener(self, kind: str) -> str:
        """Return the lines of mosquitto's file that let the listener above them speak TLS."""
        certificate, key = self.pair(kind)
        return f"certfile {certificate}\nkeyfile {key}"


def certificates(folder: Path) -> Certificates:
    """Make the authority and one certificate of each kind."""
    made = Certificates(folder)
    _self_signed(folder, "ca", "An authority of tests", "CA:TRUE")
    _self_signed(folder, OWN, "localhost", "CA:FALSE", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    for kind, names in _NAMES.items():
        key, request = folder / f"{kind}.key", folder / f"{kind}.csr"
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={kind}")
        extensions = folder / f"{kind}.ext"
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n", encoding="ascii")
        past = ("-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
        _signed(folder, kind, request, extensions, past if kind == EXPIRED else ("-days", "30"))
    for key in folder.glob("*.key"):
        key.chmod(0o644)  # mosquitto gives up root
    return made


def _signed(folder: Path, kind: str, request: Path, extensions: Path, days: tuple[str, ...]) -> None:
    """By `openssl ca`, which alone can write a certificate that is out of date."""
    settings = folder / "ca.cnf"
    (folder / "index.txt").touch()
    settings.write_text(
        f"[ca]\ndefault_ca=us\n[us]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        f"certificate={folder}/ca.pem\nprivate_key={folder}/ca.key\ndefault_md=sha256\npolicy=any\n"
        "unique_subject=no\n[any]\ncommonName=supplied\n",
        encoding="ascii",
    )
    out = folder / f"{kind}.pem"
    words = ("-in", request, "-out", out, "-extfile", extensions, "-rand_serial")
    _openssl("ca", "-batch", "-notext", "-config", settings, *words, *days)


def _self_signed(folder: Path, name: str, common: str, constraints: str, *extensions: str) -> None:
    more = [word for each in (f"basicConstraints=critical,{constraints}", *extensions) for word in ("-addext", each)]
    words = ("-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    _openssl("req", "-x509", *words, "-days", "30", "-subj", f"/CN={common}", *more)


def _openssl(*words: object) -> None:
    done = subprocess.run(
        [need("openssl", "openssl"), *map(str, words)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr

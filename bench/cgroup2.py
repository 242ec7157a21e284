"""The tests of the hard memory limit on a kernel with cgroup v2, in a virtual machine: root, delegated, a plain user.

For a host whose memory controller is bound to v1. Debian packages: qemu-system-x86, e2fsprogs, busybox-static, and the
image of linux-image-cloud-amd64, which is unpacked and not installed. The machine is emulated (KVM=1 for KVM) and
gets this checkout with its environment; nothing is kept. Takes ten minutes and more.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TESTS = (
    "tests/integration/test_plugin_groups.py",
    "tests/e2e/test_memory.py::test_a_kill_by_the_hard_limit_is_told_apart",
)
MODULES = (
    *("drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_legacy_dev"),
    *("drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci", "drivers/block/virtio_blk"),
)
NOT_NEEDED = re.compile(
    r"/(ruff|mypy|mypyc|test|idlelib|ensurepip|config-3[^/]*|__pycache__|[.]git|[.]hypothesis)(/|$)"
)
USER = 1000

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /disk
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in {modules}; do insmod /modules/$module.ko; done
mount -t ext4 /dev/vda /disk || ls /dev /modules
for place in proc sys dev; do mount --bind /$place /disk/$place; done
mount -t tmpfs -o mode=1777 tmpfs /disk/tmp
mount -t tmpfs tmpfs /disk/run
mkdir -p /disk/dev/shm /disk/run/lock/procman && chmod 1777 /disk/dev/shm /disk/run/lock/procman
mount -t cgroup2 cgroup2 /disk/sys/fs/cgroup
ifconfig lo 127.0.0.1 up
echo "kernel $(uname -r), controllers $(cat /disk/sys/fs/cgroup/cgroup.controllers)"
chroot /disk /bin/sh /cases
poweroff -f
"""

CASES = """
export PATH={bin}:/bin HOME=/tmp SLOWNESS=10 HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
cd {here}
cgroup=/sys/fs/cgroup
run() {{
  echo "== $1"
  shift
  "$@" {python} -m pytest -v -rs --color=no -p no:cacheprovider -o timeout=900 {tests} 2>&1
}}
run "root, in the root of all groups" env
echo +memory > $cgroup/cgroup.subtree_control
mkdir $cgroup/box $cgroup/home
(echo 0 > $cgroup/box/cgroup.procs; run "root, in a group of its own" env)
chown {user} $cgroup/home $cgroup/home/cgroup.procs $cgroup/home/cgroup.subtree_control
(echo 0 > $cgroup/home/cgroup.procs; run "a user, in a group that was handed to it" {python} /as-user)
"""

AS_USER = """
import os, sys
os.setgroups([])
os.setgid({user})
os.setuid({user})
os.execvp(sys.argv[1], sys.argv[1:])
"""


def main() -> int:
    """Build the machine, run the tests in it, and print what they said; 1 when something failed or was skipped."""
    missing = [name for name in ("qemu-system-x86_64", "mke2fs", "busybox", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        print(f"not measured: {', '.join(missing)} missing; see the first lines of {Path(__file__).name}")
        return 2
    with tempfile.TemporaryDirectory(prefix="pm", dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        kernel, modules = unpacked(folder)
        image = disk(folder)
        initial = folder / "initial.gz"
        initial.write_bytes(gzip.compress(archive(initial_files(modules)), 1))
        said = machine(kernel, initial, image)
    ended = re.findall(r"^=+ (.*passed.*) in ", said, re.MULTILINE)
    return 0 if len(ended) == CASES.count('run "') and not any("failed" in words for words in ended) else 1


def unpacked(folder: Path) -> tuple[Path, Path]:
    """Return Debian's kernel and the folder of its modules, unpacked below `folder`."""
    asked = subprocess.run(
        ["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True, check=True
    )
    package = re.findall(r"Depends: (linux-image-\S+)", asked.stdout)[0]
    subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, check=True)
    subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder / "kernel"], check=True)
    return next(folder.glob("kernel/boot/vmlinuz-*")), next(folder.glob("kernel/lib/modules/*/kernel"))


def disk(folder: Path) -> Path:
    """Return an image with this checkout, its python and their libraries, each at the path it has here."""
    root, image = folder / "root", folder / "disk.img"
    python = Path(sys.base_prefix)
    for place in (HERE, python):  # the environment that `make` made lies in this checkout
        copied(place, root)
    for library in libraries((python, Path(sys.prefix))):
        target = root / library.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, target)
    for name in ("proc", "sys", "dev", "tmp", "run", "etc", "bin", "usr/bin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    busybox = Path(shutil.which("busybox") or "")
    shutil.copy2(busybox, root / "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    (root / "etc/passwd").write_text(f"root:x:0:0::/tmp:/bin/sh\nuser:x:{USER}:{USER}::/tmp:/bin/sh\n")
    (root / "etc/group").write_text(f"root:x:0:\nuser:x:{USER}:\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    values = {"bin": Path(sys.prefix) / "bin", "here": HERE, "python": sys.executable, "user": USER}
    (root / "cases").write_text(CASES.format(**values, tests=" ".join(TESTS)))
    (root / "as-user").write_text(AS_USER.format(user=USER))
    for place in (*HERE.parents, *python.parents):
        if (root / place.relative_to("/")).is_dir():
            (root / place.relative_to("/")).chmod(0o755)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, image, "2G"], check=True)
    shutil.rmtree(root)
    return image


def copied(place: Path, root: Path) -> None:
    """Copy `place` to where it lies below `root`, without what tests never load."""

    def skipped(folder: str, names: list[str]) -> set[str]:
        inside = folder.removeprefix(str(place))
        rest = [name for name in names if NOT_NEEDED.search(f"{inside}/{name}") and not inside.startswith("/tests")]
        return {*rest, *(name for name in names if place == Path(sys.base_prefix) and name == "site-packages")}

    shutil.copytree(place, root / place.relative_to("/"), symlinks=True, ignore=skipped, dirs_exist_ok=True)


def libraries(places: tuple[Path, ...]) -> set[Path]:
    """Return the shared libraries that programs and extension modules below `places` need, the loader included."""
    files = [Path(sys.executable).resolve(), *(file for place in places for file in place.rglob("*.so*"))]
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in re.findall(r"(/\S+) \(0x", said) if Path(found).is_file()}


def initial_files(modules: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield (name, mode, content) of what the machine begins with."""
    for name in ("bin", "modules"):
        yield name, stat.S_IFDIR | 0o755, b""
    yield "bin/busybox", stat.S_IFREG | 0o755, Path(shutil.which("busybox") or "").read_bytes()
    names = [module.rpartition("/")[2] for module in MODULES]
    for module, name in zip(MODULES, names, strict=True):
        yield f"modules/{name}.ko", stat.S_IFREG | 0o644, (modules / f"{module}.ko").read_bytes()
    yield "init", stat.S_IFREG | 0o755, INIT.format(modules=" ".join(names)).encode()


def archive(files: Iterator[tuple[str, int, bytes]]) -> bytes:
    """Return `files` in the form that a kernel reads (cpio, "newc")."""
    parts = []
    for number, (name, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
        parts += [head, b"\0" * (-len(head) % 4), content, b"\0" * (-len(content) % 4)]
    return b"".join(parts)


def machine(kernel: Path, initial: Path, image: Path) -> str:
    """Run it to its end and return what it wrote."""
    accelerator = ["-accel", "kvm", "-cpu", "host"] if os.environ.get("KVM") else ["-accel", "tcg", "-cpu", "max"]
    command = [
        *("qemu-system-x86_64", *accelerator, "-m", "2G", "-smp", "1", "-nographic", "-no-reboot"),
        *("-nic", "none", "-kernel", kernel, "-initrd", initial, "-append", "console=ttyS0 quiet panic=-1"),
        *("-drive", f"file={image},if=virtio,format=raw"),
    ]
    lines = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        for line in process.stdout or ():
            lines.append(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", line.decode("utf-8", "replace")).rstrip())
            print(lines[-1], flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""What the file asks of each service, and in which place: of its own, and by each profile.

Whichever profile is chosen, these are the same: a fault is told where it is written, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.manifest import Instances, Manifest, Overlay, Service
from procman.core.source import Span

_VARIABLE = r"(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_]*(?::-([^}]*))?\}"


class Asked:
    """The services as written, with what profiles change of each; looked up once, since manifests can be long."""

    def __init__(self, manifest: Manifest) -> None:
        self._places = manifest.places
        self.services = written(manifest)
        self._overlays: dict[str, list[tuple[str, Overlay]]] = {}
        for profile in manifest.profiles:
            for name, overlay in profile.services:
                self._overlays.setdefault(name, []).append((profile.name, overlay))

    def limits(self, service: Service) -> Iterator[tuple[int, Span, str]]:
        """Yield each memory limit (bytes) that `service` is given, its place, and ``" in profile 'x'"`` or nothing."""
        if service.memory is not None:
            yield service.memory, self._places.value("services", service.name, "memory"), ""
        for profile, overlay in self.overlays(service):
            if overlay.memory is not None:
                path = ("profiles", profile, "services", service.name, "memory")
                yield overlay.memory, self._places.value(*path), f" in profile '{profile}'"

    def counts(self, service: Service) -> Iterator[tuple[Instances, Span, str]]:
        """Yield each number of instances that `service` is given, its place, and ``" in profile 'x'"`` or nothing."""
        yield service.instances, self._places.value("services", service.name, "instances"), ""
        for profile, overlay in self.overlays(service):
            if overlay.instances is not None:
                path = ("profiles", profile, "services", service.name, "instances")
                yield overlay.instances, self._places.value(*path), f" in profile '{profile}'"

    def overlays(self, service: Service) -> tuple[tuple[str, Overlay], ...]:
        """Return what each profile changes of `service`, by the name of the profile."""
        return tuple(self._overlays.get(service.name, ()))


def written(manifest: Manifest) -> tuple[Service, ...]:
    """Return the services as the file has them, without a profile or `scale` laid over them."""
    return manifest.written or manifest.services


def literal(manifest: Manifest, value: str, *path: str, blank: str = "") -> str:
    """Return what of `value` stands in the file itself: its variables are their defaults, else `blank`."""
    raw = manifest.places.raw.get(path)
    return value if raw is None else re.sub(_VARIABLE, lambda match: match[1] or blank, raw)

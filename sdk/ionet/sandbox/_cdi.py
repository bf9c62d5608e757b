"""GPUs in a box, as the Container Device Interface describes them.

NVIDIA's toolkit writes the description: `nvidia-ctk cdi generate --device-name-strategy=uuid
--output=/etc/cdi/nvidia.yaml`. It names the device files of each GPU, and the files of the driver. Its hooks,
which would run on the host, are not run: the driver's libraries are shown in one directory instead, under
their full names and the names that programs ask for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from ionet.chain.errors import IonetError
from ionet.sandbox._bundle import DRIVER, Device

DIRECTORIES: Final = (Path("/etc/cdi"), Path("/var/run/cdi"))
_HINT: Final = "nvidia-ctk cdi generate --device-name-strategy=uuid --output=/etc/cdi/nvidia.yaml"


class NoSuchGpu(IonetError):
    """No description of this machine's devices names that GPU; the message says how to make one."""


@dataclass(frozen=True, slots=True)
class Gpus:
    """What a box needs to use GPUs.

    Attributes:
        devices: device files.
        files: of the driver, by their path in the box.
        environment: variables.
    """

    devices: tuple[Device, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def gpus(uuids: Sequence[str], directories: Iterable[Path] = DIRECTORIES) -> Gpus:
    """Returns what a box needs to use these GPUs, and no others.

    Args:
        uuids: of the GPUs, such as `GPU-5f5c…`.
        directories: where descriptions lie.

    Raises:
        NoSuchGpu: a description is missing, damaged, or does not name one of them.
    """
    if not uuids:
        return Gpus()
    edits: list[Mapping[str, Any]] = []
    wanted = dict.fromkeys(uuids)
    for path in _descriptions(directories):
        spec = _read(path)
        named = [device for device in spec.get("devices") or () if device.get("name") in wanted]
        for device in named:
            wanted.pop(device["name"], None)
            edits.append(device.get("containerEdits") or {})
        if named:
            edits.append(spec.get("containerEdits") or {})
    if wanted:
        raise NoSuchGpu(f"no description of this machine's devices names {', '.join(wanted)}; run: {_HINT}")
    return _merged(edits)


def _descriptions(directories: Iterable[Path]) -> list[Path]:
    return [
        path
        for directory in directories
        if directory.is_dir()
        for path in sorted(directory.iterdir())
        if path.suffix in (".yaml", ".yml", ".json")
    ]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        spec = yaml.safe_load(path.read_text())
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise NoSuchGpu(f"{path} cannot be read ({type(error).__name__}); run: {_HINT}") from error
    if not isinstance(spec, dict):
        raise NoSuchGpu(f"{path} does not describe devices; run: {_HINT}")
    return spec


def _merged(edits: Sequence[Mapping[str, Any]]) -> Gpus:
    devices: dict[str, Device] = {}
    files: dict[str, Path] = {}
    environment: dict[str, str] = {}
    for edit in edits:
        for node in edit.get("deviceNodes") or ():
            device = _device(node)
            devices.setdefault(device.path, device)
        for mount in edit.get("mounts") or ():
            files.update(_shown(Path(mount["hostPath"])))
        for variable in edit.get("env") or ():
            name, _, value = str(variable).partition("=")
            environment[name] = value
    environment["LD_LIBRARY_PATH"] = f"{DRIVER}/lib"
    return Gpus(tuple(devices.values()), files, environment)


def _device(node: Mapping[str, Any]) -> Device:
    path = str(node["path"])
    if "major" in node and "minor" in node:
        return Device(path, int(node["major"]), int(node["minor"]))
    try:
        status = Path(node.get("hostPath") or path).stat()
    except OSError as error:
        raise NoSuchGpu(f"the device {path} is not there: {error.strerror}; run: {_HINT}") from error
    if not stat.S_ISCHR(status.st_mode):
        raise NoSuchGpu(f"{path} is not a device; run: {_HINT}")
    return Device(path, os.major(status.st_rdev), os.minor(status.st_rdev))


def _shown(path: Path) -> dict[str, Path]:
    """A library under its own name and the one that programs are linked with, a program under its own."""
    stem, dot, _ = path.name.partition(".so.")
    if not dot:
        return {f"{DRIVER}/bin/{path.name}": path}
    return {f"{DRIVER}/lib/{path.name}": path, f"{DRIVER}/lib/{stem}.so.1": path}

"""Settings of a service: a TOML file in its state directory, of which each field is taken once.

One reader, and one way to say what is wrong: where a field is said, and what would be right.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError


def state_directory(service: str, environment: Mapping[str, str] | None = None) -> Path:
    """Returns a service's state directory: `IONET_<SERVICE>_STATE`, or the user's default.

    That is `/var/lib/ionet/<service>` for root, and `~/.local/share/ionet/<service>` for others.
    """
    environment = os.environ if environment is None else environment
    if named := environment.get(f"IONET_{service.upper()}_STATE"):
        return Path(named).expanduser()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/ionet") / service
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "ionet" / service


def check_notify(url: str) -> str:
    """Returns the URL that events are sent to.

    Raises:
        ConfigError: it is no `https` URL, nor `http` to this machine.
    """
    return checked_url(url, {"https": "http"}, "a URL for events")


def place(text: str, example: str) -> tuple[str, int]:
    """Returns host and port of `HOST:PORT`, an IPv6 address in brackets.

    Args:
        text: what was said.
        example: for the message.

    Raises:
        ConfigError: it is something else.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    decimal = port.isascii() and port.isdecimal()
    if not colon or not host or not decimal or len(port) > 5 or int(port) >= 1 << 16:
        raise ConfigError(f"it is HOST:PORT, as in {example} or [::]:443, not {text!r}")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_url(url: str, plain: Mapping[str, str], what: str) -> str:
    """Returns a URL.

    Args:
        url: the URL.
        plain: by each scheme that is encrypted, the one that is not, which may lead to this machine only.
        what: what it is, for the message.

    Raises:
        ConfigError: it is none of these; the message does not show it, as it may hold a key.
    """
    wanted = " or ".join(plain)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{what} cannot be read; write {next(iter(plain))}://HOST:PORT") from None
    if not host or port == 0 or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise ConfigError(f"{what} names a host: {next(iter(plain))}://HOST:PORT")
    if parts.scheme in plain:
        return url
    if parts.scheme in plain.values():
        if is_loopback(host):
            return url
        raise ConfigError(f"{what} is encrypted unless it leads to this machine: begin it with {wanted}")
    raise ConfigError(f"{what} begins with {wanted}")


def read(path: Path, absent: str | None = None) -> dict[str, Any]:
    """Reads a file of settings.

    Args:
        path: the file.
        absent: what to say where there is none, of its `{folder}`; None: then it is empty.

    Raises:
        ConfigError: there is none, or others can write to it, or it is not TOML.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(1 << 20)
    except FileNotFoundError:
        if absent is None:
            return {}
        raise ConfigError(absent.format(folder=path.parent)) from None
    except OSError as bad:
        raise ConfigError(f"{path} cannot be read: {bad.strerror}") from None
    if os.name == "posix" and mode & 0o022:
        raise ConfigError(f"others can write to {path}; run: chmod 600 {path}")
    try:
        return toml(path, data.decode())
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8") from None


def toml(path: Path, text: str) -> dict[str, Any]:
    """Returns what a text of TOML says.

    Raises:
        ConfigError: it is not TOML; the message names the file.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        raise ConfigError(f"{path} is not TOML: {bad}") from None


class Table:
    """One table of the file, of which each field is taken once; what is left over is unknown.

    Args:
        path: the file, for messages.
        values: what it says.
        variables: which variables override fields, by the fields' places.
        prefix: of places in this table.
    """

    def __init__(
        self, path: Path, values: Mapping[str, Any], variables: Mapping[str, str], prefix: str = ""
    ) -> None:
        self._path = path
        self._values = dict(values)
        self._variables = variables
        self._prefix = prefix
        self._known: list[str] = []

    def wrong(self, name: str, right: str) -> ConfigError:
        """The error for a field: where it is said, and what would be right."""
        place = f"{self._prefix}{name}"
        return ConfigError(f"{self._variables.get(place) or f'{self._path}: {place}'}: {right}")

    @contextmanager
    def about(self, name: str) -> Iterator[None]:
        """Names the field in errors of what checks its value."""
        try:
            yield
        except ConfigError as bad:
            raise self.wrong(name, str(bad)) from None

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        self._known.append(name)
        return name in self._values

    def take(self, name: str, kind: type, right: str, default: Any = None) -> Any:
        """Returns a field's value; without a default it must be there."""
        self._known.append(name)
        if name not in self._values:
            if default is None:
                raise self.wrong(name, f"it is missing; it is {right}")
            return default
        value = self._values.pop(name)
        # True is an int to Python, and not to a reader of the file.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(name, f"it is {right}, not {_kind(value)}")
        return value

    def text(self, name: str, right: str, default: str | None = None) -> str:
        """Returns a text of printable characters; empty only by default."""
        value: str = self.take(name, str, right, default)
        if (not value and default is None) or not value.isprintable():
            raise self.wrong(name, f"it is {right}, in printable characters")
        return value

    def integer(self, name: str, low: int, high: int, right: str, default: int | None = None) -> int:
        """Returns an integer within bounds."""
        value: int = self.take(name, int, right, default)
        if not low <= value <= high:
            raise self.wrong(name, f"it is {right}, from {low:,} to {high:,}, not {value:,}")
        return value

    def texts(self, name: str, right: str, default: Sequence[str] | None = None) -> list[str]:
        """Returns a list of texts that names none twice, and is empty only by default."""
        wanted = None if default is None else list(default)
        values: list[Any] = self.take(name, list, f"a list of {right}", wanted)
        if values == wanted:
            return values
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(name, f"each in the list is a text; {_kind(value)} is none")
        if not values:
            raise self.wrong(name, f"the list is empty; it needs one of {right} at least")
        if len(set(values)) != len(values):
            raise self.wrong(name, "one of them is there twice")
        return values

    def address(self, name: str, right: str) -> Pubkey:
        """Returns an address."""
        text = self.text(name, right)
        try:
            return Pubkey.from_string(text)
        except ValueError:
            raise self.wrong(name, f"{text!r} is no address; it is {right}, in base58") from None

    def folder(self, name: str, right: str, default: Path) -> Path:
        """Returns a path; a relative one is below the file's directory."""
        text = self.text(name, right) if self.has(name) else str(default)
        return self._path.parent / Path(text).expanduser()

    def table(self, name: str) -> Table:
        """Returns a table within this one."""
        values = self.take(name, dict, f"a table: [{name}]")
        return Table(self._path, values, self._variables, f"{self._prefix}{name}.")

    def tables(self, name: str) -> list[Table]:
        """Returns an array of tables, at least one."""
        values = self.take(name, list, f"a list of tables, each begun by [[{name}]]")
        if not values or not all(isinstance(value, dict) for value in values):
            raise self.wrong(name, f"there is at least one table, begun by [[{name}]]")
        return [
            Table(self._path, value, self._variables, f"{name}[{number}].")
            for number, value in enumerate(values)
        ]

    def finish(self) -> None:
        """Raises `ConfigError` for a field that nobody has taken."""
        for name in self._values:
            near = get_close_matches(name, self._known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._known)}"
            raise self.wrong(name, f"no such setting; {hint}")


def _kind(value: object) -> str:
    return {
        str: "a text",
        bool: "true or false",
        int: "an integer",
        float: "a decimal number",
        list: "a list",
        dict: "a table",
    }.get(type(value), "a date or time")


def assignments(**values: object) -> list[str]:
    """Returns lines of TOML that say these values."""
    # JSON's texts, lists, integers and truth values are TOML's as well, without control characters.
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]

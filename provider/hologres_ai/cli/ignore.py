"""``--ignore KIND[=ID]`` and ``--ignore-file``: the events that do not count as drift."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..names import DRIFT_CLASSES, DRIFT_EVENTS
from .files import read_bytes, read_error
from .options import Value

if TYPE_CHECKING:
    from ..drift import Event

EVENT_KINDS = (*DRIFT_CLASSES, *(kind for kind in DRIFT_EVENTS if kind not in DRIFT_CLASSES))


@dataclass(frozen=True)
class Entry:
    """The events of one kind or class to ignore, of all AI instances or of AI instances whose ID matches `pattern`."""

    kind: str
    pattern: str | None = None

    def __str__(self) -> str:
        return self.kind if self.pattern is None else f"{self.kind}={self.pattern}"

    def matches(self, event: "Event") -> bool:
        """Return whether the entry ignores the event."""
        is_kind = self.kind in (event.category, event.kind)
        return is_kind and (self.pattern is None or fnmatchcase(event.node.ai_instance_id or "", self.pattern))


class IgnoreEntry(Value):
    """The value of ``--ignore``: ``KIND`` or ``KIND=ID``."""

    def parse(self, text: str) -> Entry:
        """Return the entry."""
        kind, pattern = self.split(text, "event or class", "the ID")
        return Entry(kind, pattern or None)


def read_entries(file: str | None) -> tuple[Entry, ...]:
    """Return the entries of a file, which has one entry per line.

    A ``#`` at the start of a line or after a space starts a comment.

    Raises:
        ConfigurationError: the file can't be read, or a line is not an entry.
    """
    if file is None:
        return ()
    try:
        with Path(file).open("rb") as stream:
            text = read_bytes(stream, file, "--ignore-file").decode("utf-8-sig")
    except OSError as error:
        raise read_error(error, file, "--ignore-file") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"cannot read {file}: it is not UTF-8", "Save the file as UTF-8.") from None
    return tuple(_parsed(file, text))


def _parsed(file: str, text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        content = f" {line}".partition(" #")[0].strip()
        try:
            if content:
                yield IgnoreEntry(*EVENT_KINDS).parse(content)
        except ValueError as error:
            raise ConfigurationError(f"{file}, line {number}: {error}", "Correct the line.") from None

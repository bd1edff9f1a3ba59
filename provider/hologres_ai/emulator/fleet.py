"""The fleet: nodes from a JSON file, read anew whenever the file changes.

The file is ``{"nodes": [...]}``. A node is served as it stands, in the API's spelling, so that a malformed one can be
put in too. One thing is rewritten: an ``expirationTime`` such as ``now+9d`` or ``now-2d``, whole days from midnight
UTC of the day the emulator started. It does not move while the emulator runs, nor when it is started again that day.
"""

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import JsonValue

from ..clock import utc_now
from ..errors import ConfigurationError

log = logging.getLogger(__name__)

_RELATIVE = re.compile(r"now(?P<days>[+-][0-9]{1,5})d")


class FleetFile:
    """The nodes in a fleet file.

    Raises:
        ConfigurationError: the file can't be used at the start. Later on, the last good fleet stays.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path = path
        self._now = clock()
        try:
            self._content: bytes | None = path.read_bytes()
            self._nodes = read_fleet(self._content, self._now)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"the fleet file {path} can't be used: {error}",
                'Give a JSON file of the form {"nodes": [...]}, each node in the API\'s spelling.',
            ) from None

    def nodes(self, instance_id: str | None = None, region: str | None = None) -> list[JsonValue]:
        """The nodes as the file has them now: all, or those of one Hologres instance, of one region."""
        self._refresh()
        asked = {"holoInstanceId": instance_id, "regionId": region}
        wanted = {name: value for name, value in asked.items() if value}
        return [
            node for node in self._nodes if not wanted or (isinstance(node, dict) and wanted.items() <= node.items())
        ]

    def _refresh(self) -> None:
        # The content is compared, not the time: two edits within one tick of a file system's clock are two edits.
        try:
            content = self.path.read_bytes()
        except OSError as error:
            self._keep(None, error)
            return
        if content == self._content:
            return
        try:
            self._nodes = read_fleet(content, self._now)
        except (ValueError, RecursionError) as error:
            self._keep(content, error)
        else:
            self._content = content
            log.info("fleet file %s was read anew: %d nodes", self.path, len(self._nodes))

    def _keep(self, content: bytes | None, error: Exception) -> None:
        """Stay with the last good fleet; one warning for each broken state of the file."""
        if content != self._content:
            log.warning("fleet file %s can't be used, the last good fleet stays: %s", self.path, error)
        self._content = content


def read_fleet(content: bytes, now: datetime) -> list[JsonValue]:
    """The nodes in a fleet file's content, with every relative expiry counted from midnight UTC of the day of `now`.

    Raises:
        ValueError, RecursionError: it is not of the form.
    """
    document: JsonValue = json.loads(content)
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, list):
        raise ValueError('it is not a JSON object with a list called "nodes"')  # noqa: TRY004 - content, not a type
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [_resolve(node, midnight) for node in nodes]


def _resolve(node: JsonValue, midnight: datetime) -> JsonValue:
    expiry = node.get("expirationTime") if isinstance(node, dict) else None
    relative = _RELATIVE.fullmatch(expiry) if isinstance(expiry, str) else None
    if not isinstance(node, dict) or relative is None:
        return node
    moment = midnight + timedelta(days=int(relative["days"]))
    return node | {"expirationTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}

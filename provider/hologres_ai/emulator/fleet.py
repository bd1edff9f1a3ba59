"""The fleet: the nodes in a JSON file. The file is read again when it changes.

The content of the file is ``{"nodes": [...]}``. An API response that was saved to a file and the output of
``hologres-ai list --json`` (``{"instanceModelList": [...]}``) are also valid. A node has the field names of the API. It
is returned unchanged, even if it is invalid. The only exception is a relative ``expirationTime`` such as ``now+9d`` or
``now-2d``. It is replaced by a timestamp, which is calculated in days from 00:00 UTC of the day on which the emulator
was started. The timestamp does not change while the emulator runs, or after a restart on the same day.
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
from ..errors.bodies import UTF8_MARK

log = logging.getLogger(__name__)

_RELATIVE = re.compile(r"now(?P<days>[+-][0-9]{1,5})d")


class FleetFile:
    """The nodes in a fleet file.

    Raises:
        ConfigurationError: the file is invalid. If the file becomes invalid later, the last valid fleet is still used.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path = path
        self._now = clock()
        try:
            self._content: bytes | None = path.read_bytes()
            self._nodes = read_fleet(self._content, self._now)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"the fleet file {path} is invalid: {error}",
                'Specify a JSON file of the form {"nodes": [...]}, with the field names of the API.',
            ) from None

    def nodes(self, instance_id: str | None = None, region: str | None = None) -> list[JsonValue]:
        """Return the nodes in the current file: all nodes, or the nodes of a Hologres instance, a region or both."""
        self._refresh()
        asked = {"holoInstanceId": instance_id, "regionId": region}
        wanted = {name: value for name, value in asked.items() if value}
        return [
            node for node in self._nodes if not wanted or (isinstance(node, dict) and wanted.items() <= node.items())
        ]

    def _refresh(self) -> None:
        """Read the file again if it changed. Log one warning for each invalid content."""
        # The content is compared because two edits can have the same modification time.
        content = None
        try:
            content = self.path.read_bytes()
            if content != self._content:
                self._nodes = read_fleet(content, self._now)
                log.info("the fleet file %s changed and was read again: %d nodes", self.path, len(self._nodes))
        except (OSError, ValueError, RecursionError) as error:
            if content != self._content:
                log.warning(
                    "the fleet file %s is invalid; the last valid fleet is still used. Correct the file: %s",
                    self.path,
                    error,
                )
        self._content = content


def read_fleet(content: bytes, now: datetime) -> list[JsonValue]:
    """Return the nodes in a fleet file. Relative expiry times are calculated from 00:00 UTC of the day of `now`.

    Raises:
        ValueError, RecursionError: the content is invalid.
    """
    document: JsonValue = json.loads(content.removeprefix(UTF8_MARK))
    nodes = document.get("nodes", document.get("instanceModelList")) if isinstance(document, dict) else None
    if not isinstance(nodes, list):
        raise ValueError(_why_no_nodes(document))  # noqa: TRY004 - the content is invalid, not a type
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [_resolve(node, midnight) for node in nodes]


def _why_no_nodes(document: JsonValue) -> str:
    kind = document.get("kind") if isinstance(document, dict) else None
    if isinstance(kind, str):
        return f"it is a {kind[:64]}, which has no AI nodes"
    return 'it is not a JSON object with a list "nodes" or "instanceModelList"'


def _resolve(node: JsonValue, midnight: datetime) -> JsonValue:
    expiry = node.get("expirationTime") if isinstance(node, dict) else None
    relative = _RELATIVE.fullmatch(expiry) if isinstance(expiry, str) else None
    if not isinstance(node, dict) or relative is None:
        return node
    moment = midnight + timedelta(days=int(relative["days"]))
    return node | {"expirationTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}

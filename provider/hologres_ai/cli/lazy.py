"""The one place of the command line's lazy imports.

Importing pydantic, httpx, aiohttp and rich takes longer than answering ``--help`` or completing a word, and aiohttp may
not be installed at all. So a command imports what it needs when it runs, and rich only when it draws on a terminal.
"""

# ruff: noqa: PLC0415

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..models import AiNodeListResult
    from .reports import Line


def list_nodes(arguments: Mapping[str, object], *, endpoint: str | None, as_json: bool) -> None:
    """See `listing.run`."""
    from . import list as listing

    listing.run(arguments, endpoint=endpoint, as_json=as_json)


def doctor(*, region: str | None, endpoint: str | None, as_json: bool) -> int:
    """See `doctor.run`."""
    from . import doctor as examination

    return examination.run(region=region, endpoint=endpoint, as_json=as_json)


def find_drift(
    arguments: Mapping[str, object],
    *,
    file: str | None,
    stack: str | None,
    output: str | None,
    resource: str | None,
    classes: tuple[str, ...],
    form: str,
    accept: bool,
    endpoint: str | None,
) -> int:
    """See `comparing.run`."""
    from . import drift as comparing

    source = comparing.BaselineSource(file, stack, output, resource)
    return comparing.run(arguments, source, classes=classes, form=form, accept=accept, endpoint=endpoint)


def check_nodes(
    filters: Mapping[str, object], required: Mapping[str, object], *, warn: bool, as_json: bool, endpoint: str | None
) -> int:
    """See `checking.run`."""
    from . import check as checking

    return checking.run(filters, required, warn=warn, as_json=as_json, endpoint=endpoint)


def emulate(
    host: str,
    port: int,
    *,
    fleet: Path | None,
    access_key_id: str | None,
    access_key_secret: str | None,
    faults: Sequence[str],
) -> None:
    """See `emulating.run`.

    Raises:
        ConfigurationError: aiohttp, on which the emulator is built, is not installed.
    """
    try:
        from . import emulate as emulating
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        title = "the emulator needs aiohttp, which is not installed"
        raise ConfigurationError(title, "Install it with: pip install 'hologres_ai[emulator]'") from None

    emulating.run(
        host, port, fleet=fleet, access_key_id=access_key_id, access_key_secret=access_key_secret, faults=faults
    )


def print_table(result: "AiNodeListResult") -> None:
    """See `table.print_table`."""
    from . import table

    table.print_table(result)


def print_lines(lines: "Iterable[Line]") -> None:
    """See `drawing.print_lines`."""
    from . import drawing

    drawing.print_lines(lines)


def waiting(what: "Callable[[], str]") -> AbstractContextManager[None]:
    """See `progress.waiting`."""
    from . import progress

    return progress.waiting(what)

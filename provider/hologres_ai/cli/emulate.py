"""``hologres-ai emulate``: run the emulator until it is stopped, and print instructions for its use."""

import os
import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigurationError, Failure, InvalidArgumentError
from .options import EXIT_CODES_HELP, File, Value
from .output import print_text, say

if TYPE_CHECKING:
    from ..credentials import Credentials

# The emulator can listen on all addresses, but a client must connect to one address.
_WILDCARDS = {"//0.0.0.0:": "//127.0.0.1:", "//[::]:": "//[::1]:"}


@click.command("emulate", epilog=EXIT_CODES_HELP, short_help="Run a local service with the same API.")
@click.option(
    "--host", type=Value(), metavar="HOST", default="127.0.0.1", show_default=True, help="The address to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="The port to listen on; 0 selects a free port.",
)
@click.option(
    "--fleet",
    metavar="FILE",
    type=File(),
    help='A file with the nodes: {"nodes": [...]}, the output of `list --json`, a response of the API, or a '
    "baseline of `drift --accept`. It is read again when it changes. Default: sample nodes.",
)
@click.option(
    "--access-key-id",
    type=Value(),
    metavar="ID",
    help="The AccessKey ID that requests must use. Do not give a real one: other users can see it.",
)
@click.option(
    "--access-key-secret",
    type=Value(),
    metavar="SECRET",
    help="The secret of this AccessKey. Do not give a real one: other users can see it.",
)
@click.option(
    "--fault",
    "faults",
    metavar="[REGION=]KIND[:TIMES[:SECONDS]]",
    multiple=True,
    help="Apply a fault to the first requests: 503:2 refuses two requests, slow:1:3 delays one request by 3 seconds. "
    "With a region, the fault applies only to requests to the endpoint of this region. Repeatable.",
)
def emulate_command(
    *,
    host: str,
    port: int,
    fleet: str | None,
    access_key_id: str | None,
    access_key_secret: str | None,
    faults: tuple[str, ...],
) -> None:
    """Run a local service with the same API, for tests without an account.

    The command prints only the URL of the service on stdout, and instructions on stderr. Press Ctrl-C to stop it.

    With this URL as the endpoint, the service ignores the region and returns all nodes. To read several regions, set
    the endpoint to http://{region}.localhost:PORT. The service then returns only the nodes of the requested region.

    \b
    Examples:
      hologres-ai emulate
      hologres-ai emulate --port 8080 --fleet fleet.json --fault 503:2
      hologres-ai list --json > fleet.json; hologres-ai emulate --fleet fleet.json
    """
    _check_installation()
    from ..credentials import Credentials
    from ..emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, serve
    from ..emulator.faults import parse_fault

    credentials = Credentials(access_key_id or EMULATOR_ACCESS_KEY_ID, access_key_secret or EMULATOR_ACCESS_KEY_SECRET)
    try:
        parsed = [parse_fault(text) for text in faults]
    except ValueError as error:
        raise InvalidArgumentError([Failure("--fault", str(error))]) from None
    try:
        serve(host, port, Path(fleet) if fleet else None, credentials, partial(_introduce, credentials), faults=parsed)
    except KeyboardInterrupt:  # the signal arrived before the emulator installed its handlers
        return


def _check_installation() -> None:
    try:
        from .. import emulator  # noqa: F401 - checks that it can be imported
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        raise ConfigurationError(
            "the emulator needs aiohttp, which is not installed", "Install it with: pip install 'hologres_ai[emulator]'"
        ) from None


def _introduce(credentials: "Credentials", url: str) -> None:
    """Print only the URL on stdout, for scripts, and the next commands on stderr."""
    from ..settings.network import parse_endpoint

    print_text(url)
    sys.stdout.flush()
    try:
        parse_endpoint(url)
    except ValueError:
        say(
            "warning",
            f"{url} is not a loopback address: other users can read the fleet and set faults",
            "The traffic is not encrypted. `hologres-ai list` refuses http to addresses other than loopback.",
        )
    lines = "".join(f"  {line}\n" for line in _lines_to_try(credentials, _reachable(url)))
    say("", "Run these commands in a different terminal:", f"{lines}Press Ctrl-C to stop the emulator.")


def _reachable(url: str) -> str:
    for wildcard, loopback in _WILDCARDS.items():
        url = url.replace(wildcard, loopback)
    return url


def _lines_to_try(credentials: "Credentials", url: str) -> Iterator[str]:
    from ..emulator import environment
    from ..settings import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, SECURITY_TOKEN

    exports = environment(url, credentials)
    # A real key in a different variable would take precedence, and would be sent to the emulator.
    settings = (ENDPOINT, ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, REGION)
    names = (name for setting in settings for name in setting.environment if name not in exports)
    others = [name for name in names if os.environ.get(name)]
    if others:
        yield f"unset {' '.join(others)}"
    yield from (f"export {name}={shlex.quote(value)}" for name, value in exports.items())
    yield "hologres-ai list"

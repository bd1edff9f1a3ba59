"""``hologres-ai emulate``: run the emulator until it is stopped, and say how to talk to it."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from ..credentials import Credentials
from ..emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, environment, serve
from ..emulator.faults import Fault, parse_fault
from ..errors import Failure, InvalidArgumentError
from ..network import parse_endpoint
from ..settings import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, SECURITY_TOKEN
from .text import say

# One can listen everywhere, and connect only somewhere.
_WILDCARDS = {"//0.0.0.0:": "//127.0.0.1:", "//[::]:": "//[::1]:"}


def run(
    host: str,
    port: int,
    *,
    fleet: Path | None,
    access_key_id: str | None,
    access_key_secret: str | None,
    faults: Sequence[str],
) -> None:
    """Serve until SIGINT or SIGTERM, which are its good ends.

    Raises:
        InvalidArgumentError: a fault that does not exist.
        ConfigurationError: the fleet file can't be used, or the address can't be listened on.
    """
    credentials = Credentials(access_key_id or EMULATOR_ACCESS_KEY_ID, access_key_secret or EMULATOR_ACCESS_KEY_SECRET)
    armed = [_fault(text) for text in faults]
    try:
        serve(host, port, fleet, credentials, partial(_introduce, credentials), faults=armed)
    except KeyboardInterrupt:  # before the emulator listens to signals itself
        return


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except ValueError as error:
        raise InvalidArgumentError([Failure("--fault", str(error))]) from None


def _introduce(credentials: Credentials, url: str) -> None:
    """The URL alone on stdout, for scripts; what a person types next on stderr."""
    click.echo(url)
    if not _is_loopback(url):
        say(
            "warning",
            f"{url} is not loopback: others may read the fleet and arm faults",
            "The traffic is not encrypted either, which is why `hologres-ai list` refuses http to any other machine.",
        )
    lines = "".join(f"  {line}\n" for line in _lines_to_try(credentials, _reachable(url), os.environ))
    click.echo(f"To try it, in another terminal:\n{lines}Ctrl-C stops it.", err=True)


def _is_loopback(url: str) -> bool:
    try:
        parse_endpoint(url)
    except ValueError:
        return False
    return True


def _reachable(url: str) -> str:
    for wildcard, loopback in _WILDCARDS.items():
        url = url.replace(wildcard, loopback)
    return url


def _lines_to_try(credentials: Credentials, url: str, environ: Mapping[str, str]) -> Iterator[str]:
    exports = environment(url, credentials)
    # A real key under another name would win over these, and go to the emulator.
    settings = (ENDPOINT, ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, REGION)
    others = [name for setting in settings for name in setting.environment if name not in exports and environ.get(name)]
    if others:
        yield f"unset {' '.join(others)}"
    yield from (f"export {name}={shlex.quote(value)}" for name, value in exports.items())
    yield "hologres-ai list"

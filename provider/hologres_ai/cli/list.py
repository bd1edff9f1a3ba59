"""``hologres-ai list``: read, then show the answer in the form that suits its reader."""

import codecs
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import click

from ..config import has_credentials, has_region
from ..core.read import read
from ..core.session import run as run_to_end
from ..errors import ConfigurationError, Failure, InvalidArgumentError
from ..models import AiNodeListResult, Query, build_query, to_wire
from ..settings import ACCESS_KEY, REGION, SECRET_KEY, Setting, look_up
from . import lazy, plain
from .text import say

MOST_NAMED = 5  # of the regions that are waited for
# Where an option is not called what its argument is called.
OPTIONS = {
    "regions": "--region",
    "ids": "--id",
    "statuses": "--status",
    "charge_types": "--charge-type",
    "ai_specs": "--ai-spec",
}


def run(arguments: Mapping[str, object], *, endpoint: str | None, as_json: bool) -> None:
    """Read with `build_query`'s `arguments` and print.

    Raises:
        InvalidArgumentError, ConfigurationError: before any network call; in the words of the command line.
        HologresAiError: the region could not be read.
    """
    result = read_live(parse_query(arguments), endpoint)
    for warning in result.warnings:
        say("warning", warning)
    _show(result, as_json=as_json)


def parse_query(arguments: Mapping[str, object]) -> Query:
    """The query in a command's options.

    Raises:
        InvalidArgumentError: in the words of the command line.
    """
    try:
        return build_query(arguments)
    except InvalidArgumentError as error:
        failures = [Failure(option(failure.argument), failure.reason) for failure in error.failures]
        raise InvalidArgumentError(failures) from None


def option(argument: str) -> str:
    """``--id`` for ``ids[0]``, ``--name-regex`` for ``name_regex``."""
    name = argument.partition("[")[0]
    return OPTIONS.get(name, "--" + name.replace("_", "-"))


def read_live(query: Query, endpoint: str | None) -> AiNodeListResult:
    """The nodes as the service has them now; on a terminal, with a sign of life.

    Raises:
        ConfigurationError: a setting is missing; in the words of the command line.
        HologresAiError: the region could not be read.
    """
    arguments = {"region": query.region, "endpoint": endpoint}
    _require({**arguments, "region": query.region or next(iter(query.regions or ()), None)})
    stages: list[tuple[str, ...]] = []
    with _sign_of_life(lambda: _under_way(stages)):
        return run_to_end(lambda: read(query, arguments, progress=lambda regions: stages.append(tuple(regions))))


def _under_way(stages: Sequence[Sequence[str]]) -> str:
    """What is under way; of several regions, how many have answered and which have not."""
    asked, waiting = (len(stages[0]), stages[-1]) if stages else (1, ())
    if asked == 1:
        return f"reading the AI nodes of {waiting[0] if waiting else 'the region'}"
    names = ", ".join(waiting[:MOST_NAMED]) + (", …" if len(waiting) > MOST_NAMED else "")
    return f"reading {asked} regions: {asked - len(waiting)} done, waiting for {names}"


def _require(arguments: Mapping[str, str | None]) -> None:
    """What is missing, in the words of the command line, which reads no Pulumi configuration."""
    settings = look_up(arguments)
    keys = (ACCESS_KEY, SECRET_KEY)
    missing: list[Setting] = [setting for setting in keys if settings.find(setting) is None]
    if len(missing) == len(keys) and has_credentials(settings):
        missing = []
    if not has_region(settings):
        missing.insert(0, REGION)
    if not missing:
        return
    names = " and ".join(setting.environment[1] for setting in missing)
    hint = "Give --region, or set" if missing == [REGION] else "Set"
    raise ConfigurationError(
        f"not set: {', '.join(setting.key for setting in missing)}",
        f"{hint} {names} in the environment; `hologres-ai list --help` has every name that is read"
        + (", and the other ways to give credentials." if ACCESS_KEY in missing else "."),
    )


def _sign_of_life(what: Callable[[], str]) -> AbstractContextManager[None]:
    """Only for somebody who sits at the terminal: behind a pipe, a pager may be drawing there."""
    on_terminal = sys.stdout.isatty() and sys.stderr.isatty()
    return lazy.waiting(what) if on_terminal else nullcontext()


def _show(result: AiNodeListResult, *, as_json: bool) -> None:
    if as_json:
        wire = to_wire(result, request_id=True)
        click.echo(json.dumps(wire, ensure_ascii=not takes_unicode(), indent=2))
    elif not sys.stdout.isatty():
        sys.stdout.writelines(f"{line}\n" for line in plain.lines(result))
    elif result.instance_model_list:
        lazy.print_table(result)


def takes_unicode() -> bool:
    """Whether stdout has all characters."""
    return codecs.lookup(sys.stdout.encoding).name.startswith("utf")

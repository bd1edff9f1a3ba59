"""Read the AI nodes for list, drift and check. Show progress, and name options in error messages."""

from collections.abc import Mapping, Sequence

from ..api.client import Client
from ..clock import utc_now
from ..config import CallConfig, has_credentials, region_in, resolve, resolve_regions
from ..core.read import read
from ..core.session import run as run_to_end
from ..credentials import Credentials
from ..errors import ConfigurationError, Failure, HologresAiError, InvalidArgumentError
from ..models import AiNodeListResult, Query, build_query
from ..names import EVERY_REGION
from ..region_data import AS_OF, REGIONS
from ..settings import ACCESS_KEY, PROFILE, REGION, SECRET_KEY, Setting
from ..settings.lookup import ResolvedSettings, look_up
from .options import option_name
from .output import progress, say
from .reports import Report

Connection = Mapping[str, str | None]
"""The options ``--endpoint`` and ``--profile``."""

_MOST_NAMED = 5  # pending regions in the progress text


def parse_query(arguments: Mapping[str, object]) -> Query:
    """Build the query from the arguments in a command's options.

    Raises:
        InvalidArgumentError: an option is invalid; the error contains the names of the options.
    """
    if arguments.get("on_region_error") and not arguments.get("regions"):
        raise InvalidArgumentError([Failure("--on-region-error", "requires --region")])
    try:
        return build_query(arguments)
    except InvalidArgumentError as error:
        failures = [Failure(option_name(failure.argument), failure.reason) for failure in error.failures]
        raise InvalidArgumentError(failures) from None


def read_nodes(command: str, query: Query, connection: Connection) -> tuple[AiNodeListResult, Report]:
    """Read the nodes. Show progress on a terminal, and print warnings on stderr.

    Returns:
        The nodes, and the report of the command with the nodes and the source of the credentials.

    Raises:
        ConfigurationError: a setting is missing or invalid.
        HologresAiError: a region could not be read.
    """
    arguments = {"region": query.region, **connection}
    _check_settings({**arguments, "region": query.region or next(iter(query.regions or ()), None)})
    config = resolve_regions(query.regions, arguments)[0] if query.regions else resolve(arguments)
    stages: list[tuple[str, ...]] = []
    with progress(lambda: _describe(stages)):
        result = run_to_end(lambda: read(query, arguments, progress=lambda regions: stages.append(tuple(regions))))
    if EVERY_REGION in (query.regions or ()):
        say("note", f"* read the {len(REGIONS)} regions that were known on {AS_OF}")
    for warning in result.warnings:
        say("warning", warning)
    report = Report(
        command=command,
        read_at=utc_now(),
        result=result,
        credentials_from=config.credentials_from,
        access_key_id=_start_of_id(config),
    )
    return result, report


def regions_of(query: Query, connection: Connection) -> tuple[str, ...]:
    """Return the regions that a query reads, even if another setting is invalid. Empty if no region is set."""
    if query.regions:
        return REGIONS if EVERY_REGION in query.regions else query.regions
    found = region_in(look_up({**connection, "region": query.region}))
    return (found.value,) if found else ()


def _start_of_id(config: CallConfig) -> str:
    """Return the first characters of the AccessKey ID, from the cached credentials of the read."""
    keys = config.credentials
    if not isinstance(keys, Credentials):
        try:
            keys = run_to_end(Client(config).credentials)
        except HologresAiError:  # the credentials expired after the read
            return ""
    return keys.shown_id


def _describe(stages: Sequence[Sequence[str]]) -> str:
    """Return the progress text, for several regions with the number of finished regions and the pending regions."""
    asked, waiting = (len(stages[0]), stages[-1]) if stages else (1, ())
    if asked == 1:
        return f"reading the AI nodes of {waiting[0] if waiting else 'the region'}"
    names = ", ".join(waiting[:_MOST_NAMED]) + (", ..." if len(waiting) > _MOST_NAMED else "")
    return f"reading {asked} regions: {asked - len(waiting)} done, waiting for {names}"


def _check_settings(arguments: Mapping[str, str | None]) -> None:
    """Raise an error if the region or the AccessKey is not set.

    The error does not mention the Pulumi configuration, because the command line does not read it.
    """
    settings = look_up(arguments)
    missing = missing_keys(settings)
    if region_in(settings) is None:
        missing.insert(0, REGION)
    if missing:
        raise missing_error(missing)


def missing_keys(settings: ResolvedSettings) -> list[Setting]:
    """Return the parts of the AccessKey that are not set. Empty if a different source of credentials is used."""
    keys = (ACCESS_KEY, SECRET_KEY)
    missing: list[Setting] = [setting for setting in keys if settings.find(setting) is None]
    profile = settings.find(PROFILE)
    is_profile_used = profile is not None and profile.is_argument
    if (len(missing) == len(keys) or is_profile_used) and has_credentials(settings):
        return []
    return missing


def missing_error(missing: Sequence[Setting]) -> ConfigurationError:
    """Return the error for missing settings, with the option or the environment variables to set."""
    names = " and ".join(map(_usual_variable, missing))
    hint = "Give --region, or set" if list(missing) == [REGION] else "Set"
    return ConfigurationError(
        f"not set: {', '.join(setting.key for setting in missing)}",
        f"{hint} {names} in the environment; `hologres-ai list --help` lists every name"
        + (", and the other ways to give credentials." if ACCESS_KEY in missing else "."),
    )


def _usual_variable(setting: Setting) -> str:
    """Return the environment variable that the Alibaba Cloud tools also use."""
    return next(name for name in setting.environment if name.startswith("ALIBABA_CLOUD_"))

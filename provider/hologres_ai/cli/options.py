"""The options that several commands share, the names of options, and common parts of the help."""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import reduce, wraps
from glob import escape, glob
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..names import EVERY_REGION, did_you_mean
from ..process import DEBUG
from ..region_data import REGIONS
from ..settings import ALL_SETTINGS
from .errors import EXIT_CODES
from .files import target_of
from .reports import STDOUT, Target

_T = TypeVar("_T")
Command = Callable[..., _T]

# The options whose name differs from the name of their argument.
_NAMES = {
    "regions": "--region",
    "ids": "--id",
    "statuses": "--status",
    "charge_types": "--charge-type",
    "ai_specs": "--ai-spec",
}
STDIN = "-"
_SHORT_FORMS = ("json", "markdown", "junit")


class Value(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """A text that must not be empty, because an empty text usually comes from an unset variable of a script.

    Args:
        values: common values, for completion. Any other value is also accepted.
    """

    name = "text"

    def __init__(self, *values: str) -> None:
        self.values = values

    def parse(self, text: str) -> object:
        """Convert text to a value.

        Raises:
            ValueError: the text is invalid.
        """
        return text

    def split(self, text: str, what: str, detail: str) -> tuple[str, str]:
        """Split ``NAME`` or ``NAME=DETAIL`` at the first ``=``; `what` and `detail` name the parts in an error.

        Raises:
            ValueError: the name is not one of `values`, or the detail is empty after a ``=``.
        """
        name, equals, value = text.partition("=")
        if name not in self.values:
            hint = did_you_mean(name, self.values) or f"; give one of {', '.join(self.values)}"
            raise ValueError(f"no such {what}: {name!r}{hint}")
        if equals and not value:
            raise ValueError(f"{detail} is empty: {text!r}")
        return name, value

    def completions(self, incomplete: str) -> Iterable[str]:
        """Return the possible values that start with `incomplete`."""
        return (value for value in self.values if value.startswith(incomplete))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse a text. A value that is already parsed, which click can also pass, is returned unchanged."""
        if value == "":
            self.fail("must not be empty", param, ctx)
        try:
            return self.parse(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the completions of the value for a shell."""
        return [CompletionItem(text) for text in self.completions(incomplete)]


class File(Value):
    """The name of a file."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Let the shell complete the names of files."""
        return [CompletionItem(incomplete, type="file")]


class Names(Value):
    """One or more names from a fixed set, separated by commas."""

    def parse(self, text: str) -> tuple[str, ...]:
        """Return the names in the order of the set, without repetitions."""
        given = [name.strip() for name in text.split(",")]
        for name in given:
            if name not in self.values:
                raise ValueError(f"{name!r} is not one of {', '.join(self.values)}")
        return tuple(name for name in self.values if name in given)

    def completions(self, incomplete: str) -> Iterable[str]:
        """Return the completions of the last name."""
        before, comma, last = incomplete.rpartition(",")
        return (before + comma + name for name in super().completions(last) if name not in before.split(","))


class ReportTarget(Value):
    """The value of ``--report``: ``FORMAT`` or ``FORMAT=FILE``, split at the first ``=``."""

    def parse(self, text: str) -> Target:
        """Return the target."""
        name, file = self.split(text, "format", "the name of the file")
        return Target(name, None if file in ("", *STDOUT) else file)

    def completions(self, incomplete: str) -> Iterable[str]:
        """Return the formats or, after the ``=``, the files whose names start with the text."""
        name, equals, start = incomplete.partition("=")
        if not equals:
            return super().completions(incomplete)
        found = sorted(glob(f"{escape(start)}*"))  # noqa: PTH207 - the text may be an absolute path
        return (f"{name}={file}{'/' if Path(file).is_dir() else ''}" for file in found)


class ReportCommand(click.Command):
    """A command with ``--report``."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the file in ``--report FORMAT=FILE`` in bash, which passes ``=`` as a separate word."""
        if ctx.args[-1:] == ["="]:
            return [CompletionItem(incomplete, type="file")]
        return super().shell_complete(ctx, incomplete)


_FILTERS = (
    click.option("--instance-id", type=Value(), metavar="ID", help="Only nodes of this Hologres instance."),
    click.option(
        "--region",
        "regions",
        metavar="REGION",
        multiple=True,
        type=Value(*REGIONS),
        help="The region to read, such as cn-hangzhou. Repeatable. '*' reads all known regions.",
    ),
    click.option(
        "--on-region-error",
        type=click.Choice(["fail", "partial"]),
        help="What to do if a region can't be read. fail (default): report an error. partial: report the other "
        "regions, and the error of this region.",
    ),
    click.option("--id", "ids", metavar="ID", multiple=True, help="Only the AI instance with this ID. Repeatable."),
    click.option(
        "--name-regex", metavar="REGEX", help="Only nodes whose Hologres instance name matches this Python regex."
    ),
    click.option(
        "--status",
        "statuses",
        metavar="STATUS",
        multiple=True,
        type=Value("ResourceReady"),
        help="Only nodes in this status, such as ResourceReady. Repeatable.",
    ),
    click.option(
        "--charge-type",
        "charge_types",
        metavar="TYPE",
        multiple=True,
        type=Value("PostPaid", "PrePaid"),
        help="Only nodes with this billing: PostPaid or PrePaid. Repeatable.",
    ),
    click.option(
        "--ai-spec",
        "ai_specs",
        metavar="SPEC",
        multiple=True,
        help="Only nodes of exactly this specification. Repeatable.",
    ),
)

_CONNECTION = (
    click.option(
        "--endpoint",
        type=Value(),
        metavar="URL",
        help="The API endpoint to use instead of hologram.REGION.aliyuncs.com.",
    ),
    click.option(
        "--profile",
        type=Value(),
        metavar="NAME",
        help="Use the credentials and the region of this profile of the Alibaba Cloud CLI.",
    ),
)


def with_filters(command: Command[_T]) -> Command[_T]:
    """Add the options that select nodes to a command."""
    return _add_options(_FILTERS, command)


def with_connection(command: Command[_T]) -> Command[_T]:
    """Add the options for the endpoint and the profile to a command."""
    return _add_options(_CONNECTION, command)


def with_reports(*formats: str) -> Callable[[Command[_T]], Command[_T]]:
    """Add the options of the reports to a command. The command is called with `targets` and `quiet`."""
    short_forms = [name for name in _SHORT_FORMS if name in formats]
    options = (
        click.option(
            "--report",
            "reports",
            metavar="FORMAT[=FILE]",
            multiple=True,
            type=ReportTarget(*formats),
            help=f"Write a report to FILE, or to stdout. Formats: {', '.join(formats)}. Repeatable.",
        ),
        *(click.option(f"--{name}", is_flag=True, help=f"Short for --report {name}.") for name in short_forms),
        click.option("--quiet", is_flag=True, help="Print text only if there is a finding and --report is not given."),
    )

    def decorate(command: Command[_T]) -> Command[_T]:
        @wraps(command)
        def wrapper(*, reports: tuple[Target, ...], **given: Any) -> _T:
            short = tuple(Target(name) for name in short_forms if given.pop(name))
            return command(targets=_check_targets((*short, *reports)), **given)

        return _add_options(options, wrapper)

    return decorate


def _check_targets(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Refuse reports that would overwrite each other."""
    printed = [target.format for target in targets if target.file is None]
    if len(printed) > 1:
        raise click.UsageError(
            f"Only one report can be printed on stdout, not {' and '.join(printed)}: set FORMAT=FILE."
        )
    files = [target.file for target in targets if target.file is not None]
    for file in files:
        if [target_of(other) for other in files].count(target_of(file)) > 1:
            raise click.UsageError(f"Two reports can't be written to the same file: {file}")
    return targets


def _add_options(options: Iterable[Callable[[Command[_T]], Command[_T]]], command: Command[_T]) -> Command[_T]:
    return reduce(lambda function, option: option(function), reversed(tuple(options)), command)


def query_arguments(options: Mapping[str, object]) -> dict[str, object]:
    """Convert a command's options to the arguments of a query.

    An option that was not given is None. A single region becomes `region`, unless ``--on-region-error`` is given.
    """
    given = {name: None if value == () else value for name, value in options.items()}
    match given.get("regions"):
        case (str(one),) if one != EVERY_REGION and not given.get("on_region_error"):
            return given | {"regions": None, "region": one}
    return given


def option_name(argument: str, names: Mapping[str, str] = _NAMES) -> str:
    """Return the option of an argument: ``--id`` for ``ids[0]``, ``--name-regex`` for ``name_regex``."""
    name = argument.partition("[")[0]
    return names.get(name, "--" + name.replace("_", "-"))


# --- Parts of the help ------------------------------------------------------------------------------------------------


def _variable(name: str, environment: tuple[str, ...]) -> str:
    head, indent = f"  {name:<21}", " " * 23
    if not head.endswith(" "):  # the name is as wide as the column, or wider
        return f"{head}\n{textwrap.fill(', '.join(environment), 78, initial_indent=indent, subsequent_indent=indent)}"
    return textwrap.fill(", ".join(environment), 78, initial_indent=head, subsequent_indent=indent)


ENVIRONMENT_HELP = "\n".join(
    (
        "\b\nEnvironment variables (the first variable that is set is used;",
        "timeouts are in ms, maxRetryTimeout is in s):",
        *(_variable(name, environment) for setting in ALL_SETTINGS for name, environment in setting.variables()),
        _variable("proxies", ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")),
        _variable("certificates", ("SSL_CERT_FILE", "SSL_CERT_DIR")),
        _variable("traceback of errors", (f"{DEBUG}=1",)),
    )
)

EXIT_CODES_HELP = "\n".join(("\b\nExit codes:", *(f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES)))

"""The command line: what each command takes, and what it says of itself.

What the commands do stands in `listing` and `emulating`, which `lazy` imports when they run.
"""

import textwrap
from pathlib import Path

import click

from ..config import SETTINGS, Setting
from . import lazy
from .columns import COLUMNS
from .failures import GuardedGroup

_EXIT_CODES = """
\b
Exit codes:
  0    done; so is an empty list, and an emulator that was stopped
  1    the read failed, or its output could not be written
  2    bad arguments or configuration; nothing was sent
  130  interrupted
  141  the reader of the output went away, as `head` does
"""


def _setting(setting: Setting) -> str:
    names = ", ".join(setting.environment)
    return textwrap.fill(names, 78, initial_indent=f"  {setting.key:<21}", subsequent_indent=" " * 23)


_ENVIRONMENT = "\n".join(
    (
        "\b\nEnvironment (the first name that is set wins; timeouts in ms, retries in s):",
        *(_setting(setting) for setting in SETTINGS),
        "  proxies              HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
        "  tracebacks of bugs   HOLOGRES_AI_DEBUG=1",
    )
)

_COLUMNS = "\n".join(
    (
        "\b\nColumns in a pipe:",
        *(f"  {number:2}  {title}" for number, (title, _) in enumerate(COLUMNS, 1)),
    )
)


@click.group(cls=GuardedGroup, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hologres_ai", message="hologres-ai %(version)s")
def main() -> None:
    """Read the AI nodes of Alibaba Cloud Hologres: which there are, what they have free, when they expire.

    Nothing here changes anything at the service.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou
      hologres-ai emulate
    """


@main.command("list", epilog=f"{_COLUMNS}\n\n{_ENVIRONMENT}\n{_EXIT_CODES}")
@click.option("--instance-id", metavar="ID", help="Only the nodes of this Hologres instance.")
@click.option("--region", metavar="REGION", help="The region to read, such as cn-hangzhou.")
@click.option("--id", "ids", metavar="ID", multiple=True, help="Only the AI instance with this ID. Repeatable.")
@click.option(
    "--name-regex", metavar="REGEX", help="Only where this Python regular expression is found in the Hologres name."
)
@click.option(
    "--status", "statuses", metavar="STATUS", multiple=True, help="Only in this status: ResourceReady. Repeatable."
)
@click.option(
    "--charge-type", "charge_types", metavar="TYPE", multiple=True, help="Only PostPaid or PrePaid. Repeatable."
)
@click.option(
    "--ai-spec", "ai_specs", metavar="SPEC", multiple=True, help="Only of this specification, whole. Repeatable."
)
@click.option("--no-usage", is_flag=True, help="Leave out what is used and free, which changes all the time.")
@click.option("--endpoint", metavar="URL", help="Read from here instead of hologram.REGION.aliyuncs.com.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, in the API's spelling.")
def list_command(no_usage: bool, endpoint: str | None, as_json: bool, **filters: str | tuple[str, ...] | None) -> None:
    """List the AI nodes of one region, with what they have free.

    Filters of different kinds are joined by AND, repetitions of one kind by OR.

    On a terminal, a table: GPU in cards, GPU memory in GB, CPU in cores, memory in GiB. A capacity is the
    specification of one node x the number of nodes. "?" is a figure that the service leaves unknown, or that can't be
    known because more is used than there is. An expiry within 30 days is red unless the subscription renews itself.
    NO_COLOR, FORCE_COLOR and TERM=dumb are heeded.

    In a pipe, a line a node: values separated by tabs, without a heading, "?" for an unknown and "-" for one left
    out by --no-usage. Characters that are not visible are written as codes, such as \\x1b. Warnings are on stderr.

    The AccessKey comes from the environment only: options can be seen in the list of processes.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou --charge-type PrePaid
      hologres-ai list | awk -F'\\t' '$9+0 >= 2 {print $4}'  # free GPUs
      hologres-ai list --json | jq .totals.gpu.free
    """
    arguments: dict[str, object] = {name: None if value == () else value for name, value in filters.items()}
    lazy.list_nodes(arguments | {"include_usage": not no_usage}, endpoint=endpoint, as_json=as_json)


@main.command(epilog=_EXIT_CODES, short_help="Run a local service that speaks the API.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--fleet",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The nodes, as JSON; read anew when it changes. Without it, a fleet that comes along.",
)
@click.option("--access-key-id", metavar="ID", help="The AccessKey ID to expect. Not a real one: it can be seen.")
@click.option("--access-key-secret", metavar="SECRET", help="Its secret. Not a real one: it can be seen.")
@click.option(
    "--fault",
    "faults",
    metavar="KIND[:TIMES[:SECONDS]]",
    multiple=True,
    help="Let the first requests fail, such as 503:2, or be slow, such as slow:1:3. Repeatable.",
)
def emulate(
    *,
    host: str,
    port: int,
    fleet: Path | None,
    access_key_id: str | None,
    access_key_secret: str | None,
    faults: tuple[str, ...],
) -> None:
    """Run a local service that speaks the API, for trying things out without an account.

    The first line on stdout is its URL, alone; how to use it follows on stderr. Ctrl-C stops it.

    \b
    Examples:
      hologres-ai emulate
      hologres-ai emulate --port 8080 --fleet fleet.json --fault 503:2
    """
    lazy.emulate(
        host, port, fleet=fleet, access_key_id=access_key_id, access_key_secret=access_key_secret, faults=faults
    )

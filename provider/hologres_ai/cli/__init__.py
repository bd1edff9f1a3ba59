"""The command line. This module contains the command group; each command is in the module of the same name."""

import click

from ..process import exit_process
from .check import check_command
from .doctor import doctor_command
from .drift import drift_command
from .emulate import emulate_command
from .errors import CommandGroup, open_missing_streams, prepare_stdout
from .list import list_command
from .options import EXIT_CODES_HELP


@click.group(
    cls=CommandGroup,
    epilog=EXIT_CODES_HELP,
    commands=[list_command, drift_command, check_command, doctor_command, emulate_command],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="hologres_ai", message="hologres-ai %(version)s")
def main() -> None:
    """Read the AI nodes of Alibaba Cloud Hologres, with their free capacity and their expiry times.

    All commands are read-only.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou
      hologres-ai drift --baseline baseline.json
      hologres-ai check --min-free-gpus 2
      hologres-ai doctor
      hologres-ai emulate
    """


def run() -> None:
    """Run the command line as the main program, and exit the process with its exit code."""
    open_missing_streams()
    prepare_stdout()
    try:
        main(prog_name="hologres-ai")
    except SystemExit as end:
        exit_process(end.code if isinstance(end.code, int) else 0)
        raise

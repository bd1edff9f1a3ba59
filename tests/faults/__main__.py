"""`python -m tests.faults`: every fault with this package's client and with the official SDK."""

import sys

import click
from rich.console import Console
from rich.progress import Progress

from tests.faults import page
from tests.faults.comparison import Compared, compare
from tests.faults.families import FAMILIES, Row
from tests.faults.table import ROWS


@click.command()
@click.option(
    "--family", "families", multiple=True, type=click.Choice([*FAMILIES]), help="Only the rows of this family."
)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.option("--write", is_flag=True, help=f"Write it into {page.PAGE.parent.name}/{page.PAGE.name} too.")
def main(families: tuple[str, ...], as_json: bool, write: bool) -> None:
    """Run every fault with this package's client and with the official SDK, and show both results.

    The exit code is 1 where this package's client failed a row.
    """
    if families and write:
        raise click.UsageError("the page holds every family: leave out --family")
    compared = _watched([row for row in ROWS if not families or row.family in families])
    _show(compared, as_json)
    if write:
        page.write(compared)
    sys.exit(0 if all(entry.package.passed for entry in compared) else 1)


def _watched(rows: list[Row]) -> list[Compared]:
    calls = len(rows) + sum(row.compared for row in rows)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("running faults", total=calls)
        return compare(rows, lambda _line: progress.advance(task))


def _show(compared: list[Compared], as_json: bool) -> None:
    if as_json:
        click.echo(page.as_json(compared))
    elif sys.stdout.isatty():
        page.on_terminal(compared, Console())
    else:
        click.echo(page.plain(compared))


if __name__ == "__main__":
    main()

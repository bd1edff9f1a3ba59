"""A sign of life on stderr while the service takes its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn

PATIENCE = 0.5  # seconds; a sign that vanishes at once is only a flicker


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show `what` and the seconds since, once it takes longer than `PATIENCE`; gone without a trace afterwards."""
    done = Event()
    thread = Thread(target=_show, args=(what, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(what: str, done: Event) -> None:
    if done.wait(PATIENCE):
        return
    console = Console(stderr=True)
    columns = SpinnerColumn("line"), TextColumn(escape(what)), TextColumn("{task.elapsed:.0f} s")
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task("")
        done.wait()

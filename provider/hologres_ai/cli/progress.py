"""A sign of life on stderr while the service takes its time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

PATIENCE = 0.5  # seconds; a sign that vanishes at once is only a flicker


class _Words(ProgressColumn):
    """What is under way, asked anew each time it is drawn."""

    def __init__(self, what: Callable[[], str]) -> None:
        super().__init__()
        self._what = what

    def render(self, task: Task) -> Text:  # noqa: ARG002
        return Text(self._what())


@contextmanager
def waiting(what: Callable[[], str]) -> Iterator[None]:
    """Show `what` and the seconds since, once it takes longer than `PATIENCE`; gone without a trace afterwards."""
    done = Event()
    thread = Thread(target=_show, args=(what, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(what: Callable[[], str], done: Event) -> None:
    if done.wait(PATIENCE):
        return
    console = Console(stderr=True)
    columns = SpinnerColumn("line"), _Words(what), TextColumn("{task.elapsed:.0f} s")
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task("")
        done.wait()

"""A client in a separate process, with a time limit for each call and a memory limit."""

import multiprocessing
import resource
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from tests.faults.report import Report, observe
from tests.faults.testbed import Job

CLIENTS = {"hologres_ai": "tests.faults.package_client", "official SDK": "tests.faults.official_client"}
MEMORY = 3 * 2**30  # bytes of address space: protects the machine from a client without a limit


class Worker:
    """One client; a context manager. A call that does not end in time ends its process, and the next has a new one."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._processes = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, child_pipe = self._processes.Pipe()
        self._process = self._processes.Process(target=_serve, args=(self._client, child_pipe), daemon=True)
        self._process.start()
        child_pipe.close()
        self._pipe.recv()  # the imports are done and are not part of a call

    def restart(self) -> None:
        """Start a new process, whose peak memory is still low."""
        self._stop()
        self._start()

    def call(self, job: Job, seconds: float) -> Report | None:
        """The report, or None where the call did not end within `seconds` or ended the process."""
        self._pipe.send(job)
        with suppress(EOFError):
            if self._pipe.poll(seconds):
                report: Report = self._pipe.recv()
                return report
        self.restart()
        return None

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()


def _serve(client: str, pipe: Connection) -> None:
    ask = import_module(CLIENTS[client]).ask
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pipe.send("ready")
    with suppress(EOFError):
        while True:
            pipe.send(observe(ask, pipe.recv()))

"""A run of a whole Pulumi program on mocks, without an engine."""

import asyncio
import contextlib
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import Context
from functools import partial
from pathlib import Path

from pulumi.runtime import Mocks, Settings, configure, rpc, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor
from pulumi.runtime.proto.resource_pb2 import RegisterResourceOutputsRequest

from .values import is_unknown

Program = Path | Callable[[], object]


def run_program(
    program: Program,
    mocks: Mocks,
    *,
    config: Mapping[str, str] | None = None,
    project: str = "project",
    stack: str = "dev",
    preview: bool = False,
) -> dict[str, object]:
    """Run a program as `pulumi up` does, and return the stack outputs by name, as `pulumi stack output --json` does.

    Each run stands alone: with an event loop, settings of Pulumi and an import of the folder's modules of its own. It
    can't be called while an event loop runs in this thread.

    Args:
        program: the folder with `__main__.py`, or the file, which runs in its folder; or a function that makes
            resources and exports.
        mocks: what answers the program.
        config: the stack's configuration, such as ``{"project:zone": "cn-hangzhou-j"}``.
        project: the project's name, which `pulumi.Config()` reads from.
        stack: the stack's name.
        preview: whether it is a preview. An output that is not known then is not among the outputs.

    Raises:
        HologresAiError: the AI nodes could not be read.
        Exception: whatever else ends the program, such as a `pulumi.RunError`.
    """
    # Pulumi's settings are context variables: those of this run end with its context.
    monitor, context = _Monitor(mocks), Context()
    settings = partial(Settings, project, stack, monitor=monitor, engine=MockEngine(None), dry_run=preview)
    with _inside(program) if isinstance(program, Path) else contextlib.nullcontext(program) as run:
        context.run(_run, run, settings, config or {})
    outputs = {name: _plain(value) for name, value in monitor.outputs.items()}
    return {name: value for name, value in outputs.items() if not is_unknown(value)}


class _Monitor(MockMonitor):
    """Keeps the stack's outputs as the engine would be told them."""

    outputs: Mapping[str, object] = {}

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> object:  # noqa: N802 - the engine's
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.outputs = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _run(run: Callable[[], object], settings: Callable[[], Settings], config: Mapping[str, str]) -> None:
    configure(settings())
    set_all_config(dict(config))
    with asyncio.Runner() as runner:
        # What fails a run is raised. Pulumi leaves it in every output as well, and asyncio would log each of them.
        runner.get_loop().set_exception_handler(lambda _loop, _context: None)
        runner.run(run_in_stack(lambda: _without_result(run)))


def _without_result(run: Callable[[], object]) -> None:
    run()


def _plain(value: object) -> object:
    """The value as `pulumi stack output --json --show-secrets` has it; on the wire every number is a double."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextlib.contextmanager
def _inside(program: Path) -> Iterator[Callable[[], object]]:
    """The run of a program in its folder, whose modules are forgotten: the next run imports them anew."""
    script = (program / "__main__.py" if program.is_dir() else program).resolve()
    before, path = set(sys.modules), list(sys.path)
    with contextlib.chdir(script.parent):
        sys.path.insert(0, str(script.parent))
        try:
            yield lambda: runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.path[:] = path
            _forget(set(sys.modules) - before, script.parent)


def _forget(names: Iterable[str], folder: Path) -> None:
    for name in names:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]

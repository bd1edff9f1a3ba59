"""Run a complete Pulumi program with mocks, without an engine."""

import asyncio
import contextlib
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from pathlib import Path

import pulumi
from pulumi.runtime import Mocks, Settings, configure, rpc, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor
from pulumi.runtime.proto.resource_pb2 import RegisterResourceOutputsRequest

Program = str | Path | Callable[[], object]


def run_program(
    program: Program,
    mocks: Mocks,
    *,
    config: Mapping[str, str] | None = None,
    project: str = "project",
    stack: str = "dev",
    preview: bool = False,
) -> dict[str, object]:
    """Run a program as in `pulumi up`, and return the stack outputs by name, as in `pulumi stack output --json`.

    Each run is isolated. It has its own thread, context, event loop and Pulumi settings, and imports the modules in the
    program's folder anew. The function can be called while an event loop is running.

    Args:
        program: the path of the folder with `__main__.py`, or of a file, which runs in its folder; or a function that
            creates resources and exports outputs.
        mocks: the mocks that the program uses.
        config: the configuration of the stack, such as ``{"project:zone": "cn-hangzhou-j"}``.
        project: the name of the project, which is the default namespace of `pulumi.Config()`.
        stack: the name of the stack.
        preview: whether the run is a preview. Outputs that are unknown during a preview are not returned.

    Raises:
        HologresAiError: the AI nodes could not be read.
        Exception: any other error in the program, such as a `pulumi.RunError`.
    """
    monitor = _Monitor(mocks)
    settings = partial(Settings, project, stack, monitor=monitor, engine=MockEngine(None), dry_run=preview)
    with (
        _inside(Path(program)) if isinstance(program, str | Path) else contextlib.nullcontext(program) as run,
        ThreadPoolExecutor(1, thread_name_prefix="pulumi-program") as executor,
    ):
        # A new thread and a new context, because Pulumi's settings are context variables and an event loop belongs to a
        # thread.
        executor.submit(Context().run, _run, run, settings, monitor, config or {}).result()
    outputs = {name: _plain(value) for name, value in monitor.outputs.items()}
    return {name: value for name, value in outputs.items() if not pulumi.contains_unknowns(value)}


class _Monitor(MockMonitor):
    """A mock monitor that stores the outputs of the stack, and calls the mocks in the context of the program.

    Pulumi stores the configuration of the program in a context variable, and calls mocks in threads. Some versions of
    Pulumi call mocks without the context of the program. Versions 3.200 to 3.250 were tested.
    """

    outputs: Mapping[str, object] = {}
    context = Context()

    def Invoke(self, request: object) -> object:  # noqa: N802 - Pulumi's name
        return self.context.copy().run(super().Invoke, request)

    def ReadResource(self, request: object) -> object:  # noqa: N802 - Pulumi's name
        return self.context.copy().run(super().ReadResource, request)

    def RegisterResource(self, request: object) -> object:  # noqa: N802 - Pulumi's name
        return self.context.copy().run(super().RegisterResource, request)

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> object:  # noqa: N802 - Pulumi's name
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.outputs = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _run(
    run: Callable[[], object], settings: Callable[[], Settings], monitor: _Monitor, config: Mapping[str, str]
) -> None:
    def run_without_result() -> None:
        run()

    configure(settings())
    set_all_config(dict(config))
    monitor.context = copy_context()
    with asyncio.Runner() as runner:
        # The error of a run is raised. Pulumi also stores the error in every output, and asyncio would log all of them.
        runner.get_loop().set_exception_handler(lambda _loop, _context: None)
        runner.run(run_in_stack(run_without_result))


def _plain(value: object) -> object:
    """Convert a value from Pulumi's protocol, in which every number is a double, to the value in the stack output."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextlib.contextmanager
def _inside(program: Path) -> Iterator[Callable[[], object]]:
    """Change to the folder of a program. Unload its modules afterwards, so that the next run imports them again."""
    script = (program / "__main__.py" if program.is_dir() else program).resolve()
    before, path = set(sys.modules), list(sys.path)
    with contextlib.chdir(script.parent):
        sys.path.insert(0, str(script.parent))
        try:
            yield lambda: runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - before:
                file = getattr(sys.modules[name], "__file__", None)
                if file and Path(file).is_relative_to(script.parent):
                    del sys.modules[name]

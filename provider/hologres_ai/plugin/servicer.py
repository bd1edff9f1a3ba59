"""The resource provider protocol: each method translates a request, and what the reader returns.

A check reads, and adds the inventory to the inputs, as other providers add a generated name. So the engine sees drift
wherever it compares inputs, in a preview and in a refresh. Create, Update and Diff call nothing: their answers follow
from the inputs, so that one step is one call, and what is stored is what a preview showed.
"""

# ruff: noqa: ARG002, N802 - the names and parameters of the methods are the protocol's

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, cast

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from ..clock import utc_now
from ..errors import HologresAiError, InvalidArgumentError
from ..models import to_wire
from ..names import did_you_mean
from ..requirements import Clock
from .config import changed_settings, may_show, read_configuration, with_secrets
from .engine import Engine
from .inputs import (
    INVENTORY,
    NODES,
    REQUIREMENTS,
    build_outputs,
    changed_paths,
    has_secret,
    shown,
    top_name,
)
from .properties import Properties, is_secret, is_unknown, marked, read_properties, write_properties
from .reader import Reader
from .schema import FUNCTION, RESOURCE, served_schema_text

Request = Any  # the stubs are not typed
Context = Any


class Servicer(ResourceProviderServicer):
    """Answers the engine. An error that is not an answer of its own is raised; `server` makes a message of it.

    Args:
        engine: the engine that started the plugin.
        clock: the present, from which the days to an expiry are counted.
    """

    def __init__(self, engine: Engine, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        self._reader = Reader(self._warn, clock=clock)

    async def _warn(self, text: str) -> None:
        await self._engine.warn(text)

    # --- The plugin ---------------------------------------------------------------------------------------------------

    async def GetPluginInfo(self, request: Request, context: Context) -> PluginInfo:
        """Return the version."""
        return PluginInfo(version=version("hologres_ai"))

    async def Attach(self, request: Request, context: Context) -> Empty:
        """Use another engine, which attached itself to a plugin that a developer started."""
        self._engine = Engine(request.address)
        return Empty()

    async def GetSchema(self, request: Request, context: Context) -> proto.GetSchemaResponse:
        """Return the package schema, with a version."""
        return proto.GetSchemaResponse(schema=served_schema_text())

    async def Cancel(self, request: Request, context: Context) -> Empty:
        """End the reads that are under way."""
        self.cancel()
        return Empty()

    def cancel(self) -> None:
        """End the reads that are under way."""
        self._reader.cancel()

    # --- The provider's settings --------------------------------------------------------------------------------------

    async def CheckConfig(self, request: Request, context: Context) -> proto.CheckResponse:
        """Refuse invalid settings. A setting that is missing may be in the environment."""
        given: Properties = {}
        try:
            given = read_properties(request.news)
            read_configuration(given, request.urn)
        except InvalidArgumentError as error:
            return proto.CheckResponse(failures=_failures(error, lambda name: name not in given or may_show(name)))
        return proto.CheckResponse(inputs=write_properties(with_secrets(given)))

    async def DiffConfig(self, request: Request, context: Context) -> proto.DiffResponse:
        """Return the changed settings. A newer version of the plugin is not a change; none replaces the provider."""
        changed = changed_settings(read_properties(request.olds), read_properties(request.news))
        return _diff_response(dict.fromkeys(changed, "UPDATE"), with_details=False)

    async def Configure(self, request: Request, context: Context) -> proto.ConfigureResponse:
        """Begin a run of a program with these settings. They are resolved when something is read."""
        configuration = read_configuration(read_properties(request.args))
        self._reader = Reader(self._warn, configuration, self._clock)
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # --- The function -------------------------------------------------------------------------------------------------

    async def Invoke(self, request: Request, context: Context) -> proto.InvokeResponse:
        """Return the result with the request ID. With an argument that is not known yet nothing is read or returned."""
        arguments: Properties = {}
        try:
            _require_token(request.tok, FUNCTION, "function")
            arguments = read_properties(request.args)
            if any(map(is_unknown, arguments.values())):
                return proto.InvokeResponse()
            result = await self._reader.call_function(arguments)
        except HologresAiError as error:
            return proto.InvokeResponse(failures=_failures(error, _may_show_value(arguments)))
        response = proto.InvokeResponse()
        found = marked(cast("Properties", to_wire(result, request_id=True)), secret=has_secret(arguments))
        getattr(response, "return").CopyFrom(write_properties(found))
        return response

    # --- The resource -------------------------------------------------------------------------------------------------

    async def Check(self, request: Request, context: Context) -> proto.CheckResponse:
        """Return the inputs with the region and the inventory."""
        new: Properties = {}
        try:
            _require_resource(request.urn)
            new = shown(read_properties(request.news))
            inputs = await self._reader.check(new, shown(read_properties(request.olds)))
        except HologresAiError as error:
            return proto.CheckResponse(failures=_failures(error, _may_show_value(new)))
        return proto.CheckResponse(inputs=write_properties(inputs))

    async def Diff(self, request: Request, context: Context) -> proto.DiffResponse:
        """Return each path in arguments and inventory that differs. The engine takes the values from the inputs."""
        _require_resource(request.urn)
        ignored = {top_name(path) for path in request.ignoreChanges if path == top_name(path)}
        if any(top_name(path) == NODES for path in request.ignoreChanges):
            await self._warn(
                f'ignoreChanges: {NODES} is an output. Write "{INVENTORY}" to ignore changes of the nodes.'
            )
        paths = changed_paths(shown(read_properties(request.old_inputs)), shown(read_properties(request.news)))
        return _diff_response({path: kind for path, kind in paths.items() if top_name(path) not in ignored})

    async def Create(self, request: Request, context: Context) -> proto.CreateResponse:
        """Return the outputs, in a preview too. Nothing is created; the resource's name is its ID."""
        name = _require_resource(request.urn)
        inputs = await self._reader.complete(shown(read_properties(request.properties)))
        return proto.CreateResponse(id=name, properties=write_properties(build_outputs(inputs)))

    async def Update(self, request: Request, context: Context) -> proto.UpdateResponse:
        """Return the outputs that follow from the new inputs."""
        _require_resource(request.urn)
        inputs = await self._reader.complete(shown(read_properties(request.news)))
        return proto.UpdateResponse(properties=write_properties(build_outputs(inputs)))

    async def Read(self, request: Request, context: Context) -> proto.ReadResponse:
        """Return inputs and outputs as they are now: for `get`, a refresh, and an import, which has no inputs."""
        _require_resource(request.urn)
        inputs = await self._reader.refresh(shown(read_properties(request.inputs)))
        properties = write_properties(build_outputs(inputs))
        return proto.ReadResponse(id=request.id, inputs=write_properties(inputs), properties=properties)

    async def Delete(self, request: Request, context: Context) -> Empty:
        """Do nothing: nothing was created."""
        return Empty()


def _require_resource(urn: str) -> str:
    """Return the name in a URN. A name may hold anything, also ``::``; a child's type follows its parent's.

    Raises:
        HologresAiError: the type is not the resource's.
    """
    parts = urn.split("::", 3)
    _require_token((parts[2] if len(parts) > 3 else "").rpartition("$")[2], RESOURCE, "resource")
    return parts[3]


def _require_token(token: str, known: str, kind: str) -> None:
    if token != known:
        raise HologresAiError(f"no such {kind}: {token}{did_you_mean(token, [known])}")


def _failures(error: HologresAiError, may_show: Callable[[str], bool]) -> list[proto.CheckFailure]:
    """One for each invalid argument; any other error belongs to no property.

    The engine shows the value of the property that a failure names, also where it is secret. Where it may not, only
    the reason has the name.
    """
    if not isinstance(error, InvalidArgumentError):
        return [proto.CheckFailure(reason=str(error))]
    return [
        proto.CheckFailure(property=item.argument, reason=item.reason)
        if may_show(item.argument)
        else proto.CheckFailure(reason=f"{item.argument}: {item.reason}")
        for item in error.failures
    ]


def _may_show_value(inputs: Properties) -> Callable[[str], bool]:
    """Tell of a property whether the engine may show its value: no secret, and no object, which it cannot print."""

    def may_show_value(name: str) -> bool:
        value = inputs.get(top_name(name))
        return top_name(name) not in (REQUIREMENTS, INVENTORY) and top_name(name) in inputs and not is_secret(value)

    return may_show_value


def _diff_response(paths: dict[str, str], *, with_details: bool = True) -> proto.DiffResponse:
    """No path replaces the resource. `inputDiff`: the engine finds the old and the new value in the inputs."""
    response = proto.DiffResponse
    details = {
        path: proto.PropertyDiff(kind=proto.PropertyDiff.Kind.Value(kind), inputDiff=True)
        for path, kind in paths.items()
    }
    return response(
        changes=response.DIFF_SOME if paths else response.DIFF_NONE,
        diffs=sorted({top_name(path) for path in paths}),
        detailedDiff=details if with_details else None,
        hasDetailedDiff=with_details,
    )

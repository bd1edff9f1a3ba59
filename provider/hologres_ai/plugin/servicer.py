"""The resource provider protocol: each method translates a request, and the provider's result to a response."""

# ruff: noqa: ARG002, N802 - the names and parameters of the methods are the protocol's

import json
from collections.abc import Sized
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from ..errors import HologresAiError, InvalidArgumentError
from ..names import did_you_mean
from .engine import Engine
from .inventory import Kind, top_name
from .properties import Property, hidden_names, read_properties, write_properties

if TYPE_CHECKING:
    from .provider import Provider

FUNCTION = "hologres:index:getAiNodeList"
RESOURCE = "hologres:index:AiNodeList"

_PACKAGE = Path(__file__).parents[1]
# A wheel and an archive of the plugin contain the file inside the package; a clone contains it in the top folder.
_SCHEMA_FILES = (_PACKAGE / "schema.json", _PACKAGE.parents[1] / "schema.json")

Request = Any  # the stubs are not typed
Context = Any


def schema_text() -> str:
    """Return the package schema, the text of `schema.json`, which `make schema` writes from the models.

    Raises:
        FileNotFoundError: the file is in neither place; the installation is broken.
    """
    for file in _SCHEMA_FILES:
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError("schema.json is not part of this installation; install hologres_ai again")


class Servicer(ResourceProviderServicer):
    """The service that the engine calls.

    A check or a call of the function returns an error as failures in its response. Every other method raises the error,
    which `server` converts to the status of the gRPC call.

    Args:
        engine: the engine that started the plugin.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._created: Provider | None = None

    @property
    def _provider(self) -> "Provider":
        # Of the three processes that the engine starts for a YAML program, two serve only the schema.
        # Importing the core would more than double the CPU time of such a process, from 0.40 s to 0.96 s.
        from .provider import Provider  # noqa: PLC0415 - see above

        self._created = self._created or Provider(self._warn)
        return self._created

    async def _warn(self, text: str) -> None:
        await self._engine.warn(text)

    async def GetPluginInfo(self, request: Request, context: Context) -> PluginInfo:
        """Return the version of the plugin."""
        return PluginInfo(version=version("hologres_ai"))

    async def Attach(self, request: Request, context: Context) -> Empty:
        """Use the engine that attaches to this plugin, if a developer started the plugin."""
        self._engine = Engine(request.address)
        return Empty()

    async def GetSchema(self, request: Request, context: Context) -> proto.GetSchemaResponse:
        """Return the package schema with the version of this package, which `pulumi package add` requires.

        The file has no version, so that a release does not change it.
        """
        served = {"version": version("hologres_ai"), **json.loads(schema_text())}
        return proto.GetSchemaResponse(schema=json.dumps(served, ensure_ascii=False))

    async def Cancel(self, request: Request, context: Context) -> Empty:
        """Cancel the reads in progress."""
        self.cancel()
        return Empty()

    def cancel(self) -> None:
        """Cancel the reads in progress."""
        if self._created is not None:
            self._created.cancel()

    async def CheckConfig(self, request: Request, context: Context) -> proto.CheckResponse:
        """Validate the settings and return them, with the secret ones marked."""
        try:
            inputs = await self._provider.check_config(_read_given(request.news), request.urn)
        except HologresAiError as error:
            return proto.CheckResponse(failures=_failures(error))
        return proto.CheckResponse(inputs=write_properties(inputs))

    async def DiffConfig(self, request: Request, context: Context) -> proto.DiffResponse:
        """Return the settings that changed. A change never replaces the provider."""
        changed = self._provider.diff_config(read_properties(request.olds), read_properties(request.news))
        return proto.DiffResponse(changes=_changes(changed), diffs=changed)

    async def Configure(self, request: Request, context: Context) -> proto.ConfigureResponse:
        """Store these settings for the run of a program."""
        self._provider.configure(read_properties(request.args), request.urn)
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, request: Request, context: Context) -> proto.InvokeResponse:
        """Return the result of the function."""
        response = proto.InvokeResponse()
        try:
            _require_token(request.tok, FUNCTION, "function")
            result = await self._provider.call_function(_read_given(request.args))
        except HologresAiError as error:
            return proto.InvokeResponse(failures=_failures(error))
        getattr(response, "return").CopyFrom(write_properties(result))  # `return` is a keyword of Python
        return response

    async def Check(self, request: Request, context: Context) -> proto.CheckResponse:
        """Return the inputs with the region and the inventory."""
        try:
            _require_resource(request.urn)
            inputs = await self._provider.check(_read_given(request.news), read_properties(request.olds))
        except HologresAiError as error:
            return proto.CheckResponse(failures=_failures(error))
        return proto.CheckResponse(inputs=write_properties(inputs))

    async def Diff(self, request: Request, context: Context) -> proto.DiffResponse:
        """Return each path that differs between the old and the new inputs."""
        _require_resource(request.urn)
        old, new = read_properties(request.old_inputs), read_properties(request.news)
        return _diff_response(await self._provider.diff(old, new, request.ignoreChanges, request.olds.fields))

    async def Create(self, request: Request, context: Context) -> proto.CreateResponse:
        """Return the outputs. Nothing is created. The ID of the resource is its name."""
        name = _require_resource(request.urn)
        outputs = await self._provider.create_or_update(read_properties(request.properties))
        return proto.CreateResponse(id=name, properties=write_properties(outputs))

    async def Update(self, request: Request, context: Context) -> proto.UpdateResponse:
        """Return the outputs."""
        _require_resource(request.urn)
        outputs = await self._provider.create_or_update(read_properties(request.news))
        return proto.UpdateResponse(properties=write_properties(outputs))

    async def Read(self, request: Request, context: Context) -> proto.ReadResponse:
        """Read the nodes and return the current inputs and outputs."""
        _require_resource(request.urn)
        old_inputs, old_outputs = read_properties(request.inputs), read_properties(request.properties)
        inputs, outputs = map(write_properties, await self._provider.read(old_inputs, old_outputs))
        return proto.ReadResponse(id=request.id, inputs=inputs, properties=outputs)

    async def Delete(self, request: Request, context: Context) -> Empty:
        """Do nothing: nothing was created."""
        return Empty()


def _read_given(struct: Struct) -> dict[str, Property]:
    """Return the inputs of a program.

    Raises:
        InvalidArgumentError: a property has a type that no argument accepts. Only the reason contains its name.
    """
    with hidden_names(lambda _name: False):
        return read_properties(struct)


def _require_resource(urn: str) -> str:
    """Return the name in a URN. The name can contain ``::``. The type of a child follows the type of its parent.

    Raises:
        HologresAiError: the URN has the type of a different resource.
    """
    parts = urn.split("::", 3)
    _require_token((parts[2] if len(parts) > 3 else "").rpartition("$")[2], RESOURCE, "resource")
    return parts[3]


def _require_token(token: str, known: str, kind: str) -> None:
    if token != known:
        raise HologresAiError(f"no such {kind}: {token}{did_you_mean(token, [known])}")


def _failures(error: HologresAiError) -> list[proto.CheckFailure]:
    """Return one failure for each invalid argument, or one failure without a property for any other error."""
    if not isinstance(error, InvalidArgumentError):
        return [proto.CheckFailure(reason=str(error))]
    return [proto.CheckFailure(property=item.argument, reason=item.reason) for item in error.failures]


def _changes(paths: Sized) -> "proto.DiffResponse.DiffChanges.ValueType":
    return proto.DiffResponse.DIFF_SOME if paths else proto.DiffResponse.DIFF_NONE


def _diff_response(paths: dict[str, Kind]) -> proto.DiffResponse:
    """Return the response for changed paths; no change replaces the resource.

    With `inputDiff`, the engine takes the old and the new value of a path from the inputs.
    """
    details = {
        path: proto.PropertyDiff(kind=proto.PropertyDiff.Kind.Value(kind), inputDiff=True)
        for path, kind in paths.items()
    }
    names = sorted(set(map(top_name, paths)))
    return proto.DiffResponse(changes=_changes(paths), diffs=names, detailedDiff=details, hasDetailedDiff=True)

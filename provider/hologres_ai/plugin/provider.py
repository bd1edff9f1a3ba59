"""The function `getAiNodeList` and the resource `AiNodeList`: requests translated to `reading` and back.

The resource's trick: `check` reads, and fills the inventory in as an input, the way other providers fill in a name.
So the engine sees drift wherever it compares inputs, in a preview and in a refresh; it can show the old and the new
value of each path, because it takes both from the inputs; and what `create` and `update` return follows from their
inputs, so that one step is one call and what is stored is what was shown. Nothing is remembered between requests.
"""

import asyncio
from collections.abc import Callable

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    InvokeResponse,
    PropertyDiff,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from ..api.transport import Connections
from ..clock import utc_now
from ..core.call_sharing import CallSharing
from ..core.read import read
from ..errors import HologresAiError, InvalidArgumentError
from ..models import AiNodeListResult, Query, to_wire
from ..names import did_you_mean
from ..requirements import Clock
from .config import Configuration, changed_settings, may_show, read_configuration, with_secrets
from .guarding import REQUIREMENTS, enforce_on, known_requirements, without_requirements
from .inventory import (
    awaiting_inventory,
    build_outputs,
    changed_paths,
    has_inventory,
    is_waiting,
    known_query,
    top_name,
    whole_query,
    with_inventory,
    with_old_inventory,
    without_found,
)
from .values import Values, is_secret, is_unknown, to_values

FUNCTION = "hologres:index:getAiNodeList"
RESOURCE = "hologres:index:AiNodeList"

DIFF_NONE, DIFF_SOME = 1, 2


class HologresProvider(Provider):
    """Answers the engine, but for the schema.

    `warn` shows a person what is odd about an answer, `clock` tells when a subscription ends.

    What has room for failures of single properties returns those; from elsewhere a `HologresAiError` is raised.
    """

    def __init__(self, warn: Callable[[str], None], clock: Clock = utc_now) -> None:
        self._warn = warn
        self._clock = clock
        self._configuration = Configuration({})
        self._shared = CallSharing()
        self._connections = Connections()  # open until the process ends, which is when the program has run
        self._reads: set[asyncio.Task[AiNodeListResult]] = set()

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Refuse settings that can't be meant; those that are missing may still come from the environment."""
        try:
            read_configuration(request.new_inputs)
        except InvalidArgumentError as error:
            given = request.new_inputs
            return CheckResponse(failures=_failures(error, lambda name: name not in given or may_show(name)))
        return CheckResponse(inputs=with_secrets(request.new_inputs))

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        """Which settings changed. A newer version of the plugin is no change to a provider."""
        changed = changed_settings(request.old_state, request.new_inputs)
        # The SDK puts `changes` on the wire as it is, where 1 means none and 2 means some.
        return DiffResponse(changes=DIFF_SOME if changed else DIFF_NONE, diffs=changed)  # type: ignore[arg-type]

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Keep the settings; they are resolved when something is read. Each run of a program begins with this."""
        self._configuration = read_configuration(request.args)
        self._shared = CallSharing()
        return ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """The result with the request id. With an argument that is not known yet nothing is read, nor returned."""
        if request.tok != FUNCTION:
            reason = f"no such function: {request.tok}{did_you_mean(request.tok, [FUNCTION])}"
            return InvokeResponse(failures=[CheckFailure("", reason)])
        if any(map(is_unknown, request.args.values())):
            return InvokeResponse()
        try:
            result = await self._guarded(request.args)
        except HologresAiError as error:
            return InvokeResponse(failures=_failures(error, _open(request.args)))
        secret = is_secret(without_requirements(request.args))
        return InvokeResponse(to_values(to_wire(result, request_id=True), secret=secret))

    async def check(self, request: CheckRequest) -> CheckResponse:
        """The inputs with the region and the inventory filled in: of now or, where pinned, of the old inputs.

        What is required of the nodes is judged here alone, so that a preview fails before anything changes, an update
        does so again, and a refresh or an import still tells what is there.
        """
        try:
            _require(request.type)
            return CheckResponse(inputs=await self._checked(_shown(request.new_inputs), _shown(request.old_inputs)))
        except HologresAiError as error:
            return CheckResponse(failures=_failures(error, _open(request.new_inputs)))

    async def create(self, request: CreateRequest) -> CreateResponse:
        """The outputs, at a preview too. Nothing is created, and so the resource's name does for an ID."""
        inputs = await self._inputs(request.type, request.properties)
        return CreateResponse(request.name, build_outputs(inputs))

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Each path in arguments and inventory that differs. The engine finds the values in the inputs."""
        inputs = await self._inputs(request.type, request.new_inputs)
        paths = changed_paths(request.old_state, inputs)
        details = {path: PropertyDiff(kind, input_diff=True) for path, kind in paths.items()}
        return DiffResponse(
            changes=bool(paths), diffs=sorted({top_name(path) for path in paths}), detailed_diff=details
        )

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """The outputs that follow from the new inputs."""
        return UpdateResponse(build_outputs(await self._inputs(request.type, request.news)))

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Inputs and outputs as they are now: for `get`, for a refresh and for an import, which has no inputs."""
        _require(request.type)
        old = _shown(request.inputs)
        given = without_found(old)
        inputs = with_inventory(given, await self._read(whole_query(given)), old)
        return ReadResponse(request.resource_id, build_outputs(inputs), inputs)

    async def delete(self, request: DeleteRequest) -> None:
        """Nothing: nothing was created."""

    async def cancel(self) -> None:
        """Give up the reads under way."""
        for task in self._reads:
            task.cancel()

    async def _checked(self, new: Values, old: Values) -> dict[str, PropertyValue]:
        requirements = known_requirements(new, known_query(new))  # what is known is judged now, whatever has to wait
        if is_waiting(new):
            return awaiting_inventory(new)
        kept = with_old_inventory(new, old)
        if kept is None:
            return with_inventory(new, await self._guarded(new), old)
        if requirements is not None:
            await self._guarded(kept)
        return kept

    async def _inputs(self, kind: str, given: Values) -> dict[str, PropertyValue]:
        """Inputs as `check` left them; who skipped it gets its service here."""
        _require(kind)
        inputs = _shown(given)
        if is_waiting(inputs):
            return awaiting_inventory(inputs)
        return inputs if has_inventory(inputs) else with_inventory(inputs, await self._guarded(inputs), {})

    async def _guarded(self, inputs: Values) -> AiNodeListResult:
        """What the inputs select, once it is what they require; what of that is not known yet has to wait."""
        query = whole_query(inputs)
        requirements = known_requirements(inputs, query)
        result = await self._read(query)
        if requirements is not None:
            enforce_on(inputs, requirements, result, self._clock(), self._warn)
        return result

    async def _read(self, query: Query) -> AiNodeListResult:
        task = asyncio.create_task(
            read(query, stack=self._configuration.get, shared=self._shared, connections=self._connections)
        )
        self._reads.add(task)
        try:
            result = await task
        except asyncio.CancelledError:
            if (caller := asyncio.current_task()) and caller.cancelling():
                raise  # the engine hung up; nobody listens
            raise HologresAiError("the AI nodes were not read: the operation was cancelled") from None
        finally:
            self._reads.discard(task)
        for warning in result.warnings:
            self._warn(warning)
        return result


def _shown(values: Values) -> dict[str, PropertyValue]:
    """Without what SDKs and the engine keep for themselves."""
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _require(kind: str) -> None:
    """Refuse a type that is not the resource's; a child's type comes behind its parent's."""
    token = kind.rpartition("$")[2]
    if token != RESOURCE:
        raise HologresAiError(f"no such resource: {token}{did_you_mean(token, [RESOURCE])}")


def _failures(error: HologresAiError, may_show: Callable[[str], bool]) -> list[CheckFailure]:
    """One for each argument that is wrong; any other error is nobody's property.

    The engine shows the value of a property that a failure names, be it a secret: where it may not, only the reason
    has the name.
    """
    if not isinstance(error, InvalidArgumentError):
        return [CheckFailure("", str(error))]
    return [
        CheckFailure(name, reason) if may_show(name) else CheckFailure("", f"{name}: {reason}")
        for name, reason in ((failure.argument, failure.reason) for failure in error.failures)
    ]


def _open(inputs: Values) -> Callable[[str], bool]:
    """Tells of a property whether its value may be shown: no secret, and no object, which the engine can't print."""

    def may_show_value(name: str) -> bool:
        value = inputs.get(top_name(name))
        return top_name(name) != REQUIREMENTS and (value is None or not value.contains_secret())

    return may_show_value

"""Pulumi's mocks, with AI nodes in them: a program gets from a fleet what it would get from the service.

The fleet goes through the filters, sums and checks that an answer of the service goes through.
"""

import uuid
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, get_config, rpc
from pydantic import JsonValue

from ..api.signing import utc_now
from ..config import ENDPOINT, REGION, CallConfig
from ..core.call_sharing import CallSharing
from ..core.read import read_sync
from ..emulator import REGION_TO_TRY, SHIPPED_FLEET
from ..envelope import to_envelope
from ..errors import HologresAiError, InvalidArgumentError
from ..models import AiNodeListResult, NodeList, Query, build_query, to_wire
from ..names import QUERY_KEY
from ..plugin.inputs import build_outputs, build_whole_query, known_requirements, with_inventory
from ..plugin.properties import Property, reveal
from ..plugin.schema import FUNCTION, RESOURCE
from ..requirements import enforce
from .fleets import Fleet, load_nodes
from .values import is_unknown

DYNAMIC = "pulumi-python:dynamic/hologres:AiNodeList"  # what the engine calls hologres_ai.AiNodeList
PROVIDER = "pulumi:providers:hologres"
STACK_REFERENCE = "pulumi:pulumi:StackReference"

# What a read needs that would call the service; here it calls nobody.
KEYS = {"access_key": "mocks", "secret_key": "mocks"}
NOWHERE = "{region}.mocks.invalid"

Failures = list[tuple[str, str]]
Wire = dict[str, object]


class PassedThrough(Mocks):
    """Gives every resource and every function its inputs back, and a resource the id ``<name>_id``."""

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """The arguments."""
        return args.args, []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, Wire]:
        """The id that is read, or a new one, and the inputs."""
        return args.resource_id or f"{args.name}_id", args.inputs


class _Calls(CallSharing):
    """Answers each call in place of making it."""

    def __init__(self, answer: Callable[[str], NodeList]) -> None:
        super().__init__()
        self._answer = answer

    async def get(self, key: Hashable, make: Callable[[], Awaitable[NodeList]]) -> NodeList:  # noqa: ARG002
        settings, _instance_id = cast("tuple[CallConfig, str | None]", key)
        return self._answer(settings.region)


class HologresMocks(Mocks):
    """Answers `hologres_ai.AiNodeList`, and the resource and the function of `pulumi_hologres`, from a fleet.

    Args:
        fleet: the nodes that there are; those of the emulator's own fleet when left out.
        others: answers everything else; inputs are passed through when left out.
        stacks: the outputs of other stacks by name, such as ``organization/fleet/dev``, for a `StackReference`; see
            `exported`.
        region: the region where neither an argument, a provider nor the configuration gives one. A node is listed
            in its own region; one without, in each.
        error: see below.
        clock: what ``now`` in an expiry means, and for a requirement the present.

    Attributes:
        nodes: the nodes of the fleet, before any filter.
        others, stacks: as above.
        error: what every read fails with; None for none. May be set anew between two runs.
        errors: what the read of one region fails with, by its name.

    Raises:
        ConfigurationError: the fleet can't be used; the title names the place in it.
    """

    def __init__(
        self,
        fleet: Fleet = SHIPPED_FLEET,
        *,
        others: Mocks | None = None,
        stacks: Mapping[str, Mapping[str, object]] | None = None,
        region: str = REGION_TO_TRY,
        error: HologresAiError | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.nodes = load_nodes(fleet, clock)
        self.others = others or PassedThrough()
        self.stacks = dict(stacks or {})
        self.error = error
        self.errors: dict[str, HologresAiError] = {}
        self._region = region
        self._clock = clock
        self._providers: dict[str, _Given] = {}

    def exported(self, **query: object) -> dict[str, JsonValue]:
        """What `AiNodeList("nodes", **query).export(...)` writes: an output for `stacks`.

        Raises:
            InvalidArgumentError: an argument is unknown or can't be meant.
        """
        return to_envelope(self._read(build_query(query)))

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """The result of `getAiNodeList`, or the failures that the plugin answers with; else what `others` say."""
        if args.token != FUNCTION:
            return _with_failures(self.others.call(args))
        given = _Given.of(args.args)
        try:
            result = self._guarded(given, args.provider)
        except InvalidArgumentError as error:
            return {}, [(failure.argument, failure.reason) for failure in error.failures]
        except HologresAiError as error:
            return {}, [("", str(error))]
        return given.marked(to_wire(result, request_id=True)), []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Wire]:
        """The outputs of an `AiNodeList`, unknown while an input is, or of one of `stacks`; else what `others` say.

        Raises:
            HologresAiError: the read fails.
        """
        given = _Given.of(args.inputs)
        if args.typ in (DYNAMIC, RESOURCE):
            return args.resource_id or args.name, self._listed(args, given)
        if args.typ == PROVIDER:
            self._providers[args.name] = given
        stack = str(given.values.get("name"))
        if args.typ == STACK_REFERENCE and stack in self.stacks:
            return stack, {"name": stack, "outputs": self.stacks[stack], "secretOutputNames": []}
        return self.others.new_resource(args)

    def _listed(self, args: MockResourceArgs, given: "_Given") -> Wire:
        provider = self._explicit(args.provider)
        if given.is_waiting or args.resource_id == rpc.UNKNOWN or (provider and provider.is_waiting):
            return {}
        outputs = self._dynamic(given) if args.typ == DYNAMIC else self._native(given, args.provider)
        return given.marked(outputs)

    def _dynamic(self, given: "_Given") -> Wire:
        return {**to_wire(self._read(build_query(given.values))), QUERY_KEY: given.values}

    def _native(self, given: "_Given", provider: str | None) -> Wire:
        inputs = cast("dict[str, Property]", given.values)
        result = self._guarded(given, provider)
        return {name: reveal(value) for name, value in build_outputs(with_inventory(inputs, result, {})).items()}

    def _guarded(self, given: "_Given", provider: str | None) -> AiNodeListResult:
        """What the inputs select, once it is what they require."""
        inputs = cast("dict[str, Property]", given.values)
        query = build_whole_query(inputs)
        requirements = known_requirements(inputs, query)
        result = self._read(query, provider)
        if requirements is not None:
            enforce(requirements, result, self._clock(), pulumi.log.warn, secret=given.is_secret)
        return result

    def _read(self, query: Query, provider: str | None = None) -> AiNodeListResult:
        environ = {REGION.environment[0]: self._region, ENDPOINT.environment[0]: NOWHERE}
        result = read_sync(query, KEYS, self._lookup(provider), shared=_Calls(self._answer), environ=environ)
        for warning in result.warnings:
            pulumi.log.warn(warning)
        return result

    def _answer(self, region: str) -> NodeList:
        error = self.error or self.errors.get(region)
        if error is not None:
            raise error.with_traceback(None)
        nodes = tuple(node for node in self.nodes if node.region_id in (region, None))
        return NodeList(nodes=nodes, request_id=str(uuid.uuid4()).upper())

    def _lookup(self, provider: str | None) -> Callable[[str], str | None]:
        """The configuration: that of an explicit provider, or the stack's."""
        explicit = self._explicit(provider)
        if explicit is None:
            return get_config
        settings = {f"hologres:{name}": str(value) for name, value in explicit.values.items() if value is not None}
        return settings.get

    def _explicit(self, provider: str | None) -> "_Given | None":
        """The inputs of the provider that a program has made, by its reference ``<urn>::<id>``."""
        return self._providers.get(provider.split("::")[-2]) if provider and "::" in provider else None


@dataclass(frozen=True)
class _Given:
    """Inputs without what the SDK keeps for itself, and whether any was a secret."""

    values: Wire
    is_secret: bool

    @classmethod
    def of(cls, inputs: Mapping[str, object]) -> "_Given":
        shown = {name: value for name, value in inputs.items() if not name.startswith("__")}
        values: Wire = {name: rpc.unwrap_rpc_secret(value) for name, value in shown.items()}
        return cls(values, any(rpc.is_rpc_secret(value) for value in shown.values()))

    @property
    def is_waiting(self) -> bool:
        """Whether any of it is not known at this preview."""
        return is_unknown(self.values)

    def marked(self, outputs: Mapping[str, object]) -> Wire:
        """The outputs, each a secret where an input was."""
        return {name: rpc.wrap_rpc_secret(value) if self.is_secret else value for name, value in outputs.items()}


def _with_failures(answer: object) -> tuple[Wire, Failures]:
    """What a `Mocks` answers to a call: a pair, of which Pulumi wants a list second, or the result alone."""
    result, failures = answer if isinstance(answer, tuple) else (answer, None)
    return result, failures or []

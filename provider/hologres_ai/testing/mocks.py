"""Pulumi mocks that answer for AI nodes from a fleet.

The fleet passes the same filters, totals and checks as a response of the service.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, get_config, rpc
from pydantic import JsonValue

from ..clock import utc_now
from ..config import CallConfig
from ..core.read import read_sync
from ..emulator import REGION_TO_TRY, SHIPPED_FLEET
from ..envelope import to_envelope
from ..errors import HologresAiError, InvalidArgumentError
from ..models import AiNodeListResult, NodeList, Query, build_query, to_wire
from ..names import PROFILE_KEY, QUERY_KEY
from ..plugin.inputs import build_outputs, build_whole_query, known_requirements, with_inventory
from ..plugin.properties import Property, reveal
from ..plugin.schema import FUNCTION, RESOURCE
from ..requirements import describe_secret, enforce
from ..settings import ENDPOINT, REGION
from .fleets import Fleet, load_nodes

DYNAMIC = "pulumi-python:dynamic/hologres:AiNodeList"  # the type of hologres_ai.AiNodeList in the engine
PROVIDER = "pulumi:providers:hologres"
STACK_REFERENCE = "pulumi:pulumi:StackReference"

# Settings that a read requires. Nothing is called with them.
KEYS = {"access_key": "mocks", "secret_key": "mocks"}
NOWHERE = "{region}.mocks.invalid"

Failures = list[tuple[str, str]]
Wire = dict[str, object]


class PassedThrough(Mocks):
    """Returns the inputs of every resource and function as its outputs; the id of a resource is ``<name>_id``."""

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """The arguments."""
        return args.args, []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, Wire]:
        """The id that is read, or a new one, and the inputs."""
        return args.resource_id or f"{args.name}_id", args.inputs


class HologresMocks(Mocks):
    """Answers `hologres_ai.AiNodeList`, and the resource and the function of `pulumi_hologres`, from a fleet.

    Args:
        fleet: the nodes. Default: the fleet of the emulator.
        others: mocks for everything else. Default: inputs become outputs.
        stacks: the outputs of other stacks by name, such as ``organization/fleet/dev``, for a `StackReference`; see
            `exported`.
        region: the region where neither an argument, a provider nor the configuration sets one. A node is listed in
            its own region; a node without one, in every region.
        error: see below.
        clock: the present time, for ``now`` in an expiry and for requirements.

    Attributes:
        nodes: the nodes of the fleet, before any filter.
        others, stacks: as above.
        error: the error of every read, or None. Can be set between two runs.
        errors: the error of the read of one region, by its name.

    Raises:
        ConfigurationError: the fleet is invalid; the title names the place in it.
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
        self._providers: dict[str, _Inputs] = {}

    def exported(self, **query: object) -> dict[str, JsonValue]:
        """Return what `AiNodeList("nodes", **query).export(...)` writes: an output for `stacks`.

        Raises:
            InvalidArgumentError: an argument is unknown or invalid.
        """
        return to_envelope(self._read(build_query(query)))

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """Answer `getAiNodeList` with its result or its failures, and everything else from `others`."""
        if args.token != FUNCTION:
            return _with_failures(self.others.call(args))
        given = _Inputs.of(args.args)
        try:
            result = self._guarded(given, args.provider)
        except InvalidArgumentError as error:
            return {}, [(failure.argument, failure.reason) for failure in error.failures]
        except HologresAiError as error:
            return {}, [("", str(error))]
        return given.marked(to_wire(result, request_id=True)), []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Wire]:
        """Answer an `AiNodeList`, a provider or a stack of `stacks`, and everything else from `others`.

        The outputs of a list are unknown while an input is.

        Raises:
            HologresAiError: the read fails.
        """
        given = _Inputs.of(args.inputs)
        if args.typ in (DYNAMIC, RESOURCE):
            return args.resource_id or args.name, self._listed(args, given)
        stack = str(given.values.get("name"))
        if args.typ == STACK_REFERENCE and stack in self.stacks:
            return stack, {"name": stack, "outputs": self.stacks[stack], "secretOutputNames": []}
        made, outputs = self.others.new_resource(args)
        if args.typ == PROVIDER:
            self._providers[f"{args.name}::{made or rpc.UNKNOWN}"] = given
        return made, outputs

    def _listed(self, args: MockResourceArgs, given: "_Inputs") -> Wire:
        provider = self._explicit(args.provider)
        if given.is_waiting or args.resource_id == rpc.UNKNOWN or (provider and provider.is_waiting):
            return {}
        outputs = self._dynamic(given) if args.typ == DYNAMIC else self._native(given, args.provider)
        return given.marked(outputs)

    def _dynamic(self, given: "_Inputs") -> Wire:
        query = {name: value for name, value in given.values.items() if name != "profile"}
        profile = given.values.get("profile")
        kept = {QUERY_KEY: query, **({PROFILE_KEY: profile} if profile else {})}
        return {**to_wire(self._read(build_query(query))), **kept}

    def _native(self, given: "_Inputs", provider: str | None) -> Wire:
        inputs = cast("dict[str, Property]", given.values)
        result = self._guarded(given, provider)
        return {name: reveal(value) for name, value in build_outputs(with_inventory(inputs, result, {})).items()}

    def _guarded(self, given: "_Inputs", provider: str | None) -> AiNodeListResult:
        """Read what the inputs select, and enforce what they require."""
        inputs = cast("dict[str, Property]", given.values)
        query = build_whole_query(inputs)
        requirements = known_requirements(inputs, query)
        result = self._read(query, provider)
        if requirements is not None:
            describe = describe_secret if given.is_secret else str
            enforce(requirements, result, self._clock(), pulumi.log.warn, describe=describe)
        return result

    def _read(self, query: Query, provider: str | None = None) -> AiNodeListResult:
        environ = {REGION.environment[0]: self._region, ENDPOINT.environment[0]: NOWHERE}
        result = read_sync(query, KEYS, self._lookup(provider), environ=environ, fetch=self._fetch)
        for warning in result.warnings:
            pulumi.log.warn(warning)
        return result

    async def _fetch(self, config: CallConfig, _instance_id: str | None) -> NodeList:
        error = self.error or self.errors.get(config.region)
        if error is not None:
            raise error.with_traceback(None)
        nodes = tuple(node for node in self.nodes if node.region_id in (config.region, None))
        return NodeList(nodes=nodes, request_id=str(uuid.uuid4()).upper())

    def _lookup(self, provider: str | None) -> Callable[[str], str | None]:
        """The configuration of an explicit provider, or of the stack."""
        explicit = self._explicit(provider)
        if explicit is None:
            return get_config
        settings = {f"hologres:{name}": str(value) for name, value in explicit.values.items() if value is not None}
        return settings.get

    def _explicit(self, provider: str | None) -> "_Inputs | None":
        """The inputs of a provider of the program, by its reference ``urn:pulumi:STACK::PROJECT::TYPE::NAME::ID``.

        A name or an id may have a double colon in it; what stands before the name may not.
        """
        return self._providers.get(provider.split("::", 3)[-1]) if provider else None


@dataclass(frozen=True)
class _Inputs:
    """Inputs without the internal ones of the SDK, and whether any was a secret."""

    values: Wire
    is_secret: bool

    @classmethod
    def of(cls, inputs: Mapping[str, object]) -> "_Inputs":
        shown = {name: value for name, value in inputs.items() if not name.startswith("__")}
        values: Wire = {name: rpc.unwrap_rpc_secret(value) for name, value in shown.items()}
        return cls(values, any(rpc.is_rpc_secret(value) for value in shown.values()))

    @property
    def is_waiting(self) -> bool:
        """Whether an input is unknown at this preview."""
        return pulumi.contains_unknowns(self.values)

    def marked(self, outputs: Mapping[str, object]) -> Wire:
        """The outputs, all of them secret if an input was."""
        return {name: rpc.wrap_rpc_secret(value) if self.is_secret else value for name, value in outputs.items()}


def _with_failures(answer: object) -> tuple[Wire, Failures]:
    """The result of a call of `Mocks`, which may be a pair with None in it, or only the result."""
    result, failures = answer if isinstance(answer, tuple) else (answer, None)
    return result, failures or []

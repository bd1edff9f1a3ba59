"""Pulumi mocks that return the nodes of a fleet when a program reads AI nodes.

The filters, totals and checks are the same as for an API response.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, get_config, get_config_env, rpc
from pulumi.runtime.config import CONFIG
from pydantic import JsonValue

from ..clock import utc_now
from ..config import CallConfig
from ..core.read import read_sync
from ..credentials.resolver import SOURCE_SETTINGS
from ..emulator import REGION_TO_TRY, SHIPPED_FLEET
from ..envelope import to_envelope
from ..errors import ConfigurationError, HologresAiError, InvalidArgumentError
from ..models import AiNodeListResult, NodeList, Query, build_query, to_wire
from ..names import PROFILE_KEY, QUERY_KEY
from ..plugin.config import Configuration, read_configuration
from ..plugin.inputs import (
    build_function_query,
    build_outputs,
    build_whole_query,
    known_requirements,
    with_inventory,
    with_old_inventory,
)
from ..plugin.properties import UNKNOWN, reveal
from ..plugin.servicer import FUNCTION, RESOURCE
from ..requirements import describe_secret, enforce
from ..settings import ENDPOINT, REGION
from ..settings.lookup import Lookup
from .fleets import Fleet, load_nodes

DYNAMIC = "pulumi-python:dynamic/hologres:AiNodeList"  # the type of hologres_ai.AiNodeList in the engine
PROVIDER = "pulumi:providers:hologres"
STACK_REFERENCE = "pulumi:pulumi:StackReference"

# Settings that a read requires. The mocks do not use them for a network call.
KEYS = {"access_key": "mocks", "secret_key": "mocks"}
NOWHERE = "{region}.mocks.invalid"
# Configuration keys for credentials. They are not looked up, because the mocks do not use credentials.
UNUSED = {key for settings in SOURCE_SETTINGS.values() for setting in settings for key in setting.keys}

Failures = list[tuple[str, str]]
Wire = dict[str, Any]


class PassedThrough(Mocks):
    """Mocks that return the inputs of a resource or function as outputs. The ID of a resource is ``<name>_id``."""

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """Return the arguments of a function as its result."""
        return args.args, []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, Wire]:
        """Return the ID and the inputs of a resource. If the resource is not read, the ID is new."""
        return args.resource_id or f"{args.name}_id", args.inputs


class HologresMocks(Mocks):
    """Mocks of `hologres_ai.AiNodeList` and of the resource and function of `pulumi_hologres`, based on a fleet.

    Args:
        fleet: the path of a fleet file, or the nodes. Default: the fleet of the emulator.
        others: the mocks for all other resources and functions. Default: mocks that return the inputs as outputs.
        stacks: the outputs of other stacks by name, such as ``organization/fleet/dev``, for a `StackReference`; see
            `exported`. The values are plain values, not outputs.
        secret_outputs: the names of the secret outputs in `stacks`, by the name of the stack.
        region: the region that is read if it is not set in an argument, a provider or the configuration. A node is
            listed in its region. A node without a region is listed in every region.
        error: the error that every read raises, or None.
        clock: a function that returns the current time, for ``now`` in an expiry time and for requirements.

    Attributes:
        nodes: the nodes of the fleet, before any filter.
        others, stacks, secret_outputs: see the arguments.
        error: see the argument. It can be changed between two runs.
        errors: for a region, the error that a read of this region raises.

    Raises:
        ConfigurationError: the fleet is invalid. The title contains the location of the error.
    """

    def __init__(
        self,
        fleet: Fleet = SHIPPED_FLEET,
        *,
        others: Mocks | None = None,
        stacks: Mapping[str, Mapping[str, object]] | None = None,
        secret_outputs: Mapping[str, Collection[str]] | None = None,
        region: str = REGION_TO_TRY,
        error: HologresAiError | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.nodes = load_nodes(fleet, clock)
        self.others = others or PassedThrough()
        self.stacks = dict(stacks or {})
        self.secret_outputs = dict(secret_outputs or {})
        self.error = error
        self.errors: dict[str, HologresAiError] = {}
        self._region = region
        self._clock = clock
        self._providers: dict[str, Configuration | None] = {}  # by ID; None if an input of the provider is unknown

    def exported(self, **query: object) -> dict[str, JsonValue]:
        """Return the value that `AiNodeList("nodes", **query).export(...)` exports, for use in `stacks`.

        Raises:
            InvalidArgumentError: an argument is unknown or invalid.
        """
        return to_envelope(self._read(build_query(query), get_config))

    def call(self, args: MockCallArgs) -> tuple[Wire, Failures]:
        """Return the result or the failures of `getAiNodeList`. Call `others` for any other function."""
        if args.token != FUNCTION:
            return _with_failures(self.others.call(args))
        if self._is_provider_waiting(args.provider):
            return {}, []
        given = _Inputs.of(args.args)
        try:
            result = self._guarded(build_function_query(given.values), given, args.provider)
        except InvalidArgumentError as error:
            return {}, [(failure.argument, failure.reason) for failure in error.failures]
        except HologresAiError as error:
            return {}, [("", str(error))]
        return given.marked(to_wire(result, request_id=True)), []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Wire]:
        """Return the ID and the outputs of an `AiNodeList`, or of a stack in `stacks`.

        Any other resource is passed to `others`. The outputs of a list are unknown if one of its inputs is unknown.
        Each provider of `pulumi_hologres` has a new ID, because providers in several components can have the same name.

        Raises:
            HologresAiError: the read failed, or an input is invalid.
        """
        given = _Inputs.of(args.inputs)
        if args.typ in (DYNAMIC, RESOURCE):
            return args.resource_id or args.name, self._listed(args, given)
        if args.typ == STACK_REFERENCE and given.values.get("name") in self.stacks:
            return given.values["name"], self._stack_outputs(given.values["name"])
        made, outputs = self.others.new_resource(args)
        if args.typ == PROVIDER:
            made = str(uuid.uuid4())
            self._providers[made] = _provider_settings(args.name, given)
        if args.typ == STACK_REFERENCE and outputs.get("outputs") is None:
            raise _unknown_stack(str(given.values.get("name")), self.stacks)
        return made, outputs

    def _stack_outputs(self, stack: str) -> Wire:
        outputs, secrets = self.stacks[stack], sorted(self.secret_outputs.get(stack, ()))
        for name, value in outputs.items():
            if _has_output(value):
                raise ConfigurationError(
                    f'the output "{name}" of the stack {stack} in HologresMocks(stacks=...) contains a pulumi.Output',
                    "Specify the plain value. To make it secret, set "
                    f'HologresMocks(secret_outputs={{"{stack}": ["{name}"]}}).',
                )
        shown = {name: rpc.wrap_rpc_secret(value) if name in secrets else value for name, value in outputs.items()}
        return {"name": stack, "outputs": shown, "secretOutputNames": secrets}

    def _listed(self, args: MockResourceArgs, given: "_Inputs") -> Wire:
        if given.is_waiting or args.resource_id == rpc.UNKNOWN or self._is_provider_waiting(args.provider):
            return {}
        outputs = self._dynamic(given) if args.typ == DYNAMIC else self._native(given, args.provider)
        return given.marked(outputs)

    def _dynamic(self, given: "_Inputs") -> Wire:
        query = {name: value for name, value in given.values.items() if name != "profile"}
        profile = given.values.get("profile")
        kept = {QUERY_KEY: query, **({PROFILE_KEY: profile} if profile else {})}
        return {**to_wire(self._read(build_query(query), get_config)), **kept}

    def _native(self, given: "_Inputs", provider: str | None) -> Wire:
        with_old_inventory(given.values, {})  # raises an error for an input that only the provider sets
        result = self._guarded(build_whole_query(given.values), given, provider)
        inputs = with_inventory(given.values, result, {})
        return {name: reveal(value) for name, value in build_outputs(inputs).items()}

    def _guarded(self, query: Query, given: "_Inputs", provider: str | None) -> AiNodeListResult:
        """Read the nodes as the plugin does, and enforce the requirements in the inputs."""
        requirements = known_requirements(given.values, query)
        result = self._read(query, self._plugin_settings(provider))
        if requirements is not None:
            describe = describe_secret if given.is_secret else str
            enforce(requirements, result, self._clock(), pulumi.log.warn, describe=describe)
        return result

    def _read(self, query: Query, stack: Lookup) -> AiNodeListResult:
        def used(key: str) -> str | None:
            return None if key in UNUSED else stack(key)

        environ = {REGION.environment[0]: self._region, ENDPOINT.environment[0]: NOWHERE}
        result = read_sync(query, KEYS, used, environ=environ, fetch=self._fetch)
        for warning in result.warnings:
            pulumi.log.warn(warning)
        return result

    async def _fetch(self, config: CallConfig, _instance_id: str | None) -> NodeList:
        error = self.error or self.errors.get(config.region)
        if error is not None:
            raise error.with_traceback(None)
        nodes = tuple(node for node in self.nodes if node.region_id in (config.region, None))
        return NodeList(nodes=nodes, request_id=str(uuid.uuid4()).upper())

    def _is_provider_waiting(self, provider: str | None) -> bool:
        """Return whether an input of an explicit provider is unknown during this preview."""
        return self._providers.get(_id_of(provider), True) is None

    def _plugin_settings(self, provider: str | None) -> Lookup:
        """Return the function that looks up the settings of an explicit provider, or else of the default provider."""
        explicit = self._providers.get(_id_of(provider))
        if explicit is None:
            return read_configuration(_stack_settings(), _provider_urn("default")).stack.get
        used = {f"hologres:{setting.key}": explicit.arguments.get(setting.argument) for setting in (REGION, ENDPOINT)}
        return used.get


@dataclass(frozen=True)
class _Inputs:
    """The inputs without internal inputs of the SDK, and whether one of the inputs is secret."""

    values: Wire
    is_secret: bool

    @classmethod
    def of(cls, inputs: Mapping[str, object]) -> "_Inputs":
        shown = {name: value for name, value in inputs.items() if not name.startswith("__")}
        values: Wire = {name: rpc.unwrap_rpc_secret(value) for name, value in shown.items()}
        return cls(values, any(rpc.is_rpc_secret(value) for value in shown.values()))

    @property
    def is_waiting(self) -> bool:
        """Whether an input is unknown during this preview."""
        return pulumi.contains_unknowns(self.values)

    def marked(self, outputs: Mapping[str, object]) -> Wire:
        """Return the outputs, all marked as secret if an input is secret."""
        return {name: rpc.wrap_rpc_secret(value) if self.is_secret else value for name, value in outputs.items()}


def _with_failures(answer: object) -> tuple[Wire, Failures]:
    """Return the result and the failures of `Mocks.call`, which can return None as failures, or only the result."""
    result, failures = answer if isinstance(answer, tuple) else (answer, None)
    return result, failures or []


def _id_of(provider: str | None) -> str:
    """Return the ID in a reference to a provider, ``urn:pulumi:STACK::PROJECT::TYPE::NAME::ID``."""
    return (provider or "").rpartition("::")[2]


def _provider_settings(name: str, given: _Inputs) -> Configuration | None:
    """Check the inputs of an explicit provider as the plugin does; return None if one of them is unknown."""
    inputs = {key: UNKNOWN if pulumi.contains_unknowns(value) else value for key, value in given.values.items()}
    configuration = read_configuration(inputs, _provider_urn(name))
    return None if given.is_waiting else configuration


def _provider_urn(name: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{PROVIDER}::{name}"


def _stack_settings() -> Wire:
    """Return the part of the stack's configuration that the engine sends to the plugin: the namespace hologres."""
    keys = {*CONFIG.get(), *get_config_env()}
    return {key.partition(":")[2]: get_config(key) for key in keys if key.startswith("hologres:")}


def _has_output(value: object) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return isinstance(value, pulumi.Output) or any(map(_has_output, parts))


def _unknown_stack(name: str, stacks: Collection[str]) -> ConfigurationError:
    listed = f"; it has outputs of {', '.join(stacks)}" if stacks else ""
    return ConfigurationError(
        f'HologresMocks has no outputs of the stack "{name}"{listed}',
        f'Set HologresMocks(stacks={{"{name}": {{...}}}}), or mock the stack reference in others.',
    )

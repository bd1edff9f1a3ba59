"""`AiNodeList`, the data source for Python programs: a dynamic resource that needs no plugin.

The option `id` of the resource is set, so the engine reads the resource during every preview and every update. The
engine never creates, changes or deletes it, and the state marks it as external.

`AiNodeListProvider` is pickled by reference: states contain its module and its name, which must not change.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import pulumi
from pulumi.dynamic import ConfigureRequest, ReadResult, Resource, ResourceProvider

from ..core.call_sharing import CallSharing
from ..errors import DocumentError, HologresAiError, InvalidArgumentError, RequirementsError
from ..names import PROFILE_KEY, QUERY_KEY, to_camel, to_snake
from ..outputs import AiNode, RegionOutcome, Totals
from . import list_outputs
from .arguments import ArgumentError as ArgumentError  # a public name of this module
from .arguments import (
    Transformations,
    check_arguments,
    checked_options,
    derive_id,
    refuse_provider,
    when_known,
)

if TYPE_CHECKING:
    from ..models import AiNodeListResult
    from ..requirements import RequirementArguments, RequirementResult
    from ..settings.lookup import Lookup

T = TypeVar("T")


class StackOutputError(DocumentError, pulumi.RunError):
    """A stack output that cannot be read. The engine prints a `RunError` without a traceback."""


class UnmetRequirementsError(RequirementsError, pulumi.RunError):
    """AI nodes that do not meet the requirements. The engine prints a `RunError` without a traceback."""


class AiNodeListProvider(ResourceProvider):
    """The provider that reads the nodes for the engine. It resolves the settings on each read and stores none."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Store the function that looks up the stack's configuration."""
        self._stack: Lookup = req.config.get
        self._shared = CallSharing()

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the nodes. `props` are the inputs of the program or, in a refresh, the outputs in the state.

        Raises:
            HologresAiError: the nodes could not be read. The engine prints the tracebacks of all chained
                exceptions, so the error is raised without a traceback. Its message contains the cause.
        """
        try:
            return ReadResult(id_, _read(props, self._stack, self._shared))
        except HologresAiError as error:
            raise error.with_traceback(None) from None


def _read(props: Mapping[str, Any], stack: "Lookup", shared: CallSharing) -> dict[str, Any]:
    from ..core.read import read_sync  # noqa: PLC0415 - a program only declares lists and never reads
    from ..core.result import keep_unread  # noqa: PLC0415 - as above
    from ..envelope import restore  # noqa: PLC0415 - as above
    from ..models import Query, build_query, to_wire  # noqa: PLC0415 - as above

    known = {to_camel(field.name) for field in fields(Query)}
    asked = props.get(QUERY_KEY) or {name: value for name, value in props.items() if name in known}
    profile = props.get(PROFILE_KEY) or props.get("profile")
    result = read_sync(build_query(asked), {"profile": profile}, stack, shared=shared)
    if result.unread and QUERY_KEY in props:  # in a refresh, the state keeps nodes that could not be read
        result = keep_unread(result, restore(props, asked, "the state").instance_model_list)
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr, flush=True)  # noqa: T201 - the engine shows it as a diagnostic
    return {**to_wire(result), QUERY_KEY: asked, **({PROFILE_KEY: profile} if profile else {})}


class AiNodeList(Resource, module="hologres", name="AiNodeList"):
    """The Hologres AI nodes of a region, read during every preview and every update.

    The outputs are known during a preview, with two exceptions: if an argument is unknown, such as the ID of an
    instance that the same program creates, or if a resource in `depends_on` does not exist yet, the nodes are not read
    until the update.

    Args:
        resource_name: the name of this resource.
        instance_id: only the nodes of this Hologres instance.
        region: the region to read. Default: hologres:region, alicloud:region, then the environment.
        regions: several regions to read, instead of `region`; ``["*"]`` reads all known regions.
        on_region_error: the behaviour if one of the regions cannot be read. ``fail``, the default, is an error;
            ``partial`` returns the nodes of the other regions, and `region_outcomes` lists the region that failed.
        ids: only the nodes with one of these AI instance IDs.
        name_regex: only the nodes whose Hologres instance name matches this Python regular expression.
        statuses: only the nodes with one of these statuses, such as ResourceReady.
        charge_types: only the nodes with one of these billing methods: PostPaid, PrePaid.
        ai_specs: only the nodes with one of these specifications.
        include_usage: whether the outputs include used and free capacity. If they do not, a change in usage is not
            drift.
        profile: the profile of the shared credentials file whose account is read. It takes precedence over
            the configuration and the environment. A refresh reads the same account.
        opts: Pulumi's resource options. `id` cannot be set. An explicit `hologres` or `alicloud` provider has no effect
            on this resource. Such a provider without `profile` is an error.

    Raises:
        ArgumentError: an argument is invalid. It is raised before any network call.
    """

    region: pulumi.Output[str]
    """The region that was read. Several regions are joined by commas."""

    instance_model_list: pulumi.Output[Sequence[AiNode]] = pulumi.property("instanceModelList")
    """The AI nodes, sorted by region, Hologres instance and AI instance ID."""

    ids: pulumi.Output[Sequence[str]]
    """The distinct AI instance IDs of the nodes, sorted."""

    names: pulumi.Output[Sequence[str]]
    """The distinct names of the Hologres instances of the nodes, sorted."""

    totals: pulumi.Output[Totals]
    """Total, used and free capacity across all nodes; None for an unknown value."""

    fingerprint: pulumi.Output[str]
    """SHA-256 of the nodes, excluding their usage values. It changes when the nodes change."""

    region_outcomes: pulumi.Output[Sequence[RegionOutcome]] = pulumi.property("regionOutcomes")
    """The outcome of reading each region."""

    def __init__(
        self,
        resource_name: str,
        *,
        instance_id: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        regions: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        on_region_error: pulumi.Input[str] | None = None,
        ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        name_regex: pulumi.Input[str] | None = None,
        statuses: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        charge_types: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        ai_specs: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        include_usage: pulumi.Input[bool] = True,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        arguments: dict[str, Any] = {
            "instance_id": instance_id,
            "region": region,
            "regions": regions,
            "on_region_error": on_region_error,
            "ids": ids,
            "name_regex": name_regex,
            "statuses": statuses,
            "charge_types": charge_types,
            "ai_specs": ai_specs,
            "include_usage": include_usage,
            "profile": profile,
        }
        opts = checked_options(opts)
        check_arguments(arguments)
        self._omits_usage = include_usage is False
        self._arguments = arguments  # after all transformations, see _keep
        read_id = list_outputs.wait_for(opts.depends_on, self._derive_id(arguments))
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=read_id))
        opts.transformations = Transformations(opts.transformations, self._keep)
        props = {**dict.fromkeys((*AiNodeList.__annotations__, QUERY_KEY)), **arguments}
        super().__init__(AiNodeListProvider(), resource_name, props, opts)
        self._query = list_outputs.only_if_read(self, (*AiNodeList.__annotations__, QUERY_KEY))[QUERY_KEY]

    def _keep(self, args: pulumi.ResourceTransformationArgs) -> None:
        if args.resource is self:  # Pulumi also calls it for children of the list
            self._arguments = {name: args.props.get(name) for name in self._arguments}

    def _derive_id(self, arguments: Mapping[str, Any]) -> pulumi.Output[str]:
        """Return the ID to read, as an output that is known once every argument is known and has been checked."""

        def derive(known: Mapping[str, Any]) -> pulumi.Output[str]:
            if "urn" not in vars(self):  # the constructor raised an error, which Pulumi reports
                return pulumi.Output.from_input("")
            return when_known(self._arguments, self._check).apply(lambda _: derive_id(known))

        return pulumi.Output.unsecret(pulumi.Output.all(**arguments)).apply(derive)

    def _check(self, arguments: Mapping[str, Any]) -> None:
        """Check the values of the arguments after all transformations, which can also set a provider."""
        check_arguments(arguments)
        refuse_provider(self, arguments["profile"])

    def export(self, name: str) -> None:
        """Export the nodes as a stack output, which `AiNodes.from_stack` reads as typed objects.

        The value is an object with a kind, a version and the field names of the API. Programs in all languages can read
        it. It is secret if an output of this list is secret.
        """
        from ..envelope import to_envelope  # noqa: PLC0415 - most programs export single outputs

        def envelope(known: Mapping[str, Any]) -> pulumi.Output[dict[str, Any]]:
            written = self._result(lambda result: dict(to_envelope(result, known["profile"])))
            return pulumi.Output.secret(written) if known["secret_outputs"] else written

        known = pulumi.Output.all(profile=self._arguments["profile"], secret_outputs=self._secret_outputs())
        pulumi.export(name, list_outputs.as_list_output(known.apply(envelope)))

    def require(
        self, *, now: datetime | None = None, **requirements: "Unpack[RequirementArguments]"
    ) -> "pulumi.Output[AiNodeList]":
        """Return this list as an output that resolves if its nodes meet the requirements.

        Pass the output to `depends_on`, or use its attributes, such as ``ready.totals``. If a requirement is not met,
        the preview fails with one message that lists each unmet requirement. An update that skips the preview fails
        with the same message. If the nodes are unknown during a preview, requirements are checked during the update.

        Args:
            now: the current time, with a time zone, from which the days until an expiry are counted. Default: the time
                of this machine.
            requirements: all of them must be met. An unknown value meets no requirement.
                min_free_gpus: at least this many free GPU cards in total.
                min_free_gpu_memory: at least this much free GPU memory in total, in GB.
                min_nodes_ready: at least this many nodes in status ResourceReady.
                statuses: every AI instance has one of these statuses.
                ai_specs: at least one AI instance of each of these specifications.
                not_expiring_within_days: no subscription expires within this many days, unless it renews automatically.
                mode: "error", or "warn" to log a warning and continue.

        Raises:
            ArgumentError: a requirement is invalid.
            UnmetRequirementsError: a requirement is not met. It is raised when the output is resolved.
        """
        check_requirements(requirements, now, include_usage=not self._omits_usage)

        def enforced(result: "AiNodeListResult", secret_outputs: Sequence[str]) -> AiNodeList:
            enforce_requirements(requirements, result, now, resource=self, secret_outputs=secret_outputs)
            return self

        def read(names: Sequence[str]) -> pulumi.Output[AiNodeList]:
            return self._result(lambda result: enforced(result, names))

        return list_outputs.as_list_output(self._secret_outputs().apply(read))

    def _secret_outputs(self) -> pulumi.Output[list[str]]:
        """Return the names of the secret outputs; a program selects them with `additional_secret_outputs`."""
        marks = {name: vars(self)[name].is_secret() for name in AiNodeList.__annotations__}
        return pulumi.Output.all(**marks).apply(lambda is_secret: [*filter(is_secret.get, is_secret)])

    def _result(self, use: "Callable[[AiNodeListResult], T]") -> pulumi.Output[T]:
        """Apply `use` to the result from which these outputs were built."""
        # Nested calls of `apply`, because Output.all would wrap every value of every node in an output.
        return self._query.apply(
            lambda asked: self.region.apply(
                lambda region: self.region_outcomes.apply(
                    lambda outcomes: self.instance_model_list.apply(
                        lambda nodes: use(restore_result(asked, region, outcomes, nodes))
                    )
                )
            )
        )

    def translate_output_property(self, prop: str) -> str:
        """Convert the name of a property from the API's spelling to Python's."""
        return prop if prop.startswith("__") else to_snake(prop)

    def translate_input_property(self, prop: str) -> str:
        """Convert the name of a property from Python's spelling to the API's."""
        return prop if prop.startswith("__") else to_camel(prop)


def check_requirements(
    requirements: "RequirementArguments", now: datetime | None, *, include_usage: bool = True
) -> None:
    """Check requirements before the nodes are known.

    Raises:
        ArgumentError: a requirement is invalid, or `now` has no time zone.
    """
    from ..requirements import build_requirements, check_usage, checked_time  # noqa: PLC0415 - few programs use them

    with _printed_errors():
        checked_time(now)
        build_requirements(requirements, prefix="")
        if not include_usage:
            check_usage(requirements, prefix="")


def enforce_requirements(
    requirements: "RequirementArguments",
    result: "AiNodeListResult",
    now: datetime | None,
    *,
    resource: pulumi.Resource | None = None,
    secret_outputs: Sequence[str] = (),
) -> None:
    """Enforce requirements, with errors and warnings that the engine prints. Warnings are logged for `resource`.

    If an output is secret, a message contains no IDs. If `totals` is secret, it contains no values either.

    Raises:
        ArgumentError: a requirement is invalid, or `now` has no time zone.
        UnmetRequirementsError: a requirement is not met.
    """
    from .. import requirements as required  # noqa: PLC0415 - few programs use them

    def describe(item: "RequirementResult") -> str:
        if "totals" in secret_outputs:
            return required.describe_secret(item)
        return item.summary if secret_outputs else str(item)

    warn = partial(pulumi.log.warn, resource=resource)
    with _printed_errors():
        wanted = required.build_requirements(requirements, result.query, prefix="")
        required.enforce(wanted, result, required.checked_time(now), warn, describe=describe)


@contextmanager
def _printed_errors() -> Iterator[None]:
    """Raise each error as one that the engine prints without a traceback."""
    try:
        yield
    except InvalidArgumentError as error:
        raise ArgumentError(error.failures) from None
    except RequirementsError as error:
        raise UnmetRequirementsError(error.title, error.remedy) from None


def restore_result(
    asked: Mapping[str, Any], region: str, outcomes: Sequence[Any], nodes: Sequence[Any]
) -> "AiNodeListResult":
    """Restore the result from which the outputs of a list were built."""
    from ..envelope import restore  # noqa: PLC0415 - only exports and requirements need it

    content = {"region": region, "regionOutcomes": outcomes, "instanceModelList": nodes}
    return restore(content, asked, "the AI nodes")

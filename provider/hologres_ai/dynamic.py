"""Face 1: `AiNodeList`, a read-only data source for Python programs, without a plugin to install.

It is a dynamic resource whose id is set, so the engine reads it, at every preview and every update, and never creates,
changes or deletes anything. The state marks it as external.

`AiNodeListProvider` is pickled by reference: its module and name stand in users' state and must stay as they are.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import pulumi
from pulumi.dynamic import ConfigureRequest, ReadResult, Resource, ResourceProvider

from . import lazy
from .core.call_sharing import CallSharing
from .errors import DocumentError, Failure, HologresAiError, InvalidArgumentError, RequirementsError
from .names import QUERY_KEY, region_label, to_camel, to_snake

T = TypeVar("T")


if TYPE_CHECKING:
    from .models import AiNode, AiNodeListResult, RegionOutcome, Totals, Usage
    from .requirements import RequirementArguments
    from .settings import Lookup
else:
    from .outputs import AiNode, RegionOutcome, Totals, Usage


class ArgumentError(InvalidArgumentError, pulumi.RunError):
    """A bad argument in a program: the engine shows a `RunError` as its message alone, without a trace."""


class AiNodeListProvider(ResourceProvider):
    """Reads the nodes for the engine. Holds nothing: settings come from the stack's configuration at run time."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the way to the stack's configuration; it is read when a value is needed."""
        lazy.prepare_reading()
        self._stack: Lookup = req.config.get
        self._shared = CallSharing()

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The outputs, in the wire's spelling.

        Raises:
            HologresAiError: the nodes could not be read. The engine prints the trace of whatever is raised here, so
                it is raised from here alone, with its cause told in its message.
        """
        outcome = _read(props, self._stack, self._shared)
        if isinstance(outcome, HologresAiError):
            raise outcome.with_traceback(None) from None
        return ReadResult(id_, outcome)


def _read(props: Mapping[str, Any], stack: "Lookup", shared: CallSharing) -> dict[str, Any] | HologresAiError:
    known = {to_camel(field.name) for field in fields(lazy.models.Query)}
    asked = props.get(QUERY_KEY) or {name: value for name, value in props.items() if name in known}
    try:
        result = lazy.reading.read_sync(lazy.models.build_query(asked), stack=stack, shared=shared)
        if result.unread and QUERY_KEY in props:  # a refresh, whose state must not lose what could not be seen
            from .core.result import keep_unread  # noqa: PLC0415

            result = keep_unread(result, lazy.envelope.restore(props, asked, "the state").instance_model_list)
    except HologresAiError as error:
        return error
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr, flush=True)  # noqa: T201 - the engine shows it as a diagnostic
    return {**lazy.models.to_wire(result), QUERY_KEY: asked}


class AiNodeList(Resource, module="hologres", name="AiNodeList"):
    """The Hologres AI nodes of a region, read at every preview and update.

    The outputs are known at preview. Where an input is not known yet, such as the id of an instance that this program
    is about to create, the read waits for it.

    Args:
        resource_name: the name of this resource.
        instance_id: only the nodes of this Hologres instance.
        region: the region to read; else hologres:region, alicloud:region or the environment's.
        regions: the regions to read at once, instead; ``["*"]`` stands for all known ones.
        on_region_error: when one of the regions can't be read: ``fail``, the default, or ``partial``, which takes what
            can be read and names the gaps in `region_outcomes`.
        ids: only the nodes with one of these AI instance ids.
        name_regex: only the nodes whose Hologres instance name has a match of this Python regular expression.
        statuses: only the nodes in one of these statuses, such as ResourceReady.
        charge_types: only the nodes billed in one of these ways: PostPaid, PrePaid.
        ai_specs: only the nodes of one of these specifications.
        include_usage: whether used and free figures are among the outputs; without them, usage is no drift.
        opts: Pulumi's resource options; not `id`, which follows from the arguments.

    Raises:
        ArgumentError: an argument can't be meant; before any network call.
    """

    region: pulumi.Output[str]
    """The region that was read; where several were asked for, these, joined by commas."""

    instance_model_list: pulumi.Output[Sequence[AiNode]] = pulumi.property("instanceModelList")
    """The AI nodes, sorted by region, Hologres instance and AI instance id."""

    ids: pulumi.Output[Sequence[str]]
    """The AI instance ids of the nodes, each once, sorted."""

    names: pulumi.Output[Sequence[str]]
    """The names of their Hologres instances, each once, sorted."""

    totals: pulumi.Output[Totals]
    """Capacity, used and free over all nodes; null where it can't be known."""

    fingerprint: pulumi.Output[str]
    """SHA-256 of the nodes without their usage figures: changes when the fleet does."""

    region_outcomes: pulumi.Output[Sequence[RegionOutcome]] = pulumi.property("regionOutcomes")
    """What came of each region that was asked for."""

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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        query: dict[str, Any] = {
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
        }
        _refuse_what_is_known_to_be_bad(query)
        if opts is not None and opts.id is not None:
            raise ArgumentError([Failure("opts", "id follows from the arguments and can't be given")])
        self._leaves_usage_out = include_usage is False
        self._asked = pulumi.Output.all(**query)
        known = pulumi.Output.unsecret(self._asked)
        read_id = pulumi.Output.all(query=known, is_secret=self._asked.is_secret()).apply(_derive_public_id)
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=read_id))
        props = {**dict.fromkeys(AiNodeList.__annotations__), **query}
        super().__init__(AiNodeListProvider(), resource_name, props, opts)

    def export(self, name: str) -> None:
        """Export the nodes as a stack output that keeps what it says on its way: see `AiNodes.from_stack`.

        The value is an object in the API's spelling with a kind and a version, for programs in other languages too.
        """
        pulumi.export(name, self._result(lambda result: dict(lazy.envelope.to_envelope(result))))

    def require(
        self, *, now: datetime | None = None, **requirements: "Unpack[RequirementArguments]"
    ) -> "pulumi.Output[AiNodeList]":
        """This list, once its nodes are what is required; until then nothing that depends on the output goes on.

        Give it to `depends_on`, or use its outputs: ``ready.totals``. Where a requirement is not met, the preview
        fails, and so does an update that skips the preview, with one message that names what is missing. Where an
        argument of the list is not known yet, the requirements wait for it.

        Args:
            now: the moment from which days are counted, with a time zone; by default that of the read.
            requirements: what the nodes must be; all of it must be met, and an unknown figure meets nothing.
                min_free_gpus: so many GPU cards at least are free, over all nodes.
                min_free_gpu_memory: so much GPU memory at least is free, in GB, over all nodes.
                min_nodes_ready: so many nodes at least are in status ResourceReady.
                statuses: every AI instance is in one of these statuses.
                ai_specs: of each of these specifications there is at least one AI instance.
                not_expiring_within_days: no subscription ends within so many days, unless it renews by itself.
                mode: "error", or "warn" for a warning with which the program goes on.

        Raises:
            ArgumentError: a requirement can't be meant.
            UnmetRequirementsError: when the output is read: a requirement is not met.
        """
        _check_requirements(requirements, now)
        if self._leaves_usage_out:
            _as_argument_error(lambda: lazy.requirements.check_usage(requirements, prefix=""))

        def enforced(result: "AiNodeListResult") -> AiNodeList:
            _enforce(requirements, result, now, self)
            return self

        return self._result(enforced)

    def _result(self, use: "Callable[[AiNodeListResult], T]") -> pulumi.Output[T]:
        """What `use` makes of the result, as an output."""
        # One in the other, because `Output.all` would take every value in every node apart and wrap it.
        return self._asked.apply(
            lambda asked: self.region.apply(
                lambda region: self.region_outcomes.apply(
                    lambda outcomes: self.instance_model_list.apply(
                        lambda nodes: use(_restored(asked, region, outcomes, nodes))
                    )
                )
            )
        )

    def translate_output_property(self, prop: str) -> str:
        """From the wire's spelling to Python's."""
        return prop if prop.startswith("__") else to_snake(prop)

    def translate_input_property(self, prop: str) -> str:
        """From Python's spelling to the wire's."""
        return prop if prop.startswith("__") else to_camel(prop)


def _restored(
    asked: Mapping[str, Any], region: str, outcomes: Sequence[Any], nodes: Sequence[Any]
) -> "AiNodeListResult":
    content = {"region": region, "regionOutcomes": outcomes, "instanceModelList": nodes}
    return lazy.envelope.restore(content, asked, "the AI nodes")


class StackOutputError(DocumentError, pulumi.RunError):
    """A stack output that can't be read: the engine shows a `RunError` as its message alone, without a trace."""


class UnmetRequirementsError(RequirementsError, pulumi.RunError):
    """AI nodes that are not what is required: the engine shows a `RunError` as its message alone, without a trace."""


def _check_requirements(requirements: "RequirementArguments", now: datetime | None) -> None:
    _as_argument_error(
        lambda: (lazy.requirements.checked_time(now), lazy.requirements.build_requirements(requirements, prefix=""))
    )


def _as_argument_error(check: Callable[[], object]) -> None:
    try:
        check()
    except InvalidArgumentError as error:
        raise ArgumentError(error.failures) from None


def _enforce(
    requirements: "RequirementArguments",
    result: "AiNodeListResult",
    now: datetime | None,
    place: "AiNodeList | None" = None,
) -> None:
    """`requirements.enforce`, with errors and warnings as the engine shows them; `place` is what a warning is of."""

    def warn(text: str) -> None:
        pulumi.log.warn(text, resource=place)

    try:
        lazy.requirements.enforce(
            lazy.requirements.build_requirements(requirements, result.query, prefix=""),
            result,
            lazy.requirements.checked_time(now),
            warn,
        )
    except InvalidArgumentError as error:
        raise ArgumentError(error.failures) from None
    except RequirementsError as error:
        raise UnmetRequirementsError(error.title, error.remedy) from None


@dataclass(frozen=True)
class AiNodes:
    """The AI nodes that another program has read, with the outputs of `AiNodeList`."""

    region: str
    instance_model_list: Sequence[AiNode]
    ids: Sequence[str]
    names: Sequence[str]
    totals: Totals
    fingerprint: str
    region_outcomes: Sequence[RegionOutcome]

    @classmethod
    def from_stack(cls, reference: pulumi.StackReference, name: str) -> "pulumi.Output[AiNodes]":
        """The nodes that the program of another stack has exported with `AiNodeList.export(name)`.

        They are known at preview. Each attribute of the output is an output in turn: ``nodes.totals.gpu.free``.

        Raises:
            StackOutputError: when the output is read: it is missing, of another version, or something else.
        """
        return reference.name.apply(
            lambda stack: reference.outputs.apply(
                lambda outputs: reference.get_output(name).apply(
                    lambda value: _from_outputs({**dict.fromkeys(outputs), name: value}, name, stack)
                )
            )
        )

    @classmethod
    def from_json(cls, text: str | bytes, output: str | None = None) -> "AiNodes":
        """The nodes in what `pulumi stack output --json` printed, of one output or of all, or in a file of that.

        Args:
            text: the JSON.
            output: the output's name, where several were exported.

        Raises:
            DocumentError: there are none or several, or they can't be read.
        """
        return _view(lazy.envelope.from_json(text, output))

    def require(self, *, now: datetime | None = None, **requirements: "Unpack[RequirementArguments]") -> "AiNodes":
        """These nodes themselves, once they are what is required; the arguments are those of `AiNodeList.require`.

        Of `from_stack`: ``ready = nodes.apply(lambda known: known.require(min_free_gpus=2))``.

        Raises:
            ArgumentError: a requirement can't be meant.
            UnmetRequirementsError: a requirement is not met.
        """
        _enforce(requirements, _restored({}, self.region, self.region_outcomes, self.instance_model_list), now)
        return self


def _from_outputs(outputs: Mapping[str, object], name: str, stack: str) -> AiNodes:
    try:
        return _view(lazy.envelope.from_outputs(outputs, name, f" of the stack {stack}"))
    except DocumentError as error:
        raise StackOutputError(error.title, error.remedy) from None


def _view(result: "AiNodeListResult") -> AiNodes:
    """The result in Pulumi's shapes, which programs can export and hand on."""
    wire: dict[str, Any] = {to_snake(name): value for name, value in lazy.models.to_wire(result).items()}
    nodes = [_output(AiNode, node) for node in wire.pop("instance_model_list")]
    sums = {name: _output(Usage, value) if isinstance(value, dict) else value for name, value in wire["totals"].items()}
    outcomes = [_output(RegionOutcome, item) for item in wire.pop("region_outcomes")]
    return AiNodes(
        **{**wire, "instance_model_list": nodes, "totals": _output(Totals, sums), "region_outcomes": outcomes}
    )


def _output(view: type[T], wire: Mapping[str, Any]) -> T:
    return view(**{to_snake(name): value for name, value in wire.items()})


def _refuse_what_is_known_to_be_bad(query: Mapping[str, Any]) -> None:
    """Check the arguments that are plain values now; the others are checked when the read has them."""
    plain = {name: value for name, value in query.items() if value is not None and _is_plain(value)}
    if plain != {"include_usage": True}:  # the default; nothing is imported to find that nothing was given
        _as_argument_error(lambda: lazy.models.build_query(plain))


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float | dict | set)


def _derive_public_id(asked: Mapping[str, Any]) -> str:
    """`derive_id`, unless an argument is a secret, which the id, the query in the state and the nodes would show."""
    if asked["is_secret"]:
        reason = "an argument is a secret, which the outputs would show; give pulumi.Output.unsecret(...) of it"
        raise ArgumentError([Failure("query", reason)])
    return derive_id(asked["query"])


def derive_id(query: Mapping[str, Any]) -> str:
    """A readable id that is the same for the same query: ``cn-hangzhou/hgpostcn-cn-yi34hlzdx003/1f0c9a2e``."""
    given = {name: value for name, value in sorted(query.items()) if value is not None}
    digest = hashlib.sha256(json.dumps(given).encode()).hexdigest()[:8]
    region = region_label(query["region"], query.get("regions")) or "default-region"
    return f"{region}/{query['instance_id'] or 'all-instances'}/{digest}"

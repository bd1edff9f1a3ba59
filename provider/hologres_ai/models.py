"""The models: AI instances as the API lists them, the query, and the result.

The descriptions and units of the fields are defined only in this module. The schema, the outputs and the documentation
are generated from them. Field names are in snake case in Python, and in camel case in JSON, as in the API.

Source: the API documentation of ListInstanceModel, version 2022-06-01. It describes the fields for AI nodes only, and
does not guarantee that a field is present. Therefore, all fields are optional.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from .errors import Failure, InvalidArgumentError
from .names import EVERY_REGION, did_you_mean, to_camel

# Pulumi and many JSON parsers store numbers as doubles. Above this limit, different integers can have the same double.
MAX_EXACT_INTEGER = 2**53 - 1

T = TypeVar("T")

_SHAPE = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def lossless_integer(value: object) -> int:
    """Convert an integer, or a string or a float that represents an integer, to an integer.

    Raises:
        ValueError: the value does not represent an integer.
    """
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,400}", value):
        return int(value)  # the range is checked afterwards
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a whole number")


def _lossless_boolean(value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("not a boolean")


_EXACT = Field(ge=-MAX_EXACT_INTEGER, le=MAX_EXACT_INTEGER)

# According to the API documentation, values of resources other than AI nodes may be invalid. An empty string is treated
# as a missing value.
_Empty = Annotated[None, BeforeValidator(lambda value: None if isinstance(value, str) and not value.strip() else value)]
# The members are tried from left to right, so that a value of the correct type is validated only in compiled code of
# pydantic. The last member determines the error message.
Integer = Annotated[
    Annotated[int, Strict(), _EXACT] | _Empty | Annotated[int, BeforeValidator(lossless_integer), _EXACT],
    Field(union_mode="left_to_right"),
]
Boolean = Annotated[
    Annotated[bool, Strict()] | _Empty | Annotated[bool, BeforeValidator(_lossless_boolean)],
    Field(union_mode="left_to_right"),
]


@dataclass(frozen=True, slots=True, kw_only=True, config=_SHAPE)
class AiNode:
    """An AI instance: GPU nodes with the same specification that belong to a Hologres instance and serve AI models."""

    ai_instance_id: Annotated[str | None, Field(description="ID of the AI instance.")] = None
    region_id: Annotated[str | None, Field(description="Region, such as cn-hangzhou.")] = None
    holo_instance_id: Annotated[
        str | None, Field(description="ID of the Hologres instance that the nodes belong to.")
    ] = None
    holo_instance_name: Annotated[str | None, Field(description="Name of the Hologres instance.")] = None
    ai_spec: Annotated[str | None, Field(description="AI specification, such as small-8core-30G-24G.")] = None
    resource_type: Annotated[str | None, Field(description="Resource type, such as small.")] = None
    node_count: Annotated[Integer, Field(description="Number of nodes.")] = None
    cpu: Annotated[Integer, Field(description="CPU specification of one node, in cores.")] = None
    memory: Annotated[Integer, Field(description="Memory of one node, in GiB.")] = None
    gpu: Annotated[Integer, Field(description="Number of GPU cards of one node.")] = None
    gpu_memory: Annotated[Integer, Field(description="GPU memory of one node, in GB.")] = None
    cpu_used: Annotated[Integer, Field(description="CPU in use across all nodes, in cores.")] = None
    memory_used: Annotated[Integer, Field(description="Memory in use across all nodes, in GiB.")] = None
    gpu_used: Annotated[Integer, Field(description="Number of GPU cards in use across all nodes.")] = None
    gpu_memory_used: Annotated[Integer, Field(description="GPU memory in use across all nodes, in GB.")] = None
    status: Annotated[
        str | None,
        Field(description="Status. The only documented value is ResourceReady. Other values are returned unchanged."),
    ] = None
    charge_type: Annotated[
        str | None,
        Field(
            description="Billing method: PostPaid (pay-as-you-go) or PrePaid (subscription). Other values are returned "
            "unchanged."
        ),
    ] = None
    commodity_code: Annotated[str | None, Field(description="Commodity code for billing.")] = None
    expiration_time: Annotated[
        str | None,
        Field(
            description="Time at which the subscription expires, in UTC, such as 2026-01-28T07:44:27.535Z. Missing if "
            "the API returns an empty string or a time in the year 1."
        ),
    ] = None
    auto_renewal: Annotated[Boolean, Field(description="Whether the subscription renews automatically.")] = None


# `AiNode` has two fields for each resource: `<resource>` is the specification, `<resource>_used` is the usage.
RESOURCES = ("cpu", "memory", "gpu", "gpu_memory")
USAGE_FIELDS = tuple(f"{resource}_used" for resource in RESOURCES)


@dataclass(frozen=True, slots=True, kw_only=True, config=_SHAPE)
class Usage:
    """Capacity and usage of a resource across all listed nodes. A sum is null if a value of any node is missing."""

    capacity: Annotated[
        int | None,
        Field(
            description="Sum of specification x nodeCount; null if one of these values is missing for any AI instance."
        ),
    ] = None
    used: Annotated[
        int | None, Field(description="Sum of the usage; null if the usage is missing for any AI instance.")
    ] = None
    free: Annotated[
        int | None,
        Field(description="Capacity minus used; null if one of these values is unknown, or if used exceeds capacity."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_SHAPE)
class Totals:
    """Totals across all listed nodes."""

    node_count: Annotated[
        int | None, Field(description="Total number of nodes; null if nodeCount is missing for any AI instance.")
    ] = None
    cpu: Annotated[Usage, Field(description="CPU, in cores.")]
    memory: Annotated[Usage, Field(description="Memory, in GiB.")]
    gpu: Annotated[Usage, Field(description="GPU cards.")]
    gpu_memory: Annotated[Usage, Field(description="GPU memory, in GB.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeList:
    """The nodes in an API response before filtering, and the request ID and the warnings of the response."""

    nodes: tuple[AiNode, ...]
    request_id: str | None
    warnings: tuple[str, ...] = ()


def _check_regex(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _check_instance_id(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", value):
        raise ValueError("is not the ID of a Hologres instance such as hgpostcn-cn-yi34hlzdx003")
    return value


def _check_regions(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("specify at least one region, or * for all known regions")
    if EVERY_REGION in value and len(value) > 1:
        raise ValueError("* means all known regions and can't be combined with other regions")
    return tuple(sorted(set(value)))


RegionErrors = Literal["fail", "partial"]

_Text = Annotated[str, Strict(), Field(min_length=1)]
_Texts = tuple[_Text, ...]

# The configuration of models for arguments. Unknown names are rejected. Error messages do not contain values, because a
# value can be a secret.
ARGUMENTS = ConfigDict(**_SHAPE, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=ARGUMENTS)
class Query:
    """The nodes to read: the regions and the filters. A node is listed if it matches all given filters."""

    instance_id: Annotated[
        Annotated[_Text, AfterValidator(_check_instance_id)] | None,
        Field(description="List only the nodes of this Hologres instance."),
    ] = None
    region: Annotated[
        _Text | None,
        Field(description="The region to read. Default: the region of the provider or the region in the environment."),
    ] = None
    regions: Annotated[
        Annotated[_Texts, AfterValidator(_check_regions)] | None,
        Field(
            description="The regions to read concurrently. Use it instead of region. A single * means all known "
            "regions; some of them are available to few accounts only."
        ),
    ] = None
    on_region_error: Annotated[
        RegionErrors | None,
        Field(
            description="Action if one of the regions can't be read. fail (default): the read fails. partial: the "
            "nodes of the other regions are returned, and regionOutcomes contains the reason."
        ),
    ] = None
    ids: Annotated[
        _Texts | None, Field(description="List only the nodes with one of these values of aiInstanceId.")
    ] = None
    name_regex: Annotated[
        Annotated[_Text, AfterValidator(_check_regex)] | None,
        Field(
            description="List only the nodes whose holoInstanceName contains a match of this Python regular expression."
        ),
    ] = None
    statuses: Annotated[_Texts | None, Field(description="List only the nodes in one of these statuses.")] = None
    charge_types: Annotated[
        _Texts | None, Field(description="List only the nodes with one of these values of chargeType.")
    ] = None
    ai_specs: Annotated[_Texts | None, Field(description="List only the nodes with one of these specifications.")] = (
        None
    )
    include_usage: Annotated[
        Annotated[bool, Strict()],
        Field(
            description="Whether the outputs include used and free values. If false, a change in usage is not shown as "
            "drift."
        ),
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True, config=_SHAPE)
class RegionOutcome:
    """The outcome of reading a region."""

    region: Annotated[str, Field(description="The region.")]
    outcome: Annotated[
        str,
        Field(
            description="ok: the region has AI nodes. empty: it has no AI nodes. denied: the AccessKey has no "
            "permission to read it. unreachable: there was no valid response. not-a-region: the region does not exist."
        ),
    ]
    reason: Annotated[str | None, Field(description="The reason why the region could not be read.")] = None

    @property
    def is_read(self) -> bool:
        """Whether the region was read successfully. A region without nodes was also read."""
        return self.outcome in ("ok", "empty")


@dataclass(frozen=True, slots=True, kw_only=True, config=_SHAPE)
class AiNodeListResult:
    """The result of a read: the nodes in a stable order, and values that are calculated from the nodes."""

    region: Annotated[str, Field(description="The region that was read. Several regions are separated by commas.")]
    instance_model_list: Annotated[
        tuple[AiNode, ...], Field(description="The AI nodes, sorted by region, Hologres instance and AI instance ID.")
    ]
    ids: Annotated[tuple[str, ...], Field(description="The distinct aiInstanceId values of the nodes, sorted.")]
    names: Annotated[tuple[str, ...], Field(description="The distinct holoInstanceName values of the nodes, sorted.")]
    totals: Annotated[Totals, Field(description="Capacity, used and free values across all listed nodes.")]
    fingerprint: Annotated[
        str, Field(description="SHA-256 of the nodes, excluding their usage values. It changes if the fleet changes.")
    ]
    region_outcomes: Annotated[
        tuple[RegionOutcome, ...], Field(description="The outcome of each requested region, sorted by region.")
    ]
    request_id: Annotated[
        str | None, Field(description="Request ID of the API call. Missing if several regions were read.")
    ] = None
    query: Annotated[Query, Field(exclude=True)]
    warnings: Annotated[tuple[str, ...], Field(exclude=True)] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """The regions that could not be read. The nodes of these regions are unknown."""
        return tuple(item.region for item in self.region_outcomes if not item.is_read)

    @property
    def place(self) -> str:
        """The region or the number of regions that were read, such as ``cn-hangzhou`` or ``18 regions``."""
        read = [item.region for item in self.region_outcomes if item.is_read]
        return f"{len(read)} regions" if len(read) > 1 else (read or [self.region])[0]


_RESULT = TypeAdapter(AiNodeListResult)
_TOTALS = TypeAdapter(Totals)


def build_query(arguments: Mapping[str, object]) -> Query:
    """Build a `Query` from arguments with names in snake case or camel case. None means that an argument is not set.

    Raises:
        InvalidArgumentError: one failure for each argument that is unknown or invalid.
    """
    query = build_arguments(Query, arguments)
    if query.regions and query.region:
        raise InvalidArgumentError([Failure("regions", "can't be combined with region")])
    if query.on_region_error and not query.regions:
        name = next(name for name, value in arguments.items() if value and to_camel(name) == "onRegionError")
        raise InvalidArgumentError([Failure(name, "requires regions")])
    return query


def build_arguments(shape: type[T], arguments: Mapping[str, object], prefix: str = "") -> T:
    """Build a model such as `Query` from arguments with names in snake case or camel case.

    Args:
        shape: the class of the model.
        arguments: the arguments by name. None means that an argument is not set.
        prefix: the text before the name of an argument in an error message.

    Raises:
        InvalidArgumentError: one failure for each argument that is unknown or invalid.
    """
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in arguments.items()
        if value is not None
    }
    try:
        return TypeAdapter(shape).validate_python(given)
    except ValidationError as error:
        failures = [_failure(shape, given, dict(item), prefix) for item in error.errors(include_url=False)]
        raise InvalidArgumentError(failures) from None


_REASONS = {
    "tuple_type": "must be a list of strings",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_unicode": "is not valid text: it contains an unpaired surrogate, or bytes that are not UTF-8",
    "bool_type": "must be true or false",
    "greater_than_equal": "must not be less than 0",
    "less_than_equal": "is too large",
}


def _failure(shape: type, given: Mapping[str, object], item: dict[str, Any], prefix: str) -> Failure:
    first, *rest = item["loc"] or (ascii(item["input"]),)  # pydantic gives no location for a name that is not a string
    name = next((spelling for spelling in given if to_camel(spelling) == first), str(first))
    place = prefix + name + "".join(f"[{part}]" for part in rest if isinstance(part, int))
    names = [field.name for field in fields(shape)]
    if item["type"] == "unexpected_keyword_argument" and name in names:
        return Failure(place, f"set twice, also as {to_camel(name)}")
    if item["type"] == "unexpected_keyword_argument":
        known = [spelling for field in names for spelling in (field, to_camel(field))]
        return Failure(place, "no such argument" + did_you_mean(name, known))
    if item["type"] == "literal_error":
        return Failure(place, f"{item['ctx']['expected']} is expected")
    reason = _REASONS.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
    return Failure(place, reason)


def to_wire(result: AiNodeListResult, *, request_id: bool = False) -> dict[str, JsonValue]:
    """Convert the result to JSON values with names in camel case. All interfaces and files use this format.

    Fields that the API did not return for a node are omitted. An unknown total is null, because a missing total can be
    misread as 0. The request ID is different for every call, and is included only if `request_id` is true.
    """
    omitted = {"totals"} if request_id else {"totals", "request_id"}
    wire: dict[str, JsonValue] = _RESULT.dump_python(
        result, mode="json", by_alias=True, exclude_none=True, exclude=omitted
    )
    usage = None if result.query.include_usage else {resource: {"used", "free"} for resource in RESOURCES}
    return wire | {"totals": _TOTALS.dump_python(result.totals, by_alias=True, exclude=usage)}

"""The envelope in which a list of AI nodes travels: as a stack output, in a file, to other languages.

It is the result in the API's spelling, with a kind and a version in front, and with what was asked, so that it is only
ever compared with an answer to the same question:

    {"kind": "hologres-ai/AiNodeList", "version": 1, "query": {…}, "region": …, "instanceModelList": […], …}

On a stack's wire every number becomes a double, and null and absent become one. Reading goes through the models, which
bring back what was sent.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, TypeGuard

from pydantic import ConfigDict, Field, JsonValue, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import from_json as parse_json

from .core.result import build_result, selects
from .errors import DocumentError, InvalidArgumentError
from .errors.validation import first_problem
from .models import AiNode, AiNodeListResult, NodeList, Query, RegionOutcome, build_query, to_wire
from .names import did_you_mean, to_camel

# Both stand in users' states and files. A reader refuses another version, so it goes up only for what an old reader
# would get wrong, not for a new field.
KIND = "hologres-ai/AiNodeList"
VERSION = 1

_EXPORT = 'Write it with nodes.export("aiNodes") in the program that reads the AI nodes.'
_SECRET = "[secret]"  # noqa: S105 - what `pulumi stack output --json` prints in place of one


@dataclass(frozen=True, config=ConfigDict(alias_generator=to_camel))
class _Content:
    region: Annotated[str, Strict(), Field(min_length=1)]
    instance_model_list: tuple[AiNode, ...]
    region_outcomes: tuple[RegionOutcome, ...] = ()


_CONTENT = TypeAdapter(_Content)
_QUERY = TypeAdapter(Query)


def to_envelope(result: AiNodeListResult) -> dict[str, JsonValue]:
    """The result as it travels."""
    query = _QUERY.dump_python(result.query, mode="json", by_alias=True, exclude_none=True, exclude={"region"})
    return {"kind": KIND, "version": VERSION, "query": query, **to_wire(result)}


def from_envelope(value: object, place: str = "the document") -> AiNodeListResult:
    """The result in an envelope; `place` is what an error calls it.

    Raises:
        DocumentError: it is no envelope, one of another version, or a broken one; the title says where.
    """
    if not is_envelope(value):
        raise _not_ours(value, place)
    _check_version(value.get("version"), place)
    return restore(value, value.get("query"), place)


def is_envelope(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether it says of itself that it is one, of whatever version."""
    return isinstance(value, Mapping) and value.get("kind") == KIND


def restore(content: Mapping[str, object], query: object, place: str) -> AiNodeListResult:
    """The result that follows from the region and the nodes in `content`, which were asked for with `query`.

    Raises:
        DocumentError: a value can't be meant, or a node is not what the query selects; the title says where.
    """
    try:
        read = _CONTENT.validate_python(content, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _broken(place, _place_and_reason(error)) from None
    asked = restore_query(query, place)
    strays = sum(not selects(asked, node) for node in read.instance_model_list)
    if strays:
        raise _broken(place, f"{strays} of its AI nodes are not what its query selects")
    reply = NodeList(nodes=read.instance_model_list, request_id=None)
    if not asked.regions and len(read.region_outcomes) > 1:  # a saved list does not say what was asked
        asked = replace(asked, regions=tuple(read.region.split(",")))
    elif not asked.regions:
        asked = replace(asked, region=read.region)
    return build_result(read.region, asked, reply, region_outcomes=read.region_outcomes)


def restore_query(query: object, place: str) -> Query:
    """A query as it is stored.

    Raises:
        DocumentError: it can't be meant.
    """
    if not isinstance(query, Mapping):
        raise _broken(place, "query is missing")
    try:
        return build_query({name: value for name, value in query.items() if name != "region"})
    except InvalidArgumentError as error:
        raise _broken(place, f"query.{error.failures[0].argument}: {error.failures[0].reason}") from None


def from_json(text: str | bytes, output: str | None = None) -> AiNodeListResult:
    """The result in a JSON text: an envelope, or the outputs of a stack, of which one is.

    Args:
        text: a file's content, or what `pulumi stack output --json` or `pulumi stack output NAME --json` printed.
        output: the output's name, where there is more than one envelope among them.

    Raises:
        DocumentError: there is none, or more than one, or it can't be read.
    """
    document = load(text)
    if output is None and is_envelope(document):
        return from_envelope(document)
    return from_outputs(document, output)


def from_outputs(outputs: Mapping[str, object], output: str | None = None, place: str = "") -> AiNodeListResult:
    """The result in the envelope among a stack's outputs: the one of that name, or the only one.

    Raises:
        DocumentError: there is none, or more than one, or it can't be read.
    """
    found = [name for name, value in outputs.items() if is_envelope(value)]
    if output is None and len(found) != 1:
        reason = f"more than one list of AI nodes: {', '.join(found)}" if found else "no list of AI nodes"
        remedy = "Give the output's name." if found else _EXPORT
        raise DocumentError(f"there is {reason} among the outputs{place}", remedy)
    name = found[0] if output is None else output
    if outputs.get(name) is None:
        others = [other for other in outputs if other != name]
        there = f"The outputs are: {', '.join(others)}. " if others else ""
        raise DocumentError(f'there is no output "{name}"{place}{did_you_mean(name, others)}', there + _EXPORT)
    return from_envelope(outputs[name], f'the output "{name}"{place}')


def load(text: str | bytes) -> Mapping[str, object]:
    """The JSON object in a text; in bytes it may have any of Unicode's encodings, as PowerShell's files do.

    Raises:
        DocumentError: it is not JSON, or not an object.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
        # Stricter than json.loads: it stops at 200 levels, and at half a surrogate pair, which no wire can carry.
        document = parse_json(decoded.removeprefix("\ufeff"))
    except ValueError as error:
        raise DocumentError(f"the document is not JSON: {error}", "Check that it was written whole.") from None
    if not isinstance(document, dict):
        raise DocumentError("the document is not a JSON object", "Check that it is the file that was meant.")
    return document


def _not_ours(value: object, place: str) -> DocumentError:
    if value == _SECRET:
        return DocumentError(
            f"{place} is a secret and was not shown",
            "Add --show-secrets to the command that printed it, or take the secret out of the query.",
        )
    return DocumentError(f"{place} is not a list of AI nodes as `export` writes it", _EXPORT)


def _check_version(version: object, place: str) -> None:
    if version == VERSION and not isinstance(version, bool):
        return
    newer = isinstance(version, int | float) and version > VERSION
    raise DocumentError(
        f"{place} has version {_shown(version)}; this hologres_ai reads version {VERSION}",
        "Upgrade hologres_ai here." if newer else "Write it again with a newer hologres_ai.",
    )


def _shown(version: object) -> str:
    whole = isinstance(version, float) and version.is_integer()
    return str(int(version)) if isinstance(version, float) and whole else repr(version)[:32]


def _place_and_reason(error: ValidationError) -> str:
    problem = first_problem(error, 3)
    return f"{problem.place or 'a name in it'}: {problem.reason}"


def _broken(place: str, reason: str) -> DocumentError:
    return DocumentError(f"{place} can't be read: {reason}", "It was changed on the way: write it again.")

"""The envelope of a list of AI nodes: the format of the list in a stack output or a file.

An envelope contains the kind, the version, the query and the result with the field names of the API. The query ensures
that a result is compared only with a result of the same query:

    {"kind": "hologres-ai/AiNodeList", "version": 1, "query": {…}, "region": …, "instanceModelList": […], …}

In a stack output, every number is a double, and null is the same as a missing value. The models restore the types when
an envelope is parsed.
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

# Both values are stored in states and files of users. A reader rejects a different version. Increase VERSION only for a
# change that an older reader would misinterpret, not for a new field.
KIND = "hologres-ai/AiNodeList"
VERSION = 1

_EXPORT = 'Export it with nodes.export("aiNodes") in the program that reads the AI nodes.'
_SHOW_SECRETS = (
    "Print it with --show-secrets, or remove the secret arguments and additional_secret_outputs of the list and run "
    "`pulumi up`."
)
_KINDS = "hologres-ai/"  # prefix of the kind of every document that this package writes, such as hologres-ai/Error
_OTHER_KIND = "Specify a document from `hologres-ai drift --accept`, `hologres-ai list --json` or `AiNodeList.export`."
_SECRET = "[secret]"  # noqa: S105 - `pulumi stack output --json` prints this text instead of a secret


@dataclass(frozen=True, config=ConfigDict(alias_generator=to_camel))
class _Content:
    region: Annotated[str, Strict(), Field(min_length=1)]
    instance_model_list: tuple[AiNode, ...]
    region_outcomes: tuple[RegionOutcome, ...] = ()


_CONTENT = TypeAdapter(_Content)
_QUERY = TypeAdapter(Query)


def to_envelope(result: AiNodeListResult, profile: str | None = None) -> dict[str, JsonValue]:
    """Return the envelope of a result. It contains the name of the credentials profile if an argument selected one."""
    query = _QUERY.dump_python(result.query, mode="json", by_alias=True, exclude_none=True, exclude={"region"})
    account: dict[str, JsonValue] = {"profile": profile} if profile else {}
    return {"kind": KIND, "version": VERSION, "query": query, **account, **to_wire(result)}


def from_envelope(value: object, place: str = "the document") -> AiNodeListResult:
    """Return the result in an envelope. Error messages refer to the document as `place`.

    Raises:
        DocumentError: the value is not an envelope, has an unsupported version or is invalid.
    """
    if value == _SECRET:
        raise DocumentError(f"{place} is a secret and was not shown", _SHOW_SECRETS)
    if not is_envelope(value):
        raise DocumentError(f"{place} is not a list of AI nodes that `export` wrote", _EXPORT)
    _check_version(value.get("version"), place)
    return restore(value, value.get("query"), place)


def is_envelope(value: object) -> TypeGuard[Mapping[str, object]]:
    """Return whether a value has the kind of an envelope, regardless of its version."""
    return isinstance(value, Mapping) and value.get("kind") == KIND


def restore(content: Mapping[str, object], query: object, place: str) -> AiNodeListResult:
    """Build the result of `query` from the region and the nodes in `content`.

    Raises:
        DocumentError: a value is invalid, or the query does not select one of the nodes.
    """
    try:
        read = _CONTENT.validate_python(content, by_alias=True, by_name=False)
    except ValidationError as error:
        problem = first_problem(error, 3)
        raise _broken(place, f"{problem.place or 'a key'}: {problem.reason}") from None
    asked = _restore_query(query, place)
    strays = sum(not selects(asked, node) for node in read.instance_model_list)
    if strays:
        raise _broken(place, f"its query does not select {strays} of the AI nodes")
    reply = NodeList(nodes=read.instance_model_list, request_id=None)
    if not asked.regions and len(read.region_outcomes) > 1:  # a saved list does not contain `regions`
        asked = replace(asked, regions=tuple(read.region.split(",")))
    elif not asked.regions:
        asked = replace(asked, region=read.region)
    return build_result(read.region, asked, reply, region_outcomes=read.region_outcomes)


def _restore_query(query: object, place: str) -> Query:
    if not isinstance(query, Mapping):
        raise _broken(place, "query is missing")
    try:
        return build_query({name: value for name, value in query.items() if name != "region"})
    except InvalidArgumentError as error:
        raise _broken(place, f"query.{error.failures[0].argument}: {error.failures[0].reason}") from None


def from_json(text: str | bytes, output: str | None = None) -> AiNodeListResult:
    """Parse the result in a JSON text: an envelope, or the outputs of a stack that include an envelope.

    Args:
        text: the content of a file, or the output of `pulumi stack output --json` or `pulumi stack output NAME --json`.
        output: the name of the stack output. It is required if more than one output is an envelope.

    Raises:
        DocumentError: the text contains no envelope, more than one, or an invalid one.
    """
    document = load(text)
    if output is None and is_envelope(document):
        return from_envelope(document)
    return from_outputs(document, output)


def from_outputs(outputs: Mapping[str, object], output: str | None = None, place: str = "") -> AiNodeListResult:
    """Parse the envelope in the stack output `output`, or the only envelope in the outputs of a stack.

    Raises:
        DocumentError: the outputs contain no envelope, more than one, or an invalid one.
    """
    return from_envelope(*envelope_among(outputs, output, place))


def envelope_among(outputs: Mapping[str, object], output: str | None = None, place: str = "") -> tuple[object, str]:
    """Return the envelope in the outputs of a stack, and the text that refers to it in error messages.

    Raises:
        DocumentError: the output does not exist, or the outputs contain no envelope or more than one.
    """
    name = _only_envelope(outputs, place) if output is None else output
    if outputs.get(name) is None:
        others = [other for other in outputs if other != name]
        listed = f"The outputs are: {', '.join(others)}. " if others else ""
        raise DocumentError(f'there is no output "{name}"{place}{did_you_mean(name, others)}', listed + _EXPORT)
    return outputs[name], f'the output "{name}"{place}'


def _only_envelope(outputs: Mapping[str, object], place: str) -> str:
    found = [name for name, value in outputs.items() if is_envelope(value)]
    if len(found) == 1:
        return found[0]
    if found:
        raise DocumentError(
            f"there is more than one list of AI nodes among the outputs{place}: {', '.join(found)}",
            "Set the name of the output with --output NAME, or with the argument `output` in a program.",
        )
    kind = outputs.get("kind")
    if isinstance(kind, str) and kind.startswith(_KINDS):
        raise DocumentError(f"the document is a {kind[:64]}, not a list of AI nodes{place}", _OTHER_KIND)
    hidden = [name for name, value in outputs.items() if value == _SECRET]
    if hidden:
        raise DocumentError(
            f"no list of AI nodes was found among the outputs{place}; these outputs are secrets: {', '.join(hidden)}",
            _SHOW_SECRETS,
        )
    raise DocumentError(f"there is no list of AI nodes among the outputs{place}", _EXPORT)


def load(text: str | bytes) -> Mapping[str, object]:
    """Parse a JSON object. Bytes can have any Unicode encoding, such as UTF-16 in a file that PowerShell wrote.

    Raises:
        DocumentError: the text is not JSON, or is not a JSON object.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
        # Stricter than json.loads: it rejects more than 200 levels of nesting, and unpaired surrogates, which UTF-8
        # cannot encode.
        document = parse_json(decoded.removeprefix("\ufeff"))
    except ValueError as error:
        raise DocumentError(f"the document is not JSON: {error}", "Check that the file is complete.") from None
    if not isinstance(document, dict):
        raise DocumentError("the document is not a JSON object", "Check that it is the right file.")
    return document


def _check_version(version: object, place: str) -> None:
    if version == VERSION and not isinstance(version, bool):
        return
    newer = isinstance(version, int | float) and version > VERSION
    whole = isinstance(version, float) and version.is_integer()
    shown = f"{version:.0f}" if whole else json.dumps(version, default=repr)[:32]
    raise DocumentError(
        f"{place} has version {shown}; this version of hologres_ai supports version {VERSION}",
        "Upgrade hologres_ai on this machine." if newer else "Export it again with a newer version of hologres_ai.",
    )


def _broken(place: str, reason: str) -> DocumentError:
    return DocumentError(
        f"{place} is invalid: {reason}", "The document was modified after it was written; export it again."
    )

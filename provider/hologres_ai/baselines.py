"""A result that was kept, whatever it was kept as: the one to compare with.

envelope    what `export` writes, and `hologres-ai drift --accept`
outputs     `pulumi stack output --json`, with an envelope among them
state       `pulumi stack export`, with an AiNodeList in it, of the dynamic or of the native provider
list        `hologres-ai list --json`, which does not say what was asked
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from pydantic_core import from_json

from .envelope import from_envelope, from_outputs, is_envelope, load, restore
from .errors import DocumentError
from .models import AiNodeListResult
from .names import QUERY_KEY, did_you_mean

Form = Literal["envelope", "outputs", "state", "list"]

# How a state marks a secret; the engine's own constants.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret


@dataclass(frozen=True)
class Baseline:
    """A result and the form that it was kept in. The query of a list is the one that was said to be its own."""

    result: AiNodeListResult
    form: Form


def read_baseline(
    text: str | bytes,
    *,
    output: str | None = None,
    resource: str | None = None,
    query: Mapping[str, object] | None = None,
) -> Baseline:
    """The baseline in a JSON text.

    Args:
        text: a document in one of the four forms.
        output: the name of the stack output to take, where there are several.
        resource: the name of the AiNodeList to take from a state, where there are several.
        query: what was asked for a list; in the other forms it is told.

    Raises:
        DocumentError: none or several are in it, or it can't be read.
    """
    document = load(text)
    try:
        return _of_any_form(document, output, resource, query)
    except RecursionError:
        raise DocumentError("the document is nested too deep", "Check that it is the file that was meant.") from None


def _of_any_form(
    document: Mapping[str, object], output: str | None, resource: str | None, query: Mapping[str, object] | None
) -> Baseline:
    if is_envelope(document):
        return Baseline(from_envelope(document), "envelope")
    if isinstance(document.get("deployment"), Mapping):
        return Baseline(_from_state(document["deployment"], output, resource), "state")
    if "instanceModelList" in document:
        usage = {"includeUsage": _has_usage(document)}
        return Baseline(restore(document, {**(query or {}), **usage}, "the list"), "list")
    return Baseline(from_outputs(document, output), "outputs")


def _has_usage(document: Mapping[str, object]) -> bool:
    totals = document.get("totals")
    gpu = totals.get("gpu") if isinstance(totals, Mapping) else None
    return not isinstance(gpu, Mapping) or "used" in gpu


@dataclass(frozen=True)
class _Resource:
    """An entry of a state."""

    name: str
    type: str
    outputs: Mapping[str, object]


def _from_state(deployment: object, output: str | None, resource: str | None) -> AiNodeListResult:
    resources = list(_resources(deployment))
    if output is not None:
        return from_outputs(_outputs_of_the_stack(resources), output, " of the stack")
    lists = [entry for entry in resources if entry.type.endswith(":AiNodeList")]
    chosen = [entry for entry in lists if resource in (None, entry.name)]
    if len(chosen) != 1:
        raise _not_one(lists, resource)
    place = f'the AiNodeList "{chosen[0].name}" of the stack'
    outputs = cast("Mapping[str, object]", _in_the_open(chosen[0].outputs, place))
    if not outputs.get("instanceModelList") and "region" not in outputs:
        raise DocumentError(f"{place} was not read yet", "Run `pulumi up` first.")
    return restore(outputs, outputs.get(QUERY_KEY), place)


def _resources(deployment: object) -> Iterator[_Resource]:
    entries = deployment.get("resources") if isinstance(deployment, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            name, outputs = str(entry.get("urn", "")).rpartition("::")[2], entry.get("outputs")
            yield _Resource(name, str(entry.get("type", "")), outputs if isinstance(outputs, Mapping) else {})


def _outputs_of_the_stack(resources: Sequence[_Resource]) -> Mapping[str, object]:
    stacks = [entry for entry in resources if entry.type == "pulumi:pulumi:Stack"]
    found = _in_the_open(stacks[0].outputs, "an output of the stack") if stacks else {}
    return cast("Mapping[str, object]", found)


def _not_one(lists: Sequence[_Resource], resource: str | None) -> DocumentError:
    names = ", ".join(entry.name for entry in lists)
    if not lists:
        return DocumentError(
            "there is no AiNodeList in the state of the stack",
            "Run `pulumi up` with a program that has one; of an output, give the name.",
        )
    if resource is None:
        return DocumentError(f"there is more than one AiNodeList in the state: {names}", "Give the resource's name.")
    hint = did_you_mean(resource, [entry.name for entry in lists])
    return DocumentError(f'there is not exactly one AiNodeList "{resource}" in the state{hint}', f"There are: {names}.")


def _in_the_open(value: object, place: str) -> object:
    """The value without the marks of secrets that a state exported with ``--show-secrets`` has."""
    if isinstance(value, list):
        return [_in_the_open(item, place) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(_SIGNATURE) != _SECRET:
        return {name: _in_the_open(item, place) for name, item in value.items()}
    if "plaintext" not in value:
        raise DocumentError(
            f"{place} is a secret and encrypted",
            "Save the state with `pulumi stack export --show-secrets`, or take the secret out of the query.",
        )
    return _in_the_open(_plaintext(value["plaintext"], place), place)


def _plaintext(text: object, place: str) -> object:
    try:
        return from_json(str(text))
    except ValueError:  # its own words would show a part of the secret
        raise DocumentError(f"{place} is a secret that can't be read", "Export the state once more.") from None

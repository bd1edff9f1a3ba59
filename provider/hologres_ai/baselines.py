"""Read a baseline: the earlier result in a comparison. A baseline has one of four forms.

envelope    the document that `AiNodeList.export` and `hologres-ai drift --accept` write
outputs     the output of `pulumi stack output --json`, which includes an envelope
state       the output of `pulumi stack export`, or a stack file of a local backend; it contains an AiNodeList of the
            dynamic provider or of the plugin
list        the output of `hologres-ai list --json`, which does not contain its query
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import from_json

from .envelope import envelope_among, from_envelope, is_envelope, load, restore
from .errors import DocumentError
from .models import AiNodeListResult
from .names import PROFILE_KEY, QUERY_KEY, SECRET_SIGNATURE, SIGNATURE, did_you_mean, is_default_provider

Form = Literal["envelope", "outputs", "state", "list"]

# The inputs of a provider that determine the account. The profile is not included, because a comparison can use it.
_CREDENTIALS = frozenset(
    ("accessKey", "sharedCredentialsFile", "credentialsUri", "ecsRoleName", "assumeRole", "assumeRoleWithOidc")
)
# The outputs from which the result of a list is restored. A comparison does not read the other outputs.
_RESTORED = ("region", "instanceModelList", "regionOutcomes", QUERY_KEY, PROFILE_KEY)


@dataclass(frozen=True)
class Baseline:
    """A result and the form in which it was stored.

    Attributes:
        result: the result. In the form ``list``, its query is the query that the caller gave.
        form: the form of the document.
        profile: the profile of the account that was read, if the program or the provider of the list set one.
        provider: the name of the provider of the list, if it has a secret profile, other credentials or a role to
            assume. The state does not show the account of such a provider.
    """

    result: AiNodeListResult
    form: Form
    profile: str | None = None
    provider: str | None = None


def read_baseline(
    text: str | bytes,
    *,
    output: str | None = None,
    resource: str | None = None,
    query: Mapping[str, object] | None = None,
) -> Baseline:
    """Read a baseline from a JSON text.

    Args:
        text: a document in one of the four forms.
        output: the name of a stack output, for outputs and states.
        resource: the name or the URN of an AiNodeList, for states.
        query: the arguments with which a list was read; the other forms contain their query.

    Raises:
        DocumentError: the text contains no baseline, more than one, or an invalid one.
    """
    document = load(text)
    try:
        return _in_any_form(document, output, resource, query)
    except RecursionError:
        raise DocumentError("the document is nested too deeply", "Check that it is the right file.") from None


def _in_any_form(
    document: Mapping[str, object], output: str | None, resource: str | None, query: Mapping[str, object] | None
) -> Baseline:
    resources = _resources_of(document)
    if resources is not None:
        return _from_state(list(_entries(resources)), output, resource)
    if resource is not None:
        raise DocumentError(
            "the document is not the state of a stack, so no resource can be chosen", "Omit --resource."
        )
    is_list = is_envelope(document) or "instanceModelList" in document
    if is_list and output is not None:
        raise DocumentError("the document is one list of AI nodes, so no output can be chosen", "Omit --output.")
    if is_envelope(document):
        return _from_envelope(document, "the document", "envelope")
    if is_list:
        if "region" not in document:
            raise DocumentError(
                "the document contains AI nodes without their region, as an API response does",
                "Give the output of `hologres-ai list --json`, which contains the region.",
            )
        asked = {**(query or {}), "includeUsage": _has_usage(document)}
        return Baseline(restore(document, asked, "the list"), "list")
    return _from_envelope(*envelope_among(document, output), "outputs")


def _from_envelope(value: object, place: str, form: Form) -> Baseline:
    result = from_envelope(value, place)
    return Baseline(result, form, _profile(value.get("profile") if is_envelope(value) else None))


def _profile(name: object) -> str | None:
    return name if isinstance(name, str) and name else None


def _has_usage(document: Mapping[str, object]) -> bool:
    gpu = _mapping(document.get("totals")).get("gpu")
    return not isinstance(gpu, Mapping) or "used" in gpu


@dataclass(frozen=True)
class _Entry:
    """A resource in a state."""

    urn: str
    type: str
    outputs: Mapping[str, object]
    inputs: Mapping[str, object]
    provider: str

    @property
    def name(self) -> str:
        """The name in the URN ``urn:pulumi:STACK::PROJECT::TYPE::NAME``; the name can contain ``::``."""
        parts = self.urn.split("::", 3)
        return parts[3] if len(parts) > 3 else self.urn


def _resources_of(document: Mapping[str, object]) -> object | None:
    """Return the resources in a stack export or in a checkpoint of a local backend; None for any other document."""
    deployment = document.get("deployment")
    checkpoint = document.get("checkpoint")
    if isinstance(checkpoint, Mapping):
        deployment = checkpoint.get("latest") or {}
    return deployment.get("resources", []) if isinstance(deployment, Mapping) else None


def _entries(resources: object) -> Iterator[_Entry]:
    """Yield the resources of a state, except resources that are pending deletion."""
    for entry in resources if isinstance(resources, list) else ():
        if isinstance(entry, Mapping) and entry.get("delete") is not True:
            urn, kind, provider = (str(entry.get(name, "")) for name in ("urn", "type", "provider"))
            yield _Entry(urn, kind, _mapping(entry.get("outputs")), _mapping(entry.get("inputs")), provider)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _from_state(entries: Sequence[_Entry], output: str | None, resource: str | None) -> Baseline:
    if output is not None:
        stack = next((entry.outputs for entry in entries if entry.type == "pulumi:pulumi:Stack"), {})
        value, place = envelope_among(stack, output, " of the stack")
        return _from_envelope(_without_secret_marks(value, place), place, "state")
    entry = _choose([entry for entry in entries if entry.type.endswith(":AiNodeList")], resource)
    place = f'the AiNodeList "{entry.name}" of the stack'
    stored = {name: entry.outputs[name] for name in _RESTORED if name in entry.outputs}
    outputs = _without_secret_marks(stored, place)
    if not outputs.get("instanceModelList") and "region" not in outputs:
        raise DocumentError(f"{place} has not been read yet", "Run `pulumi up` first.")
    own = _profile(outputs.get(PROFILE_KEY))  # set by a dynamic resource, which ignores the inputs of a provider
    provider = None if own else _declared_provider(entry, entries)
    profile, name = _account_of(provider) if provider else (own, None)
    return Baseline(restore(outputs, outputs.get(QUERY_KEY), place), "state", profile, name)


def _account_of(provider: _Entry) -> tuple[str | None, str | None]:
    """Return the profile of a provider. If the state does not show which account it reads, also return its name."""
    inputs = provider.inputs
    given = inputs.get("profile")
    if isinstance(given, Mapping) and "plaintext" in given:
        given = _without_secret_marks(given, f'the profile of the provider "{provider.name}"')
    profile = None if "sharedCredentialsFile" in inputs else _profile(given)
    is_hidden = given is not None and not isinstance(given, str)
    return profile, provider.name if is_hidden or inputs.keys() & _CREDENTIALS else None


def _declared_provider(entry: _Entry, entries: Sequence[_Entry]) -> _Entry | None:
    """Return the provider of a list, or None for the default provider. A list refers to its provider as ``URN::ID``."""
    urn = entry.provider.rpartition("::")[0]
    found = next((other for other in entries if other.urn == urn), None)
    return None if found is None or is_default_provider(urn) else found


def _choose(lists: Sequence[_Entry], resource: str | None) -> _Entry:
    """Return the only list, or the one whose name or URN is `resource`."""
    chosen = [entry for entry in lists if resource in (None, entry.name, entry.urn)]
    if len(chosen) == 1:
        return chosen[0]
    if not lists:
        raise DocumentError(
            "there is no AiNodeList in the state of the stack",
            "Run `pulumi up` with a program that has one, or choose an output of the stack with --output.",
        )
    urns = "\n".join(f"  {entry.urn}" for entry in chosen or lists)
    if chosen:
        title = "there is more than one AiNodeList" + (f' "{resource}"' if resource else "") + " in the state"
        raise DocumentError(title, f"Choose one with --resource NAME or --resource URN:\n{urns}")
    hint = did_you_mean(str(resource), [entry.name for entry in lists])
    raise DocumentError(
        f'there is no AiNodeList "{resource}" in the state{hint}',
        f"Choose one with --resource NAME or --resource URN:\n{urns}",
    )


def _without_secret_marks(value: object, place: str) -> Any:
    """Return the value with each secret replaced by its plaintext.

    Raises:
        DocumentError: a secret is encrypted, because the state was exported without ``--show-secrets``, or invalid.
    """
    if isinstance(value, list):
        return [_without_secret_marks(item, place) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) != SECRET_SIGNATURE:
        return {name: _without_secret_marks(item, place) for name, item in value.items()}
    if "plaintext" not in value:
        raise DocumentError(
            f"{place} is a secret and encrypted",
            "Save the state with `pulumi stack export --show-secrets`, or remove the secret arguments and "
            "additional_secret_outputs of the list and run `pulumi up`.",
        )
    try:
        plaintext = from_json(str(value["plaintext"]))
    except ValueError:  # the message of this exception contains a part of the secret
        raise DocumentError(f"{place} is a secret that is not valid JSON", "Export the state again.") from None
    return _without_secret_marks(plaintext, place)

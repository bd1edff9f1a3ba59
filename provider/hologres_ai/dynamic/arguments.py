"""The arguments of an `AiNodeList`: the checks, and the ID that is derived from them."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from ..errors import Failure, InvalidArgumentError
from ..names import region_label


class ArgumentError(InvalidArgumentError, pulumi.RunError):
    """An invalid argument in a program. The engine prints a `RunError` without a traceback."""


class Transformations(list[pulumi.ResourceTransformation]):
    """The transformations of a resource, and one that runs after those of all its parents.

    Pulumi adds the list of the parents' transformations to the list of the resource, unless the latter is empty.
    """

    def __init__(
        self, given: Sequence[pulumi.ResourceTransformation] | None, last: pulumi.ResourceTransformation
    ) -> None:
        super().__init__(given or [lambda _args: None])
        self._last = last

    def __add__(self, inherited: list[Any]) -> list[Any]:
        return [*self, *inherited, self._last]


def checked_options(opts: object) -> pulumi.ResourceOptions:
    """Return the resource options, or empty options for None.

    Raises:
        ArgumentError: the value has a different type, or contains an ID.
    """
    opts = pulumi.ResourceOptions() if opts is None else opts
    if not isinstance(opts, pulumi.ResourceOptions):
        raise ArgumentError([Failure("opts", "pulumi.ResourceOptions is expected")])
    if opts.id is not None:
        raise ArgumentError([Failure("opts", "id is derived from the arguments and cannot be set; remove it")])
    return opts


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Check the arguments that are plain values.

    Raises:
        ArgumentError: an argument is invalid.
    """
    plain = {name: value for name, value in arguments.items() if value is not None and _is_plain(value)}
    profile = plain.pop("profile", None)
    if profile is not None and not (isinstance(profile, str) and profile):
        raise ArgumentError([Failure("profile", "the name of a profile is expected")])
    if plain == {"include_usage": True}:
        return  # the default requires no check, so pydantic is not imported
    from ..models import build_query  # noqa: PLC0415 - see above

    try:
        build_query(plain)
    except InvalidArgumentError as error:
        raise ArgumentError(error.failures) from None


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float | dict | set)


def when_known(arguments: Mapping[str, Any], check: Callable[[Mapping[str, Any]], None]) -> pulumi.Output[None]:
    """Check arguments once all of them are known; `check` receives their values.

    Raises:
        ArgumentError: an argument is a secret. It is raised when the output is resolved.
    """
    marks = {name: pulumi.Output.from_input(value).is_secret() for name, value in arguments.items()}
    values = pulumi.Output.unsecret(pulumi.Output.all(**arguments))

    def check_values(known: Mapping[str, Any]) -> None:
        reason = "is a secret, which the outputs would show; wrap it in pulumi.Output.unsecret(...)"
        secrets = [Failure(name, reason) for name, is_secret in known["marks"].items() if is_secret]
        if secrets:
            raise ArgumentError(secrets)
        check(known["values"])

    return pulumi.Output.all(values=values, marks=marks).apply(check_values)


def refuse_provider(resource: pulumi.Resource, profile: object) -> None:
    """Refuse an explicit or inherited provider, unless a profile determines the account.

    A dynamic resource ignores the provider, so the list would read a different account.

    Raises:
        ArgumentError: the resource has a provider, and no profile is given.
    """
    packages = [name for name in ("hologres", "alicloud") if resource.get_provider(f"{name}:index:AiNodeList")]
    if packages and not profile:
        reason = (
            f"an explicit provider of {packages[0]} has no effect on a dynamic resource, which would read the default "
            'account. Set profile="NAME" to the profile of the account in the shared credentials file, or use '
            "AiNodeList of pulumi_hologres, which accepts an explicit provider"
        )
        raise ArgumentError([Failure("opts", reason)])


def derive_id(arguments: Mapping[str, Any]) -> str:
    """Return a readable ID, which is the same for equal arguments: ``cn-hangzhou/hgpostcn-cn-yi34hlzdx003/1f0c9a2e``.

    If there is a profile, its name precedes the digest of the arguments.
    """
    given = {name: value for name, value in sorted(arguments.items()) if value is not None}
    digest = hashlib.sha256(json.dumps(given).encode()).hexdigest()[:8]
    region = region_label(arguments["region"], arguments.get("regions")) or "default-region"
    parts = (region, arguments["instance_id"] or "all-instances", arguments.get("profile"), digest)
    return "/".join(part for part in parts if part)

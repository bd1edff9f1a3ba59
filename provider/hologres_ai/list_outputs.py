"""The outputs of an `AiNodeList` in a program: known after the read, and absent from the stack if the read failed.

With ``pulumi up --continue-on-error`` a program continues after a failed read. Pulumi then resolves the outputs with
the inputs or with None, which look like values, and writes its marker for an unknown value as text into the outputs of
the stack.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import invoke_output, is_dry_run, run_in_stack

T = TypeVar("T")
U = TypeVar("U")


class ListOutput(pulumi.Output[T]):
    """An output that is unknown after a failed read, and then absent from the outputs of the stack.

    The engine skips resources that depend on it. An output derived from it by `apply`, an attribute or an index is a
    `ListOutput` too.
    """

    def apply(self, func: Callable[[T], pulumi.Input[U]], run_with_unknowns: bool = False) -> pulumi.Output[U]:
        """Derive an output; see `pulumi.Output.apply`."""
        if _is_stack_export(func) and not is_dry_run():
            return super().apply(_none_if_unknown, run_with_unknowns=True).apply(func)
        return as_list_output(super().apply(func, run_with_unknowns))


def as_list_output(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """The same output as a `ListOutput`; not a wrapper, which would report an error of the output twice."""
    output.__class__ = ListOutput
    return output


def _is_stack_export(func: Callable[..., object]) -> bool:
    """Whether Pulumi applies the function to make a stack output of a value."""
    return getattr(func, "__module__", None) == run_in_stack.__module__


def _none_if_unknown(value: object) -> Any:
    """None for what is unknown: Pulumi leaves it out of the stack's outputs, where the last known value stays."""
    return None if isinstance(value, Unknown) or pulumi.contains_unknowns(value) else value


def only_if_read(resource: pulumi.Resource, names: Iterable[str]) -> Mapping[str, pulumi.Output[Any]]:
    """Replace the outputs of a list by ones that are unknown when the read failed, and return them.

    Every read has a fingerprint; inputs do not.
    """
    attributes = vars(resource)
    read = pulumi.Output.unsecret(attributes["fingerprint"])
    outputs = {name: as_list_output(_if(read, attributes[name])) for name in names}
    attributes.update(outputs)
    return outputs


def _if(read: pulumi.Output[Any], output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    return read.apply(lambda fingerprint: pulumi.UNKNOWN if fingerprint is None else output)


def wait_for(depends_on: Any, output: pulumi.Output[T]) -> pulumi.Output[T]:
    """The output; unknown while a custom resource in `depends_on`, or below a component there, is not created."""
    if depends_on is None:
        return output
    created = pulumi.Output.unsecret(pulumi.Output.from_input(depends_on).apply(_once_created))
    return created.apply(lambda _: output)


def _once_created(depends_on: Any) -> pulumi.Input[object]:
    """Known once the resources exist: the same rule as for Pulumi's functions with `depends_on`.

    The engine's own function answers with the state of one of the resources, which is not used.
    """
    given = depends_on if isinstance(depends_on, Sequence) else [depends_on]
    resources = [resource for resource in given if resource is not None]
    if not resources:
        return True
    opts = pulumi.InvokeOutputOptions(depends_on=resources)
    return invoke_output("pulumi:pulumi:getResource", {"urn": resources[0].urn}, opts).apply(lambda _: True)

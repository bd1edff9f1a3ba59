"""The outputs of an `AiNodeList` in a program: unknown if the read failed, and then absent from the stack outputs.

With ``pulumi up --continue-on-error``, a program continues after a failed read. Without this module, Pulumi would
resolve the outputs to the inputs or to None, and would write its marker for unknown values into the stack outputs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import invoke_output, is_dry_run, run_in_stack

T = TypeVar("T")
U = TypeVar("U")


class ListOutput(pulumi.Output[T]):
    """An output that is unknown after a failed read, and then absent from the stack outputs.

    The engine skips resources that depend on it. An output that `apply`, an attribute or an index derives from it is
    also a `ListOutput`.
    """

    def apply(self, func: Callable[[T], pulumi.Input[U]], run_with_unknowns: bool = False) -> pulumi.Output[U]:
        """Derive an output; see `pulumi.Output.apply`."""
        # The function with which Pulumi converts a value to a stack output is in the module of run_in_stack.
        if getattr(func, "__module__", None) == run_in_stack.__module__ and not is_dry_run():
            return super().apply(_none_if_unknown, run_with_unknowns=True).apply(func)
        return as_list_output(super().apply(func, run_with_unknowns))


def as_list_output(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Turn an output into a `ListOutput` in place: a wrapper would report an error of the output twice."""
    output.__class__ = ListOutput
    return output


def _none_if_unknown(value: object) -> Any:
    """Return None for an unknown value: Pulumi then omits it, and the stack output keeps its last known value."""
    return None if isinstance(value, Unknown) or pulumi.contains_unknowns(value) else value


def only_if_read(resource: pulumi.Resource, names: Iterable[str]) -> Mapping[str, pulumi.Output[Any]]:
    """Replace each output of a list by an output that is unknown if the read failed; return the new outputs.

    Every successful read has a fingerprint; the inputs have none.
    """
    attributes = vars(resource)
    read = pulumi.Output.unsecret(attributes["fingerprint"])
    outputs = {name: as_list_output(_if(read, attributes[name])) for name in names}
    attributes.update(outputs)
    return outputs


def _if(read: pulumi.Output[Any], output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    return read.apply(lambda fingerprint: pulumi.UNKNOWN if fingerprint is None else output)


def wait_for(depends_on: Any, output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output with the value of `output` that is unknown until the resources in `depends_on` are created.

    For a component in `depends_on`, these are the custom resources inside it.
    """
    if depends_on is None:
        return output
    created = pulumi.Output.unsecret(pulumi.Output.from_input(depends_on).apply(_once_created))
    return created.apply(lambda _: output)


def _once_created(depends_on: Any) -> pulumi.Input[object]:
    """Return an output that is known once the resources exist, as for Pulumi's functions with `depends_on`.

    This calls the engine's function `getResource` and does not use the state that it returns.
    """
    given = depends_on if isinstance(depends_on, Sequence) else [depends_on]
    resources = [resource for resource in given if resource is not None]
    if not resources:
        return True
    opts = pulumi.InvokeOutputOptions(depends_on=resources)
    return invoke_output("pulumi:pulumi:getResource", {"urn": resources[0].urn}, opts).apply(lambda _: True)

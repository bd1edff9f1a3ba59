"""`AiNodes`: the AI nodes that a different stack exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import pulumi

from .dynamic import StackOutputError, enforce_requirements, restore_result
from .errors import DocumentError
from .names import to_snake
from .outputs import AiNode, RegionOutcome, Totals, Usage

if TYPE_CHECKING:
    from .models import AiNodeListResult
    from .requirements import RequirementArguments

T = TypeVar("T")


@dataclass(frozen=True)
class AiNodes:
    """The AI nodes that a different stack exported. The attributes are the outputs of `AiNodeList`."""

    region: str
    instance_model_list: Sequence[AiNode]
    ids: Sequence[str]
    names: Sequence[str]
    totals: Totals
    fingerprint: str
    region_outcomes: Sequence[RegionOutcome]
    _is_secret: bool = field(default=False, repr=False, compare=False)

    @classmethod
    def from_stack(cls, reference: pulumi.StackReference, name: str) -> "pulumi.Output[AiNodes]":
        """Read the nodes that the program of a different stack exported with `AiNodeList.export(name)`.

        The nodes are known during a preview. They are secret if the stack output is secret. Each attribute of the
        returned output, such as ``nodes.totals.gpu.free``, is an output.

        Raises:
            StackOutputError: the stack output is missing, has an unsupported version, or is not a list of nodes. The
                error is raised when the returned output is resolved.
        """

        output = reference.get_output(name)

        def parse(stack: str, value: object, is_secret: bool) -> "pulumi.Input[AiNodes]":
            if value is not None:
                return replace(_from_outputs({name: value}, name, stack), _is_secret=is_secret)
            # The error lists the existing outputs. `outputs` is used only here, because it is secret if any output of
            # the stack is secret.
            return reference.outputs.apply(lambda outputs: _from_outputs(dict.fromkeys(outputs), name, stack))

        named = pulumi.Output.all(reference.name, output.is_secret())
        return named.apply(lambda known: output.apply(lambda value: parse(known[0], value, known[1])))

    @classmethod
    def from_json(cls, text: str | bytes, output: str | None = None) -> "AiNodes":
        """Read the nodes from the output of `pulumi stack output --json` or `pulumi stack output NAME --json`.

        Args:
            text: the JSON text.
            output: the name of the stack output; required if the text contains several lists.

        Raises:
            DocumentError: the text contains no list, several lists, or an invalid one.
        """
        from .envelope import from_json  # noqa: PLC0415 - so that importing this module does not import pydantic

        return _view(from_json(text, output))

    def require(self, *, now: datetime | None = None, **requirements: "Unpack[RequirementArguments]") -> "AiNodes":
        """Return these nodes if they meet the requirements; the arguments are those of `AiNodeList.require`.

        With `from_stack`: ``ready = nodes.apply(lambda known: known.require(min_free_gpus=2))``.

        Raises:
            ArgumentError: a requirement is invalid.
            UnmetRequirementsError: a requirement is not met.
        """
        result = restore_result({}, self.region, self.region_outcomes, self.instance_model_list)
        # A secret stack output contains all outputs, so a message must not show any of their values.
        enforce_requirements(requirements, result, now, secret_outputs=("totals",) if self._is_secret else ())
        return self


def _from_outputs(outputs: Mapping[str, object], name: str, stack: str) -> AiNodes:
    from .envelope import from_outputs  # noqa: PLC0415 - as in from_json

    try:
        return _view(from_outputs(outputs, name, f" of the stack {stack}"))
    except DocumentError as error:
        raise StackOutputError(error.title, error.remedy) from None


def _view(result: "AiNodeListResult") -> AiNodes:
    """Convert a result to Pulumi's output types, which programs can export and pass to resources."""
    from .models import to_wire  # noqa: PLC0415 - as in from_json

    wire: dict[str, Any] = {to_snake(name): value for name, value in to_wire(result).items()}
    sums = {name: _output(Usage, value) if isinstance(value, dict) else value for name, value in wire["totals"].items()}
    wire["totals"] = _output(Totals, sums)
    wire["instance_model_list"] = [_output(AiNode, node) for node in wire["instance_model_list"]]
    wire["region_outcomes"] = [_output(RegionOutcome, outcome) for outcome in wire["region_outcomes"]]
    return AiNodes(**wire)


def _output(view: type[T], wire: Mapping[str, Any]) -> T:
    return view(**{to_snake(name): value for name, value in wire.items()})

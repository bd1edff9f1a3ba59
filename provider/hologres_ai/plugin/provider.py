"""The function `getAiNodeList` and the resource `AiNodeList`, with plain Python values.

A check reads the nodes and adds them to the inputs as the inventory, as other providers add a generated name.
Therefore, the engine detects drift when it compares inputs in a preview or in a refresh. Create, update and diff make
no API call, because they compute their results from the inputs. Each step makes one call, and the state contains the
values that the preview showed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ..api.transport import Connections
from ..clock import utc_now
from ..core.call_sharing import CallSharing
from ..core.read import read
from ..errors import ConfigurationError, HologresAiError
from ..models import AiNodeListResult, Query, to_wire
from ..requirements import Clock, Requirements, describe_secret, enforce
from .config import changed_settings, may_show, read_configuration, unused_source, with_secrets
from .inputs import (
    INVENTORY,
    NODES,
    OUTPUTS,
    REQUIREMENTS_KEY,
    build_function_query,
    build_outputs,
    build_whole_query,
    changed_paths,
    given_inputs,
    has_inventory,
    has_secret,
    is_computed,
    is_waiting,
    known_query,
    known_requirements,
    with_inventory,
    with_old_inventory,
    with_stored_nodes,
    without_internal,
)
from .inventory import ADD, Kind, top_name
from .properties import UNKNOWN, Properties, Property, hidden_names, hide, is_secret, is_unknown, marked, secret_texts

Warn = Callable[[str], Awaitable[None]]


class Provider:
    """The provider, with one configuration at a time. It keeps no data between two runs of a program.

    Args:
        warn: shows a warning to the user.
        clock: returns the current time, from which the days until an expiry are counted.
    """

    def __init__(self, warn: Warn, clock: Clock = utc_now) -> None:
        self._warn = warn
        self._clock = clock
        self._connections = Connections()  # open until the process exits
        self._reads: set[asyncio.Task[AiNodeListResult]] = set()
        self.configure({})

    async def check_config(self, given: Properties, urn: str) -> dict[str, Property]:
        """Return the settings, with the secret ones marked. A missing setting can be in the environment.

        Raises:
            InvalidArgumentError: a setting is unsupported or invalid.
        """
        with hidden_names(lambda name: name not in given or may_show(name)):
            read_configuration(given, urn)
        if warning := unused_source(given, urn):
            await self._warn(warning)
        return with_secrets(given)

    def diff_config(self, old: Properties, new: Properties) -> list[str]:
        """Return the settings that changed. A different version of the plugin is not a change."""
        return changed_settings(old, new)

    def configure(self, settings: Properties, urn: str = "") -> None:
        """Store the settings of this provider for the run of a program. They are resolved on each read."""
        self._configuration = read_configuration(settings, urn)
        self._shared = CallSharing()  # several lists with identical requests share one call

    async def call_function(self, arguments: Properties) -> dict[str, Property]:
        """Return the result and the request ID, or an empty response if an argument is unknown.

        Raises:
            HologresAiError: an argument is invalid, the read failed, or a requirement is not met.
        """
        if any(map(is_unknown, arguments.values())):
            return {}
        with hidden_names(partial(_may_show_value, arguments)):
            query = build_function_query(arguments)
            result = await self._read(query, arguments, known_requirements(arguments, query))
        wire: dict[str, Any] = to_wire(result, request_id=True)
        return marked(wire, secret=has_secret(arguments))

    async def check(self, new: Properties, old: Properties) -> dict[str, Property]:
        """Return the inputs with the region and the inventory.

        The inventory is read. If it is pinned, or if changes to it are ignored, it is copied from the old inputs.

        Requirements are checked only here. Therefore, a preview fails before anything changes, an update checks them
        again, and an unmet requirement does not prevent a refresh or an import.

        Raises:
            HologresAiError: an input is invalid, the read failed, or a requirement is not met.
        """
        new, old = without_internal(new), without_internal(old)
        with hidden_names(partial(_may_show_value, new)):
            requirements = known_requirements(new, known_query(new))  # validated even if the nodes cannot be read yet
            if is_waiting(new):
                return {**new, INVENTORY: UNKNOWN}
            kept = with_old_inventory(new, old)
            if kept is None:
                return with_inventory(new, await self._read(build_whole_query(new), new, requirements), old)
            if requirements is not None:
                await self._read(build_whole_query(kept), kept, requirements)
            return kept

    async def diff(
        self, old: Properties, new: Properties, ignored: Collection[str], outputs: Collection[str]
    ) -> dict[str, Kind]:
        """Return each path that differs between the old and the new inputs, except the paths of ignored properties.

        An output that is missing in the old `outputs`, such as an output that a later version adds, is also a change.
        """
        if any(top_name(path) == NODES for path in ignored):
            await self._warn(
                f'ignoreChanges: {NODES} is an output. Write "{INVENTORY}" to ignore changes to the nodes.'
            )
        paths = changed_paths(without_internal(old), without_internal(new))
        paths |= {name: ADD for name in OUTPUTS if name not in outputs}
        return {path: kind for path, kind in paths.items() if top_name(path) not in ignored}

    async def create_or_update(self, given: Properties) -> dict[str, Property]:
        """Return the outputs, during an update and during a preview. Inputs without an inventory are checked first."""
        inputs = without_internal(given)
        return build_outputs(inputs if has_inventory(inputs) else await self.check(inputs, {}))

    async def read(self, inputs: Properties, outputs: Properties) -> tuple[dict[str, Property], dict[str, Property]]:
        """Read the nodes and return the current inputs and outputs.

        This is for `get`, for a refresh, and for an import, which has neither inputs nor outputs. The inputs of `get`
        are returned unchanged, because a program sets all of them.
        """
        old = without_internal(inputs)
        given = given_inputs(old)
        result = await self._read(build_whole_query(given), given)
        now = with_inventory(given, result, with_stored_nodes(old, outputs))
        is_import = not inputs and not outputs
        return now if is_computed(old) or is_import else given, build_outputs(now)

    def cancel(self) -> None:
        """Cancel the reads in progress."""
        for task in self._reads:
            task.cancel()

    async def _read(
        self, query: Query, inputs: Properties, requirements: Requirements | None = None
    ) -> AiNodeListResult:
        """Read the nodes, and enforce requirements. Messages contain no secret values and no nodes that they select."""
        secrets = secret_texts(given_inputs(inputs))
        with _hidden_texts(secrets):
            result = await self._cancellable_read(query)
            selected = {*result.ids, *result.names} if has_secret(inputs) else set()
            await self._show(result.warnings, secrets | selected)
            if requirements is not None:
                warnings: list[str] = []
                describe = describe_secret if is_secret({**inputs}) else str
                enforce(requirements, result, self._clock(), warnings.append, describe=describe)
                await self._show(warnings, secrets)
        return result

    async def _show(self, warnings: Iterable[str], secrets: Collection[str]) -> None:
        for warning in warnings:
            await self._warn(hide(warning, secrets))

    async def _cancellable_read(self, query: Query) -> AiNodeListResult:
        arguments, stack = self._configuration.arguments, self._configuration.stack
        call = read(query, arguments, stack.get, shared=self._shared, connections=self._connections)
        task = asyncio.create_task(call)
        self._reads.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if (caller := asyncio.current_task()) and caller.cancelling():
                raise  # the engine closed the request; no response is needed
            raise HologresAiError("the AI nodes were not read: the operation was cancelled") from None
        except ConfigurationError as error:
            raise self._configuration.explain(error) from None
        finally:
            self._reads.discard(task)


@contextmanager
def _hidden_texts(secrets: Collection[str]) -> Iterator[None]:
    """Replace the secret texts in the message of a failed read or of an unmet requirement."""
    try:
        yield
    except HologresAiError as error:
        if not secrets:
            raise
        raise HologresAiError(hide(str(error), secrets)) from None


def _may_show_value(inputs: Properties, name: str) -> bool:
    """Return whether the engine may print the value of an input. Secrets and large objects are not printed."""
    top = top_name(name)
    return top in inputs and top not in (REQUIREMENTS_KEY, INVENTORY) and not is_secret(inputs[top])

"""Reads the AI nodes for one configuration of the provider, and assesses the requirements of a program.

The engine configures the plugin at the start of each run of a program. Nothing is remembered from one run to the next.
"""

import asyncio
from collections.abc import Awaitable, Callable

from ..api.transport import Connections
from ..clock import utc_now
from ..core.call_sharing import CallSharing
from ..core.read import read
from ..errors import HologresAiError
from ..models import AiNodeListResult, Query
from ..requirements import Clock, Requirements, describe_secret, enforce
from .config import Configuration
from .inputs import (
    awaiting_inventory,
    build_function_query,
    build_whole_query,
    given_inputs,
    has_inventory,
    has_secret,
    is_waiting,
    known_query,
    known_requirements,
    with_inventory,
    with_old_inventory,
)
from .properties import Properties, Property, hide, is_secret, secret_texts

Warn = Callable[[str], Awaitable[None]]


class Reader:
    """Reads with one configuration; lists that ask the same share a call.

    Args:
        warn: shows a warning to the user.
        configuration: the provider's settings.
        clock: the present, from which the days to an expiry are counted.
    """

    def __init__(self, warn: Warn, configuration: Configuration | None = None, clock: Clock = utc_now) -> None:
        self._warn = warn
        self._configuration = configuration or Configuration({})
        self._clock = clock
        self._shared = CallSharing()
        self._connections = Connections()  # open until the process ends, which is when the program has run
        self._reads: set[asyncio.Task[AiNodeListResult]] = set()

    async def call_function(self, arguments: Properties) -> AiNodeListResult:
        """Return the result of the function.

        Raises:
            HologresAiError: an argument is invalid, the read failed, or a requirement is not met.
        """
        return await self._read_required(build_function_query(arguments), arguments)

    async def check(self, new: Properties, old: Properties) -> dict[str, Property]:
        """Return the inputs with the region and the inventory: of now or, where pinned or ignored, of the old inputs.

        Requirements are assessed only here: a preview and an update fail before anything changes, and a refresh or an
        import still shows the present nodes.
        """
        requirements = known_requirements(new, known_query(new))  # what is known is checked now, even if the rest waits
        if is_waiting(new):
            return awaiting_inventory(new)
        kept = with_old_inventory(new, old)
        if kept is None:
            return with_inventory(new, await self._read_required(build_whole_query(new), new), old)
        if requirements is not None:
            await self._read_required(build_whole_query(kept), kept)
        return kept

    async def complete(self, inputs: Properties) -> dict[str, Property]:
        """Return inputs as `check` left them; inputs that were not checked are checked now."""
        return {**inputs} if has_inventory(inputs) else await self.check(inputs, {})

    async def refresh(self, old: Properties) -> dict[str, Property]:
        """Return the inputs with the inventory of now: for `get`, for a refresh, and for an import without inputs."""
        given = given_inputs(old)
        return with_inventory(given, await self._read(build_whole_query(given), given), old)

    def cancel(self) -> None:
        """End the reads that are under way."""
        for task in self._reads:
            task.cancel()

    async def _read_required(self, query: Query, inputs: Properties) -> AiNodeListResult:
        """The nodes, if they are what the inputs require; a requirement that is not known yet waits."""
        requirements = known_requirements(inputs, query)
        result = await self._read(query, inputs)
        if requirements is not None:
            await self._enforce(requirements, result, secret=is_secret({**inputs}))
        return result

    async def _enforce(self, requirements: Requirements, result: AiNodeListResult, *, secret: bool) -> None:
        warnings: list[str] = []
        enforce(requirements, result, self._clock(), warnings.append, describe=describe_secret if secret else str)
        for warning in warnings:
            await self._warn(warning)

    async def _read(self, query: Query, inputs: Properties) -> AiNodeListResult:
        """The nodes. Neither a warning nor an error shows what a secret holds or selects."""
        secrets = secret_texts(inputs)
        try:
            result = await self._cancellable_read(query)
        except HologresAiError as error:
            if not secrets:
                raise
            raise HologresAiError(hide(str(error), secrets)) from None
        if has_secret(inputs):
            secrets |= {*result.ids, *result.names}
        for warning in result.warnings:
            await self._warn(hide(warning, secrets))
        return result

    async def _cancellable_read(self, query: Query) -> AiNodeListResult:
        call = read(query, stack=self._configuration.get, shared=self._shared, connections=self._connections)
        task = asyncio.create_task(call)
        self._reads.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if (caller := asyncio.current_task()) and caller.cancelling():
                raise  # the engine closed the request; no response is needed
            raise HologresAiError("the AI nodes were not read: the operation was cancelled") from None
        finally:
            self._reads.discard(task)

"""The one place of the plugin's lazy imports: the provider itself is imported when more than its schema is asked for.

Of the three processes that the engine starts one after the other for a YAML program, two are asked for the schema
alone. Pydantic, httpx and our own core would be a third of what each of them takes to start.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import GetSchemaRequest, GetSchemaResponse

from ..collecting import collected_later
from ..schema import schema_text

if TYPE_CHECKING:
    from .provider import HologresProvider


class WakingProvider:
    """Stands where the SDK wants its `Provider`; `warn` is the provider's."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn

    async def get_schema(self, request: GetSchemaRequest) -> GetSchemaResponse:  # noqa: ARG002
        """The text of schema.json."""
        return GetSchemaResponse(schema_text())

    async def cancel(self) -> None:
        """Give up the reads under way, where there can be some."""
        if "_awake" in self.__dict__:
            await self._awake.cancel()

    def __getattr__(self, name: str) -> object:
        return getattr(self._awake, name)

    @cached_property
    def _awake(self) -> "HologresProvider":
        with collected_later():
            from .provider import HologresProvider  # noqa: PLC0415

        return HologresProvider(self._warn)

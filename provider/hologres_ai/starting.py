"""What a process of ours imports when it starts: the command line's commands, the plugin's provider."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .collecting import never_collected

_NO_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


@contextmanager
def own_imports() -> Iterator[None]:
    """Quicker imports in the block; for the main thread of a process that has only begun.

    No collection of garbage looks at them. And pydantic does not search all that is installed for plugins, which takes
    as long as to build all our shapes, and would run other packages' code in a process that holds keys.
    """
    before = os.environ.get(_NO_PLUGINS)
    os.environ[_NO_PLUGINS] = "__all__"
    try:
        with never_collected():
            yield
    finally:
        del os.environ[_NO_PLUGINS]  # what is started from here is not ours
        if before is not None:
            os.environ[_NO_PLUGINS] = before

"""Python's collector of garbage, kept from looking again and again at what is only being built."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """No collection of cycles while the block runs: for blocks that make many objects and no cycles.

    Each collection looks at every object that is there, so that without this twice the nodes take more than twice the
    time. Several threads may be in such a block; the first to leave it lets collections begin again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def never_collected() -> Iterator[None]:
    """No collection looks at what is made in the block, neither then nor later: for imports.

    They make a hundred thousand objects that stay until the end. Only for a process that is there for us: in a program
    of somebody else's that is for them to say.
    """
    with collected_later():
        yield
        gc.freeze()

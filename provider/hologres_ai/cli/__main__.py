"""``python -m hologres_ai.cli``, the same as ``hologres-ai``."""

from . import run

run()

"""``python -m hologres_ai.cli``, the same as ``hologres-ai``."""

from . import main

main(prog_name="hologres-ai")

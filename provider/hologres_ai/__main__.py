"""``python -m hologres_ai``: the plugin, as ``pulumi.run.plugin`` starts it. The command is ``hologres_ai.cli``."""

from .plugin import main

if __name__ == "__main__":
    main()

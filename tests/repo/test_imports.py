"""Import rules that only a running interpreter shows; the import contracts are in pyproject.toml (`make check`)."""

import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "provider" / "hologres_ai"
PULUMI_USERS = {"__main__", "dynamic", "outputs", "stack_outputs", "plugin", "testing"}
NAMES = sorted({path.stem for path in SOURCES.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()})


def test_only_the_pulumi_interfaces_load_pulumi() -> None:
    """Imports by name, and those of the package root, are not in the import graph."""
    others = [name for name in NAMES if name not in PULUMI_USERS | {"__init__"}]
    assert {"core", "cli", "emulator"} <= set(others)
    script = (
        "import importlib, sys\n"
        f"for name in {others!r}: importlib.import_module('hologres_ai.' + name)\n"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'pulumi'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")

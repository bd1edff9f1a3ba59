"""What `hologres_ai.testing` imports, and needs to be installed."""

import subprocess
import sys


def python(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


def test_pytest_is_for_the_fixtures_alone() -> None:
    done = python("import sys, hologres_ai.testing\nprint('pytest' in sys.modules)")
    assert done.stdout == "False\n", done.stderr


def test_what_has_to_be_installed_is_named() -> None:
    done = python("import sys\nsys.modules['aiohttp'] = None\nimport hologres_ai.testing")
    assert done.stderr.splitlines()[-1].endswith("pip install 'hologres_ai[testing]'")

"""The imports of `hologres_ai.testing`, and the extra that it needs."""

import subprocess
import sys


def python(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


def test_importing_hologres_ai_testing_does_not_import_pytest() -> None:
    done = python("import sys, hologres_ai.testing\nprint('pytest' in sys.modules)")
    assert done.stdout == "False\n", done.stderr


def test_without_aiohttp_the_import_names_the_extra_to_install() -> None:
    done = python("import sys\nsys.modules['aiohttp'] = None\nimport hologres_ai.testing")
    assert done.stderr.splitlines()[-1].endswith("pip install 'hologres_ai[testing]'")

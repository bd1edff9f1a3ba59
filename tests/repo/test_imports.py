"""Imports go one way: each module of the package may use the layers before its own, and nothing else of ours.

A new module fails here until it has a place in the order.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "hologres_ai"
SOURCES = ROOT / "provider" / PACKAGE

ORDER = (
    ("errors", "naming", "transport", "collecting", "leaving", "pieces"),
    ("models", "starting"),
    ("sources",),
    ("credentials",),
    ("config",),
    ("signing",),
    ("answers",),
    ("transport_errors",),
    ("connections",),
    ("client", "running", "sharing"),
    ("regions",),
    ("reading",),
    ("envelope", "drift"),
    ("requirements",),
    ("baselines", "schema", "lazy", "outputs"),
    ("dynamic", "plugin", "cli"),
)
EMULATOR_USES = {"errors", "models", "config", "signing"}
PULUMI_USERS = {"dynamic", "outputs", "plugin", "testing"}


def allowed_uses() -> dict[str, set[str]]:
    """Each module, and the modules of ours that it may import."""
    uses: dict[str, set[str]] = {}
    below: set[str] = set()
    for layer in ORDER:
        uses |= {module: set(below) for module in layer}
        below |= set(layer)
    uses["cli"].add("emulator")
    uses["testing"] = below - {"cli"} | {"emulator"}
    return uses | {"emulator": set(EMULATOR_USES), "__init__": below - {"cli"}}


USES = allowed_uses()


def module_of(path: Path, sources: Path) -> str:
    """The part of the package that a file is in: a module's or a subpackage's name."""
    return path.relative_to(sources).parts[0].removesuffix(".py")


def imported(path: Path, package: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and absolute dotted name of everything a file imports, wherever in it; `package` is the file's own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, tuple(alias.name.split("."))) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            yield from ((node.lineno, (*base, alias.name)) for alias in node.names)


def complaint(user: str, name: tuple[str, ...], sources: Path) -> str | None:
    """What is wrong with `user` importing `name`, if anything."""
    if name[0] == "pulumi" or name[0].startswith("pulumi_"):
        return None if user in PULUMI_USERS else f"{user} imports {name[0]}"
    if name[0] == "aiohttp":  # an optional dependency, there for the emulator alone
        return None if user == "emulator" else f"{user} imports aiohttp"
    if name[0] == "pytest":  # as well, for the fixtures alone
        return None if user == "testing" else f"{user} imports pytest"
    if name[0] != PACKAGE:
        return None
    used = name[1] if len(name) > 1 and is_module(sources / name[1]) else "__init__"
    return None if used in USES[user] | {user} - {"__init__"} else f"{user} imports {used}"


def is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


def complaints(sources: Path) -> list[str]:
    """Every import in the package that goes against the order, and every module without a place in it."""
    found: list[str] = []
    for path in sorted(sources.rglob("*.py")):
        user = module_of(path, sources)
        if user not in USES:
            found.append(f"{user} has no place in the order")
            continue
        package = (PACKAGE, *path.relative_to(sources).parts[:-1])
        wrong = (complaint(user, name, sources) for _, name in imported(path, package))
        found += [text for text in wrong if text]
    return found


def test_the_package_keeps_the_order() -> None:
    assert (SOURCES / "reading.py").is_file()
    assert complaints(SOURCES) == []


@pytest.mark.parametrize("folder", ["examples", "tools", "benchmarks"])
def test_the_emulator_is_reached_through_the_command_line(folder: str) -> None:
    names = [name for path in (ROOT / folder).rglob("*.py") for _, name in imported(path, ())]
    assert [name for name in names if name[:2] == (PACKAGE, "emulator")] == []


def test_without_pulumi_all_but_its_faces_can_be_imported() -> None:
    """What the syntax can't show: imports by name, and what the package itself does when a part of it is imported."""
    names = sorted(name for name in set(USES) - PULUMI_USERS - {"__init__"} if is_module(SOURCES / name))
    assert "reading" in names
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module('{PACKAGE}.' + name)\n"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'pulumi'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


# --- The check itself ------------------------------------------------------------------------------------------------

BREACHES = [
    ("errors.py", "from .models import AiNode", "errors imports models"),
    ("errors.py", "from .naming import did_you_mean", "errors imports naming"),
    ("models.py", "from . import config", "models imports config"),
    ("sources.py", "from .credentials import Credentials", "sources imports credentials"),
    ("credentials/choosing.py", "from ..config import resolve", "credentials imports config"),
    ("config.py", "import hologres_ai.api.signing", "config imports signing"),
    ("signing.py", "from hologres_ai import answers", "signing imports answers"),
    ("answers.py", "from hologres_ai.api.client import Client", "answers imports client"),
    ("client.py", "def late():\n    from .reading import read", "client imports reading"),
    ("reading.py", "if TYPE_CHECKING:\n    from .dynamic import AiNodeList", "reading imports dynamic"),
    ("reading.py", "import pulumi", "reading imports pulumi"),
    ("reading.py", "from pulumi.dynamic import Resource", "reading imports pulumi"),
    ("reading.py", "from . import read_ai_nodes", "reading imports __init__"),
    ("reading.py", "from .emulator import serve", "reading imports emulator"),
    ("dynamic.py", "from .cli import main", "dynamic imports cli"),
    ("dynamic.py", "from .emulator.state import Fleet", "dynamic imports emulator"),
    ("plugin.py", "from .dynamic import AiNodeList", "plugin imports dynamic"),
    ("cli/__init__.py", "import pulumi as engine", "cli imports pulumi"),
    ("cli/show.py", "from ..dynamic import AiNodeList", "cli imports dynamic"),
    ("cli/show.py", "import pulumi_alicloud", "cli imports pulumi_alicloud"),
    ("cli/show.py", "import aiohttp", "cli imports aiohttp"),
    ("emulator/state.py", "from ..client import Client", "emulator imports client"),
    ("emulator/state.py", "from .. import reading", "emulator imports reading"),
    ("emulator/state.py", "from ..naming import did_you_mean", "emulator imports naming"),
    ("testing/mocks.py", "from ..cli import main", "testing imports cli"),
    ("emulator/state.py", "from ..testing import run_program", "emulator imports testing"),
    ("cli/show.py", "from ..testing.fleets import load_nodes", "cli imports testing"),
    ("reading.py", "import pytest", "reading imports pytest"),
    ("__init__.py", "from .testing import run_program", "__init__ imports testing"),
    ("__init__.py", "from .cli import main", "__init__ imports cli"),
    ("__init__.py", "from .emulator import serve", "__init__ imports emulator"),
    ("novelty.py", "", "novelty has no place in the order"),
    ("novelty/__init__.py", "", "novelty has no place in the order"),
]

GOOD = {
    "__init__.py": "from .reading import read_ai_nodes\nfrom .dynamic import AiNodeList",
    "errors.py": "import logging",
    "naming.py": "import difflib",
    "models.py": "from .errors import Failure\nfrom .naming import did_you_mean",
    "sources.py": "from .errors import ConfigurationError\nfrom .naming import did_you_mean",
    "credentials/__init__.py": "from .choosing import choose",
    "credentials/choosing.py": "from ..sources import SETTINGS",
    "config.py": "from . import credentials, models",
    "signing.py": "import hologres_ai.config",
    "answers.py": "from hologres_ai import signing",
    "client.py": "from hologres_ai.api.response import HttpResponse",
    "reading.py": "from .client import Client",
    "dynamic.py": "import pulumi\nfrom .reading import read_sync",
    "plugin.py": "from pulumi.provider import Provider",
    "cli/__init__.py": "from ..emulator import serve\nfrom . import show\nfrom .show import table",
    "cli/show.py": "from ..reading import read\nfrom . import main",
    "emulator/__init__.py": "import aiohttp\nfrom .state import Fleet\nfrom ..signing import signature",
    "emulator/state.py": "from .. import config, errors, models, signing",
    "testing/__init__.py": "from ..emulator import Emulator\nfrom .mocks import HologresMocks",
    "testing/mocks.py": "import pulumi\nfrom ..plugin import main\nfrom ..emulator.state import Fleet",
    "testing/fixtures.py": "import pytest",
}


def write(sources: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = sources / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sources


def test_good_imports_pass(tmp_path: Path) -> None:
    assert complaints(write(tmp_path, GOOD)) == []


@pytest.mark.parametrize(("name", "text", "found"), BREACHES, ids=[f"{b[0]}: {b[1][:50]!r}" for b in BREACHES])
def test_a_breach_is_found(tmp_path: Path, name: str, text: str, found: str) -> None:
    assert complaints(write(tmp_path, GOOD | {name: text})) == [found]

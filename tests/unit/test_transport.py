"""httpx as it is used here."""

import subprocess
import sys


def imported(script: str) -> set[str]:
    """The modules that a script has imported in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_a_script_imports_httpx_without_its_command_line() -> None:
    modules = imported("from hologres_ai import read_ai_nodes")
    assert "httpx" in modules
    assert modules.isdisjoint({"httpx._main", "rich", "click", "pygments"})


def test_httpxs_command_line_can_still_be_imported() -> None:
    assert "rich.console" in imported("from hologres_ai import read_ai_nodes\nimport httpx._main")
    assert "httpx._main" in imported("import httpx\nfrom hologres_ai import read_ai_nodes")


def test_a_program_that_declares_a_list_imports_nothing_that_reads() -> None:
    modules = imported("from hologres_ai import AiNodeList")
    assert "hologres_ai.dynamic" in modules
    assert modules.isdisjoint({"httpx", "tenacity", "hologres_ai.reading", "hologres_ai.client"})

"""What a process of ours imports, it imports alone; and what it starts finds the environment as it was."""

import os
import subprocess
import sys

import pytest

from hologres_ai.starting import own_imports

NAME = "PYDANTIC_DISABLE_PLUGINS"
PROGRAM = """
import sys
from importlib import metadata
from hologres_ai.starting import own_imports
searched = []
metadata.distributions = lambda *args, **kwargs: searched.append(1) or ()
with own_imports() if sys.argv[1] == "ours" else __import__("contextlib").nullcontext():
    from hologres_ai.models import AiNode
print(AiNode(cpu="8").cpu, len(searched))
"""


@pytest.mark.parametrize("before", [None, "logfire-plugin"])
def test_the_environment_is_as_it_was(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if before is not None:
        monkeypatch.setenv(NAME, before)

    @own_imports()
    def fail() -> None:
        assert os.environ[NAME] == "__all__"
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert os.environ.get(NAME) == before


@pytest.mark.parametrize(("who", "searched"), [("ours", 0), ("somebody else's", 1)])
def test_no_package_is_searched_for_plugins(who: str, searched: int) -> None:
    variables = {name: value for name, value in os.environ.items() if name != NAME}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, who], env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["8", str(searched)]

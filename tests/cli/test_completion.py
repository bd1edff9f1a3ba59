"""Completion in a real bash."""

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ZshComplete

from hologres_ai.cli import main

SCRIPTS = Path(sys.executable).parent

# Completes the words of a line as bash does when TAB is pressed, and prints a candidate on each line.
COMPLETE = """
eval "$(_HOLOGRES_AI_COMPLETE=bash_source hologres-ai)" || exit 9
read -ra COMP_WORDS <<< "$1"
[[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
COMP_LINE=$1
definition=$(complete -p hologres-ai)
function=${definition#*-F }
"${function%% *}" hologres-ai "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(line: str, folder: Path) -> set[str]:
    """The candidates for the last word of a line."""
    bash = shutil.which("bash")
    assert bash, "bash is not installed"
    environment = {"PATH": f"{SCRIPTS}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        [bash, "--norc", "-c", COMPLETE, "bash", line],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("hologres-ai ", {"check", "doctor", "drift", "emulate", "list"}),
        ("hologres-ai drift --bas", {"--baseline"}),
        ("hologres-ai list --region cn-hang", {"cn-hangzhou"}),
        ("hologres-ai list --on-region-error ", {"fail", "partial"}),
        ("hologres-ai drift --classes ", {"inventory", "lifecycle", "usage"}),
        ("hologres-ai drift --classes inventory,", {"inventory,lifecycle", "inventory,usage"}),
        ("hologres-ai drift --ignore expiry-moved-", {"expiry-moved-backward", "expiry-moved-forward"}),
        ("hologres-ai check --report ", {"text", "json", "markdown", "junit", "html", "nagios", "prometheus"}),
        ("hologres-ai list --report json --report html", {"html"}),
        ("hologres-ai check --require-status Res", {"ResourceReady"}),
    ],
)
def test_bash_completes_commands_options_and_choices(tmp_path: Path, line: str, candidates: set[str]) -> None:
    assert complete(line, tmp_path) == candidates


@pytest.mark.parametrize(
    "option",
    ["drift --baseline ", "drift --ignore-file ", "emulate --fleet ", "list --report html=", "check --report json="],
)
def test_bash_completes_files(tmp_path: Path, option: str) -> None:
    (tmp_path / "baseline.json").touch()
    environment = {"PATH": f"{SCRIPTS}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb", "PS1": "$ "}
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        ["bash", "--norc", "-i"], env=environment, cwd=tmp_path, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        os.write(controller, b'eval "$(_HOLOGRES_AI_COMPLETE=bash_source hologres-ai)"; echo rea""dy\n')
        read_until(controller, b"ready")
        os.write(controller, f"hologres-ai {option}base\t".encode())
        read_until(controller, b"baseline.json")  # the shell has typed the rest
        process.kill()
    os.close(controller)


def read_until(terminal: int, text: bytes) -> None:
    """Read what the terminal shows, until the text is there."""
    shown = b""
    while text not in shown:
        assert select.select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 65536)


def test_zsh_and_fish_complete_the_file_of_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They keep the format and the file in one word."""
    for name in ("drift.html", "draft.html", "drafts/last.html", "other.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    found = ZshComplete(main, {}, "hologres-ai", "_HOLOGRES_AI_COMPLETE").get_completions(
        ["list", "--report"], "html=dra"
    )
    assert [item.value for item in found] == ["html=draft.html", "html=drafts/"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script(shell: str) -> None:
    environment = {"PATH": os.environ["PATH"], "_HOLOGRES_AI_COMPLETE": f"{shell}_source"}
    done = subprocess.run(
        [SCRIPTS / "hologres-ai"], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert "_HOLOGRES_AI_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("bash", "_HOLOGRES_AI_COMPLETE=bash is not valid: set bash_source, zsh_source or fish_source."),
        ("tcsh_source", "_HOLOGRES_AI_COMPLETE=tcsh_source is not valid"),
        ("bash_complete", "Only a completion script can set _HOLOGRES_AI_COMPLETE=bash_complete"),
    ],
)
def test_an_invalid_value_of_the_completion_variable_is_refused(value: str, says: str) -> None:
    environment = {"PATH": os.environ["PATH"], "_HOLOGRES_AI_COMPLETE": value}
    done = subprocess.run(
        [SCRIPTS / "hologres-ai"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Error: {says}" in done.stderr

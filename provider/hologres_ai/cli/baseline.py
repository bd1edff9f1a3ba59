"""Read a baseline from a file, stdin or the state of a Pulumi stack, and write a baseline to a file."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ..envelope import to_envelope
from ..errors import ConfigurationError, DocumentError, RegionsError
from ..models import AiNodeListResult
from .files import read_bytes, read_error, write_error, write_file

_MAX_LINES = 5  # lines of stderr of the Pulumi command line that an error contains


def read_stdin() -> bytes:
    """Return the content of stdin.

    Raises:
        DocumentError: stdin is closed.
        ConfigurationError: stdin can't be read, or is too large.
    """
    if sys.stdin is None:
        raise DocumentError("stdin is closed; cannot read the baseline", "Give the name of a file with --baseline.")
    return read_bytes(sys.stdin.buffer, "stdin", "--baseline")


def read_file(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        ConfigurationError: the file does not exist, is empty, can't be read or is too large.
    """
    try:
        with path.open("rb") as file:
            content = read_bytes(file, str(path), "--baseline")
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise read_error(error, str(path), "--baseline") from None
    if not content:
        raise ConfigurationError(
            f"there is no baseline {path}{', the file is empty' if path.exists() else ''}",
            f"Create it with: hologres-ai drift --baseline {path} --accept",
        )
    return content


def is_missing(path: Path) -> bool:
    """Return whether there is no baseline: the file does not exist, or is an empty regular file."""
    return not path.exists() or (path.is_file() and path.stat().st_size == 0)


def write_baseline(path: Path, result: AiNodeListResult, profile: str | None) -> None:
    """Write a result as the new baseline.

    Raises:
        RegionsError: a region could not be read; the file is unchanged.
        ConfigurationError: the file can't be written.
    """
    if result.unread:
        raise RegionsError(
            f"no new baseline: {', '.join(result.unread)} could not be read",
            f"{path} is unchanged. Try again when all regions can be read.",
        )
    text = json.dumps(to_envelope(result, profile), ensure_ascii=False, indent=2) + "\n"
    try:
        write_file(str(path), text)
    except OSError as error:
        raise write_error(error, str(path), "--baseline") from None


def export_stack(stack: str) -> bytes:
    """Return the state of a stack, as `pulumi stack export` prints it.

    Raises:
        ConfigurationError: the Pulumi command line is not installed, or failed.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise ConfigurationError(
            "--stack requires the command `pulumi`, which is not on PATH",
            "Install it, or run `pulumi stack export` on a different machine and give its output with --baseline.",
        )
    command = [pulumi, "stack", "export", f"--stack={stack}", "--non-interactive"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        text = " ".join([line.strip() for line in lines if line.strip()][-_MAX_LINES:])
        raise ConfigurationError(
            f"`pulumi stack export` failed with {how}: {text.removeprefix('error: ') or 'it printed no message'}",
            "Run it in the project's folder, or give the stack as ORGANIZATION/PROJECT/STACK.",
        )
    return done.stdout

"""Run the command of a profile in mode External, and return the credentials that it prints.

The command runs in the thread that fetches the credentials. If the command is still running when the program exits, it
is stopped.
"""

import atexit
import os
import shlex
import subprocess
import threading

from .http import FetchError, credentials_in, parse_document
from .types import External, Fetched, Limits

_running: set[subprocess.Popen[bytes]] = set()
_starting = threading.Lock()  # held while a command starts, so that `stop_commands` finds it


def run_command(base: External, limits: Limits) -> Fetched:
    """Run the command, and return the credentials that it prints. This function blocks."""
    code, output = _run(base.command, limits.total)
    if code < 0:
        raise FetchError(f"the command was terminated by signal {-code}")
    if code != 0:
        raise FetchError(f"the command failed with exit code {code}")
    document = parse_document(output)
    if document is None:
        raise FetchError("its response is not a JSON object")
    mode = str(document.get("mode") or "AK").lower()
    if mode not in ("ak", "ststoken"):
        raise FetchError("the command printed a mode other than AK or StsToken")
    if mode == "ststoken" and not document.get("sts_token"):
        raise FetchError("the command printed the mode StsToken but no sts_token")
    expiry = "expiration" if document.get("expiration") else "sts_expiration"  # the field name in profiles
    return credentials_in(document, ("access_key_id", "access_key_secret", "sts_token", expiry))


def _run(command: str, seconds: float) -> tuple[int, bytes]:
    """Run a command, and return its exit code and its output. The exit code is negative if a signal terminated it."""
    pipe = subprocess.PIPE
    try:
        arguments = command if os.name == "nt" else shlex.split(command)
        # The command comes from the user's own profile.
        with _starting:
            child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)  # noqa: S603
            _running.add(child)
        with child:
            try:
                output, _ = child.communicate(timeout=seconds)
            finally:
                child.kill()  # has no effect on a command that has ended
                _running.discard(child)
            return child.returncode, output
    except subprocess.TimeoutExpired:
        raise FetchError("the command did not finish in time") from None
    except (OSError, ValueError) as error:
        raise FetchError(f"the command can't be run ({type(error).__name__})") from None


@atexit.register
def stop_commands() -> None:
    """Stop all running commands. This function is called when the program exits."""
    with _starting:
        for child in tuple(_running):
            child.kill()

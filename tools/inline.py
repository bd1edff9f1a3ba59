"""`pulumi preview` and `pulumi up` for the Python program in this folder, on an engine without a Python language host.

    python -m tools.inline preview|up STACK [--diff] [--expect-no-changes] [--continue-on-error]
        [--target URN] [--exclude URN] [--save-plan FILE | --plan FILE]

The same `__main__.py` runs as an inline program of the Automation API. The engine's output and exit code are passed on.
"""

import argparse
import re
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from pulumi import automation


def main() -> int:
    """Run the command; the exit code is the engine's."""
    given = _parser().parse_args()
    stack = _stack(given.stack)
    _leave_signals_to_the_engine()
    try:
        if given.command == "preview":
            stack.preview(plan=given.save_plan, **_options(given))
        else:
            stack.up(plan=given.plan, continue_on_error=given.continue_on_error, **_options(given))
    except automation.CommandError as error:
        return _exit_code(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.inline", description=__doc__)
    parser.add_argument("command", choices=("preview", "up"))
    parser.add_argument("stack")
    for flag in ("--diff", "--expect-no-changes", "--continue-on-error"):
        parser.add_argument(flag, action="store_true")
    for option in ("--target", "--exclude"):
        parser.add_argument(option, action="append")
    for option in ("--save-plan", "--plan"):
        parser.add_argument(option)
    return parser


def _options(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "on_output": _write,
        "on_error": _write,
        "diff": given.diff,
        "expect_no_changes": given.expect_no_changes,
        "target": given.target,
        "exclude": given.exclude,
    }


def _leave_signals_to_the_engine() -> None:
    """Wait for the engine, which is in this process group, to cancel; without a reader its plugins would keep running.

    Not SIG_IGN: the engine would inherit that.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)


def _stack(name: str) -> automation.Stack:
    folder = str(Path.cwd())
    project = automation.LocalWorkspace(work_dir=folder).project_settings().name
    options = automation.LocalWorkspaceOptions(work_dir=folder)
    return automation.select_stack(name, project_name=project, program=_program, opts=options)


def _program() -> None:
    sys.path.insert(0, str(Path.cwd()))
    runpy.run_path("__main__.py", run_name="__main__")


def _write(line: str) -> None:
    print(line, flush=True)


def _exit_code(error: automation.CommandError) -> int:
    """The exit code of a command; the Automation API gives it only in the text of its error."""
    code = re.search(r"^ code: (\d+)$", str(error), re.MULTILINE)
    return int(code[1]) if code else 1


if __name__ == "__main__":
    sys.exit(main())

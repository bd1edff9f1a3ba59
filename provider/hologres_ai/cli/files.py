"""Files that other programs rely on."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from types import FrameType


def atomic_write(path: Path, text: str) -> None:
    """Put the text in the place of the file, so that at any moment there is the old one or the new one, whole.

    Raises:
        OSError: it can't be written; the old file stays.
    """
    target = path.resolve()  # a link stays a link
    draft = target.with_name(f".hologres-ai-{token_hex(8)}")
    with _orderly_end():
        try:
            _write(draft, text)
            if target.exists():
                shutil.copymode(target, draft)
            draft.replace(target)
        except BaseException:  # an interrupt too
            draft.unlink(missing_ok=True)
            raise
    with suppress(OSError):  # not every system lets a folder be opened
        _sync_folder(target.parent)


def _write(draft: Path, text: str) -> None:
    with draft.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _orderly_end() -> Iterator[None]:
    """For as long as the block runs, a signal that would end the process on the spot lets it clean up first."""
    if threading.current_thread() is not threading.main_thread():  # where no handler can be set
        yield
        return
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    handlers = {number: signal.signal(number, _end) for number in numbers if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may bring back the old name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

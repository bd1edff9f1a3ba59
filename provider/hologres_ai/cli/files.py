"""Read files with a maximum size, and replace files atomically: readers see the old or the new content."""

import errno
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
from typing import BinaryIO

from ..errors import ConfigurationError

MAX_READ = 256 * 2**20  # bytes; a state contains the nodes twice, and a response of the API has at most 64 MiB

# After these errors, the file is not written in place: the new text does not fit, and the old text would be lost.
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def read_error(error: OSError, name: str, option: str) -> ConfigurationError:
    """Return the error for a file that can't be read; `option` is the option with the name of the file."""
    return ConfigurationError(f"cannot read {name}: {error.strerror}", f"Check the file, or correct {option}.")


def write_error(error: OSError, name: str, option: str) -> ConfigurationError:
    """Return the error for a file that can't be written; `option` is the option with the name of the file."""
    return ConfigurationError(f"cannot write {name}: {error.strerror}", f"Check the file, or correct {option}.")


def read_bytes(stream: BinaryIO, name: str, option: str) -> bytes:
    """Return the remaining content of a stream. The maximum size is for devices without an end, such as /dev/zero.

    Raises:
        ConfigurationError: the stream can't be read, or contains more than `MAX_READ`.
    """
    try:
        content = stream.read(MAX_READ + 1)
    except OSError as error:
        raise read_error(error, name, option) from None
    if len(content) > MAX_READ:
        raise ConfigurationError(f"cannot read {name}: it is larger than {MAX_READ >> 20} MiB", f"Correct {option}.")
    return content


def write_file(name: str, text: str) -> None:
    """Replace the content of a file with text in UTF-8, atomically if possible.

    Bind-mounted files, files in a folder without write permission, pipes and devices are written in place.

    Raises:
        OSError: the file can't be written. Its `filename` is `name`, as the user gave it.
    """
    path = Path(name)
    try:
        target = target_of(name)
        is_replaceable = path.is_file() or not os.path.lexists(target)
        if not is_replaceable or not _replaced(target, text):
            _write(path, "w", text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None


def target_of(name: str) -> Path:
    """Return the absolute path of a file, with symbolic links resolved; a loop of links is not followed."""
    return Path(os.path.realpath(name))


def _replaced(target: Path, text: str) -> bool:
    """Replace the target by a new file with the text. Return False if no file can be created in the folder."""
    draft = target.with_name(f".hologres-ai-{token_hex(8)}")
    with _end_in_order():
        try:
            _write(draft, "x", text)
            if target.exists():
                _copy_access(target, draft)
            draft.replace(target)
        except BaseException as error:  # also an interrupt
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno not in _NO_SPACE:
                return False
            raise
    with suppress(OSError):  # some systems cannot open a folder
        _sync_folder(target.parent)
    return True


def _copy_access(target: Path, draft: Path) -> None:
    shutil.copymode(target, draft)
    if hasattr(os, "chown"):
        status = target.stat()
        with suppress(PermissionError):  # only root can change the owner of a file
            os.chown(draft, status.st_uid, status.st_gid)


def _write(path: Path, mode: str, text: str) -> None:
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
        file.flush()
        with suppress(OSError):  # a pipe or a device can't be synced
            os.fsync(file.fileno())


@contextmanager
def _end_in_order() -> Iterator[None]:
    """Convert SIGTERM and SIGHUP to SystemExit in the block, so that it can clean up."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread can set handlers
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
    """Sync the folder. Otherwise, the old content can reappear after a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

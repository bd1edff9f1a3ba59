"""Files that other programs rely on."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write_whole(path: Path, text: str) -> None:
    """Put the text in the place of the file, so that at any moment there is the old one or the new one, whole.

    Raises:
        OSError: it can't be written; the old file stays.
    """
    target = path.resolve()  # a link stays a link
    draft = target.with_name(f".hologres-ai-{token_hex(8)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        draft.replace(target)
    except BaseException:  # an interrupt too
        draft.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # not every system lets a folder be opened
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may bring back the old name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

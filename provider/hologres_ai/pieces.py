"""A large answer cut into pieces: what is read at once takes four times its size in memory, and more time for it.

Text is cut where one node seems to end and the next to begin, which could also be inside of a string. So a cut proves
itself: the rest of the document has to be valid with an empty list in the list's place, and each piece has to be a
valid list of nodes. Then the whole was what its pieces say, for JSON can be read in one way alone. Whoever finds a
piece that is not valid reads the whole, as if nothing had been cut.
"""

import re
from collections.abc import Iterator

Body = bytes | bytearray

SIZE = 256 * 1024  # bytes of a piece, at least

_BEGIN = re.compile(rb'"instanceModelList"\s*:\s*\[')
_SEAM = re.compile(rb"\}(\s*,\s*)\{")


def bounds(body: Body) -> tuple[int, int]:
    """Where the list's content begins and ends.

    Raises:
        ValueError: it is not plain to see.
    """
    begins = [match.end() for match in _BEGIN.finditer(body)]
    end = body.rfind(b"]")
    if len(begins) != 1 or body.count(b"{", 0, begins[0]) != 1 or end < begins[0]:
        raise ValueError("there is no list at the top, or more than one")
    return begins[0], end


def pieces(body: Body, begin: int, end: int, size: int = SIZE) -> Iterator[bytes]:
    """The list's content as lists of whole nodes, each of about `size` bytes."""
    while begin < end:
        seam = _SEAM.search(body, min(begin + size, end), end)
        stop = seam.start(1) if seam else end
        yield b"[" + bytes(body[begin:stop]) + b"]"
        begin = seam.end(1) if seam else end

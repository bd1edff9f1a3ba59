"""Every row."""

from collections.abc import Sequence

from tests.faults.families import FAMILIES, Row
from tests.faults.table import arguments, replies, values, wire

ROWS: Sequence[Row] = sorted(
    [*wire.ROWS, *replies.ROWS, *values.ROWS, *arguments.ROWS], key=lambda row: [*FAMILIES].index(row.family)
)

"""`python -m tests.fuzz TARGET [libFuzzer's options]`: coverage-guided fuzzing of one target until it is stopped.

The seeds in the repository are read and not written to. What is found goes to `.cache/fuzz`, or to FUZZ_FOLDER: inputs
that reach new code, from which the next run starts, and the input of a finding, whose path is the last line.
"""

import logging
import os
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["hologres_ai"]):
    from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
FOUND = Path(os.environ.get("FUZZ_FOLDER") or HERE.parents[1] / ".cache" / "fuzz")


def main() -> None:
    """Fuzz; libFuzzer ends the process, with 0 when nothing was found."""
    name, *options = sys.argv[1:] or [""]
    if name not in TARGETS:
        sys.exit(f"give one of {', '.join(TARGETS)}, and libFuzzer's options after it")
    logging.disable()
    corpus = FOUND / name
    corpus.mkdir(parents=True, exist_ok=True)
    fixed = [f"-dict={HERE / 'json.dict'}", f"-artifact_prefix={FOUND}/{name}-", "-max_len=4096", "-timeout=10"]
    atheris.Setup([sys.argv[0], *fixed, *options, str(corpus), str(HERE / "seeds" / name)], TARGETS[name])
    atheris.Fuzz()


main()

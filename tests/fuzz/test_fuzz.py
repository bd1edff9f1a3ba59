"""Each target for a limited number of runs, from the seeds only; `make fuzz` runs longer."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hologres_ai.models import NodeList
from tests.fuzz.targets import TARGETS
from tests.support import answer_oracle

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "tests" / "fuzz" / "seeds").glob("*/*"))
RUNS = 20_000

fuzzer = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="atheris has wheels for Linux on x86_64 alone"
)


def fuzz(name: str, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, *options],
        cwd=ROOT,
        env={**os.environ, "FUZZ_FOLDER": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_seed_passes_its_target(seed: Path) -> None:
    TARGETS[seed.parent.name](seed.read_bytes())


def test_each_target_has_seeds() -> None:
    assert {seed.parent.name for seed in SEEDS} == set(TARGETS)


@fuzzer
@pytest.mark.parametrize("name", TARGETS)
def test_a_limited_run_finds_nothing(name: str, tmp_path: Path) -> None:
    done = fuzz(name, tmp_path, f"-runs={RUNS}", "-seed=1")
    assert done.returncode == 0, done.stderr[-4_000:]
    assert f"Done {RUNS} runs" in done.stderr
    reached = [int(number) for number in re.findall(r"cov: ([0-9]+)", done.stderr)]
    assert reached[-1] > reached[0]  # the fuzzer is guided by coverage
    assert list(tmp_path.glob("*-crash-*")) == []


@fuzzer
def test_a_name_that_is_not_a_target_is_reported(tmp_path: Path) -> None:
    done = fuzz("answer", tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("give one of answers, fleet, baselines, and libFuzzer's options after it\n")


@pytest.mark.parametrize("wrong", [NodeList(nodes=(), request_id=None), KeyError("cpu"), RecursionError()])
def test_a_reader_with_a_wrong_result_is_a_finding(
    wrong: NodeList | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_arguments: object) -> NodeList:
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    monkeypatch.setattr(answer_oracle, "parse_response", read)
    with pytest.raises((AssertionError, KeyError, RecursionError)):
        TARGETS["answers"](b'{"instanceModelList": [{"cpu": 1}]}')

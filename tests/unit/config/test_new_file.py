"""A new file is there whole or not at all."""

import resource
import sys
from pathlib import Path

import pytest

from sealift.config.pipeline import Pipeline, save
from sealift.errors import ConfigError


def pipeline(path: Path) -> Pipeline:
    return Pipeline(path=path, text="# a step\n" * 500, there=None)


def test_a_pipeline_that_does_not_fit_on_the_disk_leaves_nothing_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    wanted = pipeline(tmp_path / "of" / "pipeline.yml")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            save(wanted)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not wanted.path.exists()
    save(wanted)
    assert wanted.path.read_text() == wanted.text


def test_a_file_that_is_there_stays_and_one_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    there = tmp_path / "pipeline.yml"
    there.write_text("mine")
    with pytest.raises(ConfigError) as refused:
        save(pipeline(there))
    assert (refused.value.code, there.read_text()) == ("pipeline-exists", "mine")
    with pytest.raises(ConfigError) as refused:
        save(pipeline(tmp_path / ("x" * 300)))
    assert refused.value.code == "config-unwritable"

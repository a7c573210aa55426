"""Environments on the embedded cloud, as use cases open them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from sealift.wiring.application import load_application
from sealift.wiring.clouds import LocalClouds, local_cloud
from tests.fakes.events import RecordingEvents


def test_an_environment_that_is_not_declared_is_opened_once_however_many_ask(tmp_path: Path) -> None:
    """A preview is an environment whose name no file holds."""
    (tmp_path / "template.json").write_text("{}")
    app = load_application(tmp_path)
    preview = replace(app.environments[0], name="pr-7", kind="preview", stack_name="shop-pr-7", branch=None)
    clouds = LocalClouds(app, RecordingEvents())
    try:
        with ThreadPoolExecutor(max_workers=3) as pool:
            opened = list(pool.map(clouds.open, [preview] * 3))
        assert {id(cloud) for cloud in opened} == {id(opened[0])}
        assert (opened[0].environment, opened[0].local) == ("pr-7", True)
    finally:
        local_cloud(app).down()

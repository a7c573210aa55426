import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sealift.model.app import App, Environment, StackSpec
from sealift.model.template import Asset, Template

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an application's files and return its folder."""
    root = tmp_path / "app"

    def put(files: dict[str, str]) -> Path:
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        return root

    return put


def make_app(root: Path) -> App:
    """Return an application with one stack and one environment."""
    return App(
        name="shop",
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=(Environment(name="staging", region="eu-central-1", stack_name="shop-staging"),),
    )


def make_template(source: str = "src") -> Template:
    """Return a template as far as the linters look at it: its file, and where the code of its function is."""
    asset = Asset(key="F", kind="function", source=source, logical_ids=("F",), paths=())
    return Template(
        file="template.yaml", body={}, lines={}, parameters=(), assets=(asset,), functions=(), transforms=()
    )


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of this folder share: an environment with pytest alone is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine() -> Mapping[str, str]:
    """The environment of this machine, with secrets that no test of an application may see."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    return {
        **kept,
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "DEPLOY_TOKEN": "very-secret-1",
    }

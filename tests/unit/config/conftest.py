from pathlib import Path

import pytest


@pytest.fixture
def app_folder(tmp_path: Path) -> Path:
    """A folder called orders with nothing but an empty template."""
    root = tmp_path / "orders"
    root.mkdir()
    (root / "template.yaml").write_text("Resources: {}\n")
    return root

"""Which texts of source files are kept: what could name a resource, with the line where it stands."""

from pathlib import Path

import pytest

from sealift.build.literals import MOST_BYTES, MOST_TEXTS, literals
from sealift.build.zips.tree import profile, read_tree


def texts(root: Path) -> dict[str, tuple[str, int]]:
    """Return the literals of a folder with file and line."""
    tree = read_tree(root, profile("python", root), None)
    return {text: (name, line) for name, line, text in literals(tree)}


def write(root: Path, name: str, text: str) -> None:
    """Write a file of the folder."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("app.py", 'x = 1\ntable = "orders-prod"\n', 2),
        ("app.py", 'name = f"{a}orders-prod"\n', 1),
        ("app.mjs", "// a\nconst t = 'orders-prod'\n", 2),
        ("app.ts", "const t = `orders-prod`\n", 1),
        ("settings.json", '{\n  "table": "orders-prod"\n}\n', 2),
        ("settings.yaml", "a: 1\ntable: orders-prod  # note\n", 2),
        ("settings.yml", "tables:\n  - 'orders-prod'\n", 2),
        ("settings.toml", 'table = "orders-prod"\n', 1),
        (".env", "A=1\nTABLE=orders-prod\n", 2),
        ("deep/down/app.py", 't = "orders-prod"\n', 1),
    ],
)
def test_a_text_is_found_with_its_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    write(tmp_path, name, text)
    assert texts(tmp_path)["orders-prod"] == (name, line)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.py", '"""orders-prod"""\n'),
        ("app.py", "# orders-prod\n"),
        ("app.py", 'def f():\n    "orders-prod"\n'),
        ("app.js", '// "orders-prod"\n/* "orders-prod" */\n'),
        ("settings.yaml", "# table: orders-prod\n"),
        ("node_modules/lib/app.js", '"orders-prod"\n'),
        ("lib/site-packages/app.py", 't = "orders-prod"\n'),
        ("vendor/app.py", 't = "orders-prod"\n'),
        ("lib-1.0.dist-info/x.json", '"orders-prod"\n'),
        ("README.md", '"orders-prod"\n'),
        ("app.py", 't = "orders-prod" + (\n'),
        ("app.py", 't = "orders"\nu = "a-b"\n'),
    ],
)
def test_comments_docstrings_dependencies_and_plain_words_are_no_texts(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, name, text)
    assert not [found for found in texts(tmp_path) if found != "u"]


def test_what_is_no_text_at_all_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(b"\xff\xfe\x00")
    write(tmp_path, "large.json", '"orders-prod"' + " " * MOST_BYTES)
    write(tmp_path, "deep.py", "x = " + "(" * 5000)
    assert texts(tmp_path) == {}


def test_a_folder_has_a_bounded_number_of_texts(tmp_path: Path) -> None:
    write(tmp_path, "many.json", "\n".join(f'"orders-{n}"' for n in range(MOST_TEXTS + 9)))
    assert len(texts(tmp_path)) == MOST_TEXTS

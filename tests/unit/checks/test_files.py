from pathlib import Path

from sealift.checks.files import project_files, text, texts


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_the_applications_own_files_are_listed_and_nothing_installed_or_built(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "app.py",
        "src/a/b.py",
        ".aws-sam/build/app.py",
        ".hidden/x.py",
        "node_modules/x/y.py",
        "myenv/pyvenv.cfg",
        "myenv/lib/x.py",
        "build/x.py",
    )
    assert project_files(tmp_path) == ("app.py", "src/a/b.py")


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert project_files(tmp_path / "gone") == ()


def test_huge_missing_and_broken_files_are_passed_over(tmp_path: Path) -> None:
    _write(tmp_path, "small", "big")
    (tmp_path / "broken").write_bytes(b"\xff")
    assert texts(tmp_path, ("small", "gone", "big"), most_bytes=10) == ("small", "big")
    assert texts(tmp_path, ("small",), most_bytes=2) == ()
    assert text(tmp_path / "broken") == "\ufffd"
    assert text(tmp_path) == ""

"""Unpacked code: a folder that is renewed holds what a fresh one would, and a changed file is new to Python."""

import io
import itertools
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.local.functions.unpacking import Unpacked

_NAMES = st.lists(st.sampled_from(["a", "b", "c.py"]), min_size=1, max_size=3).map("/".join)
_FILES = st.dictionaries(_NAMES, st.sampled_from(["", "one", "two"]), max_size=6)


def _packed(files: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return data.getvalue()


def _possible(files: dict[str, str]) -> bool:
    """Say whether no name is a file and a folder at once."""
    return not any(other.startswith(f"{name}/") for name in files for other in files)


def _held(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else "/" for path in folder.rglob("*")}


@given(st.lists(_FILES.filter(_possible), min_size=2, max_size=5))
@settings(deadline=None, max_examples=60)
def test_a_renewed_folder_holds_what_a_fresh_one_does(states: list[dict[str, str]]) -> None:
    with TemporaryDirectory() as scratch:
        unpacked, packed = Unpacked(Path(scratch, "one")), [_packed(files) for files in states]
        unpacked.of(packed[0])
        for number, (old, new) in enumerate(itertools.pairwise(packed)):
            unpacked.renew(old, new)
            assert _held(unpacked.of(new)) == _held(Unpacked(Path(scratch, f"fresh{number}")).of(new))


def test_only_what_changed_is_written_and_each_change_has_a_time_of_its_own(tmp_path: Path) -> None:
    unpacked = Unpacked(tmp_path)
    states = [_packed({"app.py": text, "kept.py": "x"}) for text in ("one", "two", "one")]
    folder = unpacked.of(states[0])
    kept, times = (folder / "kept.py").stat(), {(folder / "app.py").stat().st_mtime_ns}
    for old, new in itertools.pairwise(states):
        unpacked.renew(old, new)
        assert unpacked.of(new) == folder
        times.add((folder / "app.py").stat().st_mtime_ns)
    assert len(times) == 3
    assert (folder / "kept.py").stat().st_ino == kept.st_ino


def test_nothing_outside_the_folder_is_removed(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("mine")
    unpacked, old, new = Unpacked(tmp_path / "code"), _packed({"../../own.txt": "", str(own): "", "a": ""}), _packed({})
    unpacked.of(old)
    unpacked.renew(old, new)
    assert own.read_text() == "mine"


def test_a_folder_of_which_another_function_has_the_new_code_stays(tmp_path: Path) -> None:
    unpacked, old, new = Unpacked(tmp_path), _packed({"a": "1"}), _packed({"a": "2"})
    known = unpacked.of(new)
    unpacked.of(old)
    unpacked.renew(old, new)
    assert unpacked.of(new) == known
    assert _held(unpacked.of(old)) == {"a": "1"}

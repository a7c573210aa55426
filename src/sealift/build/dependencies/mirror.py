"""A copy of all that uv may read, laid out as in the repository, in which uv works.

Building in place would leave `build/` and `*.egg-info` in the author's folders, and uv would take what it has built of
the same path before for unchanged. What is not in the copy no result can depend on.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from os.path import commonpath, relpath
from pathlib import Path
from urllib.parse import quote, unquote

from sealift.build.dependencies.inputs import Input
from sealift.build.dependencies.projects import file_path
from sealift.build.zips.tree import body

_PROJECTS = ("pyproject.toml", "setup.cfg", "setup.py")
"""Files that may name other packages by address, which uv takes absolute ones of only."""


class Mirror:
    """The copy of some inputs below a temporary folder; `home` is the folder that paths of locks are relative to."""

    def __init__(self, scratch: Path, home: Path, inputs: Sequence[Input]) -> None:
        self._home = home.resolve()
        self._base = Path(commonpath([self._home, *(found.base for found in inputs)]))
        self._root = (scratch / "mirror").resolve() / (self._base.name or "root")
        root = str(self._root)
        self._named = f"(?:file://{re.escape(quote(root))}|(?:file://)?{re.escape(root)})"
        self.home = self.at(self._home)
        self.home.mkdir(parents=True)
        # uv looks for its settings upwards: above the copy there are none of this application.
        (self._root.parent / "uv.toml").touch()
        for found in inputs:
            self._copy(found)
        for found in inputs:
            self._point_inward(found)

    def at(self, path: Path) -> Path:
        """Return where the copy of a path is."""
        return self._root / path.resolve().relative_to(self._base)

    def outward(self, text: str) -> str:
        """Return a resolution whose paths are relative to `home`."""
        return re.sub(rf"{self._named}(?P<below>/[^\s\[;#]*|(?=[\s\[;#]|$))", self._relative, text)

    def portable(self, site: Path) -> None:
        """Let the metadata of what was installed name no folder of this machine.

        A file is replaced and never written to: it may be a link into the cache of uv.
        """
        for info in site.glob("*.dist-info"):
            metadata, record = info / "METADATA", info / "RECORD"
            old = metadata.read_text(encoding="utf-8") if metadata.is_file() and record.is_file() else ""
            new = re.sub(rf"{self._named}(?P<below>/[^\s;#]*)", self._portable, old)
            if new != old:
                _replace(metadata, new)
                _replace(record, _recorded(record.read_text(encoding="utf-8"), f"{info.name}/METADATA", new))

    def told(self, text: str) -> str:
        """Return a message of uv that names the author's own folders."""
        return re.sub(self._named, lambda _: str(self._base), text)

    def _relative(self, match: re.Match[str]) -> str:
        below = unquote(match["below"]) if match[0].startswith("file:") else match["below"]
        relative = relpath(f"{self._root}{below}", self.home)
        return relative if relative.startswith(".") else f"./{relative}"

    def _portable(self, match: re.Match[str]) -> str:
        return f"file:{quote(self._relative(match))}"

    def _point_inward(self, found: Input) -> None:
        """Let the projects and locks in the copy name the copies of what they name by address."""
        for name in _PROJECTS if found.package else (found.path.name,):
            path = self.at(found.base) / name
            if name in (*_PROJECTS, "uv.lock") and path.is_file():
                text = path.read_text(encoding="utf-8", errors="surrogateescape")
                inward = self._inward(text, found.base).replace(f'"{self._base}/', f'"{self._root}/')
                path.write_text(inward, encoding="utf-8", errors="surrogateescape")

    def _inward(self, text: str, folder: Path) -> str:
        """Return the text of a project with what it names by address in the copy."""

        def address(match: re.Match[str]) -> str:
            path = (folder / file_path(match[2])).resolve()
            inside = path.is_relative_to(self._base) and self.at(path).exists()
            return f"{match[1]}file://{quote(str(self.at(path)))}" if inside else match[0]

        return re.sub(r"(@\s*)(file:[^\s\"';#]+)", address, text)

    def _copy(self, found: Input) -> None:
        target = self.at(found.base)
        target.mkdir(parents=True, exist_ok=True)
        if found.text is not None:
            (target / found.path.name).write_text(found.text, encoding="utf-8")
        for file in found.files:
            copy = target / file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(body(file))
            copy.chmod(0o755 if file.executable else 0o644)


def _replace(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text, encoding="utf-8")


def _recorded(record: str, name: str, text: str) -> str:
    """Return a RECORD with the digest of a file that was replaced."""
    body = text.encode()
    value = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
    lines = (
        f"{name},sha256={value},{len(body)}" if line.startswith(f"{name},") else line for line in record.splitlines()
    )
    return "".join(f"{line}\n" for line in lines)

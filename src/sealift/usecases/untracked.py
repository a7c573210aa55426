"""Name files that are in a package and in no commit: what is built from the commit will lack them."""

import os
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from sealift.delivery.rebuilt import shown
from sealift.model.release import BuiltArtifact
from sealift.usecases.services import Services


def tell_untracked(root: Path, built: Iterable[tuple[str, BuiltArtifact]], services: Services) -> None:
    """Report each package that holds files of its source which no commit has; `built` are sources and packages."""
    listed = [(source, artifact) for source, artifact in built if source and (root / source).is_dir()]
    stray = services.scm.untracked(root, [source for source, _ in listed]) if listed else ()
    for source, artifact in listed if stray else ():
        files = _held(artifact.path, {os.path.relpath(path, source) for path in stray})
        if files:
            names = ", ".join(artifact.artifact.logical_ids)
            services.note(
                "untracked-files",
                f"Files of {names} are in no commit: {shown(files)}",
                level="warning",
                hint="Commit them, or take them out of the folder: a promotion builds the release from its commit.",
            )


def _held(package: Path, files: set[str]) -> list[str]:
    try:
        with ZipFile(package) as opened:
            return sorted(files.intersection(opened.namelist()))
    except (OSError, BadZipFile):
        return []

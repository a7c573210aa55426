"""BuildProperties become options of esbuild."""

import pytest

from sealift.build.javascript.esbuild import options
from sealift.errors import BuildError
from sealift.model.template import Json


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Minify", "false", []),
        ("Sourcemap", True, ["--sourcemap"]),
        ("Sourcemap", "inline", ["--sourcemap=inline"]),
        ("Sourcemap", "no", []),
        ("SourcesContent", False, ["--sources-content=false"]),
        ("KeepNames", "true", ["--keep-names"]),
        ("Target", ["es2022", "node20"], ["--target=es2022,node20"]),
        ("External", "a", ["--external:a"]),
        ("External", ["a", "@b/*"], ["--external:a", "--external:@b/*"]),
        ("Loader", [".html=text"], ["--loader:.html=text"]),
        ("Loader", {".html": "text"}, ["--loader:.html=text"]),
        ("OutExtension", {".js": ".mjs"}, ["--out-extension:.js=.mjs"]),
        ("Banner", {"js": "// x"}, ["--banner:js=// x"]),
        ("UseNpmCi", True, []),
    ],
)
def test_a_property_becomes_an_option(name: str, value: Json, expected: list[str]) -> None:
    known = {"Minify": False, "Target": "", "Format": ""}
    assert [o for o in options("Fn", {**known, name: value}) if o not in ("--target=", "--format=")] == expected


def test_a_property_that_is_not_known_is_refused() -> None:
    with pytest.raises(BuildError, match="Fn: BuildProperties Splitting of esbuild is not supported"):
        options("Fn", {"Splitting": True})

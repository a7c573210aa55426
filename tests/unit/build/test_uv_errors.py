"""What uv says, recorded from uv 0.13, becomes a short reason, a code and what to do."""

import pytest

from sealift.build.dependencies.uv import _selected, failure, masked
from sealift.build.target import PythonPlatform
from sealift.build.workshop import said

NOT_FOUND = """  × No solution found when resolving dependencies:
  ╰─▶ Because no-such-package was not found in the package registry and you
      require no-such-package==1.0, we can conclude that your requirements are
      unsatisfiable.

      hint: Packages were unavailable because index lookups were disabled
"""
CONFLICT = """  × No solution found when resolving dependencies:
  ╰─▶ Because boto3==1.34.0 depends on botocore>=1.34.0,<1.35.0 and you
      require botocore==1.30.0, we can conclude that your requirements are unsatisfiable.
"""
HASH = """  × Failed to download `six==1.16.0`
  ╰─▶ Hash mismatch for `six==1.16.0`

      Expected:
        sha256:0000

      Computed:
        sha256:8abb
"""
NO_HASH = "error: Hash-checking is required, but no trusted hash was provided for: `charset-normalizer`\n"
BUILD = """  × Failed to build `python-ldap==3.4.4`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta` failed (exit status: 1)

      [stdout]
      running build
"""
NO_VERSION = """  × Failed to build `lib @ file:///r/lib`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta.get_requires_for_build_wheel` failed (exit status: 1)

      [stderr]
      LookupError: setuptools-scm was unable to detect version for /r.
"""
OFFLINE = """error: Request failed after 3 retries
  Caused by: error sending request for url (https://registry.example/simple/six/)
"""


@pytest.mark.parametrize(
    ("stderr", "code", "reason"),
    [
        (NOT_FOUND, "dependencies-unresolvable", "Because no-such-package was not found in the package registry"),
        (CONFLICT, "dependencies-unresolvable", "boto3==1.34.0 depends on botocore>=1.34.0,<1.35.0"),
        (HASH, "dependency-hash", "Hash mismatch for `six==1.16.0` Expected: sha256:0000 Computed: sha256:8abb"),
        (NO_HASH, "dependency-hash", "no trusted hash was provided for: `charset-normalizer`"),
        (
            BUILD.replace("==3.4.4", " @ file:///r/lib"),
            "dependency-build-failed",
            "Failed to build `python-ldap @ file",
        ),
        (BUILD, "dependency-needs-compiling", "Failed to build `python-ldap==3.4.4`"),
        (NO_VERSION, "dependency-version-from-git", "Failed to build `lib @ file:///r/lib`"),
        (OFFLINE, "registry-unreachable", "Request failed after 3 retries"),
        ("error: something new\n", "dependencies-failed", "something new"),
    ],
)
def test_a_failure_of_uv_is_told_in_short(stderr: str, code: str, reason: str) -> None:
    error = failure(stderr)
    assert error.code == code
    assert reason in error.message
    assert error.hint
    for noise in ("hint:", "×", "╰", "[stdout]", "running build", "\n"):
        assert noise not in error.message
    assert error.retryable == (code == "registry-unreachable")


def test_a_long_reason_is_cut() -> None:
    assert len(failure("error: " + "word " * 1000).message) < 800


def test_passwords_in_addresses_are_not_shown() -> None:
    assert masked("git+https://user:secret@host/x and http://h/y") == "git+https://***@host/x and http://h/y"
    assert "secret" not in failure("error: failed for https://user:secret@host/simple/").message


@pytest.mark.parametrize("python", ["3.7", "3.14"])
def test_packages_are_chosen_for_a_late_release_of_each_python(python: str) -> None:
    # pandas 1.2.4 asks for 3.7.1, cryptography rules 3.9.1 out, and Lambda runs neither.
    options = _selected(PythonPlatform(python=python, platform=""))
    major, minor, patch = map(int, options[options.index("--python-version") + 1].split("."))
    assert (f"{major}.{minor}", patch >= 2) == (python, True)


NPM = (
    "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when package.json and lock agree\n"
)


def test_what_a_program_said_first_and_last_is_shown_without_colours() -> None:
    whole = NPM + "".join(f"npm error   --option-{n}\n" for n in range(40)) + "\x1b[1;31mthe end\x1b[m\n"
    lines = said(whole).splitlines()
    assert lines[:2] == [line for line in NPM.splitlines() if line != "npm error"]
    assert lines[5] == "… (28 more lines)"
    assert (len(lines), lines[-1]) == (16, "the end")


@pytest.mark.parametrize("count", [0, 1, 15, 16])
def test_what_is_little_longer_than_what_is_shown_is_shown_whole(count: int) -> None:
    assert said("".join(f"line {n}\n" for n in range(count))).splitlines() == [f"line {n}" for n in range(count)]

"""What uv says, recorded from uv 0.13, becomes a short reason, a code and what to do."""

import pytest

from sealift.build.dependencies.uv import failure, masked

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

"""Which Python, which processor, which C library a function runs on."""

import re
from dataclasses import dataclass

from sealift.errors import BuildError

_PROCESSORS = {"x86_64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonPlatform:
    """What packages are chosen for: `python` is `3.12`, `platform` is uv's name of it, empty for every platform."""

    python: str
    platform: str


def python_target(runtime: str, architecture: str) -> PythonPlatform:
    """Return the target of a Python runtime.

    From 3.12 on runtimes stand on Amazon Linux 2023 (glibc 2.34), older ones on Amazon Linux 2 (glibc 2.26):
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html. There is no manylinux tag for 2.26, so the next
    older one, 2.17, is used.
    """
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    processor = _PROCESSORS.get(architecture)
    if match is None or processor is None:
        raise BuildError(
            f"No dependencies can be chosen for {runtime} on {architecture}",
            code="runtime-unknown",
            hint="Use a runtime such as python3.13, and x86_64 or arm64.",
        )
    version = (int(match[1]), int(match[2]))
    libc = "manylinux_2_34" if version >= (3, 12) else "manylinux2014"
    return PythonPlatform(python=f"{version[0]}.{version[1]}", platform=f"{processor}-{libc}")

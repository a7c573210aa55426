"""Checks one pipeline file: everything that makes it invalid, then what makes it less safe than it looks."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from yaml.nodes import Node

from sealift.model.finding import Finding
from sealift.model.template import Location
from sealift.pipelines import bitbucket, github, gitlab
from sealift.pipelines.practice import Job, advice, bitbucket_jobs, github_jobs, gitlab_jobs
from sealift.pipelines.reading import read
from sealift.pipelines.shapes import Problem

System = Literal["bitbucket", "github", "gitlab"]
FILES: dict[System, str] = {
    "bitbucket": "bitbucket-pipelines.yml",
    "github": ".github/workflows",
    "gitlab": ".gitlab-ci.yml",
}
"""Where each system looks, from the top of the repository."""
_CHECKS: dict[System, tuple[Callable[[Node], Iterator[Problem]], Callable[[Node], tuple[Job, ...]]]] = {
    "bitbucket": (bitbucket.problems, bitbucket_jobs),
    "github": (github.problems, github_jobs),
    "gitlab": (gitlab.problems, gitlab_jobs),
}


def system_of(path: str) -> System | None:
    """Return whose file this is, by its name."""
    name = path.replace("\\", "/")
    if name.rsplit("/", 1)[-1].startswith("bitbucket-pipelines."):
        return "bitbucket"
    if name.rsplit("/", 1)[-1].endswith((".gitlab-ci.yml", ".gitlab-ci.yaml")):
        return "gitlab"
    return "github" if "/.github/workflows/" in f"/{name}" and name.endswith((".yml", ".yaml")) else None


def lint(file: str, text: str, system: System) -> tuple[Finding, ...]:
    """Return what is wrong with a file, with lines. A finding that `stops` says that it would not run as meant."""
    top = read(text, header="spec" if system == "gitlab" else "", merges=system != "github")
    if isinstance(top, Problem):
        return (_finding(top, file),)
    problems, jobs = _CHECKS[system]
    if system == "gitlab" and Path(file).name.removesuffix(FILES[system]) not in ("", Path(file).name):
        problems = partial(gitlab.problems, fragment=True)
    found = list(problems(top))
    return tuple(_finding(problem, file) for problem in _sorted([*found, *advice(text, jobs(top))]))


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """An anchor that is used twice is wrong once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.rule))


def _finding(problem: Problem, file: str) -> Finding:
    return Finding(
        tool="ci",
        id=problem.rule,
        severity="medium" if problem.advice else "high",
        message=problem.message,
        location=Location(file=file, line=problem.line),
        fix=problem.fix,
        stops=not problem.advice,
    )

"""Runs cfn-lint over the templates."""

import glob
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from sealift.analysis.cfnlint import cfnlint_findings
from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import text
from sealift.checks.notes import TIMEOUT_S, could_not_run
from sealift.checks.reviewed import CFNLINT, Given
from sealift.checks.versions import installed_version
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.template import Template
from sealift.ports import Completed, Process

_NAMES_FILES = ("append_rules", "custom_rules", "override_spec", "registry_schemas")
"""Keys of cfn-lint's configuration that name files of the tree: what those hold is in no key."""
_START = str(Path(__file__).with_name("lean_cfnlint.py"))


def run_cfnlint(
    app: App,
    templates: Mapping[str, Template],
    *,
    process: Process,
    env: Mapping[str, str] | None,
    cache: TextCache,
    today: str,
    local: bool,
    given: Given | None = None,
) -> tuple[Finding, ...]:
    """Return what cfn-lint finds in the templates and in those nested in them.

    It takes seconds, so its report is kept under its input; `today` is a part of that, for runtimes come to their end.
    `given` is a configuration instead of the folder's own.
    """
    files = sorted({one.file for one in with_nested(templates.values())})
    regions = sorted({environment.region for environment in app.environments})
    config = [text(app.root / name) for name in CFNLINT] if given is None else [text(given.file)]
    bodies = [(app.root / file).read_bytes() for file in files]
    key = content_key(("cfn-lint", str(installed_version("cfn-lint")), today, *regions, *config, *files, *bodies))
    parsed = {one.file: one for one in with_nested(templates.values())}
    read = partial(cfnlint_findings, local=local, own_config=any(config), templates=parsed)
    reads_more = any(word in said for said in config for word in _NAMES_FILES)
    report = None if reads_more else cache.get(key)
    if report is None:
        chosen = () if given is None else ("--config-file", str(given.file))
        done = _cfnlint(app.root, files, regions, process, env, chosen)
        if done.timed_out or not done.stdout.lstrip().startswith("["):
            # A region that this cfn-lint does not know is no reason not to look at the template.
            done = _cfnlint(app.root, files, [], process, env, chosen)
        try:
            found = None if done.timed_out else read(done.stdout)
        except ValueError:
            found = None
        if found is None:
            return (could_not_run("cfn-lint", done),)
        if not reads_more:
            cache.put(key, done.stdout)
        return found
    return read(report)


def _cfnlint(
    root: Path,
    files: Iterable[str],
    regions: Iterable[str],
    process: Process,
    env: Mapping[str, str] | None,
    chosen: tuple[str, ...],
) -> Completed:
    # -P: a yaml.py or json/ in the application's folder must not stand in for the module of that name.
    argv = [sys.executable, "-P", _START, "--format", "json", *chosen]
    if regions:
        argv += ["--regions", *regions]
    argv += ["--template", *(glob.escape(file) for file in files)]
    return process.run(argv, cwd=root, env=env, timeout_s=TIMEOUT_S)


def with_nested(templates: Iterable[Template]) -> Iterator[Template]:
    for template in templates:
        yield template
        yield from with_nested(template.nested.values())

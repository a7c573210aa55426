"""Known vulnerabilities: the real uv asks an OSV service on this machine, by HTTP."""

import json
import os
import shutil
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from sealift.checks.cache import TextCache
from sealift.checks.npm import audit_npm
from sealift.checks.vulnerable import audit
from sealift.model.finding import Finding, SuiteResult
from sealift.ports import Completed
from sealift.system import RealProcess
from tests.fakes.web import Service, serving

KNOWN = {
    "id": "GHSA-1",
    "summary": "templates leave the sandbox",
    "modified": "2024-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.5"}]}],
        }
    ],
}


class Osv(ThreadingHTTPServer):
    """Knows of one vulnerability; `status` is what it answers with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[object] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(Service):
    server: Osv

    def answer(self, body: bytes) -> None:
        if self.command == "GET":
            return self.say(KNOWN, status=self.server.status)
        queries = json.loads(body)["queries"]
        self.server.asked += queries
        hit = {"vulns": [{"id": "GHSA-1", "modified": KNOWN["modified"]}]}
        known = {"results": [hit if q["package"]["name"] == "jinja2" else {} for q in queries]}
        return self.say(known, status=self.server.status)


@pytest.fixture
def osv() -> Iterator[Osv]:
    server = Osv()
    with serving(server):
        yield server


def audited(tmp_path: Path, service: str, *pins: str, today: str = "2026-11-29") -> SuiteResult:
    cache = TextCache(tmp_path / "cache")
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return audit(pins, process=RealProcess(), env=env, cache=cache, today=today, service=service)


def test_a_known_vulnerability_is_named_with_the_version_that_mends_it(tmp_path: Path, osv: Osv) -> None:
    result = audited(tmp_path, osv.url, "six==1.17.0", "jinja2==2.4.1")
    assert (result.status, result.passed) == ("succeeded", 2)
    (one,) = result.findings
    assert (one.id, one.tool, one.stops, one.fix) == ("GHSA-1", "uv audit", False, "Take jinja2 2.5.")
    assert one.message == "jinja2 2.4.1 has a known vulnerability: templates leave the sandbox"
    assert len(osv.asked) == 2


def test_one_package_in_two_versions_is_asked_for_twice(tmp_path: Path, osv: Osv) -> None:
    audited(tmp_path, osv.url, "six==1.16.0", "six==1.17.0")
    assert {(q["package"]["name"], q["version"]) for q in osv.asked} == {("six", "1.16.0"), ("six", "1.17.0")}  # type: ignore[index]


def test_the_answer_is_kept_for_a_day(tmp_path: Path, osv: Osv) -> None:
    for today, asked in (("2026-11-29", 1), ("2026-11-29", 1), ("2026-11-30", 2)):
        assert audited(tmp_path, osv.url, "six==1.17.0", today=today).status == "succeeded"
        assert len(osv.asked) == asked


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_service_that_refuses_is_said_and_nothing_is_called_clean(tmp_path: Path, osv: Osv, status: int) -> None:
    osv.status = status
    result = audited(tmp_path, osv.url, "six==1.17.0")
    assert result.status == "not tested"
    assert result.reason.startswith("not checked: ")
    osv.status = 200
    assert audited(tmp_path, osv.url, "six==1.17.0").status == "succeeded"  # the failure was not kept


def test_a_service_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = audited(tmp_path, "http://127.0.0.1:9", "six==1.17.0")
    assert (result.status, result.reason.startswith("not checked: ")) == ("not tested", True)


class _Prints:
    def __init__(self, text: str) -> None:
        self._done = Completed(returncode=0, stdout=text, stderr="")

    def run(self, *_: object, **__: object) -> Completed:
        return self._done


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"vulnerabilities": [{}]}', '{"vulnerabilities": 3}', "\x00"])
def test_a_report_that_is_none_is_not_checked_and_not_kept(tmp_path: Path, text: str) -> None:
    cache = TextCache(tmp_path / "cache")
    for _ in range(2):
        result = audit(["six==1.17.0"], process=_Prints(text), env={}, cache=cache, today="")
        assert (result.status, result.reason.startswith("not checked: ")) == ("not tested", True)
    assert not (tmp_path / "cache").exists()


LOCK = """{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3,
  "packages": {
    "": {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}},
    "node_modules/left-pad": {"version": "1.3.0"}
  }
}
"""
PACKAGE = '{"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}'
ADVISORY = {
    "id": 1,
    "url": "https://github.com/advisories/GHSA-2",
    "title": "pads to the right",
    "severity": "moderate",
    "vulnerable_versions": "<1.3.1",
}


class Registry(Service):
    """Knows of one vulnerability, as npm's registry says it."""

    def answer(self, _: bytes) -> None:
        if self.command == "GET":
            return self.send_error(404)
        return self.say({"left-pad": [ADVISORY]})


def audited_npm(tmp_path: Path, registry: str) -> tuple[tuple[Finding, ...], str]:
    root = tmp_path / "app"
    (root / "web").mkdir(parents=True, exist_ok=True)
    (root / "web" / "package-lock.json").write_text(LOCK)
    (root / "web" / "package.json").write_text(PACKAGE)
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    env |= {"npm_config_registry": registry, "npm_config_cache": str(tmp_path / "npm")}
    return audit_npm(root, process=RealProcess(), env=env, cache=TextCache(tmp_path / "cache"), today="")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_known_vulnerability_of_npm_is_named_at_its_line(tmp_path: Path) -> None:
    with serving(Registry) as address:
        found, unchecked = audited_npm(tmp_path, address)
    (one,) = found
    assert (one.id, one.severity, str(one.location), unchecked) == ("GHSA-2", "medium", "web/package-lock.json:5", "")
    assert one.message == "left-pad <1.3.1 has a known vulnerability: pads to the right"
    assert one.fix


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_registry_that_does_not_answer_is_said(tmp_path: Path) -> None:
    found, unchecked = audited_npm(tmp_path, "http://127.0.0.1:9")
    assert (found, unchecked.startswith("web/package-lock.json: ")) == ((), True)
    assert not (tmp_path / "cache").exists()

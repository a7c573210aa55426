"""`make demo-ci`: from the first push to production by the pipeline file that `sealift init --ci bitbucket` writes.

The file is executed step by step against the embedded cloud: by bb-run where it is installed (`make runners`), else by
bash; `examples/bitbucket.py` adds what no runner has (triggers, the merge before a pull request's scripts, a manual
step that is held back). Works in a temporary folder, which it removes, and stops what it started.
"""

import subprocess
import sys
import time
from pathlib import Path

from rich.markup import escape

from examples.bitbucket import FILE, Bitbucket, Failed, PullRequest, Run, path_with, signing_proxy
from examples.demo import Demo, Unexpected, http, play
from tools.runners import PLACES, missing

SOAK_S = 15
PREVIEWS = '\n[previews]\naccount = "333333333333"\nregion = "us-east-1"\nparameters = { KeepData = "Delete" }\n'
# On the embedded cloud `sealift run` goes on to production by itself, as a rehearsal. Here production has its own step.
COMMAND = """\
#!/bin/sh
case "$1" in
  run) cd "{agent}"; set -- "$@" --local --no-promote;;
  promote|preview|approve) cd "{agent}"; set -- "$@" --local;;
esac
exec "{python}" -m sealift "$@"
"""
WAITING = 4
"""The exit code of `sealift promote` while a release soaks."""


def first_push(demo: Demo, cloud: Demo, service: Bitbucket) -> Run:
    """Act 1. Returns the run whose production step waits."""
    with demo.act(
        "1 · The pipeline file, and the first push",
        "sealift writes the file. The push to main starts analysis and tests, then staging is deployed, by itself.",
    ):
        demo.shown("init --ci bitbucket")
        demo.shown(f"ci lint {FILE}")
        file = demo.folder / FILE
        line = next(line for line in file.read_text().splitlines() if "pip install" in line)
        own = f"{line[: line.index('pip install')]}sealift --version"
        file.write_text(file.read_text().replace(line, own))
        demo.say(f"   One line is changed, the one that installs sealift: [dim]{escape(own.strip())}[/]")
        demo.git("add", ".")
        demo.git("commit", "--quiet", "-m", "A shop that takes, confirms and counts orders")
        demo.committed()
        push(demo, "main")
        run = service.pushed("main")
        lanes = cloud.lanes()
        demo.expect(lanes["staging"]["release"] is not None, "staging runs the first release")
        demo.expect(lanes["production"]["release"] is None, "production was not asked: its step waits for a person")
    return run


def pull_request(demo: Demo, cloud: Demo, service: Bitbucket) -> PullRequest:
    """Act 2. Returns the pull request, which is open."""
    request = PullRequest(number=12, branch="say-who-we-are")
    with demo.act(
        "2 · A pull request gets a preview",
        "The destination is merged into the branch before the scripts; the preview comes by a trigger.",
    ):
        demo.git("switch", "--quiet", "-c", request.branch)
        for name in ("functions/read_orders/read_orders.py", "tests/unit/test_read_orders.py"):
            path = demo.folder / name
            path.write_text(path.read_text().replace('{"status": "ok"}', '{"status": "ok", "shop": "orders"}'))
        demo.git("commit", "--quiet", "-am", "Say which shop this is")
        demo.committed()
        push(demo, request.branch)
        service.opened(request)
        there = previews(cloud)
        demo.expect(list(there) == ["pr-12"], "the pull request has its preview", list(there))
        url = there["pr-12"]["PublicUrl"]
        demo.expect(shop_at(url) == "orders", f"GET {url}/health answers with the change", shop_at(url))
        staging = cloud.lanes()["staging"]["outputs"]["PublicUrl"]
        demo.expect(shop_at(staging) is None, "staging does not have it")
    return request


def merge(demo: Demo, cloud: Demo, service: Bitbucket, request: PullRequest) -> Run:
    """Act 3. Returns the run of main."""
    with demo.act(
        "3 · The merge: the preview goes, staging gets the change by itself",
        "The source branch is deleted with the merge; the preview is removed without a clone.",
    ):
        demo.git("switch", "--quiet", "main")
        message = f"Merged in {request.branch} (pull request #{request.number})"
        demo.git("merge", "--quiet", "--no-ff", "-m", message, request.branch)
        demo.committed()
        push(demo, "main")
        demo.git("push", "--quiet", "origin", "--delete", request.branch)
        service.happened("pullrequest-fulfilled", request)
        demo.expect(previews(cloud) == {}, "the preview is gone")
        run = service.pushed("main")
        staging = cloud.lanes()["staging"]["outputs"]["PublicUrl"]
        demo.expect(shop_at(staging) == "orders", "staging has the change")
    return run


def to_production(demo: Demo, cloud: Demo, service: Bitbucket, run: Run) -> None:
    """Act 4."""
    with demo.act(
        "4 · Production: one push of a button, after the soak and an approval",
        f"Staging soaks for {SOAK_S} s here; days in a real shop. Whoever pushes too soon is told to wait.",
    ):

        def waits(why: str) -> None:
            code = service.push_the_button(run)
            demo.expect(code == WAITING or (service.bb_run is not None and code != 0), why, code)

        waits("too soon: the release still soaks, and nobody approved it")
        demo.expect(cloud.lanes()["production"]["release"] is None, "production was not touched")
        demo.say(f"   … {SOAK_S} s later")
        time.sleep(SOAK_S)
        release = {"RELEASE": cloud.lanes()["staging"]["release"]}
        service.started("approve-production", "main", release, by="dana")
        waits("Dana wrote it, so that her approval does not count")
        service.started("approve-production", "main", release, by="erin")
        code = service.push_the_button(run)
        demo.expect(code == 0, "somebody else approved: the production step went through", code)
        lanes = cloud.lanes()
        releases = {lane["release"] for lane in lanes.values()}
        demo.expect(len(releases) == 1, "production runs the release that soaked in staging, byte for byte", releases)
        url = lanes["production"]["outputs"]["PublicUrl"]
        demo.expect(shop_at(url) == "orders", f"GET {url}/health answers with the change")


def push(demo: Demo, branch: str) -> None:
    """Push a branch."""
    demo.say(f"   [bold]$ git push origin {branch}[/]")
    demo.git("push", "--quiet", "-u", "origin", branch)


def previews(cloud: Demo) -> dict[str, dict[str, str]]:
    """Return the addresses of each preview."""
    return {one["name"]: one["urls"] for one in cloud.asked("preview list")["previews"]}


def shop_at(url: str) -> object:
    """Return which shop a live API says it is."""
    return http("GET", f"{url}/health")[1].get("shop")


def runner(demo: Demo) -> Path | None:
    """Return bb-run where it can be had, and say what executes the steps."""
    reason = missing("bitbucket")
    if reason:
        demo.say(f"[yellow]bb-run is not used: {reason}.[/] Bash executes the steps, as they stand in the file.")
        return None
    demo.say("The steps are executed by bb-run, an independent runner of Bitbucket's pipeline files.")
    return PLACES["bitbucket"]


def tell(demo: Demo) -> None:
    """Tell the whole story. Raises Unexpected."""
    folder = demo.folder.parent
    origin, agent, commands = (folder / name for name in ("origin.git", "agent", "bin"))
    settings = demo.folder / "sealift.toml"
    text = settings.read_text().replace('soak = "1s"', f'soak = "{SOAK_S}s"') + PREVIEWS
    settings.write_text(text.replace("protected = true", "protected = true\napproval = true"))
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    demo.git("remote", "add", "origin", str(origin))
    demo.git("clone", "--quiet", str(origin), str(agent))
    commands.mkdir()
    command = commands / "sealift"
    command.write_text(COMMAND.format(agent=agent, python=sys.executable))
    command.chmod(0o755)
    temporary = folder / "tmp"
    temporary.mkdir()
    env = {**demo.env, "PATH": path_with(commands, demo.env), "TMPDIR": str(temporary)}
    service = Bitbucket(agent=agent, env=env, say=demo.say, bb_run=runner(demo))
    cloud = Demo(folder=agent, console=demo.console, env=demo.env)
    with signing_proxy(service) as proxy:
        service.env = {**env, "SEALIFT_BITBUCKET_PROXY": proxy}
        try:
            first_push(demo, cloud, service)
            request = pull_request(demo, cloud, service)
            run = merge(demo, cloud, service, request)
            to_production(demo, cloud, service, run)
            demo.say("\n[bold cyan]5 · The record[/]")
            cloud.shown("status --local", "history --local", "ledger verify --local")
            cloud.shown("changelog production --local", "history --dora --local")
        except (Failed, subprocess.TimeoutExpired) as wrong:
            raise Unexpected(str(wrong)) from wrong
        finally:
            cloud.stop()


if __name__ == "__main__":
    sys.exit(play(tell))

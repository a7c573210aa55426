"""The entry point: finds the command, and turns every way it can end into an exit code and a clear message."""

import atexit
import gc
import importlib
import os
import signal
import sys
import threading
from typing import Any

import click

from sealift import __version__

EXIT_USAGE, EXIT_INTERRUPTED = 2, 130

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (section, module under sealift.cli.commands, short help)
    "init": ("Start", "init", "Write a commented sealift.toml."),
    "doctor": ("Start", "doctor", "Check whether this machine and AWS are ready for a delivery."),
    "bootstrap": ("Start", "bootstrap", "Create the bucket and the roles of an environment."),
    "check": ("Start", "check", "Run static analysis and the unit tests."),
    "test": ("Start", "check", "Run the unit tests."),
    "build": ("Start", "build", "Build the release of this commit."),
    "prove": ("Start", "prove", "Prove that no environment reaches another."),
    "lock": ("Start", "build", "Lock the dependencies of functions, with hashes."),
    "cache": ("Start", "cache", "List, prune and share the build cache."),
    "run": ("Deliver", "deliver", "Deliver this commit as far as its branch allows."),
    "deploy": ("Deliver", "deliver", "Build this commit and deploy it to an environment."),
    "promote": ("Deliver", "deliver", "Deploy the release that soaked to the next environment."),
    "each": ("Deliver", "each", "Run a command for each application of a repository."),
    "rollback": ("Deliver", "deliver", "Roll an environment back to an earlier release."),
    "resume": ("Deliver", "deliver", "Finish an interrupted command."),
    "preview": ("Deliver", "preview", "Create, list and destroy environments of pull requests."),
    "approve": ("Decide", "decide", "Approve a release for an environment."),
    "waive": ("Decide", "decide", "Allow one change that would lose data, once."),
    "destroy": ("Decide", "decide", "Destroy an environment: delete all its stacks."),
    "status": ("Look", "look", "Show the state of every environment."),
    "history": ("Look", "look", "Show what happened, when, and by whom."),
    "changelog": ("Look", "record", "Show the commits and pull requests of each deployment."),
    "drift": ("Look", "look", "Detect changes made by hand in an environment."),
    "diff": ("Look", "look", "Compare two environments: commits, functions, resources."),
    "ledger": ("Look", "look", "Check the hash chains of the ledgers."),
    "evidence": ("Look", "evidence", "Show the evidence of a release on one page."),
    "release": ("Look", "release", "Check hashes, provenance and signature of a release."),
    "dev": ("Develop", "dev", "Run the work tree on the embedded cloud and update it at each save."),
    "outputs": ("Develop", "reach", "Print the outputs of an environment."),
    "open": ("Develop", "reach", "Open the address of an environment in the browser."),
    "logs": ("Develop", "reach", "Print the logs of the functions of an environment."),
    "invoke": ("Develop", "invoke", "Call a function with an event built from the template."),
    "ci": ("Team", "ci", "Check the pipeline file of your CI system."),
    "explain": ("Look", "explain", "Explain a key of sealift.toml or a finding."),
    "config": ("Team", "config", "Read and change the configuration of environments."),
    "local": ("Embedded cloud", "local", "Start, inspect and stop the embedded cloud."),
}


class Broken(Exception):
    """Carries a BrokenPipeError past click, which would exit with 1 without a message for any pipe."""

    def __init__(self, error: BrokenPipeError) -> None:
        super().__init__(str(error))
        self.error = error


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise Broken(error) from error

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"sealift.cli.commands.{COMMANDS[name][1]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest near names for an unknown command."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from sealift.errors import did_you_mean

            ctx.fail(f'No such command "{name}"{did_you_mean(name, COMMANDS)}.')
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section, without importing them."""
        for section in dict.fromkeys(section for section, _, _ in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl([(name, text) for name, (s, _, text) in COMMANDS.items() if s == section])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sealift")
@click.option("-C", "directory", default="", metavar="DIR", help="The application's folder.")
def cli(directory: str) -> None:
    """Continuous delivery for serverless applications on AWS.

    Every environment is a separate stack. Every release is built once and deployed unchanged to staging, then to
    production. Add --local to try any command on this machine, without an AWS account.
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A command loads modules and ends: at Python's own pace the collector takes a tenth of its time, and finds nothing.
    gc.set_threshold(50_000, 20, 50)
    signal.signal(signal.SIGTERM, _end_as_interrupted)
    code = run(sys.argv[1:] if argv is None else argv)
    if argv is None:
        _end(code)
    sys.exit(code)


def _end(code: int) -> None:
    """End the process if nothing is left to do: Python would first take apart all that was loaded, module by module."""
    if any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        return
    atexit._run_exitfuncs()
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return  # a pipe that broke is Python's to report
    os._exit(code)


def _end_as_interrupted(_number: int, _frame: object) -> None:
    """Treat SIGTERM, which CI systems send to cancel a job, like Ctrl-C: what was begun is recorded."""
    raise KeyboardInterrupt


def run(argv: list[str]) -> int:
    """Run the command line; return 0, 1, 2, 3, 4, 70 or 130 as the reference of exit codes says."""
    wants_json = "--json" in argv
    try:
        result: Any = cli.main(args=argv, prog_name="sealift", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        return _usage(error, wants_json=wants_json)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted. The next command continues or undoes the interrupted work.", err=True)
        return EXIT_INTERRUPTED
    except Broken as broken:
        from sealift.cli.pipes import let_go

        return 0 if let_go(sys.stdout, sys.stderr) else _fault(broken.error, wants_json=wants_json)
    except Exception as error:
        return _fault(error, wants_json=wants_json)


def _fault(error: Exception, *, wants_json: bool) -> int:
    from sealift.cli.failure import as_ours, show_error

    ours = as_ours(error)
    show_error(ours, wants_json=wants_json)
    return ours.exit_code


def _usage(error: click.UsageError, *, wants_json: bool) -> int:
    if wants_json:
        from sealift.cli.failure import json_error

        click.echo(json_error("usage", error.format_message(), "See `sealift --help`.", {}))
    else:
        error.show()
    return EXIT_USAGE

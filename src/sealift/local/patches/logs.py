"""Log lines: the emulator waits for them after each invocation, even when there are none."""


def quick_logs() -> None:
    """Wait for log lines 1 ms instead of 50 ms after each invocation that wrote none."""
    from ministack.core import lambda_runtime

    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.001, 0.001, 0.05)

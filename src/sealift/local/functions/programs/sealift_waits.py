"""How long a process has waited for a processor: on a busy machine that is no time of its own."""


def waited_s(pid: int) -> float:
    """Return the seconds that a process was ready to run and did not; 0 where the kernel does not say.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0

"""What a process waits for a processor is not its own time."""

import os

from sealift.local.functions.programs.sealift_waits import waited_s


def test_the_kernel_says_how_long_a_process_waited() -> None:
    assert 0 <= waited_s(os.getpid()) < 3600


def test_a_process_that_is_gone_has_not_waited() -> None:
    assert waited_s(2**22 + 1) == 0

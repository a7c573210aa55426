import os
import subprocess
import sys

import pytest

from tests.contract.sandbox import VARIABLE, NotOptedInError, check_opted_in
from tests.fakes.services import FakeIdentity

OURS, OTHERS = "111122223333", "444455556666"


def test_without_an_account_that_is_named_nothing_runs_and_aws_is_not_asked():
    env = {k: v for k, v in os.environ.items() if k != VARIABLE and not k.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.sandbox"], capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 2
    assert "nothing was run" in done.stderr
    assert VARIABLE in done.stderr


def test_credentials_of_another_account_are_refused():
    with pytest.raises(NotOptedInError, match=f"names {OURS}, but the credentials belong to {OTHERS}"):
        check_opted_in({VARIABLE: OURS}, FakeIdentity(OTHERS))


def test_credentials_of_the_named_account_are_taken():
    assert check_opted_in({VARIABLE: OURS}, FakeIdentity(OURS)) == OURS

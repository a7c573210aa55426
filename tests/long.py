"""Tests that take longer than others alike and say little more: `make nightly` runs them, `make test` names them."""

import os

import pytest

nightly = pytest.mark.skipif("SEALIFT_NIGHTLY" not in os.environ, reason="takes longer: make nightly")

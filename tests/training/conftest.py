"""What needs a training process is skipped, with the reason, where jax is not installed."""

from __future__ import annotations

import pytest

from somatone.training.launch import can_train


@pytest.fixture
def trains() -> None:
    if not can_train():
        pytest.skip("jax, optax or scikit-learn is not installed: pip install -c constraints.txt -e '.[training]'")

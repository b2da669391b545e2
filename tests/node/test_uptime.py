"""The kernel's clock, and the name of the boot that it counts from."""

from pathlib import Path

import pytest

from onionchat.node import uptime as kernel


def test_the_kernel_counts_from_a_boot_that_has_a_name() -> None:
    first, second = kernel.uptime(), kernel.uptime()
    assert first.boot == second.boot
    assert len(first.boot) == 16
    assert 0 < first.now <= second.now


def test_without_a_name_each_start_is_a_boot_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_NAME", tmp_path / "nowhere")
    names = {kernel._boot.__wrapped__() for _ in range(2)}
    assert len(names) == 2

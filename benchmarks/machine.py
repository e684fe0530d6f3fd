"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "acorn-engine",
    "polars",
    "numpy",
    "zen-engine",
    "datalogic-py",
    "common-expression-language",
    "rule-engine",
    "simpleeval",
    "adbc-driver-sqlite",
)


def processor() -> str:
    """Return the model of the CPU, as well as the system tells it."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe() -> list[str]:
    """Return the machine and the versions in two lines."""
    packages = []
    for name in PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"{name} (not installed)")
    return [
        f"{processor()}, {cores()} cores, Python {platform.python_version()}, {platform.system()}",
        ", ".join(packages),
    ]

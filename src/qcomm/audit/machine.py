"""What a job ran on: package versions, processor, device, git state, memory."""

from __future__ import annotations

import platform
import re
import resource
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

# Versions that can change a number; the full environment is pinned by requirements.lock.
PACKAGES = (
    "cirq-core",
    "llvmlite",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "safetensors",
    "scikit-learn",
    "scipy",
    "seaborn",
    "snakemake",
    "sympy",
    "torch",
    "torch-geometric",
)

# Rivals of the benchmarks, in an environment of their own; noted where they are installed.
PEERS = ("jax", "pennylane", "pennylane-lightning", "qsimcirq", "qulacs", "tensorcircuit-ng")


@cache
def package_versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on ("missing" where one is not), and of rivals."""
    versions = {name: _version(name) or "missing" for name in PACKAGES}
    return versions | {name: version for name in PEERS if (version := _version(name))}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def cpu_name() -> str:
    """The processor's name as the kernel reports it."""
    info = Path("/proc/cpuinfo")
    match = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return match.group(1).strip() if match else platform.processor() or platform.machine()


@cache
def git_state(folder: Path) -> dict[str, str | bool | None]:
    """Commit and cleanliness of tracked files of the checkout that holds `folder`; None outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "clean": None if changes is None else changes == ""}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def device_name() -> str:
    """ "cpu", or the name of the GPU where torch has been loaded and has used one."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.memory_allocated() > 0:
        return torch.cuda.get_device_name()
    return "cpu"


def peak_memory_mb() -> float:
    """Largest resident set of this process so far, in MB."""
    try:  # not getrusage: its peak survives exec, so that a stage would report that of the process which started it
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return round(int(status.split("VmHWM:")[1].split()[0]) * 1.024e-3, 1)
    except (OSError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)

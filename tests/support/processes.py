"""What other processes hold, and when they end, as Linux tells."""

import os
import select
from pathlib import Path

__all__ = ["descriptors", "is_running", "shared_files", "wait_until_gone"]

_DEADLINE_SECONDS = 20.0


def descriptors(pid: int | None = None) -> list[str]:
    """Return what the open files of a process, or of ours, lead to."""
    found = []
    directory = Path(f"/proc/{'self' if pid is None else pid}/fd")
    for each in directory.iterdir():
        try:
            found.append(str(each.readlink()))
        except FileNotFoundError:
            continue  # the descriptor of this very look
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there, and no mere entry of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a process, whosever child it is."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(_DEADLINE_SECONDS * 1e3), f"process {pid} does not end"
    finally:
        os.close(descriptor)


def shared_files() -> set[str]:
    """Return the names that shared memory has in the file system."""
    return {path.name for path in Path("/dev/shm").iterdir()} if Path("/dev/shm").is_dir() else set()

"""Where servers are found by name: a socket and a lock in a directory of the user's own."""

import contextlib
import errno
import fcntl
import os
import re
import socket as sockets
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastbinance.errors import ConfigurationError

__all__ = ["ServerName", "ServerSeat", "clean", "runtime_directory", "servers"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
# Of files that are ours: a directory that somebody names may have others in it.
_SOCKET: Final = ".fastbinance.sock"
_LOCK: Final = ".fastbinance.lock"
_LOCK_TEXT: Final = re.compile(rb"[0-9]*\n?")
# Of a socket's path: 108 on Linux and 104 on macOS, with the zero behind it.
_MOST_PATH_BYTES: Final = 103
# Named in the environment, for who wants it elsewhere: shared with a group, for example.
_VARIABLE: Final = "FASTBINANCE_RUNTIME_DIR"


def runtime_directory() -> Path:
    """Return the directory of sockets and locks; it may not be there yet."""
    named = os.environ.get(_VARIABLE)
    if named:
        return Path(named)
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session:
        return Path(session) / "fastbinance"
    return Path(tempfile.gettempdir()) / f"fastbinance-{os.getuid()}"


@dataclass(frozen=True, slots=True)
class ServerName:
    """A server's name, and the files that go by it."""

    name: str
    directory: Path

    @classmethod
    def of(cls, name: str) -> "ServerName":
        """Return a name, checked.

        Raises
        ------
        ConfigurationError
            It cannot be a name.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"a server's name has 1 to 40 letters, digits, dots, hyphens and underscores, not {name!r}"
            )
        found = cls(name, runtime_directory())
        if len(os.fsencode(found.socket)) > _MOST_PATH_BYTES:
            raise ConfigurationError(
                f"{found.socket} is longer than the {_MOST_PATH_BYTES} bytes that a socket's path may have:"
                f" name a shorter directory in {_VARIABLE}"
            )
        return found

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.directory / f"{self.name}{_SOCKET}"

    @property
    def lock(self) -> Path:
        """Held by the one server of this name for as long as it lives."""
        return self.directory / f"{self.name}{_LOCK}"

    def dial(self, seconds: float) -> sockets.socket:
        """Return a connection to the server.

        Raises
        ------
        ConfigurationError
            There is none of this name, or it is not for this user.
        """
        _check_directory(self.directory)
        connection = sockets.socket(sockets.AF_UNIX)
        connection.settimeout(seconds)
        try:
            connection.connect(str(self.socket))
        except OSError as error:
            connection.close()
            raise ConfigurationError(self._why_not(error)) from None
        return connection

    def _why_not(self, error: OSError) -> str:
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"the server {self.name!r} is not for this user: {self.socket} says so"
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED):
            there = ", ".join(servers(self.directory)) or "none"
            return (
                f"no server {self.name!r} runs; in {self.directory} there are: {there}."
                f" Start one with: fastbinance serve --name {self.name} btcusdt@bookTicker"
            )
        return f"the server {self.name!r} cannot be reached: {error.strerror or error}"


class ServerSeat:
    """The place of a server: its lock, and a socket that listens. What a dead one has left is removed.

    Parameters
    ----------
    name
        Whose.
    mode
        Permissions of the socket, such as ``0o600``.

    Raises
    ------
    ConfigurationError
        A server of this name runs, or the directory is another user's.
    OSError
        The files cannot be made.
    """

    def __init__(self, name: ServerName, mode: int = 0o600) -> None:
        self.name: Final = name
        _make_directory(name.directory)
        self._lock = _locked(name)
        try:
            # Who may attach may also see that it runs.
            os.fchmod(self._lock, 0o600 | (mode & 0o044))
            _remove_socket(name.socket)
            self.listener: Final = _listener(name.socket, mode)
        except BaseException:
            self._unlock()
            raise

    def close(self) -> None:
        """Leave, and leave nothing behind."""
        self.listener.close()
        self.name.socket.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        self.name.lock.unlink(missing_ok=True)
        os.close(self._lock)


def _listener(path: Path, mode: int) -> sockets.socket:
    listener = sockets.socket(sockets.AF_UNIX)
    try:
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(64)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def servers(directory: Path) -> dict[str, bool]:
    """Return the names in a directory, and whether their servers run."""
    found = {}
    for path in sorted(directory.glob(f"*{_SOCKET}")):
        name = path.name.removesuffix(_SOCKET)
        found[name] = _is_locked(directory / f"{name}{_LOCK}")
    return {name: runs for name, runs in found.items() if runs}


def clean(directory: Path) -> list[str]:
    """Remove what servers that were killed have left; return their names."""
    gone = []
    names = {
        path.name.removesuffix(suffix) for suffix in (_SOCKET, _LOCK) for path in directory.glob(f"*{suffix}")
    }
    for stem in sorted(names):
        if not _NAME.fullmatch(stem):
            continue
        name = ServerName(stem, directory)
        try:
            lock = _locked(name)
        except (ConfigurationError, PermissionError):
            continue  # it runs, or is another user's
        _remove_socket(name.socket)
        name.lock.unlink(missing_ok=True)
        os.close(lock)
        gone.append(stem)
    return gone


def _make_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_directory(directory)


def _check_directory(directory: Path) -> None:
    """Refuse a directory in which another user may have put what looks like a server of ours."""
    if os.environ.get(_VARIABLE):
        return  # whoever named it has chosen who may use it
    try:
        found = directory.stat()
    except OSError:
        return  # there is none, or it is not for us: said by what follows
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise ConfigurationError(
            f"{directory} is another user's, or others may write to it: name one of your own in {_VARIABLE}"
        )


def _locked(name: ServerName) -> int:
    while True:
        lock = os.open(name.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _taken(lock):
            pid = os.read(lock, 32).decode("ascii", "replace").strip()
            os.close(lock)
            raise ConfigurationError(
                f"a server {name.name!r} runs already, as process {pid or '?'}: choose another name"
            )
        if not _LOCK_TEXT.fullmatch(os.pread(lock, 64, 0)):
            os.close(lock)
            raise ConfigurationError(f"{name.lock} is no lock of fastbinance's: it is left as it is")
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(lock).st_ino == name.lock.stat().st_ino:
                os.truncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
                return lock
        os.close(lock)  # of a server that was just leaving


def _remove_socket(path: Path) -> None:
    """Remove a socket that a server has left; nothing else, whatever it is called."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


def _taken(lock: int) -> bool:
    # Who only looks whether a server runs has it for an instant.
    for wait in (0.0, 0.005, 0.02):
        time.sleep(wait)
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _is_locked(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False

"""The vault: what goes in comes out, tampering shows, and a kill or a full disk leaves nothing half-kept."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.privacy.keys import node_key
from lienthong.privacy.vault import CHUNK, Vault

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7]


def content(size: int) -> bytes:
    return (hashlib.sha256(b"seed").digest() * (size // 32 + 1))[:size]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "raw", tmp_path / "keys")


def path_of(home: Path, sha256: str) -> Path:
    return home / "raw" / sha256[:2] / sha256


@pytest.mark.parametrize("size", SIZES)
def test_what_is_kept_comes_out_again(vault: Vault, size: int) -> None:
    data = content(size)
    kept = vault.keep(io.BytesIO(data))
    assert (kept.sha256, kept.size, kept.is_new) == (hashlib.sha256(data).hexdigest(), size, True)
    assert vault.keep(io.BytesIO(data)).is_new is False
    with vault.open(kept.sha256) as file:
        assert file.read() == data
        for position in (0, 1, size // 2, max(0, CHUNK - 3), size, size + 5):
            file.seek(position)
            assert file.read(10) == data[position : position + 10]
            assert file.tell() == max(position, min(position + 10, size))
        assert file.seek(-min(4, size), os.SEEK_END) == size - min(4, size)
        assert file.read() == data[size - min(4, size) :]
    assert list(vault.verify()) == []


def test_a_pipe_that_gives_a_little_at_once(vault: Vault) -> None:
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 70_001))

    data = content(2 * CHUNK + 5)
    kept = vault.keep(Pipe(data))
    with vault.open(kept.sha256) as file:
        assert file.read() == data


def test_nothing_stands_in_clear_and_equal_files_of_two_nodes_differ(tmp_path: Path) -> None:
    data = b"Nguyen Van A" * 100
    stored = []
    for node in ("one", "two"):
        vault = Vault(tmp_path / node / "raw", tmp_path / node / "keys")
        kept = vault.keep(io.BytesIO(data))
        stored.append(path_of(tmp_path / node, kept.sha256).read_bytes())
        key = tmp_path / node / "keys" / "files" / f"{kept.sha256}.key"
        assert key.stat().st_mode & 0o777 == 0o600
    assert b"Nguyen" not in stored[0]
    assert stored[0] != stored[1]


@pytest.mark.parametrize(
    "where", ["header", "first chunk", "tag", "cut at a chunk", "cut in a chunk", "swapped", "longer"]
)
def test_tampering_gives_a_clear_error(vault: Vault, tmp_path: Path, where: str) -> None:
    kept = vault.keep(io.BytesIO(content(3 * CHUNK)))
    path = path_of(tmp_path, kept.sha256)
    data = bytearray(path.read_bytes())
    sealed = CHUNK + 16
    match where:
        case "header":
            data[3] ^= 1
        case "first chunk":
            data[100] ^= 1
        case "tag":
            data[-1] ^= 1
        case "cut at a chunk":
            del data[16 + 2 * sealed :]
        case "cut in a chunk":
            del data[16 + 2 * sealed + 500 :]
        case "swapped":
            data[16 : 16 + 2 * sealed] = data[16 + sealed : 16 + 2 * sealed] + data[16 : 16 + sealed]
        case "longer":
            data += b"more"
    path.write_bytes(bytes(data))
    with pytest.raises(LienthongError, match="vault-tampered") as caught, vault.open(kept.sha256) as file:
        file.read()
    assert "Put the file back from the backup" in caught.value.cure
    assert [finding.code for finding in vault.verify()] == ["vault-tampered"]


def test_an_emptied_or_unknown_file_and_a_missing_key(vault: Vault, tmp_path: Path) -> None:
    kept = vault.keep(io.BytesIO(b"x"))
    with pytest.raises(LienthongError, match="vault-not-kept"):
        vault.open("0" * 64)
    with pytest.raises(LienthongError, match="vault-not-kept"):
        vault.open("../../etc/passwd")
    path_of(tmp_path, kept.sha256).write_bytes(b"")
    with pytest.raises(LienthongError, match="vault-tampered"):
        vault.open(kept.sha256)
    (tmp_path / "keys" / "files" / f"{kept.sha256}.key").unlink()
    with pytest.raises(LienthongError, match="vault-key-missing") as caught:
        vault.open(kept.sha256)
    assert caught.value.category.exit == 5
    assert vault.keep(io.BytesIO(b"x")).is_new
    with vault.open(kept.sha256) as file:
        assert file.read() == b"x"


class Full(io.BytesIO):
    """Stands for a disk that is full by the second read (the error comes from the system, as a write's would)."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(size)


def test_a_full_disk_keeps_nothing_and_says_so(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(LienthongError, match="vault-no-space") as caught:
        vault.keep(Full(content(2 * CHUNK)))
    assert caught.value.retry
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_size_limit_of_the_system_is_no_traceback(tmp_path: Path) -> None:
    code = (
        "import io, pathlib, resource, signal, sys\n"
        "from lienthong.core.errors import LienthongError\n"
        "from lienthong.privacy.vault import Vault\n"
        "home = pathlib.Path(sys.argv[1]); vault = Vault(home / 'raw', home / 'keys')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try: vault.keep(io.BytesIO(bytes(3 << 20)))\n"
        "except LienthongError as error: print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "vault-no-space\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_killed_keep_leaves_nothing_and_its_draft_is_cleared(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from lienthong.privacy.vault import Vault\n"
        "home = pathlib.Path(sys.argv[1]); Vault(home / 'raw', home / 'keys').keep(sys.stdin.buffer)\n"
    )
    incoming = tmp_path / "raw" / ".incoming"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(content(3 * CHUNK))
        process.stdin.flush()
        for _ in range(400):
            if incoming.is_dir() and any(path.stat().st_size > CHUNK for path in incoming.iterdir()):
                break
            time.sleep(0.01)
        Vault(tmp_path / "raw", tmp_path / "keys")  # another process starts: a living draft is left alone
        assert len(list(incoming.iterdir())) == 1
        process.send_signal(signal.SIGKILL)
    vault = Vault(tmp_path / "raw", tmp_path / "keys")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert vault.keep(io.BytesIO(content(3 * CHUNK))).is_new


def test_one_file_kept_by_many_at_once_is_kept_once(vault: Vault, tmp_path: Path) -> None:
    data = content(CHUNK + 1)
    results = []
    threads = [threading.Thread(target=lambda: results.append(vault.keep(io.BytesIO(data)))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept.is_new for kept in results) == [False] * 5 + [True]
    with vault.open(results[0].sha256) as file:
        assert file.read() == data


def test_a_discarded_file_is_gone_with_its_key(vault: Vault, tmp_path: Path) -> None:
    kept = vault.keep(io.BytesIO(b"no export"))
    vault.discard(kept.sha256)
    vault.discard(kept.sha256)
    assert not vault.holds(kept.sha256)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


def test_a_node_key_is_made_once_and_a_short_one_is_refused(tmp_path: Path) -> None:
    first = node_key(tmp_path, "audit", os.urandom)
    assert node_key(tmp_path, "audit", os.urandom) == first
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key"]
    (tmp_path / "audit.key").write_bytes(b"short")
    with pytest.raises(LienthongError, match="key-unreadable"):
        node_key(tmp_path, "audit", os.urandom)

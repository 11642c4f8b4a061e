"""Mount check: is a folder on a local disk, where an SQLite ledger is safe?

SQLite's write-ahead log needs memory shared by all processes, which no network file system offers,
and many of those do not lock (https://www.sqlite.org/wal.html). A cloud service that synchronises
a folder replaces files while they are in use.
"""

import re
from pathlib import Path

_NETWORK = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "glusterfs",
        "9p",
        "vboxsf",
        "prl_fs",
        "vmhgfs",
        "davfs",
        "ocfs2",
        "gfs2",
        "lustre",
    ]
)
_CLOUD = re.compile(
    r"(dropbox|onedrive|google\s?drive|my\s?drive|nextcloud|owncloud|icloud\s?drive|pcloud\s?drive|mega)\b.*"
    r"|mobile\sdocuments|com~apple~clouddocs",
    re.IGNORECASE,
)
"""Folder names of such services, which organisations extend."""


def network_kind(folder: Path, mounts: str) -> str | None:
    """The kind of network file system that `folder` is on; None for a disk.

    `mounts` is the text of /proc/mounts; of two mounts at one place the later counts.
    """
    kind, depth = "", -1
    for line in mounts.splitlines():
        _device, place, found, *_options = line.split(" ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place))
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            kind, depth = found, len(point.parts)
    return kind if kind in _NETWORK or kind.startswith("fuse.") else None


def cloud_folder(folder: Path) -> str | None:
    """The part of the path that looks like a cloud service's folder."""
    return next((part for part in folder.parts if _CLOUD.fullmatch(part)), None)

"""Whether a folder is where an SQLite ledger is safe: on a disk of this machine.

SQLite's write-ahead log needs memory that all processes share, which no network file system gives,
and many of those lock nothing (https://www.sqlite.org/wal.html). What a cloud service copies back
and forth is replaced while it is in use.
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
"""What the folders of such services are called, before what an organisation adds."""


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

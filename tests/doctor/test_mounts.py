"""Where doctor says that SQLite is not safe."""

from pathlib import Path

import pytest

from publisher.doctor import machine, mounts
from publisher.settings.settings import load

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /srv/share nfs4 rw 0 0
/dev/sdb1 /srv/share/local ext4 rw 0 0
//nas/team /mnt/the\\040team cifs rw 0 0
rclone /data/ana/drive fuse.rclone rw 0 0
/dev/sdc1 /mnt/ntfs fuseblk rw 0 0
systemd-1 /srv/people/ana autofs rw 0 0
server:/srv/people/ana /srv/people/ana nfs rw 0 0
server:/old /mnt/usb nfs rw 0 0
/dev/sdd1 /mnt/usb ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/publisher/var", None),
        ("/srv/share/publisher/var", "nfs4"),
        ("/srv/shared/var", None),
        ("/srv/share/local/var", None),
        ("/mnt/the team/var", "cifs"),
        ("/data/ana/drive/var", "fuse.rclone"),
        ("/mnt/ntfs/var", None),
        ("/srv/people/ana/var", "nfs"),
        ("/mnt/usb/var", None),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(folder: str, kind: str | None) -> None:
    assert mounts.network_kind(Path(folder), MOUNTS) == kind


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/data/ana/Dropbox/campaign/var", "Dropbox"),
        ("/data/ana/OneDrive - BICE/campaign/var", "OneDrive - BICE"),
        ("/data/ana/Nextcloud/var", "Nextcloud"),
        ("/data/ana/GoogleDrive/var", "GoogleDrive"),
        ("/data/ana/MEGA/var", "MEGA"),
        ("/data/ana/megaphone/google-sheets-export/var", None),
        ("/data/ana/campaign/var", None),
    ],
)
def test_a_clouds_folder_is_known_by_its_name(folder: str, name: str | None) -> None:
    assert mounts.cloud_folder(Path(folder)) == name


def test_doctor_warns_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Dropbox"
    folder.mkdir()
    (folder / "publisher.toml").write_text("")
    (tmp_path / "mounts").write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(machine, "_MOUNTS", tmp_path / "mounts")
    found = [f for f in machine.examine(load(folder, {})) if f.grade == "warning"]
    told = " ".join(f.message for f in found)
    assert "is on a network file system (nfs)" in told
    assert "a cloud service copies (Dropbox)" in told
    elsewhere = load(folder, {"PUBLISHER_DATABASE__URL": "postgresql+psycopg://h/x"})
    told = " ".join(f.message for f in machine.examine(elsewhere))
    assert "network file system" not in told

"""Whether only the user and root can have written a file, as git requires of a repository (`safe.directory`).

Every folder on the path from the root, every link on it and the file itself must belong to the effective user
or to root, and nobody else may write to them. In a sticky folder such as /tmp others may create files but not
exchange those of the user, so that what is in it must be the user's or root's.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_LINKS = 40
"""Symbolic links that are followed, at most, as in Linux."""


def reason_for_distrust(path: str | Path) -> str | None:
    """Returns who else could have written a file, in words; None if nobody could.

    If the system does not say who owns what, as on Windows, nothing is known and None is returned.

    Args:
        path: the file, absolute.

    Raises:
        OSError: the path cannot be followed.
    """
    if os.name != "posix":
        return None
    waiting = [part for part in os.fspath(path).split("/") if part]
    place, links = "", 0
    if reason := _reason("/", os.lstat("/"), in_shared=False):
        return reason
    while waiting:
        name = waiting.pop(0)
        if name in (".", ".."):
            place = place if name == "." else os.path.dirname(place)  # noqa: PTH120 - text, not a file system
            continue
        here = f"{place}/{name}"
        info = os.lstat(here)
        shared = os.lstat(place or "/").st_mode & stat.S_ISVTX
        if reason := _reason(here, info, in_shared=bool(shared)):
            return reason
        if stat.S_ISLNK(info.st_mode):
            links += 1
            if links > MOST_LINKS:
                raise OSError(f"{path}: too many symbolic links")
            target = os.readlink(here)  # noqa: PTH115 - text, which may hold ..
            waiting[:0] = [part for part in target.split("/") if part]
            place = "" if target.startswith("/") else place
            continue
        place = here
    return None


def _reason(path: str, info: os.stat_result, *, in_shared: bool) -> str | None:
    if info.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to {_user(info.st_uid)}"
    if stat.S_ISLNK(info.st_mode):
        return None  # a link has no mode of its own: its owner and its folder say who may exchange it
    sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
    if info.st_mode & stat.S_IWOTH and not sticky:
        return f"{path} is writable by everybody"
    if info.st_mode & stat.S_IWGRP and not sticky and not _is_private_group(info):
        return f"{path} is writable by the group {_group(info.st_gid)}"
    if in_shared and stat.S_ISREG(info.st_mode) and info.st_nlink != 1:
        # Anybody can give another file of the user's a name in a shared folder.
        return f"{path} has other names, and lies in a folder that others may write to"
    return None


def _is_private_group(info: os.stat_result) -> bool:
    """Returns whether a group is of one user only, as on distributions with a umask of 002."""
    import grp
    import pwd

    if info.st_uid == 0:
        return False
    try:
        user, group = pwd.getpwuid(info.st_uid), grp.getgrgid(info.st_gid)
    except KeyError:
        return False
    return (
        group.gr_name == user.pw_name
        and user.pw_gid == group.gr_gid
        and set(group.gr_mem) <= {user.pw_name}
        and not any(one.pw_gid == group.gr_gid and one.pw_uid != user.pw_uid for one in pwd.getpwall())
    )


def _user(uid: int) -> str:
    import pwd

    try:
        return f"the user {pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return f"the user {uid}"


def _group(gid: int) -> str:
    import grp

    try:
        return f"{grp.getgrgid(gid).gr_name} ({gid})"
    except KeyError:
        return str(gid)

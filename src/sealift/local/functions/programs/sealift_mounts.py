"""Gives a process /var/task, /opt, /tmp and /var/runtime of its own, as Lambda gives a function. Linux only.

All is done in a mount namespace that ends with the process. Without the right to mount, a user namespace gives it.
https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
"""

import contextlib
import ctypes
import os

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_KEPT_FLAGS = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
"""Of statvfs to those of mount: a user namespace may not take these away from a mount."""
_libc = ctypes.CDLL(None, use_errno=True)


def enter(view: "dict[str, str]", keep: "list[str]") -> None:
    """Replace the folders by those of the view. Raises OSError, and leaves the files of the machine as they are.

    `view` has task, opt, tmp, runtime, and root, an empty folder. `keep` are paths that stay where they are.
    """
    _unshare()
    _mount(None, "/", _RECURSIVE | _PRIVATE)
    root = view["root"]
    _mount("tmpfs", root, 0, kind="tmpfs")
    with contextlib.ExitStack() as open_now:
        made = []
        for name, fill in (("/var", _fill_var), ("/opt", _fill_opt), ("/tmp", _fill_tmp)):
            if os.path.isdir(name):
                os.mkdir(root + name)
                fill(root + name, view, [path for path in keep if path.startswith(name + "/")])
                descriptor = os.open(root + name, os.O_PATH)
                open_now.callback(os.close, descriptor)
                made.append((name, descriptor))
        for name, descriptor in made:
            _mount(f"/proc/self/fd/{descriptor}", name, _BIND | _RECURSIVE)


def _unshare() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0 and _libc.unshare(_NEW_MOUNTS) == 0:
        return
    _check(_libc.unshare(_NEW_MOUNTS | _NEW_USERS), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _fill_var(folder: str, view: "dict[str, str]", keep: "list[str]") -> None:
    del keep  # all of /var stays
    for name in os.listdir("/var"):
        source, target = f"/var/{name}", f"{folder}/{name}"
        if name in ("task", "runtime"):
            continue
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.mkdir(target)
            _mount(source, target, _BIND | _RECURSIVE)
    for name in ("task", "runtime"):
        os.mkdir(f"{folder}/{name}")
        _bind_read_only(view[name], f"{folder}/{name}")


def _fill_opt(folder: str, view: "dict[str, str]", keep: "list[str]") -> None:
    if not keep:
        return _bind_read_only(view["opt"], folder)
    for name in os.listdir(view["opt"]):
        source, target = f"{view['opt']}/{name}", f"{folder}/{name}"
        if os.path.isdir(source):
            os.mkdir(target)
        else:
            open(target, "w").close()
        _bind_read_only(source, target)
    _keep(folder, "/opt", keep)
    return None


def _fill_tmp(folder: str, view: "dict[str, str]", keep: "list[str]") -> None:
    _mount(view["tmp"], folder, _BIND)
    _keep(folder, "/tmp", keep)


def _keep(folder: str, top: str, keep: "list[str]") -> None:
    for path in keep:
        target = folder + path[len(top) :]
        os.makedirs(target, exist_ok=True)
        _mount(path, target, _BIND | _RECURSIVE)


def _bind_read_only(source: str, target: str) -> None:
    _mount(source, target, _BIND)
    given = os.statvfs(target).f_flag
    flags = sum(flag for shown, flag in _KEPT_FLAGS.items() if given & shown)
    _mount(None, target, _BIND | _REMOUNT | _READ_ONLY | flags)


def _mount(source: "str | None", target: str, flags: int, kind: "str | None" = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), None), f"mount on {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")

"""Paths that Python code makes: joined, renamed, found on the disk."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.words import UNKNOWN, globbed, is_known
from parallel_agents.guard.shell.code.pythonvalues import Entry, Made, Path, choice, of_texts, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from parallel_agents.guard.shell.code.pythonterms import Terms

_MOST_LISTED = 500


def joined(parts: list[Any]) -> Any:
    """`os.path.join` of what can be paths or texts: one text, or several."""
    found = [""]
    for part in parts:
        words = texts(part)
        if len(found) * len(words) > 64:
            return UNKNOWN
        found = [
            b if b[:1] == "/" or not a else a + b if a[-1:] == "/" else f"{a}/{b}" if b else a
            for a in found
            for b in words
        ]
    return of_texts(tuple(dict.fromkeys(found)))


def path(value: Any) -> Any:
    """`Path(value)`."""
    if isinstance(value, Path):
        return value
    return choice([Path(tidy(text)) for text in texts(value)])


def tidy(text: str) -> str:
    """A text as a path spells it: `./a//b/` is `a/b`."""
    if "//" in text or "./" in text or text[-1:] in ("/", "."):
        pieces = [p for p in text.split("/") if p not in ("", ".")]
        text = ("/" if text[:1] == "/" else "") + "/".join(pieces)
    return text or "."


def attribute(value: Path, name: str) -> Any:
    """`path.parent` and the like; None where it is none of them."""
    text = value.text
    folder, slash, last = text.rpartition("/")
    if isinstance(value, Entry) and name in ("name", "path"):
        return text if value.whole or name == "path" else last
    if name == "parent":
        return Path(folder or slash or ("." if UNKNOWN not in text else UNKNOWN))
    if name == "name":
        return "" if text == "." else last
    if name == "stem":
        stem = last.rpartition(".")[0]
        return stem or last
    if name == "suffix":
        stem, dot, ending = last.rpartition(".")
        return dot + ending if stem else ""
    if name == "suffixes":
        return ["." + p for p in last.lstrip(".").split(".")[1:]]
    if name == "parts":
        return tuple([*(["/"] if text[:1] == "/" else []), *(p for p in text.split("/") if p)])
    if name == "parents":
        found = []
        while text not in (".", "/", "", UNKNOWN):
            text = text.rpartition("/")[0] or ("/" if text[:1] == "/" else ".")
            found.append(Path(text))
        return found
    if name in ("anchor", "root"):
        return "/" if text[:1] == "/" else ""
    return None


def method(walk: Terms, value: Path, name: str, given: list[Any]) -> Any:
    """What a method of a path that changes nothing gives; None where it is no such method."""
    text = value.text
    first = texts(given[0]) if given else ("",)
    if name in ("joinpath", "__truediv__"):
        return path(joined([value, *given]))
    if name in ("with_name", "with_suffix", "with_stem") and given:
        return choice([Path(_renamed(text, name, new)) for new in first])
    if name in ("resolve", "absolute", "readlink"):
        found = walk.run.absolute(text, walk.state)
        return choice([Path(os.path.normpath(p) if is_known(p) else p) for p in found])
    if name == "expanduser":
        home = os.environ.get("HOME", UNKNOWN)
        return Path(home + text[1:]) if text[:1] == "~" else value
    if name in ("as_posix", "__str__", "__fspath__", "as_uri"):
        return text
    if name == "relative_to" and given:
        return choice([Path(_relative(walk, text, top)) for top in first])
    if name in ("is_relative_to",) and given and is_known(text) and is_known(first[0]):
        return (text + "/").startswith(first[0].rstrip("/") + "/")
    if name in ("match", "full_match") and given and is_known(text):
        return _matches(text, first[0])
    if name in ("exists", "is_file", "is_dir", "is_symlink"):
        return exists(walk, text, name)
    if name == "is_absolute":
        return text[:1] == "/" if UNKNOWN not in text[:1] else UNKNOWN
    if name in ("glob", "rglob") and given:
        found = []
        for pattern in first:
            deep = name == "rglob" and "**" not in pattern
            found += globs(walk, f"{text}/{'**/' if deep else ''}{pattern}", deep=True)
        return Made([Path(tidy(f)) for f in found])
    if name == "iterdir":
        return Made([Path(tidy(f)) for f in listed(walk, (text,), whole=True)])
    if name == "walk":
        return walked(walk, (text,), paths=True)
    return None


def _renamed(text: str, name: str, new: str) -> str:
    folder, slash, last = text.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    if not stem:
        stem, dot, ending = last, "", ""
    if name == "with_name":
        last = new
    elif name == "with_suffix":
        last = stem + new
    else:
        last = new + dot + ending
    return folder + slash + last


def _relative(walk: Terms, text: str, top: str) -> str:
    if not is_known(text) or not is_known(top):
        return text.rpartition("/")[2] if is_known(text.rpartition("/")[2]) else UNKNOWN
    for whole in walk.run.absolute(text, walk.state):
        for start in walk.run.absolute(top, walk.state):
            if whole == start:
                return "."
            if whole.startswith(start.rstrip("/") + "/"):
                return whole[len(start.rstrip("/")) + 1 :]
    return UNKNOWN


def _matches(text: str, pattern: str) -> Any:
    from parallel_agents.guard.shell.bash.words import fits

    if not is_known(pattern):
        return UNKNOWN
    if "/" in pattern:
        return True if fits(globbed("**/" + pattern), "/" + text) else UNKNOWN
    if "[" in pattern:
        return UNKNOWN
    return fits(globbed(pattern), text.rpartition("/")[2])


def exists(walk: Terms, text: str, name: str) -> Any:
    """Whether a path is there: surely only where the disk says so now."""
    if not is_known(text):
        return UNKNOWN
    for found in walk.run.absolute(text, walk.state):
        if not is_known(found):
            return UNKNOWN
        try:
            if not os.path.lexists(found):
                return UNKNOWN  # this very command may have made it
            if name in ("exists", "lexists"):
                if walk.run.effects.scene.held(found) is None:
                    return UNKNOWN
            elif not getattr(os.path, {"is_dir": "isdir", "is_file": "isfile"}.get(name, "islink"))(
                found
            ):
                return False
        except (OSError, ValueError):
            return UNKNOWN
    return True


def globs(walk: Terms, pattern: str, *, deep: bool) -> list[str]:
    """What `glob.glob` finds."""
    if not is_known(pattern):
        return [pattern]
    if "**" in pattern and deep:
        top, _, tail = pattern.partition("**")
        tail = tail.lstrip("/") or "*"
        found: list[str] = []
        for folder, _, _ in walked(walk, (top.rstrip("/") or ("/" if top else "."),)):
            if not is_known(folder):
                return [UNKNOWN]
            start = folder[2:] if folder[:2] == "./" and top[:1] != "." else folder
            prefix = "" if start == "." and not top else start + "/"
            found += globs(walk, prefix + tail, deep=False)
        return found
    matched = walk.run.effects.matches(globbed(pattern.replace("**", "*")), walk.state)
    if matched is None:
        return [globbed(pattern)]
    if not any(char in pattern for char in "*?["):
        wholes = walk.run.absolute(pattern, walk.state)
        there = any(os.path.lexists(w) or w in walk.run.written for w in wholes if is_known(w))
        return [pattern] if there else []
    return matched


def listed(walk: Terms, folders: tuple[str, ...], *, whole: bool) -> list[str]:
    """What `os.listdir` and the like give."""
    found: list[str] = []
    for folder in folders:
        for at in walk.run.absolute(folder, walk.state):
            if not is_known(at):
                return [UNKNOWN]
            made = [p[len(at) + 1 :] for p in walk.run.written if p.startswith(at + "/")]
            try:
                names = sorted({*os.listdir(at), *(n for n in made if "/" not in n)})
            except (OSError, ValueError):
                names = [UNKNOWN]  # there is no such folder yet
            if len(names) > _MOST_LISTED:
                return [f"{folder}/{UNKNOWN}" if whole else UNKNOWN]
            found += [f"{folder.rstrip('/')}/{n}" if whole else n for n in names]
    return found


def walked(walk: Terms, tops: tuple[str, ...], *, paths: bool = False) -> Iterator[Any]:
    """(folder, names of its folders, names of its files) for `tops` and all below them.

    Folders that the walker takes out of the second are not gone into, as with `os.walk`.
    """
    for top in tops:
        for start in walk.run.absolute(top, walk.state):
            if not is_known(start):
                yield (UNKNOWN, [UNKNOWN], [UNKNOWN])
                return
            todo = [(top, start)]
            count = 0
            while todo:
                shown, path = todo.pop(0)
                walk.run.budget.step()
                folders: list[Any] = []
                files: list[Any] = []
                try:
                    with os.scandir(path) as entries:
                        for entry in entries:
                            inner = entry.is_dir(follow_symlinks=False)
                            (folders if inner else files).append(entry.name)
                except (OSError, ValueError):
                    continue
                count += 1
                if count > 80:
                    yield (f"{top}/{UNKNOWN}", [UNKNOWN], [UNKNOWN])
                    return
                folders.sort()
                yield (Path(shown) if paths else shown, folders, sorted(files))
                start = shown.rstrip("/")
                inside = [n for n in folders if isinstance(n, str) and n != ".git"]
                todo += [(f"{start}/{n}", f"{path}/{n}") for n in inside]

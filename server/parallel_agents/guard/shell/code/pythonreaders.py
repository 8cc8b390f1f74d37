"""What of Python's library leaves the files alone whose names it is given.

A held path that reaches anything else is a mention: nobody knows what becomes of it there.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import names
from parallel_agents.guard.shell.code.pythonvalues import Choice, File, Path, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

_BUILTINS = names(
    """
    abs aiter anext ascii bin breakpoint bytes callable classmethod complex delattr dir divmod
    float format frozenset globals hasattr hash help hex id isinstance issubclass iter list locals
    memoryview object oct pow print property repr reversed round slice sorted staticmethod str sum
    super tuple type vars any all open input exit quit reveal_type display
    BaseException Exception ArithmeticError AssertionError AttributeError BlockingIOError
    EOFError FileExistsError FileNotFoundError ImportError IndexError InterruptedError
    IsADirectoryError KeyError KeyboardInterrupt LookupError ModuleNotFoundError NameError
    NotADirectoryError NotImplementedError OSError IOError OverflowError PermissionError
    RecursionError RuntimeError StopIteration SyntaxError SystemError SystemExit TimeoutError
    TypeError UnicodeDecodeError UnicodeError ValueError Warning UserWarning DeprecationWarning
    """
)
_MODULES = names(
    """
    abc array ast asyncio atexit base64 bisect builtins calendar chardet charset_normalizer cmath
    codeop codecs collections colorsys configparser contextlib contextvars copy copyreg csv
    dataclasses datetime decimal difflib dis email encodings enum errno filecmp fnmatch fractions
    functools gc getopt getpass gettext git glob grp hashlib heapq hmac html http imghdr importlib
    inspect io ipaddress itertools jinja2 json keyword lib2to3 libcst linecache locale logging
    magic marshal math mimetypes multiprocessing netrc numbers opcode operator optparse
    packaging parso pickle pickletools pkgutil platform plistlib pprint pwd pyclbr pygments queue
    random re regex reprlib requests rich sched secrets select selectors shlex signal site sndhdr
    socket spwd ssl stat statistics string stringprep struct subprocess symtable sys sysconfig
    tabnanny tabulate termios textwrap threading time timeit token tokenize toml tomli tomllib
    tqdm traceback tty types typing typing_extensions unicodedata unittest urllib uuid warnings
    weakref wsgiref xml yaml zlib zoneinfo pytest click typer attr attrs pydantic pathspec
    """
)
"""Modules of which every function that is in no other table leaves its arguments alone."""
_FUNCTIONS = names(
    """
    os.access os.confstr os.environ.get os.environ.pop os.environ.setdefault os.environ.update
    os.fsdecode os.fsencode os.fspath os.fstat os.get_exec_path os.getenv os.getxattr os.listdir
    os.listxattr os.lstat os.pathconf os.putenv os.read os.readlink os.scandir os.stat os.statvfs
    os.unsetenv os.walk os.fwalk os.open os.close os.dup os.dup2 os.pipe os.chdir os.fchdir
    os.makedirs os.mkdir os.fsync os.posix_fadvise os.get_terminal_size
    shutil.disk_usage shutil.which shutil.copyfileobj shutil.get_terminal_size
    shutil.ignore_patterns shutil.get_archive_formats
    zipfile.is_zipfile zipfile.Path zipfile.ZipInfo tarfile.is_tarfile tarfile.TarInfo
    numpy.load np.load numpy.loadtxt np.loadtxt numpy.genfromtxt np.genfromtxt numpy.array np.array
    pandas.DataFrame pd.DataFrame PIL.Image.open Image.open joblib.load torch.load
    runpy.run_path runpy.run_module py_compile.PyCompileError mmap.mmap tempfile.gettempdir
    sqlite3.complete_statement doctest.testmod doctest.testfile pdb.set_trace fcntl.flock
    fcntl.lockf pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath
    """
)
_WRITERS = names(
    """
    http.cookiejar.MozillaCookieJar http.cookiejar.LWPCookieJar
    logging.config.dictConfig logging.config.fileConfig socket.socket().bind
    plistlib.writePlist importlib.resources.files().write_text
    """
)
"""Of the modules, what does not."""
_METHODS = names(
    """
    add append appendleft extend extendleft insert index count find rfind remove discard pop get
    setdefault update join split rsplit splitlines partition rpartition strip lstrip rstrip replace
    startswith endswith removeprefix removesuffix format format_map encode decode lower upper
    title casefold translate zfill center ljust rjust match search fullmatch sub subn findall
    finditer test equals debug info warning warn error critical exception log print input
    write writelines writestr writerow writerows writeheader read readline readlines readfp
    read_text read_bytes read_string read_file read_dict feed digest hexdigest
    getinfo getmember getnames namelist infolist open close seek tell flush
    is_relative_to relative_to exists is_file is_dir is_symlink stat lstat samefile glob rglob
    joinpath with_name with_suffix with_stem as_posix as_uri resolve absolute iterdir match_file
    add_argument add_option set_defaults parse_args parse_known_args add_parser
    has_section has_option set sections options items keys values issubset issuperset union
    intersection difference symmetric_difference isdisjoint send put put_nowait get_nowait
    parse fromstring iterparse findtext itertext find_all select iter xpath
    assert_called_with assert_called_once_with assert_any_call return_value fail skipTest
    subTest addCleanup put_text publish encode_multipart cursor fetchone fetchall fetchmany
    query filter groupby loc iloc head tail select where drop sort_values merge
    """
)
_STARTS = ("assert", "is_", "has_", "get_", "read_", "load_", "parse_", "find_", "check_", "iter_")
_ENDINGS = ("Error", "Exception", "Warning")


def leaves(name: str) -> bool:
    """Whether the function or method of this dotted name leaves the files alone."""
    if name in _FUNCTIONS:
        return True
    if name in _WRITERS:
        return False
    head, _, tail = name.rpartition(".")
    if not head:
        return name in _BUILTINS or name.endswith(_ENDINGS)
    top = name.partition(".")[0]
    if top in _MODULES or head in ("os.path", "path", "posixpath", "ntpath"):
        return True
    if top in ("pandas", "pd") and tail.startswith("read_"):
        return True
    return is_reading("()" in head or head[0] == "?" or top == name, tail)


def is_reading(method: bool, tail: str) -> bool:
    """Whether a method of an object that nobody knows leaves the files alone."""
    return method and (tail in _METHODS or tail.startswith(_STARTS) or tail.endswith(_ENDINGS))


def mention(walk: Functions, values: list[Any], name: str, depth: int = 0) -> None:
    """A function that is not known is given these values."""
    if walk.tested:
        return  # what tests call is the project's, and most of it is never reached
    for value in values[:40]:
        if isinstance(value, dict):
            mention(walk, [*value.values()], name, depth + 1)
        elif isinstance(value, (list, tuple)) and depth < 4:
            mention(walk, list(value), name, depth + 1)
        elif isinstance(value, (str, Path, Choice)) or (isinstance(value, File) and value.writes):
            walk.run.effects.mention(texts(value), walk.state, f"{name[:60]}()")

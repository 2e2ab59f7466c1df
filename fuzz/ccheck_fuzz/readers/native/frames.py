"""Stack frames in reports of sanitizers: which belong to the target's own code, and their stable names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

MOST_FRAMES = 3
"""Frames of the target's own code that identify a crash, as in ClusterFuzz."""

_LINE = re.compile(r"^\s*#(\d+)\s+(?:0x[0-9a-fA-F]+\s+)?(?:in\s+)?(.*?)\s*$")
_BUILD_ID = re.compile(r"\s*\(BuildId: [0-9a-fA-F]*\)$")
_MODULE = re.compile(r"\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\+0x([0-9a-fA-F]+)\)$")
_UNKNOWN = re.compile(r"\s*(?:\(<unknown module>\)|<null>|\?\?(?::\d+)*)$")
_CLONE = re.compile(
    r"(?:\.(?:constprop|part|isra|cold|lto_priv|llvm|localalias)(?:\.\d+)*)+$|\s*\[clone [^\]]*\]"
)
_HASH = re.compile(r"::h[0-9a-f]{16}$")

_RUNTIME_NAMES = re.compile(
    r"""
      _{0,3}interceptor_ | __interceptor | __interception
    | __?_?(?:asan|hwasan|lsan|msan|tsan|ubsan|sanitizer|dfsan|cfi|stack_chk|memprof)_? | __sanitizer
    | _start$ | __libc_ | __GI_ | __pthread_ | pthread_kill | _IO_ | __assert | __fortify | __chk_fail
    | start_thread$ | clone3?$ | __clone | __restore_rt | killpg$ | raise$ | gsignal$ | abort$ | __kernel_
    | operator\ (?:new|delete) | std:: | __gnu_cxx:: | __cxxabiv1:: | __cxa_ | _Unwind_ | __cxx_
    | fuzzer:: | LLVMFuzzerRunDriver
    | rust_begin_unwind | rust_panic | __rust | rust_eh
    | runtime\.
    """,
    re.VERBOSE,
)
_RUNTIME_PLACES = re.compile(
    r"""
      libsanitizer | compiler-rt | sanitizer_common | lib(?:asan|lsan|ubsan|tsan|msan|hwasan|clang_rt)[.\-_]
    | (?:^|/)(?:ld-linux|libc|libm|libpthread|libstdc\+\+|libc\+\+|libc\+\+abi|libgcc_s|ld)(?:-[0-9.]+)?\.so
    | (?:^|/)sysdeps/ | (?:^|/)csu/ | (?:^|/)glibc
    | ^\./(?:nptl|stdlib|string|stdio-common|malloc|libio|debug|signal|posix|io|misc|time)/
    | /usr/include/c\+\+ | /include/c\+\+/ | /rustc/ | library/(?:core|std|alloc)/ | ^\[?linux-vdso
    """,
    re.VERBOSE,
)
_LIBC = frozenset(
    [
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "memchr",
        "memmem",
        "mempcpy",
        "bcmp",
        "bcopy",
        "bzero",
        "strlen",
        "strnlen",
        "strcpy",
        "strncpy",
        "stpcpy",
        "strcat",
        "strncat",
        "strcmp",
        "strncmp",
        "strcasecmp",
        "strncasecmp",
        "strchr",
        "strrchr",
        "strstr",
        "strdup",
        "strndup",
        "strtok",
        "strtok_r",
        "strtol",
        "strtoul",
        "strtoll",
        "strtoull",
        "strtod",
        "strspn",
        "strcspn",
        "strpbrk",
        "atoi",
        "atol",
        "atoll",
        "wcslen",
        "wcscpy",
        "wcscat",
        "wmemcpy",
        "malloc",
        "calloc",
        "realloc",
        "reallocarray",
        "free",
        "cfree",
        "posix_memalign",
        "aligned_alloc",
        "memalign",
        "valloc",
        "printf",
        "fprintf",
        "sprintf",
        "snprintf",
        "vprintf",
        "vfprintf",
        "vsprintf",
        "vsnprintf",
        "asprintf",
        "vasprintf",
        "puts",
        "fputs",
        "fputc",
        "scanf",
        "sscanf",
        "fscanf",
        "fread",
        "fwrite",
        "fgets",
        "getline",
        "getdelim",
        "fopen",
        "fclose",
        "read",
        "write",
        "pread",
        "pread64",
        "pwrite",
        "recv",
        "recvfrom",
        "send",
        "sendto",
        "qsort",
        "bsearch",
        "exit",
        "_exit",
    ]
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        function: Its name without parameters and template arguments, empty without symbols.
        source: The file, without its line.
        line: The line; 0 if it is not known.
        module: The module, if there is no source.
        offset: The offset in the module, if there is no source.
    """

    function: str
    source: str = ""
    line: int = 0
    module: str = ""
    offset: str = ""

    @property
    def name(self) -> str:
        """What stays the same from run to run: the function, or the module and the offset in it."""
        return self.function or f"{PurePath(self.module).name}+0x{self.offset}"

    @property
    def is_runtime(self) -> bool:
        """Whether it belongs to a sanitizer, to the C library or to a language's runtime."""
        if self.function and (_RUNTIME_NAMES.match(self.function) or self.function in _LIBC):
            return True
        return bool(_RUNTIME_PLACES.search(self.source) or _RUNTIME_PLACES.search(self.module))

    @property
    def place(self) -> str:
        """The function with its file and line, for people."""
        if not self.source:
            return self.name
        return f"{self.name} {PurePath(self.source).name}" + (f":{self.line}" if self.line else "")


def parse_frame(text: str) -> Frame | None:
    """Returns the frame in a line of a report, or None if there is none."""
    match = _LINE.match(text)
    if match is None:
        return None
    rest = _BUILD_ID.sub("", match[2])
    module = offset = ""
    found = _MODULE.search(" " + rest)
    if found is not None:
        module, offset = found[1], found[2]
        rest = (" " + rest)[: found.start()].strip()
    rest = _UNKNOWN.sub("", " " + rest).strip()
    source, line = "", 0
    # The path is what follows the name: from the first " /" on, or else the last word that looks like one.
    at = _path_start(rest)
    if at is not None:
        path = re.fullmatch(r"(.*?)(?::(\d+))?(?::(\d+))?", rest[at:].strip())
        if path is not None:
            source, line = path[1], int(path[2] or 0)
        rest = rest[:at].strip()
    function = plain_name(rest)
    if not function and not module and not source:
        return None
    if not function and not module:
        return Frame(f"{PurePath(source).name}:{line}", source, line)
    return Frame(function, source, line, module, offset)


def _path_start(text: str) -> int | None:
    """Returns where the source file begins in a frame without its module."""
    absolute = re.search(r"(?:^|\s)(/|[A-Za-z]:[\\/])", text)
    if absolute is not None:
        return absolute.start(1)
    last = re.search(r"(?:^|\s)(\S+)$", text)
    if last is None or last.start(1) == 0:
        return None
    word = last[1]
    if (
        re.search(r":\d+$", word)
        or re.search(r"[/\\]", word)
        or re.search(r"\.(?:c|cc|cpp|cxx|h|hpp|rs|go|S|inc)$", word)
    ):
        return last.start(1)
    return None


_OPERATOR = re.compile(r"operator\s*(\(\)|\[\]|<=>|<<=|>>=|<<|>>|->\*|->|<=|>=|<|>)")
_SIGNS = {"(": "\x01", ")": "\x02", "<": "\x03", ">": "\x04"}


def plain_name(text: str) -> str:
    """Returns a function's name without parameters, template arguments, return type and compilers' marks."""
    text = text.replace("(anonymous namespace)", "{anonymous}")
    text = _HASH.sub("", _CLONE.sub("", text.strip()))
    text = _OPERATOR.sub(lambda found: "".join(_SIGNS.get(c, c) for c in found[0].replace(" ", "")), text)
    before = None
    while before != text:
        before = text
        text = re.sub(r"<[^<>()]*>|\([^<>()]*\)", "", text)
    if before is not None and re.search(r"[<(]", text):  # unbalanced: what is before it names the function
        text = re.split(r"[<(]", text)[0]
    text = re.sub(r"\[abi:[^\]]*\]", "", text)
    text = re.sub(r"(?:\s+(?:const|volatile|noexcept|&&?))+$", "", text.strip())
    operator = re.search(r"\S*\boperator\b.*$", text)
    words = text.split()
    name = operator[0] if operator is not None else words[-1] if words else ""
    for sign, mark in _SIGNS.items():
        name = name.replace(mark, sign)
    return name.replace("::::", "::").strip()


def stack(lines: Iterable[str]) -> list[Frame]:
    """Returns the first stack in the lines of a report: frames by number, until the numbers begin again."""
    found: list[Frame] = []
    last = -1
    for text in lines:
        match = _LINE.match(text)
        if match is None:
            if found and not text.strip():
                break
            continue
        if int(match[1]) <= last:
            break
        last = int(match[1])
        frame = parse_frame(text)
        if frame is not None:
            found.append(frame)
    return found


def own_frames(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Returns the top frames of the target's own code; if there are none, the top one of any.

    A function that calls itself counts once, and `main` only if it is the only one: neither distinguishes
    crashes.
    """
    own: list[Frame] = []
    for frame in frames:
        if not frame.is_runtime and (not own or own[-1].name != frame.name):
            own.append(frame)
    without_main = [frame for frame in own if frame.name != "main"]
    return tuple((without_main or own or list(frames[:1]))[:MOST_FRAMES])

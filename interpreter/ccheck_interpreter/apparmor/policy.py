"""Compiled AppArmor policy as a kernel loads it and matches paths by it (security/apparmor).

The stream is unpacked item by item, with every length compared; each DFA is verified as the kernel does.
Which items a kernel reads, and what it compares, is in `Kernel`.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ccheck_interpreter.apparmor.dfa import ACCEPT, PERMISSION, READ_ACCEPT, Dfa, DfaReader
from ccheck_interpreter.apparmor.kernel import CHECKING, Kernel
from ccheck_interpreter.apparmor.stream import Stream
from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, address_space
from ccheck_interpreter.trap import Operation, Refused

READ_NAME: Final = Operation("read-name", "profile.name")
FREE_NAMESPACE: Final = Operation("free-namespace", "profile.name")
FREE_NAME: Final = Operation("free-former-name", "profile.rename")

_FEW: Final = 128
"""States that are visited without a list of questions."""
_MUCH: Final = 1 << 20
"""Steps after which no more states of a DFA are visited."""
PERMISSIONS: Final = {"x": 1, "w": 2, "r": 4, "a": 8, "l": 16, "k": 32, "m": 64}
"""The permissions that a query may request: execute, write, read, append, link, lock, map."""

_FILES: Final = 2
"""The class of rules for files."""
_CLASSES: Final = range(3, 33)
"""Classes of rules whose states are looked up at the load."""

_IN_TABLE: Final = (0x0C000000, 0x08000000, 0x00FFFFFF)
"""Of a number that says what executing leads to: its kind, the kind of entries of the names, the entry."""
_APART: Final = ((1, 2), (4, 1), (4, 2), (5, 1), (6, 1), (6, 2), (7, 1), (7, 2), (6, 7), (10, 1))
"""Pairs of numbers of an entry of permissions that have no bit in common (`verify_perm`)."""


@dataclass(slots=True)
class Matcher:
    """A DFA, its permissions, and the names that executing leads to (the kernel's `aa_policydb`)."""

    dfa: Dfa | None = None
    permissions: list[tuple[int, ...]] | None = None
    places: list[int] = field(default_factory=list)
    names: int = 0
    sets: int = 0


@dataclass(slots=True)
class Confinement:
    """A profile: its name, mode and matchers."""

    name: str
    mode: int = 0
    xmatch: Matcher = field(default_factory=Matcher)
    policydb: Matcher = field(default_factory=Matcher)
    file: Matcher = field(default_factory=Matcher)

    @property
    def dfas(self) -> tuple[Dfa, ...]:
        """The DFAs."""
        found = (self.xmatch.dfa, self.policydb.dfa, self.file.dfa)
        return tuple(dfa for dfa in found if dfa is not None)


@dataclass(slots=True)
class Policy:
    """A loaded stream of any bytes.

    Raises:
        Refused: The kernel refuses the stream.
        Trap: The kernel reads outside an object.
    """

    data: bytes
    kernel: Kernel = CHECKING
    profiles: list[Confinement] = field(default_factory=list)
    memory: Memory = field(init=False)
    region: Region = field(init=False)
    namespace: str | None = field(init=False, default=None)
    inner: list[str | None] = field(init=False, default_factory=list)
    stated: list[tuple[str, str | None]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Load the stream as the kernel does."""
        # The stream is read by bytes (get_unaligned), and tables are copied: no access is misaligned.
        profile = replace(self.kernel.profile, strict_alignment=False)
        self.memory = address_space(profile, 8192 + 16 * len(self.data), DEFAULT_LIMITS.depth)
        self.region = self.memory.map("policy", PLACES[64].content, self.data, file="content")
        stream = Stream(self.memory, self.region)
        if not self.data:
            raise refuse("stream", "the policy has 0 bytes", 0)
        while stream.at < len(self.data):
            self._profile(stream)
        self._compare_namespaces(len(self.data))

    def _header(self, stream: Stream) -> str | None:
        """The version and namespace of a profile (`verify_header`); returns the namespace that it states."""
        version = stream.number("version")
        if version is None and stream.at == 0:
            raise refuse("version", "the policy does not begin with its version", 0)
        if version is not None and version & 0x3FF not in self.kernel.versions:
            known = f"{min(self.kernel.versions)} to {max(self.kernel.versions)}"
            raise refuse(
                "version", f"version {version & 0x3FF} of the policy, {known} are known", stream.at - 4
            )
        if not self.kernel.keeps_namespace:
            self.namespace = None
        namespace = self._text(stream, "namespace")
        if namespace == "":
            raise refuse("namespace", "the name of the namespace is empty", stream.at)
        if namespace is not None and self.namespace not in (None, namespace):
            # Kernels that do not compare namespaces write this to the log, and go on.
            if self.kernel.compares_namespaces:
                raise refuse("namespace", f"a second namespace {namespace!r} in one load", stream.at)
        elif namespace is not None:
            self.namespace = namespace
        return namespace

    def _profile(self, stream: Stream) -> None:
        """One profile, item by item (`unpack_profile`)."""
        own_namespace = self._header(stream)
        stream.need_struct("profile")
        text = stream.need_text()
        if not text:
            raise refuse("name", "the name of the profile is empty", stream.at)
        own = Confinement(self._name(text, stream.at))
        self._note(own.name, own_namespace or self.inner[-1])
        at = stream.at
        if self._text(stream, "rename") is None:
            self._items(stream, own)
            return
        # The kernel keeps a pointer into the stream, and frees it with the profile, or when the load fails.
        if self.kernel.compares_permissions:
            raise refuse("rename", "the former name would be freed, and was never allocated", at)
        try:
            self._items(stream, own)
        except Refused as refused:
            raise self.memory.trap("invalid-free", FREE_NAME, origin=at) from refused
        raise self.memory.trap("invalid-free", FREE_NAME, origin=at)

    def _items(self, stream: Stream, own: Confinement) -> None:
        """The items behind the names of a profile."""
        items = self.kernel.items
        self._text(stream, "attach")
        own.xmatch = self._matcher(stream, "xmatch")
        if own.xmatch.dfa is not None:
            stream.need_number()
        self._text(stream, "disconnected")
        self._newer_items(stream)
        stream.need_struct("flags")
        stream.need_number()
        own.mode = stream.need_number()
        if own.mode not in self.kernel.modes:
            raise refuse("mode", f"mode {own.mode} is not known", stream.at - 4)
        stream.need_number()
        stream.need_end()
        if "path_flags" in items:
            stream.number("path_flags")
        for _ in range(4):
            stream.need_number()
        for what, count in (("caps64", 4), ("capsx", 2)):
            if what in items and stream.struct(what):
                for _ in range(count):
                    stream.need_number()
                stream.need_end()
        stream.skip_optional(items)
        if "policydb" in items and stream.struct("policydb"):
            own.policydb = self._matcher(stream, "policydb")
            if own.policydb.dfa is None:
                raise refuse("stream", "policydb has no DFA", stream.at)
            stream.need_end()
        own.file = self._matcher(stream, "file")
        self._forget_file_start(own)
        if "data" in items:
            stream.skip_data(self.kernel.compares_keys)
        stream.need_end()
        self._verify(own)
        self.profiles.append(own)

    def _forget_file_start(self, own: Confinement) -> None:
        """The start for files that policydb names counts where nothing else has rules for files."""
        dfa = own.policydb.dfa
        if dfa is not None and dfa.file_start is not None:
            whole = replace(dfa, follows_differences=True)
            if own.file.dfa is not None or whole.step(dfa.start[0], _FILES, dfa.start[1]):
                own.policydb.dfa = replace(dfa, file_start=None)

    def _newer_items(self, stream: Stream) -> None:
        """Items before the flags that not every kernel reads."""
        items = self.kernel.items
        self._text(stream, "disconnected_ipc")
        if "kill" in items:
            number = stream.number("kill")
            if number is not None and not 1 <= number <= 35:
                raise refuse("signal", f"signal {number}, 1 to 35 are known", stream.at - 4)
        if "error" in items:
            stream.number("error")

    def _text(self, stream: Stream, name: str) -> str | None:
        """A text of this name, if the kernel reads such texts and it is there."""
        return stream.text(name) if name in self.kernel.items else None

    def _name(self, text: str, at: int) -> str:
        """The name of a profile without its namespace, which is noted (`aa_splitn_fqname`)."""
        name = text.lstrip(" \t\n\v\f\r")
        namespace, colon, rest = name[1:].partition(":") if name[:1] == ":" else ("", "", "")
        namespace = namespace.lstrip(" \t\n\v\f\r")
        self.inner.append(namespace or None)
        if not namespace:
            return text
        rest = (rest[2:] if rest[:2] == "//" else rest).lstrip(" \t\n\v\f\r")
        if colon and rest:
            return rest
        if self.kernel.compares_name:
            raise refuse("name", f"{text!r} is a namespace without a name", at)
        raise self.memory.wild(0, 1, READ_NAME, at)

    def _compare_namespaces(self, at: int) -> None:
        """All profiles of a load go into one namespace (`aa_replace_profiles`)."""
        namespace, plain, freed_twice = self.namespace, False, False
        for inner in self.inner:
            if inner is None:
                plain = plain or namespace is None
                continue
            if plain or namespace not in (None, inner):
                if freed_twice:
                    break
                raise refuse("namespace", f"a second namespace {inner!r} in one load", at)
            # Where the namespace of the load is that of a name, some kernels free both.
            freed_twice = freed_twice or (namespace is None and "name.namespace" not in self.kernel.items)
            namespace = inner
        if freed_twice:
            raise self.memory.trap("invalid-free", FREE_NAMESPACE, origin=at)

        self.namespace = namespace

    def _note(self, name: str, namespace: str | None) -> None:
        """Note the namespace that a profile states; a child without one belongs to its parent."""
        if namespace is None:
            parent = name.rpartition("//")[0]
            known = [stated for known, stated in self.stated if known == parent]
            namespace = known[-1] if known else None
        self.stated.append((name, namespace))

    def elsewhere(self) -> Iterator[str]:
        """Yields the profiles that are loaded into another namespace than they state, one line each."""
        into = _in_words(self.namespace)
        for name, namespace in self.stated:
            if namespace != self.namespace:
                yield f"profile {name!r} states {_in_words(namespace)}, and is loaded into {into}"

    def _matcher(self, stream: Stream, where: str) -> Matcher:
        """A DFA and what belongs to it (`unpack_pdb`; before Linux 6.6 each place reads items of its own)."""
        own, items = Matcher(), self.kernel.items
        if "tags" in items:
            own.sets = stream.tags()
        permsv = None
        if "perms" in items and (table := stream.permissions()) is not None:
            own.permissions, own.places = table
            permsv = stream.number("permsv") if "permsv" in items else None
        blob = stream.blob("aadfa") if "aadfa" in items else None
        if blob is not None:
            accept2 = own.permissions is None or (permsv is not None and permsv > 2)
            dfa = DfaReader(self.memory, self.region, self.kernel).read(*blob, accept2)
            own.dfa = self._started(stream, dfa, where)
        # Linux 6.6 and later read names beside every DFA, older ones behind the file rules alone.
        reads_names = "xtable" in items and (where == "file" or f"{where}.xtable" in items)
        if reads_names and (own.dfa is not None or "xtable.alone" in items):
            own.names = stream.names(self.kernel.exec_names, "permsv" in items)
        if own.dfa is None:
            own.names = 0
        elif own.permissions is not None:
            raw = b"".join(PERMISSION.pack(*entry) for entry in own.permissions)
            place = PLACES[64].tables + (len(self.memory.regions) << 24)
            has_pairs = where == "file" and permsv is None and self.kernel.reads_pairs
            permissions = self.memory.map("permissions", place, raw)
            own.dfa = replace(own.dfa, permissions=permissions, has_pairs=has_pairs)
        return own

    def _started(self, stream: Stream, dfa: Dfa, where: str) -> Dfa:
        """Read where matching starts, and compare it where the kernel does."""
        starts = {"start": (1, -1), "dfa_start": (1, -1)}
        for name, home in (("start", "policydb"), ("dfa_start", "file")):
            if not {name, name if where == home else f"{where}.{name}"} <= self.kernel.items:
                continue
            state, origin = starts[name] = stream.start(name)
            if self.kernel.compares_states and state >= dfa.states:
                raise refuse("start", f"matching starts in state {state} of {dfa.states}", max(0, origin))
        # The classes of rules are looked up at once: in policydb, since Linux 6.6 in all DFAs.
        if where == "policydb" or f"{where}.xtable" in self.kernel.items or "file.start" in self.kernel.items:
            self._look_up_classes(dfa, *starts["start"])
        if where == "file":
            return replace(dfa, start=starts["dfa_start"])
        named = starts["dfa_start"] if starts["dfa_start"][1] >= 0 else None
        return replace(dfa, start=starts["start"] if where == "policydb" else (1, -1), file_start=named)

    def _look_up_classes(self, dfa: Dfa, state: int, origin: int) -> None:
        """Go one step for each class of rules, where something may go wrong with it."""
        if self.kernel.compares_states:
            return
        # A lookup takes one byte, and no path can end behind it.
        whole = replace(dfa, follows_differences=True)
        for number in _CLASSES:
            self.memory.steps = max(self.memory.steps, dfa.lookup_steps(1))
            whole.step(state, number, origin)

    def _verify(self, own: Confinement) -> None:
        """Compare the numbers of permissions (`verify_profile`)."""
        for matcher in (own.policydb, own.file):
            self._compare_accept_words(matcher, "policydb" if matcher is own.policydb else "file")
        if self.kernel.compares_permissions:
            self._compare_accept_words(own.xmatch, "xmatch")
        for matcher in (own.file, own.policydb, own.xmatch):
            for at, entry in zip(matcher.places, matcher.permissions or (), strict=False):
                self._compare_permission(matcher, entry, at)

    def _compare_accept_words(self, own: Matcher, where: str) -> None:
        """Accept words are indexes of the permissions, or lead to names (`verify_dfa_accept_index`)."""
        dfa = own.dfa
        if dfa is None:
            return
        for state in range(dfa.states):
            word = dfa.entry(ACCEPT, state, READ_ACCEPT, -1)
            place = dfa.where(ACCEPT, state)
            if own.permissions is not None:
                last = word
                if self.kernel.compares_permissions:
                    last += dfa.is_pair(state)
                if last >= len(own.permissions):
                    message = f"state {state} has permissions {last} of {len(own.permissions)}"
                    raise refuse("permissions", message, place)
            elif where == "file":
                for shift in (10, 24):
                    number = word >> shift & 15
                    if number >= 4 and number - 4 >= own.names:
                        message = f"state {state} leads to name {number - 4} of {own.names}"
                        raise refuse("names", message, place)

    def _compare_permission(self, own: Matcher, entry: tuple[int, ...], at: int) -> None:
        """An entry contradicts itself, or leads to names or tags that are not there (`verify_perms`)."""
        if any(entry[one] & entry[other] for one, other in _APART) or entry[3] & ~entry[1]:
            raise refuse("permissions", "an entry of permissions contradicts itself", at)
        kind, in_table, index = _IN_TABLE
        if entry[11] & kind == in_table and entry[11] & index >= own.names:
            raise refuse("names", f"permissions lead to name {entry[11] & index} of {own.names}", at)
        # Until there were tags, a tag was an entry of the names.
        tags = own.sets if "permsv" in self.kernel.items else own.names
        for number, count, what in ((entry[12], tags, "set of tags"), (entry[13], own.names, "label")):
            if number and number >= count:
                raise refuse("names", f"permissions have the {what} {number} of {count}", at)


def _in_words(namespace: str | None) -> str:
    return "no namespace" if namespace is None else f"namespace {namespace!r}"


def run_apparmor(
    data: bytes, kernel: Kernel, questions: Iterable[tuple[str, str, str]] | None = None
) -> ReaderOutcome:
    """Load policy and match by it; any bytes give an outcome.

    Args:
        data: The bytes of the stream.
        kernel: The behaviour of the kernel.
        questions: A profile, a path, and the requested permissions (of ``rwxalkm``). Without them the states
            of each DFA are visited, the nearest first.
    """
    return run_reader(kernel.profile, lambda: _ask(data, kernel, questions))


def _ask(data: bytes, kernel: Kernel, questions: Iterable[tuple[str, str, str]] | None) -> Answers:
    policy = Policy(data, kernel)
    memory = policy.memory
    results: list[dict[str, Any]] = []
    count = steps = 0
    if questions is None:
        for own in policy.profiles:
            for dfa in own.dfas:
                for state in _visit(dfa):
                    dfa.allowed(state)
                    count += 1
    else:
        by_name = {own.name: own for own in policy.profiles}
        for name, path, wanted in questions:
            asked = by_name.get(name)
            raw = path.encode("utf-8", "surrogateescape")
            rules = None if asked is None else asked.file.dfa
            before = memory.steps = 0 if rules is None else rules.lookup_steps(len(raw))
            allowed = None if rules is None else rules.allowed(rules.match(raw))
            results.append(_answer(asked, allowed, name, path, wanted))
            steps += before - memory.steps
            count += 1
    return Answers((), count, tuple(results), steps, tuple(policy.elsewhere()))


def _visit(dfa: Dfa) -> Iterator[int]:
    """The states reachable from the starts by some bytes: few of them, and fewer where each costs much."""
    waiting = deque([dfa.start] if dfa.file_start is None else [dfa.start, dfa.file_start])
    seen = {state for state, _ in waiting}
    budget, spent = dfa.visit_steps(), 0
    while waiting and len(seen) <= _FEW and spent < _MUCH:
        state, origin = waiting.popleft()
        yield state
        spent += budget - dfa.memory.steps
        dfa.memory.steps = budget
        for found in dfa.around(state, origin):
            if found not in seen:
                seen.add(found)
                waiting.append((found, -1))


def _answer(
    own: Confinement | None, allowed: int | None, name: str, path: str, wanted: str
) -> dict[str, Any]:
    bits = sum(PERMISSIONS.get(letter, 1 << 31) for letter in set(wanted))
    return {
        "profile": name,
        "path": path,
        "permission": wanted,
        "found": own is not None,
        "allowed": allowed is not None and allowed & bits == bits,
        "permissions": "".join(letter for letter, bit in PERMISSIONS.items() if (allowed or 0) & bit),
    }

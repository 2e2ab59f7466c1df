"""The namespaces that profiles of one load state, and the one that each kernel loads all of them into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ccheck.core.check import Diagnostic
from ccheck.core.consumers import Consumer
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.formats.apparmor.checks.content import content_of, text_place
from ccheck.formats.checks.contract import builds_of, in_file, joined
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.formats.apparmor.content import Item, Profile
from ccheck_schemas.formats.apparmor.facts import NAMESPACE_KEPT, NAMESPACES_COMPARED
from ccheck_schemas.formats.apparmor.names import c_text, qualified


@dataclass(frozen=True, slots=True)
class _Stated:
    """The namespace that a profile states.

    Attributes:
        namespace: None for none: the profile goes where the stream is loaded.
        item: The text that says so.
        profile: The name of the profile, as the kernel reads it.
        in_name: Whether the name of the profile states it.
    """

    namespace: str | None
    item: Item
    profile: str
    in_name: bool = False


@dataclass(frozen=True, slots=True)
class _Load:
    """What a kernel does with the namespaces of a load.

    Attributes:
        refused: Whether it refuses the load.
        namespace: Where all profiles go; None for where the stream is loaded.
    """

    refused: bool
    namespace: str | None = None


def apparmor_namespace_mixed(subject: Subject) -> Iterator[Diagnostic]:
    """Profiles of one load state different namespaces.

    ## What is wrong
    A profile states a namespace, by an item of its own or in front of its name (`:namespace:name`), and another
    profile of the same load states another, or none. A hat or child (`parent//name`) that states none belongs to
    its parent. Where driver builds are named, a profile that one of them would load into another namespace than
    it states is such a profile too.

    ## Why is this bad
    The kernel loads a stream into one namespace, as a whole. Some loads it refuses; in others a profile goes into
    the namespace of the one before or behind it, or into none: it confines programs that it was not written for,
    and leaves those that it was written for alone. Kernels differ in which profile decides.

    ## How to fix
    Load the profiles of each namespace by a stream of their own. A parser writes all profiles of a source file
    into one stream: put each namespace into a source file of its own.
    """
    stated = list(_stated(content_of(subject).profiles))
    builds = [
        one for one in builds_of(subject) if one.states(NAMESPACE_KEPT) and one.states(NAMESPACES_COMPARED)
    ]
    loads = {build: _load_in(content_of(subject).profiles, build) for build in builds}
    mixed = False
    for one in stated[1:]:
        if one.namespace != stated[0].namespace:
            mixed = True
            yield _mixed(subject, one, stated[0], loads)
    if mixed or not stated:
        return
    for load in dict.fromkeys(loads.values()):
        if load.refused or load.namespace != stated[0].namespace:
            yield _elsewhere(subject, stated, load, [build for build in builds if loads[build] == load])


def _stated(profiles: Sequence[Profile]) -> Iterator[_Stated]:
    """Yields what profiles state of their namespaces: two of them for one that states it in both forms."""
    by_name: dict[str, str | None] = {}
    for profile in profiles:
        if profile.name is None or profile.name.value is None:
            continue
        inner, name = qualified(profile.name.value)
        name = name or ""
        claims = []
        if profile.namespace is not None and profile.namespace.value:
            claims.append(_Stated(c_text(profile.namespace.value), profile.namespace, name))
        if inner is not None:
            claims.append(_Stated(inner, profile.name, name, in_name=True))
        if not claims:
            claims.append(_Stated(by_name.get(name.rpartition("//")[0]), profile.name, name))
        by_name[name] = claims[0].namespace
        yield from claims


def _load_in(profiles: Sequence[Profile], build: Consumer) -> _Load:
    """Returns what a kernel does (`verify_header` of each profile, then `aa_replace_profiles`)."""
    namespace: str | None = None
    for profile in profiles:
        if not build.switch(NAMESPACE_KEPT.name):
            namespace = None
        if profile.namespace is not None and profile.namespace.value:
            own = c_text(profile.namespace.value)
            if namespace not in (None, own) and build.switch(NAMESPACES_COMPARED.name):
                return _Load(refused=True)
            namespace = namespace or own
    plain = False
    for profile in profiles:
        inner = qualified(profile.name.value).namespace if profile.name and profile.name.value else None
        if inner is None:
            plain = plain or namespace is None
        elif plain or namespace not in (None, inner):
            return _Load(refused=True)
        else:
            namespace = inner
    return _Load(refused=False, namespace=namespace)


def _mixed(subject: Subject, one: _Stated, first: _Stated, loads: dict[Consumer, _Load]) -> Diagnostic:
    where = text_place(first.item)
    done = "; ".join(
        _does(load, [build for build in loads if loads[build] == load])
        for load in dict.fromkeys(loads.values())
    )
    itself = one.in_name and one.profile == first.profile
    other = "its item" if itself else f"{first.profile!r} of the same load"
    return Diagnostic(
        f"{'the name of ' if itself else ''}the profile {one.profile!r} states {_words(one.namespace)}, and {other}"
        f" {_words(first.namespace)}" + (f": {done}" if done else ""),
        text_place(one.item),
        label=_words(one.namespace),
        why="a load goes into one namespace: kernels refuse it, or load profiles into a namespace that they do"
        " not state",
        fix="load the profiles of each namespace by a stream of their own",
        related=(
            RelatedLocation(f"{_words(first.namespace)}, here", where.path, where.offset, where.length),
            *(_fact(subject, build) for build in loads),
        ),
    )


def _elsewhere(
    subject: Subject, stated: Sequence[_Stated], load: _Load, builds: Sequence[Consumer]
) -> Diagnostic:
    one = next(one for one in stated if one.in_name) if load.refused else stated[0]
    return Diagnostic(
        f"the profile {one.profile!r} states {_words(one.namespace)}, but {_does(load, builds)}",
        text_place(one.item),
        label=_words(one.namespace),
        why="these kernels forget the namespace of a profile when they read the next one",
        fix="load each profile by a stream of its own, or end support for these builds",
        related=tuple(_fact(subject, build) for build in builds),
    )


def _fact(subject: Subject, build: Consumer) -> RelatedLocation:
    """Returns the fact of a build that decides where profiles go."""
    fact = NAMESPACES_COMPARED if build.switch(NAMESPACES_COMPARED.name) else NAMESPACE_KEPT
    word = "true" if build.switch(fact.name) else "false"
    line = build.line_of(FactKind.SWITCH, fact.name)
    return in_file(subject, f"{build.name} states {word}: {fact}", line, build, str(fact))


def _does(load: _Load, builds: Sequence[Consumer]) -> str:
    names, one = joined([build.name for build in builds]), len(builds) == 1
    if load.refused:
        return f"{names} {'refuses' if one else 'refuse'} the load"
    return f"{names} {'loads' if one else 'load'} all into {_words(load.namespace)}"


def _words(namespace: str | None) -> str:
    return "no namespace" if namespace is None else f"namespace {namespace!r}"

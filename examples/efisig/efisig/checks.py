"""What is wrong in EFI signature lists. A check is a function; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from ccheck.check import Check, Diagnostic, RelatedLocation, Subject
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck_schemas.record import Record
from efisig.numbers import LIST_HEADER, OWNER, SIZES, X509

REFUSED = "parse_efi_signature_list refuses the lists from here on, and their keys and hashes are not in use"


def lists_of(subject: Subject) -> Iterator[Record]:
    """The lists that were read whole."""
    for one in subject.content.root.get("lists") or ():
        if one.get("left") is not None:
            yield one


def efisig_header_too_large(subject: Subject) -> Iterator[Diagnostic]:
    """The header of a list is larger than the list.

    ## What is wrong
    header_size is more than list_size less the 28 bytes in front of the header.

    ## Why is this bad
    Linux refuses this list and all behind it (`parse_efi_signature_list`). Unchecked, the size of the signatures
    wraps, and it reads on behind the file.

    ## How to fix
    Correct one of the two sizes. All types of the UEFI specification have a header of 0 bytes.
    """
    for one in lists_of(subject):
        room = one.list_size - LIST_HEADER
        if one.header_size > room >= 0:
            yield Diagnostic(
                f"the header has {one.header_size} bytes, its list has room for {room}",
                one.span("header_size"),
                label=f"{one.header_size} bytes",
                why=REFUSED,
                fix="make header_size 0, or list_size larger",
                related=(RelatedLocation.at(one.span("list_size"), f"the list has {one.list_size} bytes"),),
            )


def efisig_list_empty(subject: Subject) -> Iterator[Diagnostic]:
    """A list has no signature.

    ## What is wrong
    Nothing follows the header of the list.

    ## Why is this bad
    Linux refuses this list and all behind it (`parse_efi_signature_list`).

    ## How to fix
    Remove the list.
    """
    for one in lists_of(subject):
        if not one.room and one.list_size >= LIST_HEADER and one.header_size == one.header_taken:
            yield Diagnostic(
                f"the list has {one.list_size} bytes and no signature",
                one.span("list_size"),
                label="no room",
                why=REFUSED,
                fix="remove the list",
            )


def efisig_signature_incomplete(subject: Subject) -> Iterator[Diagnostic]:
    """The size of a list is no multiple of that of its signatures.

    ## What is wrong
    What list_size leaves behind the header is no multiple of signature_size.

    ## Why is this bad
    Linux refuses this list and all behind it (`parse_efi_signature_list`). A reader that subtracts without that look
    never meets 0, and reads on behind the file.

    ## How to fix
    Correct one of the sizes, or complete the last signature. Signatures of another size need a list of their own.
    """
    for one in lists_of(subject):
        if one.left and one.signature_size >= OWNER:
            yield Diagnostic(
                f"{one.room} bytes are {one.count} × {one.signature_size}, and {len(one.left)} more",
                one.span("left"),
                label=f"{len(one.left)} bytes",
                why=REFUSED,
                fix=f"make list_size {one.list_size - len(one.left)}, or complete the signature",
                related=(
                    RelatedLocation.at(one.span("list_size"), f"the list has {one.list_size} bytes"),
                    RelatedLocation.at(one.span("signature_size"), f"a signature has {one.signature_size}"),
                ),
            )


def efisig_type_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """A list is of a type that has no name.

    ## What is wrong
    The type is none of the UEFI specification's.

    ## Why is this bad
    Linux passes over such a list (`get_handler_for_db`, `get_handler_for_dbx`), and so does firmware: what it was to
    trust or refuse, it does not.

    ## How to fix
    Give a type that readers know. The first three parts of a GUID are little-endian.
    """
    for one in lists_of(subject):
        if one.signature_type not in SIZES:
            yield Diagnostic(
                f"the type {UUID(bytes_le=one.signature_type)} has no meaning here",
                one.span("signature_type"),
                label="type",
                why="Linux passes over the list, and its signatures are not in use",
                fix="give a type that the UEFI specification lists",
            )


def efisig_size_of_type_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A signature has another size than its type has.

    ## What is wrong
    signature_size is not 16 bytes for the owner and those of the type's data, such as 32 of a SHA-256.

    ## Why is this bad
    Linux takes as many bytes as the list says (`uefi_blacklist_binary`): a hash that is longer or shorter is equal to
    none, and what it was to refuse runs.

    ## How to fix
    Make signature_size that of the type, or give the type that the hashes have.
    """
    for one in lists_of(subject):
        name, size = SIZES.get(one.signature_type, ("", None))
        if size is not None and one.signature_size >= OWNER and one.signature_size != OWNER + size:
            yield Diagnostic(
                f"a signature has {one.signature_size} bytes, one of {name} has {OWNER + size}",
                one.span("signature_size"),
                label=f"{one.signature_size} bytes",
                why="Linux compares as many bytes as the list says, and such a hash is equal to none",
                fix=f"make it {OWNER + size}, or give another type",
                related=(RelatedLocation.at(one.span("signature_type"), name),),
            )


def efisig_certificate_cut(subject: Subject) -> Iterator[Diagnostic]:
    """A certificate does not begin as one, or is longer than its signature.

    ## What is wrong
    The data of an X.509 signature is no DER sequence (0x30), or the length that it states goes beyond the signature.

    ## Why is this bad
    Linux cannot load the certificate (`add_to_platform_keyring`: "Problem loading X.509 certificate"), so nothing
    that it signed is trusted or, in dbx, refused.

    ## How to fix
    Put the whole certificate in, as DER and not as PEM. Each has a list of its own where their sizes differ.
    """
    for one in lists_of(subject):
        if one.signature_type != X509:
            continue
        for signature in one.signatures:
            needs = der_size(signature.content)
            if needs is None or needs > len(signature.content):
                detail = "is no DER sequence" if needs is None else f"states {needs} bytes"
                yield Diagnostic(
                    f"the certificate {detail}, the signature has {len(signature.content)} for it",
                    signature.span("content"),
                    label="certificate",
                    why="Linux cannot load the certificate, and what it signed is not judged by it",
                    fix="put the whole certificate in, as DER",
                )


def der_size(data: bytes) -> int | None:
    """The bytes of a DER sequence, header included, as its header says; None where it is none."""
    if len(data) < 2 or data[0] != 0x30 or data[1] == 0x80:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    digits = data[1] & 0x7F
    return 2 + digits + int.from_bytes(data[2 : 2 + digits], "big") if len(data) >= 2 + digits else None


_WHOLE = (VERSION, *layout("truncated", "count-past-bytes"))
CHECKS = tuple(
    Check(function, requires=_WHOLE, schemas=("efisig",))
    for function in (
        efisig_header_too_large,
        efisig_list_empty,
        efisig_signature_incomplete,
        efisig_type_unknown,
        efisig_size_of_type_wrong,
        efisig_certificate_cut,
    )
)
TABLE = FormatChecks(CHECKS)

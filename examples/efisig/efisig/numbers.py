"""The numbers of EFI signature lists: sizes, and the types of the UEFI specification 2.10, 32.4.1."""

from typing import Final
from uuid import UUID

LIST_HEADER: Final = 28
"""Bytes in front of a list's own header: the type and three sizes."""
OWNER: Final = 16
"""Bytes in front of the data of a signature."""
LARGEST: Final = 0xFFFF_FFFF

X509: Final = UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072").bytes_le
SIZES: Final[dict[bytes, tuple[str, int | None]]] = {
    X509: ("x509", None),
    UUID("4aafd29d-68df-49ee-8aa9-347d375665a7").bytes_le: ("pkcs7", None),
    UUID("c1c41626-504c-4092-aca9-41f936934328").bytes_le: ("sha256", 32),
    UUID("3bd2a492-96c0-4079-b420-fcf98ef103ed").bytes_le: ("x509-sha256", 48),
    UUID("7076876e-80c2-4ee6-aad2-28b349a6865b").bytes_le: ("x509-sha384", 64),
    UUID("446dbf63-2502-4cda-bcfa-2465d2b0fe9d").bytes_le: ("x509-sha512", 80),
    UUID("826ca512-cf10-4ac9-b187-be01496631bd").bytes_le: ("sha1", 20),
    UUID("0b6e5233-a65c-44c9-9407-d9ab83bfc8bd").bytes_le: ("sha224", 28),
    UUID("ff3e5307-9fd0-48c9-85f1-8ad56c701e01").bytes_le: ("sha384", 48),
    UUID("093e0fae-a6c4-4f50-9f1b-d41e2b89c19a").bytes_le: ("sha512", 64),
    UUID("3c5766e8-269c-4e34-aa14-ed776e85b3b6").bytes_le: ("rsa2048", 256),
    UUID("67f8444f-8743-48f1-a328-1eaab8736080").bytes_le: ("rsa2048-sha1", 256),
    UUID("e2b36190-879b-4a3d-ad8d-f2e7bba32784").bytes_le: ("rsa2048-sha256", 256),
}
"""The name of each type, and the bytes of its data; None where they vary."""


def recognise(data: bytes) -> bool:
    """Whether the bytes look like signature lists: they begin with one of the types."""
    return len(data) >= LIST_HEADER and data[:16] in SIZES

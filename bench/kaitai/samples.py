"""Files that belong to descriptions: those of tests, and those that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.kaitai import sources


def of_tests(folder: Path) -> dict[str, set[Path]]:
    """The sample of each test beside descriptions, by the id of the description.

    Args:
        folder: The folder of the descriptions; tests are `*.kst` files in it, or in `../spec/ks`, and name
            files in `src`, beside them or beside the folder.
    """
    found: dict[str, set[Path]] = {}
    for place in (folder, folder.parent / "spec" / "ks"):
        for test in sorted(place.glob("*.kst")):
            said = sources.load(test)
            homes = (place, place / "src", folder / "src", folder.parent / "src")
            file = next((p for p in (home / str(said.get("data")) for home in homes) if p.is_file()), None)
            if file is not None:
                found.setdefault(str(said["id"]), set()).add(file)
    return found


class Named:
    """The samples that a user names: pairs NAME=FILE, and folders of files."""

    def __init__(self, given: Iterable[str]) -> None:
        """given: pairs and folders.

        Raises:
            ValueError: Something is not there.
        """
        self._pairs: list[tuple[str, Path]] = []
        self._files: list[Path] = []
        for one in given:
            name, sign, file = one.partition("=")
            if sign and Path(file).is_file():
                self._pairs.append((name, Path(file)))
            elif Path(one).is_dir():
                self._files += sorted(path for path in Path(one).rglob("*") if path.is_file())
            else:
                raise ValueError(f"{one} is neither a folder nor NAME=FILE with a file that is there")

    def every(self) -> set[Path]:
        """All of them."""
        return {*self._files, *(path for _, path in self._pairs)}

    def of(self, name: str, meta: Any) -> set[Path]:
        """The samples of a description: named for it, or with its id as stem, or with its file extension.

        Args:
            name: Its path below the folder of descriptions.
            meta: What it says of itself.
        """
        said = meta if isinstance(meta, dict) else {}
        names = {str(said.get("id")), Path(name).stem, name.removesuffix(".ksy")}
        listed = said.get("file-extension") or []
        endings = {str(one).lower() for one in (listed if isinstance(listed, list) else [listed])}
        return {path for wanted, path in self._pairs if wanted in names} | {
            path for path in self._files if path.stem in names or path.suffix[1:].lower() in endings - {""}
        }

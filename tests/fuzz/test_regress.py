"""What once broke a property is run again, and holds."""

from __future__ import annotations

from ccheck_fuzz.corpus.regress import kept, regress_one
from tests.conftest import ROOT

CORPUS = ROOT / "corpus"


def test_what_broke_once_holds() -> None:
    """All folders below `regress` hold all properties now, and each says why it is there in two lines."""
    ran = list(map(regress_one, kept(CORPUS)))
    assert ran
    for one in ran:
        assert one.broken == (), one.folder
        assert len(one.why.splitlines()) >= 2

"""19 July 2024, replayed: the same build runs the content of March and dies of the content of July."""

from dataclasses import replace

import pytest

from ccheck_interpreter.channel.definitions import call_site_mismatches, load_definitions
from ccheck_interpreter.channel.evaluate import EventResult, evaluate
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.event import Event
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused, Trap, TrapData, report
from tests.interpreter.builds import BIG, FIXED, NARROW, SHIPPED
from tests.interpreter.channel_bytes import ipc_definitions, july_file, march_file

IPC_EVENT = Event("IPC", (r"\pipe\srv7", *["x"] * 20))


def run(profile: Profile, data: bytes, event: Event = IPC_EVENT) -> EventResult:
    """Load definitions and content and evaluate one event."""
    return evaluate(load(load_definitions(ipc_definitions(), profile), data, profile), event)


def trap_of(profile: Profile, data: bytes, event: Event = IPC_EVENT) -> TrapData:
    """The trap of that."""
    with pytest.raises(Trap) as found:
        run(profile, data, event)
    return found.value.data


@pytest.mark.parametrize("profile", [SHIPPED, NARROW, BIG], ids=lambda profile: profile.name)
def test_march_runs(profile: Profile) -> None:
    """The file of March matches and traps nowhere, because a wildcard never fetches its input."""
    assert run(profile, march_file()).matched == (291001,)


@pytest.mark.parametrize("profile", [SHIPPED, NARROW, BIG], ids=lambda profile: profile.name)
def test_july_crashes_at_input_20_of_20(profile: Profile) -> None:
    """The file of July loads, and traps at the next IPC event at index 20 of 20, from field_index."""
    content = july_file()
    data = trap_of(profile, content)
    assert (data.kind, data.index, data.limit) == ("input-index-out-of-bounds", 20, 20)
    at = data.provenance
    assert (at.consumer, at.instance_index, at.instance_id, at.criterion_index) == (
        profile.name,
        1,
        291002,
        20,
    )
    assert at.file_offset is not None
    assert content[at.file_offset : at.file_offset + 2] == b"\x14\x00"
    assert data.path == "instances[1].criteria[20].field_index"


def test_july_crashes_even_where_the_event_has_21_inputs() -> None:
    """The call site hands on 20 inputs however many the event has: the 21st is never in the array."""
    event = Event("IPC", (r"\pipe\srv7", *["x"] * 19, "local"))
    assert trap_of(SHIPPED, july_file(), event).index == 20


def test_the_oracle_is_the_index_not_the_fault() -> None:
    """An event with only its first input traps all the same, though each word near the array is NULL."""
    event = Event("IPC", (r"\pipe\srv7",))
    assert trap_of(SHIPPED, july_file(), event).kind == "input-index-out-of-bounds"


def test_july_does_not_crash_at_an_event_that_never_gets_there() -> None:
    """An event that fails an earlier criterion of the instance does not reach field 21."""
    assert run(SHIPPED, july_file(), Event("IPC", ("other", *["x"] * 20))).matched == ()


def test_the_fixed_build_reports_instead() -> None:
    """With the run-time bounds check the criterion does not match, and telemetry says so."""
    result = run(FIXED, july_file())
    assert result.matched == (291001,)
    (told,) = result.telemetry
    assert (told.instance_id, told.criterion_index, told.reason) == (291002, 20, "input-index")
    assert told.message == "criterion reads input 20, the build supplies 20"


def test_the_corrected_call_site_matches() -> None:
    """A build that supplies 21 inputs fetches the 21st and the instance of July matches."""
    corrected = replace(FIXED, inputs={"IPC": 21})
    event = Event("IPC", (r"\pipe\srv7", *["x"] * 19, "local"))
    assert run(corrected, july_file(), event).matched == (291001, 291002)


def test_the_input_count_check_refuses_both_files() -> None:
    """The check of the array's size against the content's refuses in March what crashed in July."""
    checking = replace(SHIPPED, input_count_check=True)
    for data in (march_file(), july_file()):
        with pytest.raises(Refused) as found:
            run(checking, data)
        assert found.value.refusal.reason == "input-count"
        assert "21 fields, build 7.11 supplies 20" in found.value.refusal.message


def test_a_check_at_compile_time_would_have_told() -> None:
    """The definitions expect 21 inputs of IPC where the call site supplies 20."""
    definitions = load_definitions(ipc_definitions(), SHIPPED)
    (found,) = call_site_mismatches(definitions, SHIPPED)
    assert (found.type_name, found.type_version, found.expected, found.supplied) == ("IPC", 1, 21, 20)
    assert call_site_mismatches(definitions, replace(SHIPPED, inputs={"IPC@1": 21, "IPC": 20})) == ()


def test_the_report_reads_like_a_kernel_sanitizers() -> None:
    """The report names the access, the index, the instance, the file offset, the array and the stop code."""
    assert report(trap_of(SHIPPED, july_file())) == (
        """\
==================================================================
BUG: ccheck: input-index-out-of-bounds in fetch-input
Read of size 8 at address ffff8405000000a0 by consumer 7.11
The index is 20 of 20 (0 to 19 are valid)

Evaluating instance 291002, instances[1], criterion 20
The number came from instances[1].criteria[20].field_index, offset 0x300 of the content file
The address is 0 bytes after the input array
  [ffff840500000000, ffff8405000000a0), 160 bytes

PAGE_FAULT_IN_NONPAGED_AREA (50)
An exception handler cannot save the host from this one
=================================================================="""
    )

"""Events are read from where only the runtime and the program can write."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from ionet import read_events
from ionet.chain import pda
from ionet.chain.events import EVENT_IX_TAG, InnerCall

OTHER = str(Pubkey.new_unique())
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"


@pytest.fixture
def own(vaults: Any) -> str:
    return str(vaults.PROGRAM_ID)


def opened(vaults: Any, number: int) -> Any:
    return vaults.events.Opened(vault=Pubkey.default(), number=number)


def data(event: Any) -> str:
    return "Program data: " + b64encode(event.encode()).decode()


def frame(program: str, *lines: str, depth: int = 1, end: str = "success") -> list[str]:
    return [f"Program {program} invoke [{depth}]", *lines, f"Program {program} {end}"]


def test_an_event_belongs_to_the_program_that_wrote_it(vaults: Any, own: str) -> None:
    found = read_events(frame(own, "Program log: hello", data(opened(vaults, 1))), [own])
    assert found.events == (opened(vaults, 1),)
    (emitted,) = found.emitted
    assert (str(emitted.program_id), emitted.instruction_index, emitted.via_cpi) == (own, 0, False)
    assert not found.truncated


def test_another_programs_copy_of_an_event_is_not_an_event(vaults: Any, own: str) -> None:
    assert read_events(frame(OTHER, data(opened(vaults, 1))), [OTHER]).emitted == ()


def test_text_that_a_program_prints_is_never_an_event(vaults: Any, own: str) -> None:
    payload = b64encode(opened(vaults, 1).encode()).decode()
    lines = [
        f"Program log: {payload}",
        f"Program log: Program data: {payload}",
        f"Program return: {own} {payload}",
        "Program log: abcd",
    ]
    assert read_events(frame(own, *lines), [own]).emitted == ()


def test_printed_invoke_lines_do_not_move_the_stack(vaults: Any, own: str) -> None:
    lie = [
        f"Program log: Program {own} invoke [2]",
        f"Program log: x\nProgram {own} invoke [2]",
        data(opened(vaults, 1)),
    ]
    found = read_events(frame(OTHER, *lie), [OTHER])
    assert found.emitted == ()
    assert not found.truncated


def test_after_a_child_the_caller_writes_again(vaults: Any, own: str) -> None:
    child = frame(
        TOKEN, "Program log: Instruction: Transfer", f"Program {TOKEN} consumed 4 of 5 compute units", depth=2
    )
    found = read_events(frame(own, *child, data(opened(vaults, 2))), [own])
    assert found.events == (opened(vaults, 2),)


def test_after_a_failed_child_the_caller_writes_again(vaults: Any, own: str) -> None:
    child = frame(OTHER, depth=2, end="failed: custom program error: 0x1")
    assert read_events(frame(own, *child, data(opened(vaults, 2))), [own]).events == (opened(vaults, 2),)


def test_what_a_child_writes_is_the_childs(vaults: Any, own: str) -> None:
    child = frame(own, data(opened(vaults, 3)), depth=2)
    found = read_events([*frame(TOKEN), *frame(OTHER, *child)], [TOKEN, OTHER])
    assert [(one.event, one.instruction_index) for one in found.emitted] == [(opened(vaults, 3), 1)]


def test_a_cut_log_is_flagged_and_what_came_before_is_kept(vaults: Any, own: str) -> None:
    lines = [f"Program {own} invoke [1]", data(opened(vaults, 1)), "Log truncated"]
    found = read_events(lines, [own])
    assert found.events == (opened(vaults, 1),)
    assert found.truncated


def test_a_log_that_ends_inside_a_program_is_flagged(vaults: Any, own: str) -> None:
    assert read_events([f"Program {own} invoke [1]"], [own]).truncated


def test_a_log_whose_depths_do_not_fit_is_flagged_and_no_longer_trusted(vaults: Any, own: str) -> None:
    found = read_events(
        [f"Program {own} invoke [2]", data(opened(vaults, 1)), f"Program {own} success"], [own]
    )
    assert found.truncated
    assert found.emitted == ()


def test_data_in_several_slices_and_broken_base64_are_passed_over(vaults: Any, own: str) -> None:
    lines = ["Program data: AAAA BBBB", "Program data: ###", "Program data: ", data(opened(vaults, 1))]
    assert read_events(frame(own, *lines), [own]).events == (opened(vaults, 1),)


def test_events_of_a_later_version_are_reported_as_undecoded(vaults: Any, own: str) -> None:
    unknown = "Program data: " + b64encode(b"12345678rest").decode()
    short = "Program data: " + b64encode(vaults.events.Opened.DISCRIMINATOR + b"\1").decode()
    found = read_events(frame(own, unknown, short, data(opened(vaults, 1))), [own])
    assert found.events == (opened(vaults, 1),)
    assert [one.data[:8] for one in found.undecoded] == [b"12345678", vaults.events.Opened.DISCRIMINATOR]
    assert found.undecoded[0].reason == "unknown discriminator"
    assert "not a valid Opened" in found.undecoded[1].reason


def cpi(
    vaults: Any, own: str, event: Any, order: int, *, authority: str | None = None, outer: int = 0
) -> InnerCall:
    signer = authority or str(pda.event_authority(vaults.PROGRAM_ID))
    return InnerCall(outer, order, own, [signer], EVENT_IX_TAG + event.encode())


def test_an_event_by_cpi_is_read_from_the_inner_instruction(vaults: Any, own: str) -> None:
    found = read_events([], [own], [cpi(vaults, own, opened(vaults, 4), 1)])
    assert found.events == (opened(vaults, 4),)
    assert found.emitted[0].via_cpi


def test_an_event_by_cpi_needs_the_programs_own_signature(vaults: Any, own: str) -> None:
    assert read_events([], [own], [cpi(vaults, own, opened(vaults, 4), 1, authority=OTHER)]).emitted == ()
    nobody = InnerCall(0, 1, own, [], EVENT_IX_TAG + opened(vaults, 4).encode())
    assert read_events([], [own], [nobody]).emitted == ()


def test_an_event_by_cpi_survives_a_cut_log(vaults: Any, own: str) -> None:
    found = read_events(
        [f"Program {own} invoke [1]", "Log truncated"], [own], [cpi(vaults, own, opened(vaults, 4), 1)]
    )
    assert found.events == (opened(vaults, 4),)
    assert found.truncated


def test_both_kinds_come_in_the_order_they_were_emitted(vaults: Any, own: str) -> None:
    event_cpi = frame(own, depth=2)
    logs = [
        *frame(own, data(opened(vaults, 1)), *event_cpi, data(opened(vaults, 3)), *event_cpi),
        *frame(own, *event_cpi, data(opened(vaults, 6))),
    ]
    inner = [
        cpi(vaults, own, opened(vaults, 5), 1, outer=1),
        cpi(vaults, own, opened(vaults, 2), 1),
        cpi(vaults, own, opened(vaults, 4), 2),
    ]
    assert read_events(logs, [own, own], inner).events == tuple(opened(vaults, n) for n in range(1, 7))


def test_instructions_that_leave_no_line_do_not_shift_the_count(vaults: Any, own: str) -> None:
    ed25519 = "Ed25519SigVerify111111111111111111111111111"
    found = read_events(frame(own, data(opened(vaults, 1))), [ed25519, own])
    assert found.emitted[0].instruction_index == 1


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [
                    "Log truncated",
                    f"Program {TOKEN} invoke [1]",
                    f"Program {TOKEN} success",
                    "Program data: AAA",
                ]
            ),
        ),
        max_size=12,
    )
)
def test_no_log_makes_the_reader_fail(logs: list[str]) -> None:
    read_events(logs, [TOKEN])

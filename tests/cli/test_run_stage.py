"""What an interrupted `ionet job run` says of its booking."""

from __future__ import annotations

from ionet.cli.job.run import _Stage


def test_who_interrupts_a_run_that_begins_anew_is_not_told_that_nothing_was_booked() -> None:
    stage = _Stage("https://gateway.example")
    assert stage.note == "nothing was booked"
    stage.booked(None)
    assert "whether it has landed" in stage.note

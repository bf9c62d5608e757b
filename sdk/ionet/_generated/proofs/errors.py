"""Errors of the proofs program.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping

from ionet.chain.errors import ProgramError as _ProgramError


class NotUpgradeAuthority(_ProgramError):
    """6000: only the program's upgrade authority may initialize the program."""

    CODE = 6000
    NAME = "NotUpgradeAuthority"
    MSG = "only the program's upgrade authority may initialize the program"


class WrongProgramData(_ProgramError):
    """6001: this is not the program's ProgramData account."""

    CODE = 6001
    NAME = "WrongProgramData"
    MSG = "this is not the program's ProgramData account"


class NotAuthority(_ProgramError):
    """6002: the signer is not the authority."""

    CODE = 6002
    NAME = "NotAuthority"
    MSG = "the signer is not the authority"


class NotPendingAuthority(_ProgramError):
    """6003: the signer is not the proposed successor of the authority."""

    CODE = 6003
    NAME = "NotPendingAuthority"
    MSG = "the signer is not the proposed successor of the authority"


class MayNotPause(_ProgramError):
    """6004: only the authority may lift a pause, and only the authority or the pauser may set one."""

    CODE = 6004
    NAME = "MayNotPause"
    MSG = "only the authority may lift a pause, and only the authority or the pauser may set one"


class UnknownEntry(_ProgramError):
    """6005: the bits of the paused entries must be a sum of this program's PAUSE_* constants."""

    CODE = 6005
    NAME = "UnknownEntry"
    MSG = "the bits of the paused entries must be a sum of this program's PAUSE_* constants"


class Paused(_ProgramError):
    """6006: reports are paused."""

    CODE = 6006
    NAME = "Paused"
    MSG = "reports are paused"


class WindowOutOfBounds(_ProgramError):
    """6007: the challenge window must be from 6 to 72 hours."""

    CODE = 6007
    NAME = "WindowOutOfBounds"
    MSG = "the challenge window must be from 6 to 72 hours"


class BondOutOfBounds(_ProgramError):
    """6008: the challenge bond must be from 1 to 100,000 IO."""

    CODE = 6008
    NAME = "BondOutOfBounds"
    MSG = "the challenge bond must be from 1 to 100,000 IO"


class FreezeOutOfBounds(_ProgramError):
    """6009: a challenge must freeze credit for 1 to 7 days."""

    CODE = 6009
    NAME = "FreezeOutOfBounds"
    MSG = "a challenge must freeze credit for 1 to 7 days"


class TooManySeats(_ProgramError):
    """6010: the attester set has at most 16 seats."""

    CODE = 6010
    NAME = "TooManySeats"
    MSG = "the attester set has at most 16 seats"


class SeatMissing(_ProgramError):
    """6011: every seat must be listed; a vacated one has the default key and weight 0."""

    CODE = 6011
    NAME = "SeatMissing"
    MSG = "every seat must be listed; a vacated one has the default key and weight 0"


class HalfVacantSeat(_ProgramError):
    """6012: a seat must have both a key and a weight, or the default key and weight 0."""

    CODE = 6012
    NAME = "HalfVacantSeat"
    MSG = "a seat must have both a key and a weight, or the default key and weight 0"


class DuplicateKey(_ProgramError):
    """6013: two seats have the same key."""

    CODE = 6013
    NAME = "DuplicateKey"
    MSG = "two seats have the same key"


class SeatMoved(_ProgramError):
    """6014: an attester's key must stay at its seat."""

    CODE = 6014
    NAME = "SeatMoved"
    MSG = "an attester's key must stay at its seat"


class WeightTooLarge(_ProgramError):
    """6015: the sum of the weights does not fit into 32 bits."""

    CODE = 6015
    NAME = "WeightTooLarge"
    MSG = "the sum of the weights does not fit into 32 bits"


class ThresholdOutOfBounds(_ProgramError):
    """6016: the threshold must be more than half of the total weight, and at most all of it."""

    CODE = 6016
    NAME = "ThresholdOutOfBounds"
    MSG = "the threshold must be more than half of the total weight, and at most all of it"


class NotAttester(_ProgramError):
    """6017: the signer has no seat in the attester set."""

    CODE = 6017
    NAME = "NotAttester"
    MSG = "the signer has no seat in the attester set"


class WrongContentHash(_ProgramError):
    """6018: content_hash must be sha256('ionet:report' || the arguments)."""

    CODE = 6018
    NAME = "WrongContentHash"
    MSG = "content_hash must be sha256('ionet:report' || the arguments)"


class NoEmission(_ProgramError):
    """6019: the mint is not initialized, so emission has no start."""

    CODE = 6019
    NAME = "NoEmission"
    MSG = "the mint is not initialized, so emission has no start"


class PeriodBeforeStart(_ProgramError):
    """6020: period_end must be later than the start of emission."""

    CODE = 6020
    NAME = "PeriodBeforeStart"
    MSG = "period_end must be later than the start of emission"


class PeriodNotWholeHours(_ProgramError):
    """6021: period_end must be whole hours after the start of emission."""

    CODE = 6021
    NAME = "PeriodNotWholeHours"
    MSG = "period_end must be whole hours after the start of emission"


class PeriodNotOver(_ProgramError):
    """6022: period_end must not be later than now."""

    CODE = 6022
    NAME = "PeriodNotOver"
    MSG = "period_end must not be later than now"


class WrongSeq(_ProgramError):
    """6023: seq must be the hours from the start of emission to period_end."""

    CODE = 6023
    NAME = "WrongSeq"
    MSG = "seq must be the hours from the start of emission to period_end"


class TotalAboveEmission(_ProgramError):
    """6024: the total exceeds what the emission vault was paid until period_end; left: paid, right: total."""

    CODE = 6024
    NAME = "TotalAboveEmission"
    MSG = "the total exceeds what the emission vault was paid until period_end; left: paid, right: total"


class TotalFell(_ProgramError):
    """6025: the total must not be below the predecessor's, except in a correction."""

    CODE = 6025
    NAME = "TotalFell"
    MSG = "the total must not be below the predecessor's, except in a correction"


class NoLeaves(_ProgramError):
    """6026: a report must have at least one leaf."""

    CODE = 6026
    NAME = "NoLeaves"
    MSG = "a report must have at least one leaf"


class AlreadyDecided(_ProgramError):
    """6027: this height has an approved report already."""

    CODE = 6027
    NAME = "AlreadyDecided"
    MSG = "this height has an approved report already"


class NotPending(_ProgramError):
    """6028: the report is not pending: it gathers no approvals."""

    CODE = 6028
    NAME = "NotPending"
    MSG = "the report is not pending: it gathers no approvals"


class StaleSet(_ProgramError):
    """6029: the attester set has changed since the report was made: renew the report."""

    CODE = 6029
    NAME = "StaleSet"
    MSG = "the attester set has changed since the report was made: renew the report"


class AlreadyApproved(_ProgramError):
    """6030: this seat has approved the report already."""

    CODE = 6030
    NAME = "AlreadyApproved"
    MSG = "this seat has approved the report already"


class NotApproved(_ProgramError):
    """6031: only a report that is approved, and neither final nor void, can become final."""

    CODE = 6031
    NAME = "NotApproved"
    MSG = "only a report that is approved, and neither final nor void, can become final"


class WindowOpen(_ProgramError):
    """6032: the report's challenge window is still open."""

    CODE = 6032
    NAME = "WindowOpen"
    MSG = "the report's challenge window is still open"


class PeriodFell(_ProgramError):
    """6033: period_end must be later than the predecessor's."""

    CODE = 6033
    NAME = "PeriodFell"
    MSG = "period_end must be later than the predecessor's"


class Overflow(_ProgramError):
    """6034: a number does not fit in its field."""

    CODE = 6034
    NAME = "Overflow"
    MSG = "a number does not fit in its field"


class NotANode(_ProgramError):
    """6035: this is not a node of the staking program."""

    CODE = 6035
    NAME = "NotANode"
    MSG = "this is not a node of the staking program"


class ReportDecided(_ProgramError):
    """6036: only a report that is neither final nor void can be refuted or voided."""

    CODE = 6036
    NAME = "ReportDecided"
    MSG = "only a report that is neither final nor void can be refuted or voided"


class WrongProof(_ProgramError):
    """6037: the Merkle proof does not lead to the report's root."""

    CODE = 6037
    NAME = "WrongProof"
    MSG = "the Merkle proof does not lead to the report's root"


class LeafStands(_ProgramError):
    """6038: the leaf refutes nothing: its node exists and was credited no more than the leaf says."""

    CODE = 6038
    NAME = "LeafStands"
    MSG = "the leaf refutes nothing: its node exists and was credited no more than the leaf says"


class NotGuardian(_ProgramError):
    """6039: only the guardian may do this."""

    CODE = 6039
    NAME = "NotGuardian"
    MSG = "only the guardian may do this"


class NotResolver(_ProgramError):
    """6040: only the resolver may do this."""

    CODE = 6040
    NAME = "NotResolver"
    MSG = "only the resolver may do this"


class NotChallengeable(_ProgramError):
    """6041: only an approved or a final report can be challenged."""

    CODE = 6041
    NAME = "NotChallengeable"
    MSG = "only an approved or a final report can be challenged"


class ChallengeExpired(_ProgramError):
    """6042: the time for deciding the challenge is over: lift it."""

    CODE = 6042
    NAME = "ChallengeExpired"
    MSG = "the time for deciding the challenge is over: lift it"


class ChallengeOpen(_ProgramError):
    """6043: the challenge can still be decided."""

    CODE = 6043
    NAME = "ChallengeOpen"
    MSG = "the challenge can still be decided"


class WrongReport(_ProgramError):
    """6044: this is not the report of the challenge."""

    CODE = 6044
    NAME = "WrongReport"
    MSG = "this is not the report of the challenge"


class WrongNode(_ProgramError):
    """6045: this is not the node of the challenge."""

    CODE = 6045
    NAME = "WrongNode"
    MSG = "this is not the node of the challenge"


class WrongBond(_ProgramError):
    """6046: this is not the bond of the challenge."""

    CODE = 6046
    NAME = "WrongBond"
    MSG = "this is not the bond of the challenge"


class WrongDestination(_ProgramError):
    """6047: the token account does not belong to the recipient of this payment."""

    CODE = 6047
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class WrongRentPayer(_ProgramError):
    """6048: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6048
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class NotEmitted(_ProgramError):
    """6049: period_end is not emitted yet: call mint.emit first; left: emitted, right: scheduled."""

    CODE = 6049
    NAME = "NotEmitted"
    MSG = "period_end is not emitted yet: call mint.emit first; left: emitted, right: scheduled"


class PeriodForgotten(_ProgramError):
    """6050: what was paid until period_end is no longer known: report a later hour."""

    CODE = 6050
    NAME = "PeriodForgotten"
    MSG = "what was paid until period_end is no longer known: report a later hour"


class GpuShareOutOfBounds(_ProgramError):
    """6051: the GPU pool's share must be from 0 to 10,000 bps."""

    CODE = 6051
    NAME = "GpuShareOutOfBounds"
    MSG = "the GPU pool's share must be from 0 to 10,000 bps"


class InUseShareOutOfBounds(_ProgramError):
    """6052: the share of nodes in use must be from 0 to 5,000 bps."""

    CODE = 6052
    NAME = "InUseShareOutOfBounds"
    MSG = "the share of nodes in use must be from 0 to 5,000 bps"


class FeeBoundOutOfBounds(_ProgramError):
    """6053: the bound by fees must be from 0 to 9,500 bps."""

    CODE = 6053
    NAME = "FeeBoundOutOfBounds"
    MSG = "the bound by fees must be from 0 to 9,500 bps"


class UpHoursOutOfBounds(_ProgramError):
    """6054: the hours that a node must be up must be from 0 to 168."""

    CODE = 6054
    NAME = "UpHoursOutOfBounds"
    MSG = "the hours that a node must be up must be from 0 to 168"


class UnknownReason(_ProgramError):
    """6055: the reason of a verdict must be 0 to 15, the numbers of ProofReason."""

    CODE = 6055
    NAME = "UnknownReason"
    MSG = "the reason of a verdict must be 0 to 15, the numbers of ProofReason"


class KeyDeparted(_ProgramError):
    """6056: this key has left a seat in the last seven days: it cannot take one yet."""

    CODE = 6056
    NAME = "KeyDeparted"
    MSG = "this key has left a seat in the last seven days: it cannot take one yet"


class TooManyDeparted(_ProgramError):
    """6057: at most 16 keys may leave seats in seven days."""

    CODE = 6057
    NAME = "TooManyDeparted"
    MSG = "at most 16 keys may leave seats in seven days"


class WrongPredecessor(_ProgramError):
    """6058: the predecessor is not the report that the content names."""

    CODE = 6058
    NAME = "WrongPredecessor"
    MSG = "the predecessor is not the report that the content names"


class NotAtHead(_ProgramError):
    """6059: the predecessor is not the report at the head."""

    CODE = 6059
    NAME = "NotAtHead"
    MSG = "the predecessor is not the report at the head"


class TooManyPending(_ProgramError):
    """6060: 192 reports are approved but not final: finalize the earliest first."""

    CODE = 6060
    NAME = "TooManyPending"
    MSG = "192 reports are approved but not final: finalize the earliest first"


class ReportFell(_ProgramError):
    """6061: the report has fallen, because another stands at its height or one before it was voided: renew
    it.
    """

    CODE = 6061
    NAME = "ReportFell"
    MSG = "the report has fallen, because another stands at its height or one before it was voided: renew it"


class NotNext(_ProgramError):
    """6062: the report of the previous height has to become final first."""

    CODE = 6062
    NAME = "NotNext"
    MSG = "the report of the previous height has to become final first"


class TotalAboveCorrection(_ProgramError):
    """6063: a correction's total must not exceed the highest so far plus what was paid since."""

    CODE = 6063
    NAME = "TotalAboveCorrection"
    MSG = "a correction's total must not exceed the highest so far plus what was paid since"


class CorrectionOpen(_ProgramError):
    """6064: another correction is approved but not final."""

    CODE = 6064
    NAME = "CorrectionOpen"
    MSG = "another correction is approved but not final"


class CorrectionTooSoon(_ProgramError):
    """6065: the next correction can be approved 72 hours plus the hold after the last."""

    CODE = 6065
    NAME = "CorrectionTooSoon"
    MSG = "the next correction can be approved 72 hours plus the hold after the last"


class CorrectionStands(_ProgramError):
    """6066: a correction may lower leaves: a lower leaf does not refute it."""

    CODE = 6066
    NAME = "CorrectionStands"
    MSG = "a correction may lower leaves: a lower leaf does not refute it"


class NotACorrection(_ProgramError):
    """6067: only a correction can be endorsed."""

    CODE = 6067
    NAME = "NotACorrection"
    MSG = "only a correction can be endorsed"


class AlreadyEndorsed(_ProgramError):
    """6068: the guardian has endorsed the correction already."""

    CODE = 6068
    NAME = "AlreadyEndorsed"
    MSG = "the guardian has endorsed the correction already"


class NotRenewable(_ProgramError):
    """6069: only a report that is void, has fallen, or is pending under an earlier attester set can be
    renewed.
    """

    CODE = 6069
    NAME = "NotRenewable"
    MSG = "only a report that is void, has fallen, or is pending under an earlier attester set can be renewed"


class NotHead(_ProgramError):
    """6070: verdicts can be shown only from the report at the head."""

    CODE = 6070
    NAME = "NotHead"
    MSG = "verdicts can be shown only from the report at the head"


class WrongVerdict(_ProgramError):
    """6071: the verdict must not be later than its report, and must not pass with a reason to fail."""

    CODE = 6071
    NAME = "WrongVerdict"
    MSG = "the verdict must not be later than its report, and must not pass with a reason to fail"


class TooManyVoids(_ProgramError):
    """6072: the guardian may void at most 20 reports in 30 days."""

    CODE = 6072
    NAME = "TooManyVoids"
    MSG = "the guardian may void at most 20 reports in 30 days"


class HoldOutOfBounds(_ProgramError):
    """6073: rewards must be held back for at most 30 days."""

    CODE = 6073
    NAME = "HoldOutOfBounds"
    MSG = "rewards must be held back for at most 30 days"


class WrongHour(_ProgramError):
    """6074: seq must be the hours from the start of emission to the end of the hour that runs; left: it."""

    CODE = 6074
    NAME = "WrongHour"
    MSG = "seq must be the hours from the start of emission to the end of the hour that runs; left: it"


class NoSlotHashes(_ProgramError):
    """6075: this is not the sysvar of the latest slots' hashes, or it has none."""

    CODE = 6075
    NAME = "NoSlotHashes"
    MSG = "this is not the sysvar of the latest slots' hashes, or it has none"


class CommitsClosed(_ProgramError):
    """6076: the time for commitments of this hour is over; left: its end, right: now."""

    CODE = 6076
    NAME = "CommitsClosed"
    MSG = "the time for commitments of this hour is over; left: its end, right: now"


class AlreadyCommitted(_ProgramError):
    """6077: this seat has posted its root of the hour already."""

    CODE = 6077
    NAME = "AlreadyCommitted"
    MSG = "this seat has posted its root of the hour already"


class CommitsOpen(_ProgramError):
    """6078: seats can still post their roots of this hour; left: until, right: now."""

    CODE = 6078
    NAME = "CommitsOpen"
    MSG = "seats can still post their roots of this hour; left: until, right: now"


class NothingCommitted(_ProgramError):
    """6079: no seat has posted a root of this hour: there is nothing to draw from."""

    CODE = 6079
    NAME = "NothingCommitted"
    MSG = "no seat has posted a root of this hour: there is nothing to draw from"


class AlreadyDrawn(_ProgramError):
    """6080: the hour is drawn already."""

    CODE = 6080
    NAME = "AlreadyDrawn"
    MSG = "the hour is drawn already"


class HourOver(_ProgramError):
    """6081: the hour is over, and was not drawn: verdicts repeat the last one."""

    CODE = 6081
    NAME = "HourOver"
    MSG = "the hour is over, and was not drawn: verdicts repeat the last one"


class DrawTooEarly(_ProgramError):
    """6082: the slot of the draw has no hash yet; left: the first slot, right: the latest hash."""

    CODE = 6082
    NAME = "DrawTooEarly"
    MSG = "the slot of the draw has no hash yet; left: the first slot, right: the latest hash"


class HourKept(_ProgramError):
    """6083: what was signed in this hour can still be disproved; left: until, right: now."""

    CODE = 6083
    NAME = "HourKept"
    MSG = "what was signed in this hour can still be disproved; left: until, right: now"


class HourTooOld(_ProgramError):
    """6084: what was signed in this hour can no longer be disproved; left: until when, right: now."""

    CODE = 6084
    NAME = "HourTooOld"
    MSG = "what was signed in this hour can no longer be disproved; left: until when, right: now"


class SizesUnknown(_ProgramError):
    """6085: no such proof is specified, or it is too large to make again in one transaction."""

    CODE = 6085
    NAME = "SizesUnknown"
    MSG = "no such proof is specified, or it is too large to make again in one transaction"


class OutsideProof(_ProgramError):
    """6086: there is no such cell, block or processor."""

    CODE = 6086
    NAME = "OutsideProof"
    MSG = "there is no such cell, block or processor"


class NotSigned(_ProgramError):
    """6087: the instruction before must be Ed25519's, of one signature with all its data, of this
    commitment.
    """

    CODE = 6087
    NAME = "NotSigned"
    MSG = "the instruction before must be Ed25519's, of one signature with all its data, of this commitment"


class ForeignCommitment(_ProgramError):
    """6088: the commitment is not signed by this node's device."""

    CODE = 6088
    NAME = "ForeignCommitment"
    MSG = "the commitment is not signed by this node's device"


class CellStands(_ProgramError):
    """6089: the cell is right."""

    CODE = 6089
    NAME = "CellStands"
    MSG = "the cell is right"


class ReadStands(_ProgramError):
    """6090: the read is right."""

    CODE = 6090
    NAME = "ReadStands"
    MSG = "the read is right"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotAuthority,
    6003: NotPendingAuthority,
    6004: MayNotPause,
    6005: UnknownEntry,
    6006: Paused,
    6007: WindowOutOfBounds,
    6008: BondOutOfBounds,
    6009: FreezeOutOfBounds,
    6010: TooManySeats,
    6011: SeatMissing,
    6012: HalfVacantSeat,
    6013: DuplicateKey,
    6014: SeatMoved,
    6015: WeightTooLarge,
    6016: ThresholdOutOfBounds,
    6017: NotAttester,
    6018: WrongContentHash,
    6019: NoEmission,
    6020: PeriodBeforeStart,
    6021: PeriodNotWholeHours,
    6022: PeriodNotOver,
    6023: WrongSeq,
    6024: TotalAboveEmission,
    6025: TotalFell,
    6026: NoLeaves,
    6027: AlreadyDecided,
    6028: NotPending,
    6029: StaleSet,
    6030: AlreadyApproved,
    6031: NotApproved,
    6032: WindowOpen,
    6033: PeriodFell,
    6034: Overflow,
    6035: NotANode,
    6036: ReportDecided,
    6037: WrongProof,
    6038: LeafStands,
    6039: NotGuardian,
    6040: NotResolver,
    6041: NotChallengeable,
    6042: ChallengeExpired,
    6043: ChallengeOpen,
    6044: WrongReport,
    6045: WrongNode,
    6046: WrongBond,
    6047: WrongDestination,
    6048: WrongRentPayer,
    6049: NotEmitted,
    6050: PeriodForgotten,
    6051: GpuShareOutOfBounds,
    6052: InUseShareOutOfBounds,
    6053: FeeBoundOutOfBounds,
    6054: UpHoursOutOfBounds,
    6055: UnknownReason,
    6056: KeyDeparted,
    6057: TooManyDeparted,
    6058: WrongPredecessor,
    6059: NotAtHead,
    6060: TooManyPending,
    6061: ReportFell,
    6062: NotNext,
    6063: TotalAboveCorrection,
    6064: CorrectionOpen,
    6065: CorrectionTooSoon,
    6066: CorrectionStands,
    6067: NotACorrection,
    6068: AlreadyEndorsed,
    6069: NotRenewable,
    6070: NotHead,
    6071: WrongVerdict,
    6072: TooManyVoids,
    6073: HoldOutOfBounds,
    6074: WrongHour,
    6075: NoSlotHashes,
    6076: CommitsClosed,
    6077: AlreadyCommitted,
    6078: CommitsOpen,
    6079: NothingCommitted,
    6080: AlreadyDrawn,
    6081: HourOver,
    6082: DrawTooEarly,
    6083: HourKept,
    6084: HourTooOld,
    6085: SizesUnknown,
    6086: OutsideProof,
    6087: NotSigned,
    6088: ForeignCommitment,
    6089: CellStands,
    6090: ReadStands,
}


__all__ = [
    "AlreadyApproved",
    "AlreadyCommitted",
    "AlreadyDecided",
    "AlreadyDrawn",
    "AlreadyEndorsed",
    "BondOutOfBounds",
    "CellStands",
    "ChallengeExpired",
    "ChallengeOpen",
    "CommitsClosed",
    "CommitsOpen",
    "CorrectionOpen",
    "CorrectionStands",
    "CorrectionTooSoon",
    "DrawTooEarly",
    "DuplicateKey",
    "FeeBoundOutOfBounds",
    "ForeignCommitment",
    "FreezeOutOfBounds",
    "GpuShareOutOfBounds",
    "HalfVacantSeat",
    "HoldOutOfBounds",
    "HourKept",
    "HourOver",
    "HourTooOld",
    "InUseShareOutOfBounds",
    "KeyDeparted",
    "LeafStands",
    "MayNotPause",
    "NoEmission",
    "NoLeaves",
    "NoSlotHashes",
    "NotACorrection",
    "NotANode",
    "NotApproved",
    "NotAtHead",
    "NotAttester",
    "NotAuthority",
    "NotChallengeable",
    "NotEmitted",
    "NotGuardian",
    "NotHead",
    "NotNext",
    "NotPending",
    "NotPendingAuthority",
    "NotRenewable",
    "NotResolver",
    "NotSigned",
    "NotUpgradeAuthority",
    "NothingCommitted",
    "OutsideProof",
    "Overflow",
    "Paused",
    "PeriodBeforeStart",
    "PeriodFell",
    "PeriodForgotten",
    "PeriodNotOver",
    "PeriodNotWholeHours",
    "ReadStands",
    "ReportDecided",
    "ReportFell",
    "SeatMissing",
    "SeatMoved",
    "SizesUnknown",
    "StaleSet",
    "ThresholdOutOfBounds",
    "TooManyDeparted",
    "TooManyPending",
    "TooManySeats",
    "TooManyVoids",
    "TotalAboveCorrection",
    "TotalAboveEmission",
    "TotalFell",
    "UnknownEntry",
    "UnknownReason",
    "UpHoursOutOfBounds",
    "WeightTooLarge",
    "WindowOpen",
    "WindowOutOfBounds",
    "WrongBond",
    "WrongContentHash",
    "WrongDestination",
    "WrongHour",
    "WrongNode",
    "WrongPredecessor",
    "WrongProgramData",
    "WrongProof",
    "WrongRentPayer",
    "WrongReport",
    "WrongSeq",
    "WrongVerdict",
]

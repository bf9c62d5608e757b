"""Errors of the governance program.

Generated from idl/governance.json by scripts/codegen; do not edit.
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


class NotTreasury(_ProgramError):
    """6002: only the treasury may do this, by an executed proposal."""

    CODE = 6002
    NAME = "NotTreasury"
    MSG = "only the treasury may do this, by an executed proposal"


class StakeOutOfBounds(_ProgramError):
    """6003: the stake that proposing needs must be from 1 to 100,000 IO."""

    CODE = 6003
    NAME = "StakeOutOfBounds"
    MSG = "the stake that proposing needs must be from 1 to 100,000 IO"


class BondOutOfBounds(_ProgramError):
    """6004: the bond must be from 1 to 10,000 IO."""

    CODE = 6004
    NAME = "BondOutOfBounds"
    MSG = "the bond must be from 1 to 10,000 IO"


class QuorumOutOfBounds(_ProgramError):
    """6005: the quorum must be from 2 to 20 % of eligible stake."""

    CODE = 6005
    NAME = "QuorumOutOfBounds"
    MSG = "the quorum must be from 2 to 20 % of eligible stake"


class ThresholdOutOfBounds(_ProgramError):
    """6006: the threshold must be from 50 to 67 %."""

    CODE = 6006
    NAME = "ThresholdOutOfBounds"
    MSG = "the threshold must be from 50 to 67 %"


class VotingOutOfBounds(_ProgramError):
    """6007: voting must take 3 to 7 days."""

    CODE = 6007
    NAME = "VotingOutOfBounds"
    MSG = "voting must take 3 to 7 days"


class ExtensionOutOfBounds(_ProgramError):
    """6008: the extension must be at most 2 days."""

    CODE = 6008
    NAME = "ExtensionOutOfBounds"
    MSG = "the extension must be at most 2 days"


class HoldUpOutOfBounds(_ProgramError):
    """6009: the hold-up must be from 2 to 7 days."""

    CODE = 6009
    NAME = "HoldUpOutOfBounds"
    MSG = "the hold-up must be from 2 to 7 days"


class OutflowOutOfBounds(_ProgramError):
    """6010: the treasury's outflow limit must be from 5 to 50 % in seven days."""

    CODE = 6010
    NAME = "OutflowOutOfBounds"
    MSG = "the treasury's outflow limit must be from 5 to 50 % in seven days"


class TermsTooLong(_ProgramError):
    """6011: voting, extension and hold-up together must not exceed the shortest cooldown of stake, 14
    days.
    """

    CODE = 6011
    NAME = "TermsTooLong"
    MSG = "voting, extension and hold-up together must not exceed the shortest cooldown of stake, 14 days"


class NotProposersStake(_ProgramError):
    """6012: the remaining accounts must be nodes and positions of the proposer."""

    CODE = 6012
    NAME = "NotProposersStake"
    MSG = "the remaining accounts must be nodes and positions of the proposer"


class WrongNode(_ProgramError):
    """6013: each position must be followed by its node."""

    CODE = 6013
    NAME = "WrongNode"
    MSG = "each position must be followed by its node"


class StakeOrder(_ProgramError):
    """6014: the nodes and positions that show stake must be in ascending order of address, each once."""

    CODE = 6014
    NAME = "StakeOrder"
    MSG = "the nodes and positions that show stake must be in ascending order of address, each once"


class StakeTooSmall(_ProgramError):
    """6015: the proposer has less stake, now or at the start of the week, than is needed to propose."""

    CODE = 6015
    NAME = "StakeTooSmall"
    MSG = "the proposer has less stake, now or at the start of the week, than is needed to propose"


class NotProposer(_ProgramError):
    """6016: the signer is not the proposer."""

    CODE = 6016
    NAME = "NotProposer"
    MSG = "the signer is not the proposer"


class NotDraft(_ProgramError):
    """6017: the proposal is no longer a draft."""

    CODE = 6017
    NAME = "NotDraft"
    MSG = "the proposal is no longer a draft"


class WrongIndex(_ProgramError):
    """6018: transactions are added in order: the index must be the next one."""

    CODE = 6018
    NAME = "WrongIndex"
    MSG = "transactions are added in order: the index must be the next one"


class TooManyTransactions(_ProgramError):
    """6019: a proposal has at most 16 transactions."""

    CODE = 6019
    NAME = "TooManyTransactions"
    MSG = "a proposal has at most 16 transactions"


class TooManyAccounts(_ProgramError):
    """6020: a transaction has at most 32 accounts."""

    CODE = 6020
    NAME = "TooManyAccounts"
    MSG = "a transaction has at most 32 accounts"


class TooMuchData(_ProgramError):
    """6021: a transaction has at most 1,024 bytes of data."""

    CODE = 6021
    NAME = "TooMuchData"
    MSG = "a transaction has at most 1,024 bytes of data"


class ForeignSigner(_ProgramError):
    """6022: only the treasury may sign in a transaction."""

    CODE = 6022
    NAME = "ForeignSigner"
    MSG = "only the treasury may sign in a transaction"


class SelfCall(_ProgramError):
    """6023: a transaction may call no instruction of governance but set_params and set_guardian."""

    CODE = 6023
    NAME = "SelfCall"
    MSG = "a transaction may call no instruction of governance but set_params and set_guardian"


class ShardsMissing(_ProgramError):
    """6024: all 16 stake shards must be given, in order."""

    CODE = 6024
    NAME = "ShardsMissing"
    MSG = "all 16 stake shards must be given, in order"


class SnapshotGone(_ProgramError):
    """6025: the stake of that week is no longer known."""

    CODE = 6025
    NAME = "SnapshotGone"
    MSG = "the stake of that week is no longer known"


class NothingStaked(_ProgramError):
    """6026: nobody had active stake at the start of the week."""

    CODE = 6026
    NAME = "NothingStaked"
    MSG = "nobody had active stake at the start of the week"


class NotVoting(_ProgramError):
    """6027: the proposal is not open for votes."""

    CODE = 6027
    NAME = "NotVoting"
    MSG = "the proposal is not open for votes"


class WrongHash(_ProgramError):
    """6028: the hash does not match the proposal's content."""

    CODE = 6028
    NAME = "WrongHash"
    MSG = "the hash does not match the proposal's content"


class UnknownChoice(_ProgramError):
    """6029: the choice must be for, against or abstain."""

    CODE = 6029
    NAME = "UnknownChoice"
    MSG = "the choice must be for, against or abstain"


class NotANode(_ProgramError):
    """6030: this is not a node of the staking program."""

    CODE = 6030
    NAME = "NotANode"
    MSG = "this is not a node of the staking program"


class NotAPosition(_ProgramError):
    """6031: this is not a position of the staking program."""

    CODE = 6031
    NAME = "NotAPosition"
    MSG = "this is not a position of the staking program"


class NoWeight(_ProgramError):
    """6032: the node or position had no active stake at the start of the week in which voting began."""

    CODE = 6032
    NAME = "NoWeight"
    MSG = "the node or position had no active stake at the start of the week in which voting began"


class NotHolder(_ProgramError):
    """6033: the signer does not hold the position."""

    CODE = 6033
    NAME = "NotHolder"
    MSG = "the signer does not hold the position"


class NotNodeOwner(_ProgramError):
    """6034: the signer does not own the node."""

    CODE = 6034
    NAME = "NotNodeOwner"
    MSG = "the signer does not own the node"


class OwnerSinceVote(_ProgramError):
    """6035: the node has been registered or reopened since voting began: its owner has no vote."""

    CODE = 6035
    NAME = "OwnerSinceVote"
    MSG = "the node has been registered or reopened since voting began: its owner has no vote"


class WrongProposal(_ProgramError):
    """6036: the account belongs to another proposal."""

    CODE = 6036
    NAME = "WrongProposal"
    MSG = "the account belongs to another proposal"


class StillVoting(_ProgramError):
    """6037: voting has not ended yet."""

    CODE = 6037
    NAME = "StillVoting"
    MSG = "voting has not ended yet"


class QueuedTooLate(_ProgramError):
    """6038: the proposal was not queued within 14 days after the vote."""

    CODE = 6038
    NAME = "QueuedTooLate"
    MSG = "the proposal was not queued within 14 days after the vote"


class NotQueued(_ProgramError):
    """6039: the proposal is not queued."""

    CODE = 6039
    NAME = "NotQueued"
    MSG = "the proposal is not queued"


class HeldUp(_ProgramError):
    """6040: the hold-up has not passed yet."""

    CODE = 6040
    NAME = "HeldUp"
    MSG = "the hold-up has not passed yet"


class Expired(_ProgramError):
    """6041: the time for executing the proposal is over."""

    CODE = 6041
    NAME = "Expired"
    MSG = "the time for executing the proposal is over"


class NotVotedOn(_ProgramError):
    """6042: the transaction is not the one that was voted on."""

    CODE = 6042
    NAME = "NotVotedOn"
    MSG = "the transaction is not the one that was voted on"


class WrongAccounts(_ProgramError):
    """6043: the accounts must be those of the transaction, in its order, and writable where it says so."""

    CODE = 6043
    NAME = "WrongAccounts"
    MSG = "the accounts must be those of the transaction, in its order, and writable where it says so"


class TreasuryChanged(_ProgramError):
    """6044: the treasury must stay an account of the System program without data."""

    CODE = 6044
    NAME = "TreasuryChanged"
    MSG = "the treasury must stay an account of the System program without data"


class TreasuryDelegated(_ProgramError):
    """6045: an account of the treasury must have no delegate and no close authority."""

    CODE = 6045
    NAME = "TreasuryDelegated"
    MSG = "an account of the treasury must have no delegate and no close authority"


class OutflowMissing(_ProgramError):
    """6046: the asset's outflow account is missing: open it with open_outflow, and include it."""

    CODE = 6046
    NAME = "OutflowMissing"
    MSG = "the asset's outflow account is missing: open it with open_outflow, and include it"


class OutflowLimit(_ProgramError):
    """6047: more would leave the treasury in seven days than the limit allows."""

    CODE = 6047
    NAME = "OutflowLimit"
    MSG = "more would leave the treasury in seven days than the limit allows"


class MayNotCancel(_ProgramError):
    """6048: only the proposer may cancel a draft, and only the guardian a proposal that is voted on or
    queued.
    """

    CODE = 6048
    NAME = "MayNotCancel"
    MSG = "only the proposer may cancel a draft, and only the guardian a proposal that is voted on or queued"


class GuardianOnly(_ProgramError):
    """6049: the guardian cannot cancel a proposal that only sets the guardian."""

    CODE = 6049
    NAME = "GuardianOnly"
    MSG = "the guardian cannot cancel a proposal that only sets the guardian"


class NotCancellable(_ProgramError):
    """6050: the proposal can no longer be cancelled."""

    CODE = 6050
    NAME = "NotCancellable"
    MSG = "the proposal can no longer be cancelled"


class BondNotReturned(_ProgramError):
    """6051: the bond cannot be returned: the proposal is still open, or too little stake has voted."""

    CODE = 6051
    NAME = "BondNotReturned"
    MSG = "the bond cannot be returned: the proposal is still open, or too little stake has voted"


class BondNotLost(_ProgramError):
    """6052: the bond is not lost: the proposal is still open, or the bond goes back."""

    CODE = 6052
    NAME = "BondNotLost"
    MSG = "the bond is not lost: the proposal is still open, or the bond goes back"


class WrongBond(_ProgramError):
    """6053: this is not the bond of the proposal."""

    CODE = 6053
    NAME = "WrongBond"
    MSG = "this is not the bond of the proposal"


class WrongDestination(_ProgramError):
    """6054: the token account does not belong to the recipient of this payment."""

    CODE = 6054
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class WrongRentPayer(_ProgramError):
    """6055: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6055
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class NotOver(_ProgramError):
    """6056: the proposal is not over yet."""

    CODE = 6056
    NAME = "NotOver"
    MSG = "the proposal is not over yet"


class Overflow(_ProgramError):
    """6057: a number does not fit in its field."""

    CODE = 6057
    NAME = "Overflow"
    MSG = "a number does not fit in its field"


class NoChangeNow(_ProgramError):
    """6058: votes can no longer be changed: the regular end of voting has passed."""

    CODE = 6058
    NAME = "NoChangeNow"
    MSG = "votes can no longer be changed: the regular end of voting has passed"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotTreasury,
    6003: StakeOutOfBounds,
    6004: BondOutOfBounds,
    6005: QuorumOutOfBounds,
    6006: ThresholdOutOfBounds,
    6007: VotingOutOfBounds,
    6008: ExtensionOutOfBounds,
    6009: HoldUpOutOfBounds,
    6010: OutflowOutOfBounds,
    6011: TermsTooLong,
    6012: NotProposersStake,
    6013: WrongNode,
    6014: StakeOrder,
    6015: StakeTooSmall,
    6016: NotProposer,
    6017: NotDraft,
    6018: WrongIndex,
    6019: TooManyTransactions,
    6020: TooManyAccounts,
    6021: TooMuchData,
    6022: ForeignSigner,
    6023: SelfCall,
    6024: ShardsMissing,
    6025: SnapshotGone,
    6026: NothingStaked,
    6027: NotVoting,
    6028: WrongHash,
    6029: UnknownChoice,
    6030: NotANode,
    6031: NotAPosition,
    6032: NoWeight,
    6033: NotHolder,
    6034: NotNodeOwner,
    6035: OwnerSinceVote,
    6036: WrongProposal,
    6037: StillVoting,
    6038: QueuedTooLate,
    6039: NotQueued,
    6040: HeldUp,
    6041: Expired,
    6042: NotVotedOn,
    6043: WrongAccounts,
    6044: TreasuryChanged,
    6045: TreasuryDelegated,
    6046: OutflowMissing,
    6047: OutflowLimit,
    6048: MayNotCancel,
    6049: GuardianOnly,
    6050: NotCancellable,
    6051: BondNotReturned,
    6052: BondNotLost,
    6053: WrongBond,
    6054: WrongDestination,
    6055: WrongRentPayer,
    6056: NotOver,
    6057: Overflow,
    6058: NoChangeNow,
}


__all__ = [
    "BondNotLost",
    "BondNotReturned",
    "BondOutOfBounds",
    "Expired",
    "ExtensionOutOfBounds",
    "ForeignSigner",
    "GuardianOnly",
    "HeldUp",
    "HoldUpOutOfBounds",
    "MayNotCancel",
    "NoChangeNow",
    "NoWeight",
    "NotANode",
    "NotAPosition",
    "NotCancellable",
    "NotDraft",
    "NotHolder",
    "NotNodeOwner",
    "NotOver",
    "NotProposer",
    "NotProposersStake",
    "NotQueued",
    "NotTreasury",
    "NotUpgradeAuthority",
    "NotVotedOn",
    "NotVoting",
    "NothingStaked",
    "OutflowLimit",
    "OutflowMissing",
    "OutflowOutOfBounds",
    "Overflow",
    "OwnerSinceVote",
    "QueuedTooLate",
    "QuorumOutOfBounds",
    "SelfCall",
    "ShardsMissing",
    "SnapshotGone",
    "StakeOrder",
    "StakeOutOfBounds",
    "StakeTooSmall",
    "StillVoting",
    "TermsTooLong",
    "ThresholdOutOfBounds",
    "TooManyAccounts",
    "TooManyTransactions",
    "TooMuchData",
    "TreasuryChanged",
    "TreasuryDelegated",
    "UnknownChoice",
    "VotingOutOfBounds",
    "WrongAccounts",
    "WrongBond",
    "WrongDestination",
    "WrongHash",
    "WrongIndex",
    "WrongNode",
    "WrongProgramData",
    "WrongProposal",
    "WrongRentPayer",
]

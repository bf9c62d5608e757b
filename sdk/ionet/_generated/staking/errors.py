"""Errors of the staking program.

Generated from idl/staking.json by scripts/codegen; do not edit.
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
    """6006: this instruction is paused."""

    CODE = 6006
    NAME = "Paused"
    MSG = "this instruction is paused"


class CooldownOutOfBounds(_ProgramError):
    """6007: the cooldown must be from 14 to 30 days."""

    CODE = 6007
    NAME = "CooldownOutOfBounds"
    MSG = "the cooldown must be from 14 to 30 days"


class SlasherIsResolver(_ProgramError):
    """6008: slasher and resolver must be different keys."""

    CODE = 6008
    NAME = "SlasherIsResolver"
    MSG = "slasher and resolver must be different keys"


class UnknownShard(_ProgramError):
    """6009: the shard must be from 0 to 15."""

    CODE = 6009
    NAME = "UnknownShard"
    MSG = "the shard must be from 0 to 15"


class WrongShard(_ProgramError):
    """6010: this shard does not belong to the node."""

    CODE = 6010
    NAME = "WrongShard"
    MSG = "this shard does not belong to the node"


class UnknownPool(_ProgramError):
    """6011: the kind of hardware must be 0 (GPU) or 1 (CPU)."""

    CODE = 6011
    NAME = "UnknownPool"
    MSG = "the kind of hardware must be 0 (GPU) or 1 (CPU)"


class MaximumOutOfBounds(_ProgramError):
    """6012: a node's maximum stake must be 2 to 20 times its minimum."""

    CODE = 6012
    NAME = "MaximumOutOfBounds"
    MSG = "a node's maximum stake must be 2 to 20 times its minimum"


class MinimumOutOfBounds(_ProgramError):
    """6013: a class's minimum per processor must be from 1 to 10,000 IO before the multiplier."""

    CODE = 6013
    NAME = "MinimumOutOfBounds"
    MSG = "a class's minimum per processor must be from 1 to 10,000 IO before the multiplier"


class MultiplierOutOfBounds(_ProgramError):
    """6014: the multiplier must be from 1 to 10,000,000 bps."""

    CODE = 6014
    NAME = "MultiplierOutOfBounds"
    MSG = "the multiplier must be from 1 to 10,000,000 bps"


class ClassDisabled(_ProgramError):
    """6015: the class is disabled: it takes no new devices."""

    CODE = 6015
    NAME = "ClassDisabled"
    MSG = "the class is disabled: it takes no new devices"


class WrongClass(_ProgramError):
    """6016: this is not the class of the node."""

    CODE = 6016
    NAME = "WrongClass"
    MSG = "this is not the class of the node"


class WrongAttesterSet(_ProgramError):
    """6017: this is not the attester set."""

    CODE = 6017
    NAME = "WrongAttesterSet"
    MSG = "this is not the attester set"


class NotAttester(_ProgramError):
    """6018: the signer has no seat in the attester set."""

    CODE = 6018
    NAME = "NotAttester"
    MSG = "the signer has no seat in the attester set"


class NotDeviceOwner(_ProgramError):
    """6019: the device belongs to another owner."""

    CODE = 6019
    NAME = "NotDeviceOwner"
    MSG = "the device belongs to another owner"


class DeviceInUse(_ProgramError):
    """6020: the device belongs to a node already."""

    CODE = 6020
    NAME = "DeviceInUse"
    MSG = "the device belongs to a node already"


class DeviceBanned(_ProgramError):
    """6021: the device is banned."""

    CODE = 6021
    NAME = "DeviceBanned"
    MSG = "the device is banned"


class CommissionOutOfBounds(_ProgramError):
    """6022: the commission must be at most 10,000 bps."""

    CODE = 6022
    NAME = "CommissionOutOfBounds"
    MSG = "the commission must be at most 10,000 bps"


class NotNodeOwner(_ProgramError):
    """6023: only the node's owner may do this."""

    CODE = 6023
    NAME = "NotNodeOwner"
    MSG = "only the node's owner may do this"


class NodeNotLive(_ProgramError):
    """6024: the node is not live."""

    CODE = 6024
    NAME = "NodeNotLive"
    MSG = "the node is not live"


class NodeTerminal(_ProgramError):
    """6025: the node has ended, for fraud or because co-stakers bore a loss."""

    CODE = 6025
    NAME = "NodeTerminal"
    MSG = "the node has ended, for fraud or because co-stakers bore a loss"


class ZeroAmount(_ProgramError):
    """6026: the amount must be above zero."""

    CODE = 6026
    NAME = "ZeroAmount"
    MSG = "the amount must be above zero"


class MaximumStake(_ProgramError):
    """6027: the stake of both sides would exceed the node's maximum; left: room, right: amount."""

    CODE = 6027
    NAME = "MaximumStake"
    MSG = "the stake of both sides would exceed the node's maximum; left: room, right: amount"


class CoStakeAboveHalf(_ProgramError):
    """6028: co-stake would exceed the owner's active stake; left: room, right: amount."""

    CODE = 6028
    NAME = "CoStakeAboveHalf"
    MSG = "co-stake would exceed the owner's active stake; left: room, right: amount"


class OwnerIsNoCoStaker(_ProgramError):
    """6029: the node's owner cannot be its co-staker: stake on the owner's side."""

    CODE = 6029
    NAME = "OwnerIsNoCoStaker"
    MSG = "the node's owner cannot be its co-staker: stake on the owner's side"


class ActivateFirst(_ProgramError):
    """6030: earlier pending stake is ready: activate it before adding more."""

    CODE = 6030
    NAME = "ActivateFirst"
    MSG = "earlier pending stake is ready: activate it before adding more"


class NothingPending(_ProgramError):
    """6031: nothing is pending."""

    CODE = 6031
    NAME = "NothingPending"
    MSG = "nothing is pending"


class StillPending(_ProgramError):
    """6032: pending stake can be activated once the node is credited past it."""

    CODE = 6032
    NAME = "StillPending"
    MSG = "pending stake can be activated once the node is credited past it"


class MoreThanStaked(_ProgramError):
    """6033: less is staked than the amount; left: staked, right: amount."""

    CODE = 6033
    NAME = "MoreThanStaked"
    MSG = "less is staked than the amount; left: staked, right: amount"


class LeaseLocksMinimum(_ProgramError):
    """6034: while the node is leased the owner's minimum must stay; left: what would stay, right: minimum."""

    CODE = 6034
    NAME = "LeaseLocksMinimum"
    MSG = "while the node is leased the owner's minimum must stay; left: what would stay, right: minimum"


class NoFreeSlot(_ProgramError):
    """6035: four withdrawals are cooling: withdraw one that is ready first."""

    CODE = 6035
    NAME = "NoFreeSlot"
    MSG = "four withdrawals are cooling: withdraw one that is ready first"


class NothingReady(_ProgramError):
    """6036: no stake has finished its cooldown."""

    CODE = 6036
    NAME = "NothingReady"
    MSG = "no stake has finished its cooldown"


class NothingToClaim(_ProgramError):
    """6037: there are no rewards to claim."""

    CODE = 6037
    NAME = "NothingToClaim"
    MSG = "there are no rewards to claim"


class Frozen(_ProgramError):
    """6038: open slash proposals hold this back; left: what would stay, right: proposed."""

    CODE = 6038
    NAME = "Frozen"
    MSG = "open slash proposals hold this back; left: what would stay, right: proposed"


class CoExitFrozen(_ProgramError):
    """6039: open slash proposals exceed the owner's side: co-stakers must wait until they are decided."""

    CODE = 6039
    NAME = "CoExitFrozen"
    MSG = "open slash proposals exceed the owner's side: co-stakers must wait until they are decided"


class WrongVault(_ProgramError):
    """6040: this is not the node's vault."""

    CODE = 6040
    NAME = "WrongVault"
    MSG = "this is not the node's vault"


class WrongOffer(_ProgramError):
    """6041: this is not the node's offer account."""

    CODE = 6041
    NAME = "WrongOffer"
    MSG = "this is not the node's offer account"


class NotHolder(_ProgramError):
    """6042: the position belongs to another holder."""

    CODE = 6042
    NAME = "NotHolder"
    MSG = "the position belongs to another holder"


class WrongNode(_ProgramError):
    """6043: the position is on another node."""

    CODE = 6043
    NAME = "WrongNode"
    MSG = "the position is on another node"


class NotAReport(_ProgramError):
    """6044: this is not a report of the proofs program."""

    CODE = 6044
    NAME = "NotAReport"
    MSG = "this is not a report of the proofs program"


class ReportNotFinal(_ProgramError):
    """6045: the report is not final."""

    CODE = 6045
    NAME = "ReportNotFinal"
    MSG = "the report is not final"


class ReportTooOld(_ProgramError):
    """6046: the report became final more than 30 days ago: use a newer report."""

    CODE = 6046
    NAME = "ReportTooOld"
    MSG = "the report became final more than 30 days ago: use a newer report"


class LeafBeyondReport(_ProgramError):
    """6047: the leaf ends after the report's period."""

    CODE = 6047
    NAME = "LeafBeyondReport"
    MSG = "the leaf ends after the report's period"


class WrongProof(_ProgramError):
    """6048: the Merkle proof does not lead to the report's root."""

    CODE = 6048
    NAME = "WrongProof"
    MSG = "the Merkle proof does not lead to the report's root"


class ReportExhausted(_ProgramError):
    """6049: credits would exceed the report's total; left: total, right: credits."""

    CODE = 6049
    NAME = "ReportExhausted"
    MSG = "credits would exceed the report's total; left: total, right: credits"


class NoActiveStake(_ProgramError):
    """6050: a node without active stake is credited nothing; no longer used."""

    CODE = 6050
    NAME = "NoActiveStake"
    MSG = "a node without active stake is credited nothing; no longer used"


class CreditFrozen(_ProgramError):
    """6051: a challenge holds this node's credit back."""

    CODE = 6051
    NAME = "CreditFrozen"
    MSG = "a challenge holds this node's credit back"


class WrongDestination(_ProgramError):
    """6052: the token account does not belong to the recipient of this payment."""

    CODE = 6052
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class Overflow(_ProgramError):
    """6053: an amount does not fit in 64 bits."""

    CODE = 6053
    NAME = "Overflow"
    MSG = "an amount does not fit in 64 bits"


class AppealOutOfBounds(_ProgramError):
    """6054: the time for an appeal must be from 7 to 60 days."""

    CODE = 6054
    NAME = "AppealOutOfBounds"
    MSG = "the time for an appeal must be from 7 to 60 days"


class CommissionStep(_ProgramError):
    """6055: a commission may rise by at most 500 bps at once; left: the highest, right: asked for."""

    CODE = 6055
    NAME = "CommissionStep"
    MSG = "a commission may rise by at most 500 bps at once; left: the highest, right: asked for"


class CommissionUndecided(_ProgramError):
    """6056: an earlier change of the commission applies at the next credit; credit the node first."""

    CODE = 6056
    NAME = "CommissionUndecided"
    MSG = "an earlier change of the commission applies at the next credit; credit the node first"


class TooManyDevices(_ProgramError):
    """6057: a node has at most 8 processors."""

    CODE = 6057
    NAME = "TooManyDevices"
    MSG = "a node has at most 8 processors"


class LastDevice(_ProgramError):
    """6058: a node's last processor cannot be detached: retire the node."""

    CODE = 6058
    NAME = "LastDevice"
    MSG = "a node's last processor cannot be detached: retire the node"


class NotNodeDevice(_ProgramError):
    """6059: only a node's first device can be used here, and only its others can be detached."""

    CODE = 6059
    NAME = "NotNodeDevice"
    MSG = "only a node's first device can be used here, and only its others can be detached"


class NodeLeased(_ProgramError):
    """6060: the node is leased."""

    CODE = 6060
    NAME = "NodeLeased"
    MSG = "the node is leased"


class NodeNotRetired(_ProgramError):
    """6061: the node is not retired."""

    CODE = 6061
    NAME = "NodeNotRetired"
    MSG = "the node is not retired"


class NodeNotEmpty(_ProgramError):
    """6062: another owner's stake or rewards are still on the node."""

    CODE = 6062
    NAME = "NodeNotEmpty"
    MSG = "another owner's stake or rewards are still on the node"


class NotDeviceKey(_ProgramError):
    """6063: the signer is not the device's key."""

    CODE = 6063
    NAME = "NotDeviceKey"
    MSG = "the signer is not the device's key"


class DeviceOwned(_ProgramError):
    """6064: the device has an owner: the owner or the resolver must release it first."""

    CODE = 6064
    NAME = "DeviceOwned"
    MSG = "the device has an owner: the owner or the resolver must release it first"


class NotSlasher(_ProgramError):
    """6065: only the slasher may propose a slash."""

    CODE = 6065
    NAME = "NotSlasher"
    MSG = "only the slasher may propose a slash"


class NotResolver(_ProgramError):
    """6066: only the resolver may do this."""

    CODE = 6066
    NAME = "NotResolver"
    MSG = "only the resolver may do this"


class SlashAboveStake(_ProgramError):
    """6067: open proposals would exceed what can be slashed; left: slashable, right: proposed."""

    CODE = 6067
    NAME = "SlashAboveStake"
    MSG = "open proposals would exceed what can be slashed; left: slashable, right: proposed"


class AppealClosed(_ProgramError):
    """6068: the slash can no longer be appealed, or was appealed already."""

    CODE = 6068
    NAME = "AppealClosed"
    MSG = "the slash can no longer be appealed, or was appealed already"


class NotDecidable(_ProgramError):
    """6069: the slash cannot be decided now."""

    CODE = 6069
    NAME = "NotDecidable"
    MSG = "the slash cannot be decided now"


class SlashRaised(_ProgramError):
    """6070: the resolver may lower a slash, but not raise it; left: proposed, right: decided."""

    CODE = 6070
    NAME = "SlashRaised"
    MSG = "the resolver may lower a slash, but not raise it; left: proposed, right: decided"


class NotExecutable(_ProgramError):
    """6071: the slash cannot be executed now."""

    CODE = 6071
    NAME = "NotExecutable"
    MSG = "the slash cannot be executed now"


class SlashLimit(_ProgramError):
    """6072: the limit of what slashes may burn in 7 days is used up: try again later."""

    CODE = 6072
    NAME = "SlashLimit"
    MSG = "the limit of what slashes may burn in 7 days is used up: try again later"


class ShardsMissing(_ProgramError):
    """6073: all 16 stake shards must be given."""

    CODE = 6073
    NAME = "ShardsMissing"
    MSG = "all 16 stake shards must be given"


class SlashOpen(_ProgramError):
    """6074: the slash is neither done nor lapsed."""

    CODE = 6074
    NAME = "SlashOpen"
    MSG = "the slash is neither done nor lapsed"


class WrongRentPayer(_ProgramError):
    """6075: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6075
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class NodeNotTerminal(_ProgramError):
    """6076: the node did not end for fraud."""

    CODE = 6076
    NAME = "NodeNotTerminal"
    MSG = "the node did not end for fraud"


class NotProofs(_ProgramError):
    """6077: only the proofs program may do this."""

    CODE = 6077
    NAME = "NotProofs"
    MSG = "only the proofs program may do this"


class ReportRefuted(_ProgramError):
    """6078: an upheld challenge excludes this report for the node: use a newer report."""

    CODE = 6078
    NAME = "ReportRefuted"
    MSG = "an upheld challenge excludes this report for the node: use a newer report"


class NotNetwork(_ProgramError):
    """6079: the network belongs to another authority."""

    CODE = 6079
    NAME = "NotNetwork"
    MSG = "the network belongs to another authority"


class InNetwork(_ProgramError):
    """6080: the node belongs to a network already."""

    CODE = 6080
    NAME = "InNetwork"
    MSG = "the node belongs to a network already"


class DevicesAttached(_ProgramError):
    """6081: other processors are attached to the node: detach them first."""

    CODE = 6081
    NAME = "DevicesAttached"
    MSG = "other processors are attached to the node: detach them first"


class CommissionNotice(_ProgramError):
    """6082: the node has co-stakers: announce a change of its commission with set_commission."""

    CODE = 6082
    NAME = "CommissionNotice"
    MSG = "the node has co-stakers: announce a change of its commission with set_commission"


class OwnerStays(_ProgramError):
    """6083: the node can pass to another owner once it was credited up to its retirement, or 60 days after
    that.
    """

    CODE = 6083
    NAME = "OwnerStays"
    MSG = (
        "the node can pass to another owner once it was credited up to its retirement, or 60 days after that"
    )


class CreditLimit(_ProgramError):
    """6084: at most a month's emission is credited in 7 days: try again tomorrow; left: room, right: owed."""

    CODE = 6084
    NAME = "CreditLimit"
    MSG = "at most a month's emission is credited in 7 days: try again tomorrow; left: room, right: owed"


class ChallengedLately(_ProgramError):
    """6085: a challenge of this node lapsed undecided: for 30 days only the guardian may challenge it."""

    CODE = 6085
    NAME = "ChallengedLately"
    MSG = "a challenge of this node lapsed undecided: for 30 days only the guardian may challenge it"


class OwnerBelowMinimum(_ProgramError):
    """6086: the owner's active stake does not cover the node's minimum; left: active, right: minimum."""

    CODE = 6086
    NAME = "OwnerBelowMinimum"
    MSG = "the owner's active stake does not cover the node's minimum; left: active, right: minimum"


class CreditTooSoon(_ProgramError):
    """6087: something on the node is pending or late: its credits must be ten minutes apart."""

    CODE = 6087
    NAME = "CreditTooSoon"
    MSG = "something on the node is pending or late: its credits must be ten minutes apart"


class CreditStopped(_ProgramError):
    """6088: an open slash proposal that names fraud stops the node's credit."""

    CODE = 6088
    NAME = "CreditStopped"
    MSG = "an open slash proposal that names fraud stops the node's credit"


class HourNotEarned(_ProgramError):
    """6089: the node earned nothing in this hour: its device was banned, or co-stakers had borne a loss."""

    CODE = 6089
    NAME = "HourNotEarned"
    MSG = "the node earned nothing in this hour: its device was banned, or co-stakers had borne a loss"


class RewardAboveBound(_ProgramError):
    """6090: the reward exceeds the bound that the owner's minimum sets for its hours; left: bound, right:
    owed.
    """

    CODE = 6090
    NAME = "RewardAboveBound"
    MSG = "the reward exceeds the bound that the owner's minimum sets for its hours; left: bound, right: owed"


class TooManyPositions(_ProgramError):
    """6091: a credit can settle at most four positions."""

    CODE = 6091
    NAME = "TooManyPositions"
    MSG = "a credit can settle at most four positions"


class DecidedLimitOutOfBounds(_ProgramError):
    """6092: the limit of what is burned by decision in 7 days must be from 100 to 3,300 bps of all stake."""

    CODE = 6092
    NAME = "DecidedLimitOutOfBounds"
    MSG = "the limit of what is burned by decision in 7 days must be from 100 to 3,300 bps of all stake"


class RewardBoundOutOfBounds(_ProgramError):
    """6093: the bound of an hour's reward must be from 10 to 1,000 bps of the owner's minimum."""

    CODE = 6093
    NAME = "RewardBoundOutOfBounds"
    MSG = "the bound of an hour's reward must be from 10 to 1,000 bps of the owner's minimum"


class StopLimit(_ProgramError):
    """6094: the nodes whose credit is stopped would exceed a tenth of all stake; left: limit, right: sum."""

    CODE = 6094
    NAME = "StopLimit"
    MSG = "the nodes whose credit is stopped would exceed a tenth of all stake; left: limit, right: sum"


class SlashPause(_ProgramError):
    """6095: a slash of this node has lapsed: none can be proposed for 30 days; left: now, right: from
    when.
    """

    CODE = 6095
    NAME = "SlashPause"
    MSG = "a slash of this node has lapsed: none can be proposed for 30 days; left: now, right: from when"


class SlashSetApart(_ProgramError):
    """6096: a decision must not be below what was set apart already; left: decided, right: set apart or
    burned.
    """

    CODE = 6096
    NAME = "SlashSetApart"
    MSG = "a decision must not be below what was set apart already; left: decided, right: set apart or burned"


class SlashDecided(_ProgramError):
    """6097: the slash is decided, and can no longer be cancelled."""

    CODE = 6097
    NAME = "SlashDecided"
    MSG = "the slash is decided, and can no longer be cancelled"


class FormerUnpaid(_ProgramError):
    """6098: an earlier owner of the node has not been paid out yet."""

    CODE = 6098
    NAME = "FormerUnpaid"
    MSG = "an earlier owner of the node has not been paid out yet"


class ReportHeld(_ProgramError):
    """6099: the report's hours are still held back; left: now, right: from when."""

    CODE = 6099
    NAME = "ReportHeld"
    MSG = "the report's hours are still held back; left: now, right: from when"


class ReportCorrected(_ProgramError):
    """6100: a correction came after this report: use a newer report."""

    CODE = 6100
    NAME = "ReportCorrected"
    MSG = "a correction came after this report: use a newer report"


class LeafOutOfOrder(_ProgramError):
    """6101: something on the node is pending or late: credit the leaf of its previous height first."""

    CODE = 6101
    NAME = "LeafOutOfOrder"
    MSG = "something on the node is pending or late: credit the leaf of its previous height first"


class VerdictBeforeChange(_ProgramError):
    """6102: the verdict is from before the node last changed; left: its hour, right: since."""

    CODE = 6102
    NAME = "VerdictBeforeChange"
    MSG = "the verdict is from before the node last changed; left: its hour, right: since"


class KeyStays(_ProgramError):
    """6103: a node's owner can give it another device key once it has been retired for seven days and an
    hour.
    """

    CODE = 6103
    NAME = "KeyStays"
    MSG = "a node's owner can give it another device key once it has been retired for seven days and an hour"


class AlreadyApproved(_ProgramError):
    """6104: this seat has approved it already."""

    CODE = 6104
    NAME = "AlreadyApproved"
    MSG = "this seat has approved it already"


class NotApproved(_ProgramError):
    """6105: approvals do not reach the threshold, or are of another set or over seven days old."""

    CODE = 6105
    NAME = "NotApproved"
    MSG = "approvals do not reach the threshold, or are of another set or over seven days old"


class NoticeRuns(_ProgramError):
    """6106: the node's owner was told less than a day ago; left: now, right: from when it is lowered."""

    CODE = 6106
    NAME = "NoticeRuns"
    MSG = "the node's owner was told less than a day ago; left: now, right: from when it is lowered"


class OtherPool(_ProgramError):
    """6107: the class is of another pool."""

    CODE = 6107
    NAME = "OtherPool"
    MSG = "the class is of another pool"


class ClassNotLower(_ProgramError):
    """6108: the class does not weigh less than the node's; left: the node's multiplier, right: the
    class's.
    """

    CODE = 6108
    NAME = "ClassNotLower"
    MSG = "the class does not weigh less than the node's; left: the node's multiplier, right: the class's"


class ProofPassed(_ProgramError):
    """6109: the node's latest verdict has passed: it stays in its class."""

    CODE = 6109
    NAME = "ProofPassed"
    MSG = "the node's latest verdict has passed: it stays in its class"


class ProductUnknown(_ProgramError):
    """6110: a product's m must be a power of two from 64 to 65,536, and its k a multiple of 16 up to
    4,194,304.
    """

    CODE = 6110
    NAME = "ProductUnknown"
    MSG = "a product's m must be a power of two from 64 to 65,536, and its k a multiple of 16 up to 4,194,304"


class MemoryUnknown(_ProgramError):
    """6111: a memory has 2^6 to 2^28 chains, at most its blocks; 8 to 2^16 rounds, 1 to 2^16 reads."""

    CODE = 6111
    NAME = "MemoryUnknown"
    MSG = "a memory has 2^6 to 2^28 chains, at most its blocks; 8 to 2^16 rounds, 1 to 2^16 reads"


class ReferenceOutOfBounds(_ProgramError):
    """6112: a reference's time must be from a nanosecond to a quarter of an hour."""

    CODE = 6112
    NAME = "ReferenceOutOfBounds"
    MSG = "a reference's time must be from a nanosecond to a quarter of an hour"


class ApprovedBeforeOwner(_ProgramError):
    """6113: the approvals are of before the device's present owner; left: the first of them, right: since
    when.
    """

    CODE = 6113
    NAME = "ApprovedBeforeOwner"
    MSG = "the approvals are of before the device's present owner; left: the first of them, right: since when"


class DisproofsOpen(_ProgramError):
    """6114: the former owner's last hours can still be disproved; left: now, right: until when."""

    CODE = 6114
    NAME = "DisproofsOpen"
    MSG = "the former owner's last hours can still be disproved; left: now, right: until when"


class RetiredThen(_ProgramError):
    """6115: the node was retired for all of that hour: what its device signed then counts for nothing."""

    CODE = 6115
    NAME = "RetiredThen"
    MSG = "the node was retired for all of that hour: what its device signed then counts for nothing"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotAuthority,
    6003: NotPendingAuthority,
    6004: MayNotPause,
    6005: UnknownEntry,
    6006: Paused,
    6007: CooldownOutOfBounds,
    6008: SlasherIsResolver,
    6009: UnknownShard,
    6010: WrongShard,
    6011: UnknownPool,
    6012: MaximumOutOfBounds,
    6013: MinimumOutOfBounds,
    6014: MultiplierOutOfBounds,
    6015: ClassDisabled,
    6016: WrongClass,
    6017: WrongAttesterSet,
    6018: NotAttester,
    6019: NotDeviceOwner,
    6020: DeviceInUse,
    6021: DeviceBanned,
    6022: CommissionOutOfBounds,
    6023: NotNodeOwner,
    6024: NodeNotLive,
    6025: NodeTerminal,
    6026: ZeroAmount,
    6027: MaximumStake,
    6028: CoStakeAboveHalf,
    6029: OwnerIsNoCoStaker,
    6030: ActivateFirst,
    6031: NothingPending,
    6032: StillPending,
    6033: MoreThanStaked,
    6034: LeaseLocksMinimum,
    6035: NoFreeSlot,
    6036: NothingReady,
    6037: NothingToClaim,
    6038: Frozen,
    6039: CoExitFrozen,
    6040: WrongVault,
    6041: WrongOffer,
    6042: NotHolder,
    6043: WrongNode,
    6044: NotAReport,
    6045: ReportNotFinal,
    6046: ReportTooOld,
    6047: LeafBeyondReport,
    6048: WrongProof,
    6049: ReportExhausted,
    6050: NoActiveStake,
    6051: CreditFrozen,
    6052: WrongDestination,
    6053: Overflow,
    6054: AppealOutOfBounds,
    6055: CommissionStep,
    6056: CommissionUndecided,
    6057: TooManyDevices,
    6058: LastDevice,
    6059: NotNodeDevice,
    6060: NodeLeased,
    6061: NodeNotRetired,
    6062: NodeNotEmpty,
    6063: NotDeviceKey,
    6064: DeviceOwned,
    6065: NotSlasher,
    6066: NotResolver,
    6067: SlashAboveStake,
    6068: AppealClosed,
    6069: NotDecidable,
    6070: SlashRaised,
    6071: NotExecutable,
    6072: SlashLimit,
    6073: ShardsMissing,
    6074: SlashOpen,
    6075: WrongRentPayer,
    6076: NodeNotTerminal,
    6077: NotProofs,
    6078: ReportRefuted,
    6079: NotNetwork,
    6080: InNetwork,
    6081: DevicesAttached,
    6082: CommissionNotice,
    6083: OwnerStays,
    6084: CreditLimit,
    6085: ChallengedLately,
    6086: OwnerBelowMinimum,
    6087: CreditTooSoon,
    6088: CreditStopped,
    6089: HourNotEarned,
    6090: RewardAboveBound,
    6091: TooManyPositions,
    6092: DecidedLimitOutOfBounds,
    6093: RewardBoundOutOfBounds,
    6094: StopLimit,
    6095: SlashPause,
    6096: SlashSetApart,
    6097: SlashDecided,
    6098: FormerUnpaid,
    6099: ReportHeld,
    6100: ReportCorrected,
    6101: LeafOutOfOrder,
    6102: VerdictBeforeChange,
    6103: KeyStays,
    6104: AlreadyApproved,
    6105: NotApproved,
    6106: NoticeRuns,
    6107: OtherPool,
    6108: ClassNotLower,
    6109: ProofPassed,
    6110: ProductUnknown,
    6111: MemoryUnknown,
    6112: ReferenceOutOfBounds,
    6113: ApprovedBeforeOwner,
    6114: DisproofsOpen,
    6115: RetiredThen,
}


__all__ = [
    "ActivateFirst",
    "AlreadyApproved",
    "AppealClosed",
    "AppealOutOfBounds",
    "ApprovedBeforeOwner",
    "ChallengedLately",
    "ClassDisabled",
    "ClassNotLower",
    "CoExitFrozen",
    "CoStakeAboveHalf",
    "CommissionNotice",
    "CommissionOutOfBounds",
    "CommissionStep",
    "CommissionUndecided",
    "CooldownOutOfBounds",
    "CreditFrozen",
    "CreditLimit",
    "CreditStopped",
    "CreditTooSoon",
    "DecidedLimitOutOfBounds",
    "DeviceBanned",
    "DeviceInUse",
    "DeviceOwned",
    "DevicesAttached",
    "DisproofsOpen",
    "FormerUnpaid",
    "Frozen",
    "HourNotEarned",
    "InNetwork",
    "KeyStays",
    "LastDevice",
    "LeafBeyondReport",
    "LeafOutOfOrder",
    "LeaseLocksMinimum",
    "MaximumOutOfBounds",
    "MaximumStake",
    "MayNotPause",
    "MemoryUnknown",
    "MinimumOutOfBounds",
    "MoreThanStaked",
    "MultiplierOutOfBounds",
    "NoActiveStake",
    "NoFreeSlot",
    "NodeLeased",
    "NodeNotEmpty",
    "NodeNotLive",
    "NodeNotRetired",
    "NodeNotTerminal",
    "NodeTerminal",
    "NotAReport",
    "NotApproved",
    "NotAttester",
    "NotAuthority",
    "NotDecidable",
    "NotDeviceKey",
    "NotDeviceOwner",
    "NotExecutable",
    "NotHolder",
    "NotNetwork",
    "NotNodeDevice",
    "NotNodeOwner",
    "NotPendingAuthority",
    "NotProofs",
    "NotResolver",
    "NotSlasher",
    "NotUpgradeAuthority",
    "NothingPending",
    "NothingReady",
    "NothingToClaim",
    "NoticeRuns",
    "OtherPool",
    "Overflow",
    "OwnerBelowMinimum",
    "OwnerIsNoCoStaker",
    "OwnerStays",
    "Paused",
    "ProductUnknown",
    "ProofPassed",
    "ReferenceOutOfBounds",
    "ReportCorrected",
    "ReportExhausted",
    "ReportHeld",
    "ReportNotFinal",
    "ReportRefuted",
    "ReportTooOld",
    "RetiredThen",
    "RewardAboveBound",
    "RewardBoundOutOfBounds",
    "ShardsMissing",
    "SlashAboveStake",
    "SlashDecided",
    "SlashLimit",
    "SlashOpen",
    "SlashPause",
    "SlashRaised",
    "SlashSetApart",
    "SlasherIsResolver",
    "StillPending",
    "StopLimit",
    "TooManyDevices",
    "TooManyPositions",
    "UnknownEntry",
    "UnknownPool",
    "UnknownShard",
    "VerdictBeforeChange",
    "WrongAttesterSet",
    "WrongClass",
    "WrongDestination",
    "WrongNode",
    "WrongOffer",
    "WrongProgramData",
    "WrongProof",
    "WrongRentPayer",
    "WrongShard",
    "WrongVault",
    "ZeroAmount",
]

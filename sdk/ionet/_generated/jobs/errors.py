"""Errors of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
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


class BookingFeeOutOfBounds(_ProgramError):
    """6007: the booking fee must be at most 100 bps."""

    CODE = 6007
    NAME = "BookingFeeOutOfBounds"
    MSG = "the booking fee must be at most 100 bps"


class PaymentFeeOutOfBounds(_ProgramError):
    """6008: the payment fee must be at most 300 bps."""

    CODE = 6008
    NAME = "PaymentFeeOutOfBounds"
    MSG = "the payment fee must be at most 300 bps"


class PriceAgeOutOfBounds(_ProgramError):
    """6009: the largest age of a price must be from 1 to 300 seconds."""

    CODE = 6009
    NAME = "PriceAgeOutOfBounds"
    MSG = "the largest age of a price must be from 1 to 300 seconds"


class ConfidenceOutOfBounds(_ProgramError):
    """6010: the widest confidence interval of a price must be at most 500 bps."""

    CODE = 6010
    NAME = "ConfidenceOutOfBounds"
    MSG = "the widest confidence interval of a price must be at most 500 bps"


class EmaDistanceOutOfBounds(_ProgramError):
    """6011: the largest distance of a price from its moving average must be from 1 to 2,000 bps."""

    CODE = 6011
    NAME = "EmaDistanceOutOfBounds"
    MSG = "the largest distance of a price from its moving average must be from 1 to 2,000 bps"


class AttestersOutOfBounds(_ProgramError):
    """6012: a job must have 1 to 5 attesters."""

    CODE = 6012
    NAME = "AttestersOutOfBounds"
    MSG = "a job must have 1 to 5 attesters"


class UnknownPricing(_ProgramError):
    """6013: the pricing must be 0 (feed) or 1 (par)."""

    CODE = 6013
    NAME = "UnknownPricing"
    MSG = "the pricing must be 0 (feed) or 1 (par)"


class ZeroRate(_ProgramError):
    """6014: a rate must be above zero."""

    CODE = 6014
    NAME = "ZeroRate"
    MSG = "a rate must be above zero"


class RentalTooShort(_ProgramError):
    """6015: the shortest rental must be at least 3,600 seconds."""

    CODE = 6015
    NAME = "RentalTooShort"
    MSG = "the shortest rental must be at least 3,600 seconds"


class RentalBoundsCrossed(_ProgramError):
    """6016: the longest rental must not be shorter than the shortest."""

    CODE = 6016
    NAME = "RentalBoundsCrossed"
    MSG = "the longest rental must not be shorter than the shortest"


class UnknownPayout(_ProgramError):
    """6017: the payout must be 0 (IO) or 1 (as paid)."""

    CODE = 6017
    NAME = "UnknownPayout"
    MSG = "the payout must be 0 (IO) or 1 (as paid)"


class NoCurrency(_ProgramError):
    """6018: an offer must name at least one mint."""

    CODE = 6018
    NAME = "NoCurrency"
    MSG = "an offer must name at least one mint"


class NotANode(_ProgramError):
    """6019: this is not a node of the staking program."""

    CODE = 6019
    NAME = "NotANode"
    MSG = "this is not a node of the staking program"


class NodeNotLive(_ProgramError):
    """6020: the node is not live."""

    CODE = 6020
    NAME = "NodeNotLive"
    MSG = "the node is not live"


class NotNodeOwner(_ProgramError):
    """6021: only the node's owner may do this."""

    CODE = 6021
    NAME = "NotNodeOwner"
    MSG = "only the node's owner may do this"


class WrongNode(_ProgramError):
    """6022: this is not the node of the offer."""

    CODE = 6022
    NAME = "WrongNode"
    MSG = "this is not the node of the offer"


class WrongOffer(_ProgramError):
    """6023: this is not the offer of the job."""

    CODE = 6023
    NAME = "WrongOffer"
    MSG = "this is not the offer of the job"


class OfferClosed(_ProgramError):
    """6024: the offer takes no bookings at present."""

    CODE = 6024
    NAME = "OfferClosed"
    MSG = "the offer takes no bookings at present"


class Leased(_ProgramError):
    """6025: the node is leased to another job."""

    CODE = 6025
    NAME = "Leased"
    MSG = "the node is leased to another job"


class LeaseLost(_ProgramError):
    """6026: the job no longer holds the lease."""

    CODE = 6026
    NAME = "LeaseLost"
    MSG = "the job no longer holds the lease"


class DurationOutOfBounds(_ProgramError):
    """6027: the rental is shorter or longer than the offer allows."""

    CODE = 6027
    NAME = "DurationOutOfBounds"
    MSG = "the rental is shorter or longer than the offer allows"


class NonceOutOfBounds(_ProgramError):
    """6028: the nonce must be 1 to 256 above the offer's latest."""

    CODE = 6028
    NAME = "NonceOutOfBounds"
    MSG = "the nonce must be 1 to 256 above the offer's latest"


class CurrencyDisabled(_ProgramError):
    """6029: this currency is disabled for new jobs."""

    CODE = 6029
    NAME = "CurrencyDisabled"
    MSG = "this currency is disabled for new jobs"


class MintNotTaken(_ProgramError):
    """6030: the offer does not take this mint."""

    CODE = 6030
    NAME = "MintNotTaken"
    MSG = "the offer does not take this mint"


class WrongMint(_ProgramError):
    """6031: the currency and the token accounts must be of the job's mint."""

    CODE = 6031
    NAME = "WrongMint"
    MSG = "the currency and the token accounts must be of the job's mint"


class WrongPriceAccount(_ProgramError):
    """6033: this is not the currency's price account."""

    CODE = 6033
    NAME = "WrongPriceAccount"
    MSG = "this is not the currency's price account"


class NotAPrice(_ProgramError):
    """6034: this is not a price account of Pyth."""

    CODE = 6034
    NAME = "NotAPrice"
    MSG = "this is not a price account of Pyth"


class PriceNotVerified(_ProgramError):
    """6035: the price is not fully verified."""

    CODE = 6035
    NAME = "PriceNotVerified"
    MSG = "the price is not fully verified"


class WrongFeed(_ProgramError):
    """6036: the price belongs to another feed."""

    CODE = 6036
    NAME = "WrongFeed"
    MSG = "the price belongs to another feed"


class StalePrice(_ProgramError):
    """6037: the price is too old."""

    CODE = 6037
    NAME = "StalePrice"
    MSG = "the price is too old"


class UnusablePrice(_ProgramError):
    """6038: the price is not positive, or its exponent is out of range."""

    CODE = 6038
    NAME = "UnusablePrice"
    MSG = "the price is not positive, or its exponent is out of range"


class UncertainPrice(_ProgramError):
    """6039: the price's confidence interval is too wide."""

    CODE = 6039
    NAME = "UncertainPrice"
    MSG = "the price's confidence interval is too wide"


class VolatilePrice(_ProgramError):
    """6040: the price is too far from its moving average."""

    CODE = 6040
    NAME = "VolatilePrice"
    MSG = "the price is too far from its moving average"


class BelowPar(_ProgramError):
    """6041: the currency is at par, but its price is below 0.99 USD."""

    CODE = 6041
    NAME = "BelowPar"
    MSG = "the currency is at par, but its price is below 0.99 USD"


class DepositAboveLimit(_ProgramError):
    """6042: the deposit is above the renter's limit; left: limit, right: deposit."""

    CODE = 6042
    NAME = "DepositAboveLimit"
    MSG = "the deposit is above the renter's limit; left: limit, right: deposit"


class ClusterSize(_ProgramError):
    """6043: a cluster must be opened for 1 to 255 jobs."""

    CODE = 6043
    NAME = "ClusterSize"
    MSG = "a cluster must be opened for 1 to 255 jobs"


class NotBooked(_ProgramError):
    """6044: the job is not waiting for its start."""

    CODE = 6044
    NAME = "NotBooked"
    MSG = "the job is not waiting for its start"


class NotRunning(_ProgramError):
    """6045: the job is not running."""

    CODE = 6045
    NAME = "NotRunning"
    MSG = "the job is not running"


class NotEnded(_ProgramError):
    """6046: the job has not ended."""

    CODE = 6046
    NAME = "NotEnded"
    MSG = "the job has not ended"


class StartWindowOver(_ProgramError):
    """6047: the start window of 20 minutes is over; left: latest start, right: now."""

    CODE = 6047
    NAME = "StartWindowOver"
    MSG = "the start window of 20 minutes is over; left: latest start, right: now"


class StartWindowOpen(_ProgramError):
    """6048: the job can still be started."""

    CODE = 6048
    NAME = "StartWindowOpen"
    MSG = "the job can still be started"


class MayNotStart(_ProgramError):
    """6049: only the supplier, the device or an attester may start a job."""

    CODE = 6049
    NAME = "MayNotStart"
    MSG = "only the supplier, the device or an attester may start a job"


class NotAParty(_ProgramError):
    """6050: only the job's renter, its supplier and the wallet that gets the refund may do this."""

    CODE = 6050
    NAME = "NotAParty"
    MSG = "only the job's renter, its supplier and the wallet that gets the refund may do this"


class WrongAttesterSet(_ProgramError):
    """6051: this is not the attester set."""

    CODE = 6051
    NAME = "WrongAttesterSet"
    MSG = "this is not the attester set"


class NotAttester(_ProgramError):
    """6052: the signer has no seat in the attester set."""

    CODE = 6052
    NAME = "NotAttester"
    MSG = "the signer has no seat in the attester set"


class AttestationFalls(_ProgramError):
    """6053: an attestation must not fall below the seat's earlier one; left: now, right: before."""

    CODE = 6053
    NAME = "AttestationFalls"
    MSG = "an attestation must not fall below the seat's earlier one; left: now, right: before"


class AttestationAhead(_ProgramError):
    """6054: an attestation covers time that has not passed; left: passed, right: attested."""

    CODE = 6054
    NAME = "AttestationAhead"
    MSG = "an attestation covers time that has not passed; left: passed, right: attested"


class AttestationOverlaps(_ProgramError):
    """6055: good time must not exceed the time that was looked at; left: looked at, right: good."""

    CODE = 6055
    NAME = "AttestationOverlaps"
    MSG = "good time must not exceed the time that was looked at; left: looked at, right: good"


class BreakWithoutReason(_ProgramError):
    """6056: time that was not good needs a reason, and good time must have none."""

    CODE = 6056
    NAME = "BreakWithoutReason"
    MSG = "time that was not good needs a reason, and good time must have none"


class FirstHour(_ProgramError):
    """6057: nothing is paid out in the first hour; left: now, right: first payout."""

    CODE = 6057
    NAME = "FirstHour"
    MSG = "nothing is paid out in the first hour; left: now, right: first payout"


class NotOver(_ProgramError):
    """6058: the booked time is not over yet; left: now, right: its end."""

    CODE = 6058
    NAME = "NotOver"
    MSG = "the booked time is not over yet; left: now, right: its end"


class Over(_ProgramError):
    """6059: the booked time is over."""

    CODE = 6059
    NAME = "Over"
    MSG = "the booked time is over"


class NotAttestedToItsEnd(_ProgramError):
    """6060: the attesters have not looked at all of the time yet; left: looked at, right: run."""

    CODE = 6060
    NAME = "NotAttestedToItsEnd"
    MSG = "the attesters have not looked at all of the time yet; left: looked at, right: run"


class NotSilent(_ProgramError):
    """6061: the attesters have not been silent for a day; left: now, right: silent from."""

    CODE = 6061
    NAME = "NotSilent"
    MSG = "the attesters have not been silent for a day; left: now, right: silent from"


class WrongEscrow(_ProgramError):
    """6062: this is not the escrow of the job."""

    CODE = 6062
    NAME = "WrongEscrow"
    MSG = "this is not the escrow of the job"


class WrongVault(_ProgramError):
    """6063: this is not the fee vault of the job."""

    CODE = 6063
    NAME = "WrongVault"
    MSG = "this is not the fee vault of the job"


class WrongDestination(_ProgramError):
    """6064: the token account does not belong to the recipient of this payment."""

    CODE = 6064
    NAME = "WrongDestination"
    MSG = "the token account does not belong to the recipient of this payment"


class NotSettled(_ProgramError):
    """6065: not everyone has been paid what they are owed."""

    CODE = 6065
    NAME = "NotSettled"
    MSG = "not everyone has been paid what they are owed"


class WrongRentPayer(_ProgramError):
    """6066: this is not the account that paid the rent, which alone gets it back."""

    CODE = 6066
    NAME = "WrongRentPayer"
    MSG = "this is not the account that paid the rent, which alone gets it back"


class Overflow(_ProgramError):
    """6067: an amount does not fit in 64 bits."""

    CODE = 6067
    NAME = "Overflow"
    MSG = "an amount does not fit in 64 bits"


class WrongPayoutCurrency(_ProgramError):
    """6068: this is not the currency that the supplier is paid in."""

    CODE = 6068
    NAME = "WrongPayoutCurrency"
    MSG = "this is not the currency that the supplier is paid in"


class WrongCluster(_ProgramError):
    """6069: this is not the job's cluster, or the job's cluster is missing."""

    CODE = 6069
    NAME = "WrongCluster"
    MSG = "this is not the job's cluster, or the job's cluster is missing"


class ClusterFull(_ProgramError):
    """6070: the cluster has no place that is not booked."""

    CODE = 6070
    NAME = "ClusterFull"
    MSG = "the cluster has no place that is not booked"


class ClusterIncomplete(_ProgramError):
    """6071: jobs of a cluster start only when all are booked; left: booked, right: its size."""

    CODE = 6071
    NAME = "ClusterIncomplete"
    MSG = "jobs of a cluster start only when all are booked; left: booked, right: its size"


class ClusterBroken(_ProgramError):
    """6072: a job of the cluster ended before its start, so the others cannot start."""

    CODE = 6072
    NAME = "ClusterBroken"
    MSG = "a job of the cluster ended before its start, so the others cannot start"


class ClusterManifest(_ProgramError):
    """6073: all jobs of a cluster must run the same manifest."""

    CODE = 6073
    NAME = "ClusterManifest"
    MSG = "all jobs of a cluster must run the same manifest"


class ClusterWaits(_ProgramError):
    """6074: jobs of the cluster are still waiting for their start."""

    CODE = 6074
    NAME = "ClusterWaits"
    MSG = "jobs of the cluster are still waiting for their start"


class ClusterYoung(_ProgramError):
    """6075: a cluster can be closed from 20 minutes after it was opened; left: now, right: that time."""

    CODE = 6075
    NAME = "ClusterYoung"
    MSG = "a cluster can be closed from 20 minutes after it was opened; left: now, right: that time"


class NoTimelock(_ProgramError):
    """6076: good time needs the digest of the samples that show it."""

    CODE = 6076
    NAME = "NoTimelock"
    MSG = "good time needs the digest of the samples that show it"


class TooManyExtensions(_ProgramError):
    """6077: a job can be extended at most four times."""

    CODE = 6077
    NAME = "TooManyExtensions"
    MSG = "a job can be extended at most four times"


class NodePassedOn(_ProgramError):
    """6078: the node has another owner now."""

    CODE = 6078
    NAME = "NodePassedOn"
    MSG = "the node has another owner now"


class NotRenter(_ProgramError):
    """6079: only the renter, who gets the refund, or the delegate of the job's cluster may do this."""

    CODE = 6079
    NAME = "NotRenter"
    MSG = "only the renter, who gets the refund, or the delegate of the job's cluster may do this"


class DisputeBondOutOfBounds(_ProgramError):
    """6080: the bond of a dispute must be from 100 to 2,000 bps."""

    CODE = 6080
    NAME = "DisputeBondOutOfBounds"
    MSG = "the bond of a dispute must be from 100 to 2,000 bps"


class Disputed(_ProgramError):
    """6081: an open dispute holds back what is not paid yet."""

    CODE = 6081
    NAME = "Disputed"
    MSG = "an open dispute holds back what is not paid yet"


class NotDisputed(_ProgramError):
    """6082: no dispute of the job is open."""

    CODE = 6082
    NAME = "NotDisputed"
    MSG = "no dispute of the job is open"


class DisputedBefore(_ProgramError):
    """6083: each party may dispute a job once."""

    CODE = 6083
    NAME = "DisputedBefore"
    MSG = "each party may dispute a job once"


class AlreadyDecided(_ProgramError):
    """6084: a dispute of the job was decided already."""

    CODE = 6084
    NAME = "AlreadyDecided"
    MSG = "a dispute of the job was decided already"


class DisputeWindowOver(_ProgramError):
    """6085: a job can be disputed while it runs or within a day of its end; left: latest time, right: now."""

    CODE = 6085
    NAME = "DisputeWindowOver"
    MSG = "a job can be disputed while it runs or within a day of its end; left: latest time, right: now"


class NothingToDispute(_ProgramError):
    """6086: everything is paid already: there is nothing to dispute."""

    CODE = 6086
    NAME = "NothingToDispute"
    MSG = "everything is paid already: there is nothing to dispute"


class WrongDispute(_ProgramError):
    """6087: this is not the open dispute of the job."""

    CODE = 6087
    NAME = "WrongDispute"
    MSG = "this is not the open dispute of the job"


class DisputeOpen(_ProgramError):
    """6088: the dispute is neither decided nor over."""

    CODE = 6088
    NAME = "DisputeOpen"
    MSG = "the dispute is neither decided nor over"


class BondAboveLimit(_ProgramError):
    """6089: the bond would be above the party's limit; left: limit, right: bond."""

    CODE = 6089
    NAME = "BondAboveLimit"
    MSG = "the bond would be above the party's limit; left: limit, right: bond"


class NotResolver(_ProgramError):
    """6090: only the resolver may do this."""

    CODE = 6090
    NAME = "NotResolver"
    MSG = "only the resolver may do this"


class SplitAbovePrice(_ProgramError):
    """6091: a decision must not award more than the price; left: price, right: gross."""

    CODE = 6091
    NAME = "SplitAbovePrice"
    MSG = "a decision must not award more than the price; left: price, right: gross"


class SplitBelowPaid(_ProgramError):
    """6092: a decision must not award less than was paid already; left: decided, right: paid."""

    CODE = 6092
    NAME = "SplitBelowPaid"
    MSG = "a decision must not award less than was paid already; left: decided, right: paid"


class WrongBond(_ProgramError):
    """6093: this is not the vault of the bond."""

    CODE = 6093
    NAME = "WrongBond"
    MSG = "this is not the vault of the bond"


class VerdictAgeOutOfBounds(_ProgramError):
    """6094: the largest age of a compute proof at booking must be from 1 to 48 hours."""

    CODE = 6094
    NAME = "VerdictAgeOutOfBounds"
    MSG = "the largest age of a compute proof at booking must be from 1 to 48 hours"


class TooFewSeats(_ProgramError):
    """6095: the attester set has fewer seats than the job needs; left: seats, right: needed."""

    CODE = 6095
    NAME = "TooFewSeats"
    MSG = "the attester set has fewer seats than the job needs; left: seats, right: needed"


class SeatMoved(_ProgramError):
    """6096: this key has attested for another seat of the job already."""

    CODE = 6096
    NAME = "SeatMoved"
    MSG = "this key has attested for another seat of the job already"


class LoweredBefore(_ProgramError):
    """6097: the seat's good time can be lowered once, and was lowered already."""

    CODE = 6097
    NAME = "LoweredBefore"
    MSG = "the seat's good time can be lowered once, and was lowered already"


class LoweredBelowPaid(_ProgramError):
    """6098: good time must not fall below what was paid for; left: asked for, right: paid for."""

    CODE = 6098
    NAME = "LoweredBelowPaid"
    MSG = "good time must not fall below what was paid for; left: asked for, right: paid for"


class ManifestLate(_ProgramError):
    """6099: a manifest can be confirmed within ten minutes of the booking; left: until, right: now."""

    CODE = 6099
    NAME = "ManifestLate"
    MSG = "a manifest can be confirmed within ten minutes of the booking; left: until, right: now"


class NotClusterBooker(_ProgramError):
    """6100: only the cluster's renter, or its delegate as the payer, may book jobs of it."""

    CODE = 6100
    NAME = "NotClusterBooker"
    MSG = "only the cluster's renter, or its delegate as the payer, may book jobs of it"


class NotClusterRenter(_ProgramError):
    """6101: only the renter of the cluster may do this."""

    CODE = 6101
    NAME = "NotClusterRenter"
    MSG = "only the renter of the cluster may do this"


class ClusterRuns(_ProgramError):
    """6102: a job of the cluster still has booked time ahead; left: now, right: its end."""

    CODE = 6102
    NAME = "ClusterRuns"
    MSG = "a job of the cluster still has booked time ahead; left: now, right: its end"


class WrongClass(_ProgramError):
    """6103: this is not the class of the node."""

    CODE = 6103
    NAME = "WrongClass"
    MSG = "this is not the class of the node"


class NodeBanned(_ProgramError):
    """6104: the node's device is banned."""

    CODE = 6104
    NAME = "NodeBanned"
    MSG = "the node's device is banned"


class StakeBelowMinimum(_ProgramError):
    """6105: the owner's active stake is below the node's minimum; left: active, right: minimum."""

    CODE = 6105
    NAME = "StakeBelowMinimum"
    MSG = "the owner's active stake is below the node's minimum; left: active, right: minimum"


class NoVerdict(_ProgramError):
    """6106: the node's latest compute proof has failed, or it has none."""

    CODE = 6106
    NAME = "NoVerdict"
    MSG = "the node's latest compute proof has failed, or it has none"


class VerdictTooOld(_ProgramError):
    """6107: the node's latest compute proof is too old; left: oldest allowed, right: its age."""

    CODE = 6107
    NAME = "VerdictTooOld"
    MSG = "the node's latest compute proof is too old; left: oldest allowed, right: its age"


class FormerOwnersOffer(_ProgramError):
    """6108: the offer was made by a former owner: the node's owner has to set it first."""

    CODE = 6108
    NAME = "FormerOwnersOffer"
    MSG = "the offer was made by a former owner: the node's owner has to set it first"


class OwnerUnsigned(_ProgramError):
    """6109: the node's owner has to sign to be the renter of their own node."""

    CODE = 6109
    NAME = "OwnerUnsigned"
    MSG = "the node's owner has to sign to be the renter of their own node"


class WrongProofsConfig(_ProgramError):
    """6110: this is not the configuration of the proofs program."""

    CODE = 6110
    NAME = "WrongProofsConfig"
    MSG = "this is not the configuration of the proofs program"


class ClusterOver(_ProgramError):
    """6111: the booked time of the cluster's jobs is over, or none has started; left: its end, right: now."""

    CODE = 6111
    NAME = "ClusterOver"
    MSG = "the booked time of the cluster's jobs is over, or none has started; left: its end, right: now"


class ClusterPlaces(_ProgramError):
    """6112: a cluster grows by at least one place, and has at most 255 that are not booked."""

    CODE = 6112
    NAME = "ClusterPlaces"
    MSG = "a cluster grows by at least one place, and has at most 255 that are not booked"


#: Each error by its code.
ERRORS: Mapping[int, type[_ProgramError]] = {
    6000: NotUpgradeAuthority,
    6001: WrongProgramData,
    6002: NotAuthority,
    6003: NotPendingAuthority,
    6004: MayNotPause,
    6005: UnknownEntry,
    6006: Paused,
    6007: BookingFeeOutOfBounds,
    6008: PaymentFeeOutOfBounds,
    6009: PriceAgeOutOfBounds,
    6010: ConfidenceOutOfBounds,
    6011: EmaDistanceOutOfBounds,
    6012: AttestersOutOfBounds,
    6013: UnknownPricing,
    6014: ZeroRate,
    6015: RentalTooShort,
    6016: RentalBoundsCrossed,
    6017: UnknownPayout,
    6018: NoCurrency,
    6019: NotANode,
    6020: NodeNotLive,
    6021: NotNodeOwner,
    6022: WrongNode,
    6023: WrongOffer,
    6024: OfferClosed,
    6025: Leased,
    6026: LeaseLost,
    6027: DurationOutOfBounds,
    6028: NonceOutOfBounds,
    6029: CurrencyDisabled,
    6030: MintNotTaken,
    6031: WrongMint,
    6033: WrongPriceAccount,
    6034: NotAPrice,
    6035: PriceNotVerified,
    6036: WrongFeed,
    6037: StalePrice,
    6038: UnusablePrice,
    6039: UncertainPrice,
    6040: VolatilePrice,
    6041: BelowPar,
    6042: DepositAboveLimit,
    6043: ClusterSize,
    6044: NotBooked,
    6045: NotRunning,
    6046: NotEnded,
    6047: StartWindowOver,
    6048: StartWindowOpen,
    6049: MayNotStart,
    6050: NotAParty,
    6051: WrongAttesterSet,
    6052: NotAttester,
    6053: AttestationFalls,
    6054: AttestationAhead,
    6055: AttestationOverlaps,
    6056: BreakWithoutReason,
    6057: FirstHour,
    6058: NotOver,
    6059: Over,
    6060: NotAttestedToItsEnd,
    6061: NotSilent,
    6062: WrongEscrow,
    6063: WrongVault,
    6064: WrongDestination,
    6065: NotSettled,
    6066: WrongRentPayer,
    6067: Overflow,
    6068: WrongPayoutCurrency,
    6069: WrongCluster,
    6070: ClusterFull,
    6071: ClusterIncomplete,
    6072: ClusterBroken,
    6073: ClusterManifest,
    6074: ClusterWaits,
    6075: ClusterYoung,
    6076: NoTimelock,
    6077: TooManyExtensions,
    6078: NodePassedOn,
    6079: NotRenter,
    6080: DisputeBondOutOfBounds,
    6081: Disputed,
    6082: NotDisputed,
    6083: DisputedBefore,
    6084: AlreadyDecided,
    6085: DisputeWindowOver,
    6086: NothingToDispute,
    6087: WrongDispute,
    6088: DisputeOpen,
    6089: BondAboveLimit,
    6090: NotResolver,
    6091: SplitAbovePrice,
    6092: SplitBelowPaid,
    6093: WrongBond,
    6094: VerdictAgeOutOfBounds,
    6095: TooFewSeats,
    6096: SeatMoved,
    6097: LoweredBefore,
    6098: LoweredBelowPaid,
    6099: ManifestLate,
    6100: NotClusterBooker,
    6101: NotClusterRenter,
    6102: ClusterRuns,
    6103: WrongClass,
    6104: NodeBanned,
    6105: StakeBelowMinimum,
    6106: NoVerdict,
    6107: VerdictTooOld,
    6108: FormerOwnersOffer,
    6109: OwnerUnsigned,
    6110: WrongProofsConfig,
    6111: ClusterOver,
    6112: ClusterPlaces,
}


__all__ = [
    "AlreadyDecided",
    "AttestationAhead",
    "AttestationFalls",
    "AttestationOverlaps",
    "AttestersOutOfBounds",
    "BelowPar",
    "BondAboveLimit",
    "BookingFeeOutOfBounds",
    "BreakWithoutReason",
    "ClusterBroken",
    "ClusterFull",
    "ClusterIncomplete",
    "ClusterManifest",
    "ClusterOver",
    "ClusterPlaces",
    "ClusterRuns",
    "ClusterSize",
    "ClusterWaits",
    "ClusterYoung",
    "ConfidenceOutOfBounds",
    "CurrencyDisabled",
    "DepositAboveLimit",
    "DisputeBondOutOfBounds",
    "DisputeOpen",
    "DisputeWindowOver",
    "Disputed",
    "DisputedBefore",
    "DurationOutOfBounds",
    "EmaDistanceOutOfBounds",
    "FirstHour",
    "FormerOwnersOffer",
    "LeaseLost",
    "Leased",
    "LoweredBefore",
    "LoweredBelowPaid",
    "ManifestLate",
    "MayNotPause",
    "MayNotStart",
    "MintNotTaken",
    "NoCurrency",
    "NoTimelock",
    "NoVerdict",
    "NodeBanned",
    "NodeNotLive",
    "NodePassedOn",
    "NonceOutOfBounds",
    "NotANode",
    "NotAParty",
    "NotAPrice",
    "NotAttestedToItsEnd",
    "NotAttester",
    "NotAuthority",
    "NotBooked",
    "NotClusterBooker",
    "NotClusterRenter",
    "NotDisputed",
    "NotEnded",
    "NotNodeOwner",
    "NotOver",
    "NotPendingAuthority",
    "NotRenter",
    "NotResolver",
    "NotRunning",
    "NotSettled",
    "NotSilent",
    "NotUpgradeAuthority",
    "NothingToDispute",
    "OfferClosed",
    "Over",
    "Overflow",
    "OwnerUnsigned",
    "Paused",
    "PaymentFeeOutOfBounds",
    "PriceAgeOutOfBounds",
    "PriceNotVerified",
    "RentalBoundsCrossed",
    "RentalTooShort",
    "SeatMoved",
    "SplitAbovePrice",
    "SplitBelowPaid",
    "StakeBelowMinimum",
    "StalePrice",
    "StartWindowOpen",
    "StartWindowOver",
    "TooFewSeats",
    "TooManyExtensions",
    "UncertainPrice",
    "UnknownEntry",
    "UnknownPayout",
    "UnknownPricing",
    "UnusablePrice",
    "VerdictAgeOutOfBounds",
    "VerdictTooOld",
    "VolatilePrice",
    "WrongAttesterSet",
    "WrongBond",
    "WrongClass",
    "WrongCluster",
    "WrongDestination",
    "WrongDispute",
    "WrongEscrow",
    "WrongFeed",
    "WrongMint",
    "WrongNode",
    "WrongOffer",
    "WrongPayoutCurrency",
    "WrongPriceAccount",
    "WrongProgramData",
    "WrongProofsConfig",
    "WrongRentPayer",
    "WrongVault",
    "ZeroRate",
]

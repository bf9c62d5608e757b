use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end. Where an error carries two values, "left" is what
/// there is or may be, "right" what was asked for, in base units or seconds.
#[error_code]
pub enum JobsError {
    #[msg("only the program's upgrade authority may initialize the program")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("the signer is not the authority")]
    NotAuthority,
    #[msg("the signer is not the proposed successor of the authority")]
    NotPendingAuthority,
    #[msg("only the authority may lift a pause, and only the authority or the pauser may set one")]
    MayNotPause,
    #[msg("the bits of the paused entries must be a sum of this program's PAUSE_* constants")]
    UnknownEntry,
    #[msg("this instruction is paused")]
    Paused,
    #[msg("the booking fee must be at most 100 bps")]
    BookingFeeOutOfBounds,
    #[msg("the payment fee must be at most 300 bps")]
    PaymentFeeOutOfBounds,
    #[msg("the largest age of a price must be from 1 to 300 seconds")]
    PriceAgeOutOfBounds,
    #[msg("the widest confidence interval of a price must be at most 500 bps")]
    ConfidenceOutOfBounds,
    #[msg("the largest distance of a price from its moving average must be from 1 to 2,000 bps")]
    EmaDistanceOutOfBounds,
    #[msg("a job must have 1 to 5 attesters")]
    AttestersOutOfBounds,
    #[msg("the pricing must be 0 (feed) or 1 (par)")]
    UnknownPricing,
    #[msg("a rate must be above zero")]
    ZeroRate,
    #[msg("the shortest rental must be at least 3,600 seconds")]
    RentalTooShort,
    #[msg("the longest rental must not be shorter than the shortest")]
    RentalBoundsCrossed,
    #[msg("the payout must be 0 (IO) or 1 (as paid)")]
    UnknownPayout,
    #[msg("an offer must name at least one mint")]
    NoCurrency,
    #[msg("this is not a node of the staking program")]
    NotANode,
    #[msg("the node is not live")]
    NodeNotLive,
    #[msg("only the node's owner may do this")]
    NotNodeOwner,
    #[msg("this is not the node of the offer")]
    WrongNode,
    #[msg("this is not the offer of the job")]
    WrongOffer,
    #[msg("the offer takes no bookings at present")]
    OfferClosed,
    #[msg("the node is leased to another job")]
    Leased,
    #[msg("the job no longer holds the lease")]
    LeaseLost,
    #[msg("the rental is shorter or longer than the offer allows")]
    DurationOutOfBounds,
    #[msg("the nonce must be 1 to 256 above the offer's latest")]
    NonceOutOfBounds,
    #[msg("this currency is disabled for new jobs")]
    CurrencyDisabled,
    #[msg("the offer does not take this mint")]
    MintNotTaken,
    #[msg("the currency and the token accounts must be of the job's mint")]
    WrongMint,
    // 32 was an error of a version that paid nobody in another currency than the renter's.
    #[msg("this is not the currency's price account")]
    WrongPriceAccount = 33,
    #[msg("this is not a price account of Pyth")]
    NotAPrice,
    #[msg("the price is not fully verified")]
    PriceNotVerified,
    #[msg("the price belongs to another feed")]
    WrongFeed,
    #[msg("the price is too old")]
    StalePrice,
    #[msg("the price is not positive, or its exponent is out of range")]
    UnusablePrice,
    #[msg("the price's confidence interval is too wide")]
    UncertainPrice,
    #[msg("the price is too far from its moving average")]
    VolatilePrice,
    #[msg("the currency is at par, but its price is below 0.99 USD")]
    BelowPar,
    #[msg("the deposit is above the renter's limit; left: limit, right: deposit")]
    DepositAboveLimit,
    #[msg("a cluster must be opened for 1 to 255 jobs")]
    ClusterSize,
    #[msg("the job is not waiting for its start")]
    NotBooked,
    #[msg("the job is not running")]
    NotRunning,
    #[msg("the job has not ended")]
    NotEnded,
    #[msg("the start window of 20 minutes is over; left: latest start, right: now")]
    StartWindowOver,
    #[msg("the job can still be started")]
    StartWindowOpen,
    #[msg("only the supplier, the device or an attester may start a job")]
    MayNotStart,
    #[msg("only the job's renter, its supplier and the wallet that gets the refund may do this")]
    NotAParty,
    #[msg("this is not the attester set")]
    WrongAttesterSet,
    #[msg("the signer has no seat in the attester set")]
    NotAttester,
    #[msg("an attestation must not fall below the seat's earlier one; left: now, right: before")]
    AttestationFalls,
    #[msg("an attestation covers time that has not passed; left: passed, right: attested")]
    AttestationAhead,
    #[msg("good time must not exceed the time that was looked at; left: looked at, right: good")]
    AttestationOverlaps,
    #[msg("time that was not good needs a reason, and good time must have none")]
    BreakWithoutReason,
    #[msg("nothing is paid out in the first hour; left: now, right: first payout")]
    FirstHour,
    #[msg("the booked time is not over yet; left: now, right: its end")]
    NotOver,
    #[msg("the booked time is over")]
    Over,
    #[msg("the attesters have not looked at all of the time yet; left: looked at, right: run")]
    NotAttestedToItsEnd,
    #[msg("the attesters have not been silent for a day; left: now, right: silent from")]
    NotSilent,
    #[msg("this is not the escrow of the job")]
    WrongEscrow,
    #[msg("this is not the fee vault of the job")]
    WrongVault,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("not everyone has been paid what they are owed")]
    NotSettled,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
    WrongRentPayer,
    #[msg("an amount does not fit in 64 bits")]
    Overflow,
    #[msg("this is not the currency that the supplier is paid in")]
    WrongPayoutCurrency,
    #[msg("this is not the job's cluster, or the job's cluster is missing")]
    WrongCluster,
    #[msg("the cluster has no place that is not booked")]
    ClusterFull,
    #[msg("jobs of a cluster start only when all are booked; left: booked, right: its size")]
    ClusterIncomplete,
    #[msg("a job of the cluster ended before its start, so the others cannot start")]
    ClusterBroken,
    #[msg("all jobs of a cluster must run the same manifest")]
    ClusterManifest,
    #[msg("jobs of the cluster are still waiting for their start")]
    ClusterWaits,
    #[msg("a cluster can be closed from 20 minutes after it was opened; left: now, right: that time")]
    ClusterYoung,
    #[msg("good time needs the digest of the samples that show it")]
    NoTimelock,
    #[msg("a job can be extended at most four times")]
    TooManyExtensions,
    #[msg("the node has another owner now")]
    NodePassedOn,
    #[msg("only the renter, who gets the refund, or the delegate of the job's cluster may do this")]
    NotRenter,
    #[msg("the bond of a dispute must be from 100 to 2,000 bps")]
    DisputeBondOutOfBounds,
    #[msg("an open dispute holds back what is not paid yet")]
    Disputed,
    #[msg("no dispute of the job is open")]
    NotDisputed,
    #[msg("each party may dispute a job once")]
    DisputedBefore,
    #[msg("a dispute of the job was decided already")]
    AlreadyDecided,
    #[msg("a job can be disputed while it runs or within a day of its end; left: latest time, right: now")]
    DisputeWindowOver,
    #[msg("everything is paid already: there is nothing to dispute")]
    NothingToDispute,
    #[msg("this is not the open dispute of the job")]
    WrongDispute,
    #[msg("the dispute is neither decided nor over")]
    DisputeOpen,
    #[msg("the bond would be above the party's limit; left: limit, right: bond")]
    BondAboveLimit,
    #[msg("only the resolver may do this")]
    NotResolver,
    #[msg("a decision must not award more than the price; left: price, right: gross")]
    SplitAbovePrice,
    #[msg("a decision must not award less than was paid already; left: decided, right: paid")]
    SplitBelowPaid,
    #[msg("this is not the vault of the bond")]
    WrongBond,
    #[msg("the largest age of a compute proof at booking must be from 1 to 48 hours")]
    VerdictAgeOutOfBounds,
    #[msg("the attester set has fewer seats than the job needs; left: seats, right: needed")]
    TooFewSeats,
    #[msg("this key has attested for another seat of the job already")]
    SeatMoved,
    #[msg("the seat's good time can be lowered once, and was lowered already")]
    LoweredBefore,
    #[msg("good time must not fall below what was paid for; left: asked for, right: paid for")]
    LoweredBelowPaid,
    #[msg("a manifest can be confirmed within ten minutes of the booking; left: until, right: now")]
    ManifestLate,
    #[msg("only the cluster's renter, or its delegate as the payer, may book jobs of it")]
    NotClusterBooker,
    #[msg("only the renter of the cluster may do this")]
    NotClusterRenter,
    #[msg("a job of the cluster still has booked time ahead; left: now, right: its end")]
    ClusterRuns,
    #[msg("this is not the class of the node")]
    WrongClass,
    #[msg("the node's device is banned")]
    NodeBanned,
    #[msg("the owner's active stake is below the node's minimum; left: active, right: minimum")]
    StakeBelowMinimum,
    #[msg("the node's latest compute proof has failed, or it has none")]
    NoVerdict,
    #[msg("the node's latest compute proof is too old; left: oldest allowed, right: its age")]
    VerdictTooOld,
    #[msg("the offer was made by a former owner: the node's owner has to set it first")]
    FormerOwnersOffer,
    #[msg("the node's owner has to sign to be the renter of their own node")]
    OwnerUnsigned,
    #[msg("this is not the configuration of the proofs program")]
    WrongProofsConfig,
    #[msg("the booked time of the cluster's jobs is over, or none has started; left: its end, right: now")]
    ClusterOver,
    #[msg("a cluster grows by at least one place, and has at most 255 that are not booked")]
    ClusterPlaces,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_with_their_names() {
        for (error, code) in [
            (JobsError::NotUpgradeAuthority, 6_000),
            (JobsError::WrongMint, 6_031),
            (JobsError::WrongPriceAccount, 6_033),
            (JobsError::ClusterSize, 6_043),
            (JobsError::Overflow, 6_067),
            (JobsError::WrongPayoutCurrency, 6_068),
            (JobsError::WrongBond, 6_093),
        ] {
            assert_eq!(u32::from(error), code);
        }
    }
}

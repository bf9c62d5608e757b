use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end. Where an error carries two values, "left" is what
/// there is or may be, "right" what was asked for, in base units or seconds.
#[error_code]
pub enum StakingError {
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
    #[msg("the cooldown must be from 14 to 30 days")]
    CooldownOutOfBounds,
    #[msg("slasher and resolver must be different keys")]
    SlasherIsResolver,
    #[msg("the shard must be from 0 to 15")]
    UnknownShard,
    #[msg("this shard does not belong to the node")]
    WrongShard,
    #[msg("the kind of hardware must be 0 (GPU) or 1 (CPU)")]
    UnknownPool,
    #[msg("a node's maximum stake must be 2 to 20 times its minimum")]
    MaximumOutOfBounds,
    #[msg("a class's minimum per processor must be from 1 to 10,000 IO before the multiplier")]
    MinimumOutOfBounds,
    #[msg("the multiplier must be from 1 to 10,000,000 bps")]
    MultiplierOutOfBounds,
    #[msg("the class is disabled: it takes no new devices")]
    ClassDisabled,
    #[msg("this is not the class of the node")]
    WrongClass,
    #[msg("this is not the attester set")]
    WrongAttesterSet,
    #[msg("the signer has no seat in the attester set")]
    NotAttester,
    #[msg("the device belongs to another owner")]
    NotDeviceOwner,
    #[msg("the device belongs to a node already")]
    DeviceInUse,
    #[msg("the device is banned")]
    DeviceBanned,
    #[msg("the commission must be at most 10,000 bps")]
    CommissionOutOfBounds,
    #[msg("only the node's owner may do this")]
    NotNodeOwner,
    #[msg("the node is not live")]
    NodeNotLive,
    #[msg("the node has ended, for fraud or because co-stakers bore a loss")]
    NodeTerminal,
    #[msg("the amount must be above zero")]
    ZeroAmount,
    #[msg("the stake of both sides would exceed the node's maximum; left: room, right: amount")]
    MaximumStake,
    #[msg("co-stake would exceed the owner's active stake; left: room, right: amount")]
    CoStakeAboveHalf,
    #[msg("the node's owner cannot be its co-staker: stake on the owner's side")]
    OwnerIsNoCoStaker,
    #[msg("earlier pending stake is ready: activate it before adding more")]
    ActivateFirst,
    #[msg("nothing is pending")]
    NothingPending,
    #[msg("pending stake can be activated once the node is credited past it")]
    StillPending,
    #[msg("less is staked than the amount; left: staked, right: amount")]
    MoreThanStaked,
    #[msg("while the node is leased the owner's minimum must stay; left: what would stay, right: minimum")]
    LeaseLocksMinimum,
    #[msg("four withdrawals are cooling: withdraw one that is ready first")]
    NoFreeSlot,
    #[msg("no stake has finished its cooldown")]
    NothingReady,
    #[msg("there are no rewards to claim")]
    NothingToClaim,
    #[msg("open slash proposals hold this back; left: what would stay, right: proposed")]
    Frozen,
    #[msg("open slash proposals exceed the owner's side: co-stakers must wait until they are decided")]
    CoExitFrozen,
    #[msg("this is not the node's vault")]
    WrongVault,
    #[msg("this is not the node's offer account")]
    WrongOffer,
    #[msg("the position belongs to another holder")]
    NotHolder,
    #[msg("the position is on another node")]
    WrongNode,
    #[msg("this is not a report of the proofs program")]
    NotAReport,
    #[msg("the report is not final")]
    ReportNotFinal,
    #[msg("the report became final more than 30 days ago: use a newer report")]
    ReportTooOld,
    #[msg("the leaf ends after the report's period")]
    LeafBeyondReport,
    #[msg("the Merkle proof does not lead to the report's root")]
    WrongProof,
    #[msg("credits would exceed the report's total; left: total, right: credits")]
    ReportExhausted,
    #[msg("a node without active stake is credited nothing; no longer used")]
    NoActiveStake,
    #[msg("a challenge holds this node's credit back")]
    CreditFrozen,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("an amount does not fit in 64 bits")]
    Overflow,
    #[msg("the time for an appeal must be from 7 to 60 days")]
    AppealOutOfBounds,
    #[msg("a commission may rise by at most 500 bps at once; left: the highest, right: asked for")]
    CommissionStep,
    #[msg("an earlier change of the commission applies at the next credit; credit the node first")]
    CommissionUndecided,
    #[msg("a node has at most 8 processors")]
    TooManyDevices,
    #[msg("a node's last processor cannot be detached: retire the node")]
    LastDevice,
    #[msg("only a node's first device can be used here, and only its others can be detached")]
    NotNodeDevice,
    #[msg("the node is leased")]
    NodeLeased,
    #[msg("the node is not retired")]
    NodeNotRetired,
    #[msg("another owner's stake or rewards are still on the node")]
    NodeNotEmpty,
    #[msg("the signer is not the device's key")]
    NotDeviceKey,
    #[msg("the device has an owner: the owner or the resolver must release it first")]
    DeviceOwned,
    #[msg("only the slasher may propose a slash")]
    NotSlasher,
    #[msg("only the resolver may do this")]
    NotResolver,
    #[msg("open proposals would exceed what can be slashed; left: slashable, right: proposed")]
    SlashAboveStake,
    #[msg("the slash can no longer be appealed, or was appealed already")]
    AppealClosed,
    #[msg("the slash cannot be decided now")]
    NotDecidable,
    #[msg("the resolver may lower a slash, but not raise it; left: proposed, right: decided")]
    SlashRaised,
    #[msg("the slash cannot be executed now")]
    NotExecutable,
    #[msg("the limit of what slashes may burn in 7 days is used up: try again later")]
    SlashLimit,
    #[msg("all 16 stake shards must be given")]
    ShardsMissing,
    #[msg("the slash is neither done nor lapsed")]
    SlashOpen,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
    WrongRentPayer,
    #[msg("the node did not end for fraud")]
    NodeNotTerminal,
    #[msg("only the proofs program may do this")]
    NotProofs,
    #[msg("an upheld challenge excludes this report for the node: use a newer report")]
    ReportRefuted,
    #[msg("the network belongs to another authority")]
    NotNetwork,
    #[msg("the node belongs to a network already")]
    InNetwork,
    #[msg("other processors are attached to the node: detach them first")]
    DevicesAttached,
    #[msg("the node has co-stakers: announce a change of its commission with set_commission")]
    CommissionNotice,
    #[msg(
        "the node can pass to another owner once it was credited up to its retirement, or 60 days after that"
    )]
    OwnerStays,
    #[msg("at most a month's emission is credited in 7 days: try again tomorrow; left: room, right: owed")]
    CreditLimit,
    #[msg("a challenge of this node lapsed undecided: for 30 days only the guardian may challenge it")]
    ChallengedLately,
    #[msg("the owner's active stake does not cover the node's minimum; left: active, right: minimum")]
    OwnerBelowMinimum,
    #[msg("something on the node is pending or late: its credits must be ten minutes apart")]
    CreditTooSoon,
    #[msg("an open slash proposal that names fraud stops the node's credit")]
    CreditStopped,
    #[msg("the node earned nothing in this hour: its device was banned, or co-stakers had borne a loss")]
    HourNotEarned,
    #[msg(
        "the reward exceeds the bound that the owner's minimum sets for its hours; left: bound, right: owed"
    )]
    RewardAboveBound,
    #[msg("a credit can settle at most four positions")]
    TooManyPositions,
    #[msg("the limit of what is burned by decision in 7 days must be from 100 to 3,300 bps of all stake")]
    DecidedLimitOutOfBounds,
    #[msg("the bound of an hour's reward must be from 10 to 1,000 bps of the owner's minimum")]
    RewardBoundOutOfBounds,
    #[msg("the nodes whose credit is stopped would exceed a tenth of all stake; left: limit, right: sum")]
    StopLimit,
    #[msg("a slash of this node has lapsed: none can be proposed for 30 days; left: now, right: from when")]
    SlashPause,
    #[msg(
        "a decision must not be below what was set apart already; left: decided, right: set apart or burned"
    )]
    SlashSetApart,
    #[msg("the slash is decided, and can no longer be cancelled")]
    SlashDecided,
    #[msg("an earlier owner of the node has not been paid out yet")]
    FormerUnpaid,
    #[msg("the report's hours are still held back; left: now, right: from when")]
    ReportHeld,
    #[msg("a correction came after this report: use a newer report")]
    ReportCorrected,
    #[msg("something on the node is pending or late: credit the leaf of its previous height first")]
    LeafOutOfOrder,
    #[msg("the verdict is from before the node last changed; left: its hour, right: since")]
    VerdictBeforeChange,
    #[msg(
        "a node's owner can give it another device key once it has been retired for seven days and an hour"
    )]
    KeyStays,
    #[msg("this seat has approved it already")]
    AlreadyApproved,
    #[msg("approvals do not reach the threshold, or are of another set or over seven days old")]
    NotApproved,
    #[msg("the node's owner was told less than a day ago; left: now, right: from when it is lowered")]
    NoticeRuns,
    #[msg("the class is of another pool")]
    OtherPool,
    #[msg("the class does not weigh less than the node's; left: the node's multiplier, right: the class's")]
    ClassNotLower,
    #[msg("the node's latest verdict has passed: it stays in its class")]
    ProofPassed,
    #[msg(
        "a product's m must be a power of two from 64 to 65,536, and its k a multiple of 16 up to 4,194,304"
    )]
    ProductUnknown,
    #[msg("a memory has 2^6 to 2^28 chains, at most its blocks; 8 to 2^16 rounds, 1 to 2^16 reads")]
    MemoryUnknown,
    #[msg("a reference's time must be from a nanosecond to a quarter of an hour")]
    ReferenceOutOfBounds,
    #[msg(
        "the approvals are of before the device's present owner; left: the first of them, right: since when"
    )]
    ApprovedBeforeOwner,
    #[msg("the former owner's last hours can still be disproved; left: now, right: until when")]
    DisproofsOpen,
    #[msg("the node was retired for all of that hour: what its device signed then counts for nothing")]
    RetiredThen,
}

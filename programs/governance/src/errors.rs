use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum GovernanceError {
    #[msg("only the program's upgrade authority may initialize")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("only the treasury may do this, by an executed proposal")]
    NotTreasury,
    #[msg("the stake to propose with must be from 1 to 100,000 IO")]
    StakeOutOfBounds,
    #[msg("the bond must be from 1 to 10,000 IO")]
    BondOutOfBounds,
    #[msg("the quorum must be from 2 to 20 % of eligible stake")]
    QuorumOutOfBounds,
    #[msg("the threshold must be from 50 to 67 %")]
    ThresholdOutOfBounds,
    #[msg("voting must take 3 to 7 days")]
    VotingOutOfBounds,
    #[msg("the extension must be at most 2 days")]
    ExtensionOutOfBounds,
    #[msg("the hold-up must be from 2 to 7 days")]
    HoldUpOutOfBounds,
    #[msg("the treasury's limit must be from 5 to 50 % in seven days")]
    OutflowOutOfBounds,
    #[msg("voting, extension and hold-up must not take longer than stake cools: 14 days")]
    TermsTooLong,
    #[msg("an account of the stake is neither a node nor a position of the proposer")]
    NotProposersStake,
    #[msg("a position must be followed by its node")]
    WrongNode,
    #[msg("accounts of the stake must be in ascending order, each once")]
    StakeOrder,
    #[msg("the proposer has less stake, now or at the start of the week, than is needed to propose")]
    StakeTooSmall,
    #[msg("the signer is not the proposer")]
    NotProposer,
    #[msg("the proposal is no longer a draft")]
    NotDraft,
    #[msg("transactions are added in order: this is not the next index")]
    WrongIndex,
    #[msg("a proposal has at most 16 transactions")]
    TooManyTransactions,
    #[msg("a transaction has at most 32 accounts")]
    TooManyAccounts,
    #[msg("a transaction has at most 1,024 bytes of data")]
    TooMuchData,
    #[msg("nobody but the treasury may sign in a transaction")]
    ForeignSigner,
    #[msg("of governance itself a transaction may only call set_params and set_guardian")]
    SelfCall,
    #[msg("all 16 shards of stake must be given, in order")]
    ShardsMissing,
    #[msg("the stake of that week is no longer known")]
    SnapshotGone,
    #[msg("nobody had active stake at the start of the week")]
    NothingStaked,
    #[msg("the proposal is not open for votes")]
    NotVoting,
    #[msg("the hash is not that of the proposal's content")]
    WrongHash,
    #[msg("a vote is for, against or an abstention")]
    UnknownChoice,
    #[msg("this is not a node of the staking program")]
    NotANode,
    #[msg("this is not a position of the staking program")]
    NotAPosition,
    #[msg("it had no active stake at the start of the week in which voting began")]
    NoWeight,
    #[msg("the signer does not hold the position")]
    NotHolder,
    #[msg("the signer does not own the node")]
    NotNodeOwner,
    #[msg("the node has been registered or reopened since voting began")]
    OwnerSinceVote,
    #[msg("this belongs to another proposal")]
    WrongProposal,
    #[msg("voting has not ended")]
    StillVoting,
    #[msg("the proposal was not queued within 14 days after the vote")]
    QueuedTooLate,
    #[msg("the proposal is not queued")]
    NotQueued,
    #[msg("the hold-up has not passed")]
    HeldUp,
    #[msg("the time for the execution is over")]
    Expired,
    #[msg("the transaction is not the one that was voted on")]
    NotVotedOn,
    #[msg("the accounts must be those of the transaction, in its order, and writable where it says so")]
    WrongAccounts,
    #[msg("the treasury was assigned to a program, or holds data")]
    TreasuryChanged,
    #[msg("an account of the treasury must have no delegate and no close authority")]
    TreasuryDelegated,
    #[msg("what leaves the treasury must be counted: the asset's outflow account is missing")]
    OutflowMissing,
    #[msg("more would leave the treasury in seven days than the limit allows")]
    OutflowLimit,
    #[msg("only the proposer cancels a draft, and only the guardian what is voted on or queued")]
    MayNotCancel,
    #[msg("the guardian cannot cancel a proposal that only sets the guardian")]
    GuardianOnly,
    #[msg("the proposal can no longer be cancelled")]
    NotCancellable,
    #[msg("the bond is not returned: the proposal is still open, or too few have voted")]
    BondNotReturned,
    #[msg("the bond is not lost")]
    BondNotLost,
    #[msg("this is not the bond of the proposal")]
    WrongBond,
    #[msg("the token account does not belong to the one who is to be paid")]
    WrongDestination,
    #[msg("this is not the one who paid the rent")]
    WrongRentPayer,
    #[msg("the proposal is not over")]
    NotOver,
    #[msg("a number does not fit into its field")]
    Overflow,
    #[msg("a vote is not changed after voting was to end; who has not voted yet still can")]
    NoChangeNow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_numbers() {
        for (error, number) in [
            (GovernanceError::NotUpgradeAuthority, 6000),
            (GovernanceError::OutflowOutOfBounds, 6010),
            (GovernanceError::TooManyAccounts, 6020),
            (GovernanceError::NotANode, 6030),
            (GovernanceError::HeldUp, 6040),
            (GovernanceError::NotCancellable, 6050),
            (GovernanceError::Overflow, 6057),
            (GovernanceError::NoChangeNow, 6058),
        ] {
            assert_eq!(u32::from(error), number);
        }
    }
}

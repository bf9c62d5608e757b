use anchor_lang::prelude::*;

/// Codes are stable: new ones are added at the end.
#[error_code]
pub enum GovernanceError {
    #[msg("only the program's upgrade authority may initialize the program")]
    NotUpgradeAuthority,
    #[msg("this is not the program's ProgramData account")]
    WrongProgramData,
    #[msg("only the treasury may do this, by an executed proposal")]
    NotTreasury,
    #[msg("the stake that proposing needs must be from 1 to 100,000 IO")]
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
    #[msg("the treasury's outflow limit must be from 5 to 50 % in seven days")]
    OutflowOutOfBounds,
    #[msg("voting, extension and hold-up together must not exceed the shortest cooldown of stake, 14 days")]
    TermsTooLong,
    #[msg("the remaining accounts must be nodes and positions of the proposer")]
    NotProposersStake,
    #[msg("each position must be followed by its node")]
    WrongNode,
    #[msg("the nodes and positions that show stake must be in ascending order of address, each once")]
    StakeOrder,
    #[msg("the proposer has less stake, now or at the start of the week, than is needed to propose")]
    StakeTooSmall,
    #[msg("the signer is not the proposer")]
    NotProposer,
    #[msg("the proposal is no longer a draft")]
    NotDraft,
    #[msg("transactions are added in order: the index must be the next one")]
    WrongIndex,
    #[msg("a proposal has at most 16 transactions")]
    TooManyTransactions,
    #[msg("a transaction has at most 32 accounts")]
    TooManyAccounts,
    #[msg("a transaction has at most 1,024 bytes of data")]
    TooMuchData,
    #[msg("only the treasury may sign in a transaction")]
    ForeignSigner,
    #[msg("a transaction may call no instruction of governance but set_params and set_guardian")]
    SelfCall,
    #[msg("all 16 stake shards must be given, in order")]
    ShardsMissing,
    #[msg("the stake of that week is no longer known")]
    SnapshotGone,
    #[msg("nobody had active stake at the start of the week")]
    NothingStaked,
    #[msg("the proposal is not open for votes")]
    NotVoting,
    #[msg("the hash does not match the proposal's content")]
    WrongHash,
    #[msg("the choice must be for, against or abstain")]
    UnknownChoice,
    #[msg("this is not a node of the staking program")]
    NotANode,
    #[msg("this is not a position of the staking program")]
    NotAPosition,
    #[msg("the node or position had no active stake at the start of the week in which voting began")]
    NoWeight,
    #[msg("the signer does not hold the position")]
    NotHolder,
    #[msg("the signer does not own the node")]
    NotNodeOwner,
    #[msg("the node has been registered or reopened since voting began: its owner has no vote")]
    OwnerSinceVote,
    #[msg("the account belongs to another proposal")]
    WrongProposal,
    #[msg("voting has not ended yet")]
    StillVoting,
    #[msg("the proposal was not queued within 14 days after the vote")]
    QueuedTooLate,
    #[msg("the proposal is not queued")]
    NotQueued,
    #[msg("the hold-up has not passed yet")]
    HeldUp,
    #[msg("the time for executing the proposal is over")]
    Expired,
    #[msg("the transaction is not the one that was voted on")]
    NotVotedOn,
    #[msg("the accounts must be those of the transaction, in its order, and writable where it says so")]
    WrongAccounts,
    #[msg("the treasury must stay an account of the System program without data")]
    TreasuryChanged,
    #[msg("an account of the treasury must have no delegate and no close authority")]
    TreasuryDelegated,
    #[msg("the asset's outflow account is missing: open it with open_outflow, and include it")]
    OutflowMissing,
    #[msg("more would leave the treasury in seven days than the limit allows")]
    OutflowLimit,
    #[msg(
        "only the proposer may cancel a draft, and only the guardian a proposal that is voted on or queued"
    )]
    MayNotCancel,
    #[msg("the guardian cannot cancel a proposal that only sets the guardian")]
    GuardianOnly,
    #[msg("the proposal can no longer be cancelled")]
    NotCancellable,
    #[msg("the bond cannot be returned: the proposal is still open, or too little stake has voted")]
    BondNotReturned,
    #[msg("the bond is not lost: the proposal is still open, or the bond goes back")]
    BondNotLost,
    #[msg("this is not the bond of the proposal")]
    WrongBond,
    #[msg("the token account does not belong to the recipient of this payment")]
    WrongDestination,
    #[msg("this is not the account that paid the rent, which alone gets it back")]
    WrongRentPayer,
    #[msg("the proposal is not over yet")]
    NotOver,
    #[msg("a number does not fit in its field")]
    Overflow,
    #[msg("votes can no longer be changed: the regular end of voting has passed")]
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

mod config;
mod outflow;
mod proposal;
mod transaction;
mod vote;

pub use config::*;
pub use outflow::*;
pub use proposal::*;
pub use transaction::*;
pub use vote::*;

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn accounts_lie_as_they_always_have() {
        let sizes = [Config::SPACE, Proposal::SPACE, NodeVote::SPACE, VoteRecord::SPACE, AssetOutflow::SPACE]
            .map(|size| size - 8);
        assert_eq!(sizes, [360, 592, 160, 144, 192]);
        let config = [offset_of!(Config, min_stake), offset_of!(Config, guardian), offset_of!(Config, seq)];
        assert_eq!(config, [16, 56, 96]);
        let proposal = [
            offset_of!(Proposal, proposer),
            offset_of!(Proposal, content_hash),
            offset_of!(Proposal, bond_vault),
            offset_of!(Proposal, voting_ends),
            offset_of!(Proposal, week),
            offset_of!(Proposal, in_favour),
            offset_of!(Proposal, seq),
        ];
        assert_eq!(proposal, [8, 240, 304, 360, 408, 424, 448]);
        assert_eq!([offset_of!(NodeVote, own), offset_of!(NodeVote, overridden)], [104, 120]);
        assert_eq!([offset_of!(VoteRecord, holder), offset_of!(VoteRecord, weight)], [72, 104]);
        assert_eq!(
            [
                offset_of!(AssetOutflow, asset),
                offset_of!(AssetOutflow, recent),
                offset_of!(AssetOutflow, seq)
            ],
            [8, 40, 120]
        );
    }
}

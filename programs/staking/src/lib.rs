//! Staking: hardware classes, devices, nodes, the stake of owners and co-stakers, and the rewards that
//! reports credit to them.
//!
//! A node's vault always holds exactly what its account says: the owner's stake and rewards, the
//! co-stakers' tokens, the rewards owed to them, what is left of a former owner's side, and what was set apart for
//! slashes.
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use io_common::abi::{CreditFreeze, Disproof};
use io_common::leaf::{LeafArgs, Verdict};
use state::{ClassArgs, NodeArgs, ParamsArgs, Reference};

declare_id!("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "IO staking",
    project_url: "https://ionet.example",
    contacts: "link:https://ionet.example/security",
    policy: "https://ionet.example/SECURITY.md"
}

#[program]
pub mod staking {
    use super::*;

    // The dispatcher compares discriminators in this order: what is called most comes first.

    /// Credits a node with a final report's leaf: what it earned in its life, less what it was credited
    /// before. Where that exceeds what may be credited in seven days, the rest is credited by a later call.
    ///
    /// Caller: anyone. Errors: `NotAReport`, `ReportNotFinal`, `ReportHeld`, `ReportTooOld`, `ReportCorrected`,
    /// `LeafBeyondReport`, `LeafOutOfOrder`, `WrongProof`, `ReportRefuted`, `ReportExhausted`, `CreditLimit`,
    /// `NodeTerminal`, `CreditFrozen`,
    /// `CreditStopped`, `CreditTooSoon`, `HourNotEarned`, `RewardAboveBound`, `TooManyPositions`, `WrongNode`,
    /// `WrongShard`, `WrongVault`.
    pub fn credit_node<'info>(ctx: Context<'info, CreditNode<'info>>, leaf: LeafArgs) -> Result<()> {
        handle_credit_node(ctx, leaf)
    }

    /// Adds to a position's pending stake.
    ///
    /// * amount - Base units of IO.
    ///
    /// Caller: its holder. Errors: `Paused`, `NodeNotLive`, `NotHolder`, `WrongNode`, `WrongClass`,
    /// `WrongVault`, `ZeroAmount`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`,
    /// `ActivateFirst`.
    pub fn stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
        handle_stake(ctx, amount)
    }

    /// Pays out a position's rewards.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingToClaim`, `WrongVault`,
    /// `WrongDestination`.
    pub fn claim(ctx: Context<Claim>) -> Result<()> {
        handle_claim(ctx)
    }

    /// Adds to the owner's pending stake.
    ///
    /// * amount - Base units of IO.
    ///
    /// Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    /// `WrongVault`, `ZeroAmount`, `MaximumStake`, `ActivateFirst`.
    pub fn owner_stake(ctx: Context<OwnerStake>, amount: u64) -> Result<()> {
        handle_owner_stake(ctx, amount)
    }

    /// Pays out the owner's rewards.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `NothingToClaim`, `Frozen`, `WrongVault`,
    /// `WrongDestination`.
    pub fn owner_claim(ctx: Context<OwnerClaim>) -> Result<()> {
        handle_owner_claim(ctx)
    }

    /// Creates the configuration and emission's ledger.
    ///
    /// * slasher - May propose slashes.
    /// * resolver - Decides slashes; must be another key than the slasher.
    ///
    /// Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`,
    /// `SlasherIsResolver`.
    pub fn initialize(ctx: Context<Initialize>, slasher: Pubkey, resolver: Pubkey) -> Result<()> {
        handle_initialize(ctx, slasher, resolver)
    }

    /// Creates one of the 16 shards that sum active stake.
    ///
    /// * index - Number of the shard, 0 to 15.
    ///
    /// Caller: anyone, who pays its rent. Errors: `UnknownShard`.
    pub fn open_shard(ctx: Context<OpenShard>, index: u8) -> Result<()> {
        handle_open_shard(ctx, index)
    }

    /// Creates a hardware class.
    ///
    /// * id - Number of the class.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `UnknownPool`, `MaximumOutOfBounds`,
    /// `MinimumOutOfBounds`, `MultiplierOutOfBounds`.
    pub fn create_class(ctx: Context<CreateClass>, id: u16, args: ClassArgs) -> Result<()> {
        handle_create_class(ctx, id, args)
    }

    /// Changes a hardware class; stake that exists already stays.
    ///
    /// * id - Number of the class.
    ///
    /// Caller: the authority. Errors: those of `create_class`.
    pub fn set_class(ctx: Context<SetClass>, id: u16, args: ClassArgs) -> Result<()> {
        handle_set_class(ctx, id, args)
    }

    /// Sets what the devices of a class are judged by.
    ///
    /// * id - Number of the class.
    /// * reference - Times that were measured; zeros where there is none.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `ProductUnknown`, `MemoryUnknown`, `ReferenceOutOfBounds`.
    pub fn set_reference(ctx: Context<SetClass>, id: u16, reference: Reference) -> Result<()> {
        handle_set_reference(ctx, id, reference)
    }

    /// Approves the digest of a device's hardware certificate; at the attesters' threshold it is the device's.
    ///
    /// * digest - SHA-256 of the certificate's unique id; zeros to take it away.
    ///
    /// Caller: an attester, who pays the rent of the first approval. Errors: `WrongAttesterSet`, `NotAttester`,
    /// `AlreadyApproved`.
    pub fn approve_identity(ctx: Context<ApproveIdentity>, digest: [u8; 32]) -> Result<()> {
        handle_approve_identity(ctx, digest)
    }

    /// Approves that a node goes down to the class that its proofs have shown, a day after the threshold is reached.
    ///
    /// * before - Number of its class.
    /// * after - Number of the lower class.
    ///
    /// Caller: an attester, who pays the rent of the first approval. Errors: `WrongAttesterSet`, `NotAttester`,
    /// `NodeNotLive`, `WrongClass`, `ClassDisabled`, `OtherPool`, `ClassNotLower`, `NotNodeDevice`, `AlreadyApproved`.
    pub fn approve_class(ctx: Context<ApproveClass>, before: u16, after: u16) -> Result<()> {
        handle_approve_class(ctx, before, after)
    }

    /// Takes a node down to the class that the attesters' threshold approved, while its latest verdict is no passed
    /// one and nobody leases it.
    ///
    /// * before - Number of its class.
    /// * after - Number of the lower class.
    ///
    /// Caller: anyone, from a day to seven days after the threshold was reached. Errors: `WrongAttesterSet`,
    /// `NodeNotLive`, `WrongClass`, `ClassDisabled`, `OtherPool`, `ClassNotLower`, `NotApproved`,
    /// `ApprovedBeforeOwner`, `NoticeRuns`, `ProofPassed`, `NotNodeDevice`, `NotDeviceOwner`, `NodeLeased`,
    /// `WrongOffer`.
    pub fn lower_class(ctx: Context<LowerClass>, before: u16, after: u16) -> Result<()> {
        handle_lower_class(ctx, before, after)
    }

    /// Registers a device by its fingerprint; each device is registered once.
    ///
    /// * fingerprint - `sha256` of the device's own unique id.
    ///
    /// Callers: the owner, the device's key, and an attester that has challenged the device. Errors:
    /// `Paused`, `WrongAttesterSet`, `NotAttester`, `ClassDisabled`.
    pub fn register_device(ctx: Context<RegisterDevice>, fingerprint: [u8; 32]) -> Result<()> {
        handle_register_device(ctx, fingerprint)
    }

    /// Registers a node with a registered device as its first.
    ///
    /// Caller: the device's owner. Errors: `Paused`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`,
    /// `WrongClass`, `ClassDisabled`, `CommissionOutOfBounds`.
    pub fn register_node(ctx: Context<RegisterNode>, args: NodeArgs) -> Result<()> {
        handle_register_node(ctx, args)
    }

    /// Makes the owner's pending stake active: at once where co-stakers have nothing active, leaving or
    /// pending, else once the node was credited past it.
    ///
    /// Caller: anyone. Errors: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongShard`.
    pub fn owner_activate(ctx: Context<OwnerActivate>) -> Result<()> {
        handle_owner_activate(ctx)
    }

    /// Unstakes on the owner's side. Pending stake leaves at once, all active stake cools. While the node is
    /// leased the minimum stays.
    ///
    /// * amount - Base units of IO.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `ZeroAmount`, `MoreThanStaked`,
    /// `LeaseLocksMinimum`, `NoFreeSlot`, `Frozen`, `WrongClass`, `WrongOffer`, `WrongShard`, `WrongVault`,
    /// `WrongDestination`.
    pub fn owner_unstake(ctx: Context<OwnerUnstake>, amount: u64) -> Result<()> {
        handle_owner_unstake(ctx, amount)
    }

    /// Pays out the owner's cooled stake.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `NothingReady`, `Frozen`, `WrongVault`,
    /// `WrongDestination`.
    pub fn owner_withdraw(ctx: Context<OwnerWithdraw>) -> Result<()> {
        handle_owner_withdraw(ctx)
    }

    /// Opens an empty position of a co-staker.
    ///
    /// Caller: its holder. Errors: `OwnerIsNoCoStaker`, `NodeNotLive`.
    pub fn open_position(ctx: Context<OpenPosition>) -> Result<()> {
        handle_open_position(ctx)
    }

    /// Makes a position's pending stake active, when the node was credited past it.
    ///
    /// Caller: anyone. Errors: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongNode`, `WrongShard`.
    pub fn activate(ctx: Context<Activate>) -> Result<()> {
        handle_activate(ctx)
    }

    /// Unstakes from a position: pending stake leaves at once, active stake cools.
    ///
    /// * amount - Shares of the co-stakers' side.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `ZeroAmount`, `MoreThanStaked`,
    /// `NoFreeSlot`, `CoExitFrozen`, `WrongShard`, `WrongVault`, `WrongDestination`.
    pub fn unstake(ctx: Context<Unstake>, amount: u64) -> Result<()> {
        handle_unstake(ctx, amount)
    }

    /// Pays out a position's cooled stake.
    ///
    /// Caller: its holder. Errors: `NotHolder`, `WrongNode`, `NothingReady`, `CoExitFrozen`, `WrongVault`,
    /// `WrongDestination`.
    pub fn withdraw(ctx: Context<Withdraw>) -> Result<()> {
        handle_withdraw(ctx)
    }

    /// Settles what has become due on a node: pending stake that it was credited past becomes active, and late
    /// weights of hours that are all credited end. Also writes down the minimum of its class.
    ///
    /// Caller: anyone. Errors: `WrongClass`, `WrongNode`, `WrongShard`.
    pub fn settle_changes<'info>(ctx: Context<'info, SettleChanges<'info>>) -> Result<()> {
        handle_settle_changes(ctx)
    }

    /// Announces the owner's part of co-stakers' rewards: at most five percentage points more, from seven
    /// days later.
    ///
    /// * commission_bps - The owner's part of co-stakers' rewards, bps.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `CommissionOutOfBounds`, `CommissionStep`,
    /// `CommissionUndecided`.
    pub fn set_commission(ctx: Context<SetCommission>, commission_bps: u16) -> Result<()> {
        handle_set_commission(ctx, commission_bps)
    }

    /// Turns the owner's rewards into pending stake, as much as there is room for.
    ///
    /// Caller: the node's owner. Errors: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`,
    /// `NothingToClaim`, `MaximumStake`, `ActivateFirst`.
    pub fn owner_compound(ctx: Context<OwnerCompound>) -> Result<()> {
        handle_owner_compound(ctx)
    }

    /// Turns a position's rewards into pending stake, as much as there is room for.
    ///
    /// Caller: its holder. Errors: `Paused`, `NotHolder`, `WrongNode`, `NodeNotLive`, `WrongClass`,
    /// `NothingToClaim`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`, `ActivateFirst`.
    pub fn compound(ctx: Context<Compound>) -> Result<()> {
        handle_compound(ctx)
    }

    /// Takes a node out of the market. Its stake has no vote from then on; stake still leaves and rewards are
    /// still claimed.
    ///
    /// Caller: the node's owner. Errors: `NotNodeOwner`, `NodeNotLive`, `NodeLeased`, `WrongOffer`, `WrongShard`.
    pub fn retire_node(ctx: Context<RetireNode>) -> Result<()> {
        handle_retire_node(ctx)
    }

    /// Brings a retired node back; what it was credited before stays counted, and so does co-stake. A new
    /// owner can do so when the former owner's side is empty, no proposal is open, all the former owner's hours are
    /// credited or 60 days have passed, and nothing of theirs can be disproved any more.
    ///
    /// Callers: the device's owner and its key. Errors: `Paused`, `NodeNotRetired`, `NotNodeDevice`,
    /// `NotDeviceOwner`, `NotDeviceKey`, `DeviceBanned`, `WrongClass`, `ClassDisabled`, `NodeNotEmpty`,
    /// `Frozen`, `OwnerStays`, `DisproofsOpen`, `KeyStays`, `DevicesAttached`, `CommissionNotice`, `CommissionOutOfBounds`, `WrongShard`.
    pub fn reopen_node(ctx: Context<ReopenNode>, args: NodeArgs) -> Result<()> {
        handle_reopen_node(ctx, args)
    }

    /// Adds a processor of the same class to a node, up to eight in all.
    ///
    /// Caller: the owner of both. Errors: `NotNodeOwner`, `NotDeviceOwner`, `DeviceInUse`,
    /// `DeviceBanned`, `WrongClass`, `ClassDisabled`, `NodeNotLive`, `NodeLeased`, `TooManyDevices`, `WrongOffer`.
    pub fn attach_device(ctx: Context<AttachDevice>) -> Result<()> {
        handle_attach_device(ctx)
    }

    /// Removes a processor that is not the first from a node.
    ///
    /// Caller: the node's owner; of a retired node also the owner of its first device. Errors: `NotNodeOwner`,
    /// `NodeNotRetired`, `NotNodeDevice`, `NodeLeased`, `LastDevice`, `WrongOffer`.
    pub fn detach_device(ctx: Context<DetachDevice>) -> Result<()> {
        handle_detach_device(ctx)
    }

    /// Gives up a device that has no node, or is the first of a retired one, so that another owner can
    /// claim it.
    ///
    /// Caller: its owner. Errors: `NotDeviceOwner`, `WrongNode`, `NotNodeDevice`, `NodeNotRetired`.
    pub fn release_device(ctx: Context<ReleaseDevice>) -> Result<()> {
        handle_release_device(ctx)
    }

    /// Takes a device from a squatter, and removes it from a node of which it is not the first; a ban stays
    /// with the device, and its node is neither listed nor leased and earns nothing more.
    ///
    /// * ban - Whether nobody may ever register it again.
    ///
    /// Caller: the resolver. Errors: `NotResolver`, `WrongNode`.
    pub fn evict_device(ctx: Context<EvictDevice>, ban: bool) -> Result<()> {
        handle_evict_device(ctx, ban)
    }

    /// Retires the node of a squatter; stake on it can still leave. A lease runs to its end, so that a
    /// squatter cannot stay by leasing their own node.
    ///
    /// Caller: the resolver. Errors: `NotResolver`, `NodeNotLive`, `WrongShard`.
    pub fn evict_node(ctx: Context<EvictNode>) -> Result<()> {
        handle_evict_node(ctx)
    }

    /// Moves all that a former owner of the node's device has on the retired node out of the way, so that the
    /// next owner can reopen it. It cools, and the former owner can withdraw it even if the node has another
    /// owner by then.
    ///
    /// Caller: anyone. Errors: `DeviceOwned`, `NodeNotRetired`, `OwnerStays`, `DisproofsOpen`, `NothingReady`,
    /// `Frozen`, `FormerUnpaid`, `NodeLeased`, `NotNodeDevice`, `WrongOffer`, `WrongShard`.
    pub fn expel_owner(ctx: Context<ExpelOwner>) -> Result<()> {
        handle_expel_owner(ctx)
    }

    /// Pays out what is left of a former owner's side, after its cooldown.
    ///
    /// Caller: anyone. Errors: `NothingReady`, `WrongDestination`, `WrongVault`.
    pub fn withdraw_former(ctx: Context<WithdrawFormer>) -> Result<()> {
        handle_withdraw_former(ctx)
    }

    /// Registers a device that nobody owns for a new owner.
    ///
    /// Callers: the owner to be, the device's key, and an attester that has challenged it. Errors:
    /// `Paused`, `DeviceOwned`, `DeviceBanned`, `ClassDisabled`, `WrongAttesterSet`, `NotAttester`.
    pub fn claim_device(ctx: Context<ClaimDevice>) -> Result<()> {
        handle_claim_device(ctx)
    }

    /// Registers another network, whose authority owns the nodes it brings.
    ///
    /// * name - Name, UTF-8, padded with zeros.
    ///
    /// Caller: the network's authority. Errors: `Paused`.
    pub fn register_network(ctx: Context<RegisterNetwork>, name: [u8; 32]) -> Result<()> {
        handle_register_network(ctx, name)
    }

    /// Adds a node to its owner's network.
    ///
    /// Caller: the owner of both. Errors: `NotNodeOwner`, `NotNetwork`, `InNetwork`.
    pub fn join_network(ctx: Context<JoinNetwork>) -> Result<()> {
        handle_join_network(ctx)
    }

    /// Proposes to burn a node's stake and holds it back. A proposal that names fraud also stops the node's
    /// credit.
    ///
    /// * nonce - Any number not yet used for the node; part of the address.
    /// * amount - What is to be burned, base units of IO.
    /// * evidence_hash - SHA-256 of the evidence.
    /// * fraud - Whether the proposal names fraud: then its decision ends the node.
    ///
    /// Caller: the slasher, who gets nothing of what is burned. Errors: `NotSlasher`, `ZeroAmount`,
    /// `SlashAboveStake`, `SlashPause`, `CreditStopped`, `StopLimit`, `ShardsMissing`, `WrongShard`.
    pub fn propose_slash<'info>(
        ctx: Context<'info, ProposeSlash<'info>>,
        nonce: u64,
        amount: u64,
        evidence_hash: [u8; 32],
        fraud: bool,
    ) -> Result<()> {
        handle_propose_slash(ctx, nonce, amount, evidence_hash, fraud)
    }

    /// Puts a slash before the resolver.
    ///
    /// Caller: the node's owner, within 30 days. Errors: `NotNodeOwner`, `WrongNode`, `AppealClosed`.
    pub fn appeal(ctx: Context<Appeal>) -> Result<()> {
        handle_appeal(ctx)
    }

    /// Decides a slash: an appealed one within 30 days, another one after the time for an appeal. Only a
    /// decision reaches beyond the owner's side, and one that names fraud ends the node.
    ///
    /// * amount - What may be burned in all, base units of IO; at most what was proposed.
    ///
    /// Caller: the resolver. Errors: `NotResolver`, `WrongNode`, `NotDecidable`, `SlashRaised`,
    /// `SlashSetApart`, `WrongShard`.
    pub fn resolve_slash(ctx: Context<ResolveSlash>, amount: u64) -> Result<()> {
        handle_resolve_slash(ctx, amount)
    }

    /// Sets apart what a slash takes: from the owner's side, and after a decision from co-stakers, which ends
    /// the node. It belongs to no side any more, holds nothing back, and does not lapse.
    ///
    /// Caller: anyone, within 14 days of the end of the time for an appeal, or after the decision. Errors:
    /// `NotExecutable`, `WrongNode`, `WrongShard`.
    pub fn set_apart_slash(ctx: Context<SetApartSlash>) -> Result<()> {
        handle_set_apart_slash(ctx)
    }

    /// Ends a slash that is not decided, and returns what was set apart for it to the owner who was slashed.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `SlashDecided`, `NotExecutable`, `WrongNode`,
    /// `WrongDestination`, `WrongVault`.
    pub fn cancel_slash(ctx: Context<CancelSlash>) -> Result<()> {
        handle_cancel_slash(ctx)
    }

    /// Burns what was set apart for a slash, within limits for seven days: 1 % of all active stake without a
    /// decision, and `decided_limit_bps` of it by decision.
    ///
    /// Caller: anyone, at any time. Errors: `NotExecutable`, `SlashLimit`, `ShardsMissing`, `WrongShard`,
    /// `WrongNode`, `WrongVault`.
    pub fn execute_slash<'info>(ctx: Context<'info, ExecuteSlash<'info>>) -> Result<()> {
        handle_execute_slash(ctx)
    }

    /// Closes a slash that is done or has lapsed, and frees what it still held back. After a lapse no slash
    /// of the node can be proposed for 30 days.
    ///
    /// Caller: anyone. Errors: `SlashOpen`, `WrongNode`, `WrongRentPayer`.
    pub fn close_slash(ctx: Context<CloseSlash>) -> Result<()> {
        handle_close_slash(ctx)
    }

    /// Burns what the leaf of a node that ended for fraud proves, instead of crediting it.
    ///
    /// Caller: anyone. Errors: `NodeNotTerminal`, `NothingToClaim`, `CreditFrozen`, `CreditLimit`, and those of
    /// a leaf in `credit_node`.
    pub fn forfeit_reward(ctx: Context<ForfeitReward>, leaf: LeafArgs) -> Result<()> {
        handle_forfeit_reward(ctx, leaf)
    }

    /// Holds a node's credit back or releases it, and excludes earlier reports for it.
    ///
    /// Caller: the proofs program. Errors: `NotProofs`, `ChallengedLately`.
    pub fn freeze_credit(ctx: Context<FreezeCredit>, freeze: CreditFreeze) -> Result<()> {
        handle_freeze_credit(ctx, freeze)
    }

    /// Records the verdict of a node's latest compute proof.
    ///
    /// Caller: the proofs program. Errors: `NotProofs`.
    pub fn set_last_proof(ctx: Context<SetLastProof>, verdict: Verdict) -> Result<()> {
        handle_set_last_proof(ctx, verdict)
    }

    /// Sets a tenth of a node's minimum apart, without appeal, and fails its verdict: what its device had signed was
    /// shown to be wrong.
    ///
    /// * hour - Hours from the start of emission to the end of the hour in which it was signed.
    /// * period_end - End of that hour, unix time.
    /// * evidence_hash - SHA-256 of the message that was signed.
    ///
    /// Caller: the proofs program, once a node and hour. Errors: `NotProofs`, `WrongShard`, `RetiredThen`.
    pub fn slash_disproved(
        ctx: Context<SlashDisproved>,
        hour: u64,
        period_end: i64,
        evidence_hash: [u8; 32],
    ) -> Result<()> {
        handle_slash_disproved(ctx, Disproof { hour, period_end, evidence_hash })
    }

    /// Sets roles, the cooldown, the time for appeals, and the limits of slashes and rewards.
    ///
    /// Caller: the authority. Errors: `NotAuthority`, `CooldownOutOfBounds`, `AppealOutOfBounds`,
    /// `SlasherIsResolver`, `DecidedLimitOutOfBounds`, `RewardBoundOutOfBounds`.
    pub fn set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
        handle_set_params(ctx, params)
    }

    /// Pauses registering and staking, or lifts the pauses. Exits are never paused.
    ///
    /// * paused - All entries to be paused, bits `PAUSE_*`.
    ///
    /// Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.
    pub fn set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
        handle_set_paused(ctx, paused)
    }

    /// Proposes a successor of the authority, who has to accept.
    ///
    /// * successor - Becomes the authority when it accepts; the default key withdraws the proposal.
    ///
    /// Caller: the authority. Errors: `NotAuthority`.
    pub fn propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
        handle_propose_authority(ctx, successor)
    }

    /// Makes the proposed successor the authority.
    ///
    /// Caller: the successor. Errors: `NotPendingAuthority`.
    pub fn accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
        handle_accept_authority(ctx)
    }
}

use super::{CloseReason, START_WINDOW};
use crate::errors::JobsError;
use anchor_lang::prelude::*;

/// Fewest jobs that a cluster is opened for: one of a single job can grow.
#[constant]
pub const MIN_CLUSTER: u8 = 1;
/// Most jobs that a cluster is opened for.
#[constant]
pub const MAX_CLUSTER: u8 = u8::MAX;
/// Seed of a cluster: `["cluster", renter, id]`.
#[constant]
pub const CLUSTER_SEED: &[u8] = b"cluster";

/// How a job came into its cluster: `Job.replaces`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Joining {
    /// As one of those that it was opened for.
    Founding = 0,
    /// In place of a lost job.
    Replacing = 1,
    /// In a place that was added while it ran.
    Added = 2,
}

/// Who left a cluster first, before its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whether its renter did, by cancelling.
    pub by_renter: bool,
    pub at: i64,
}

/// Jobs of one renter that start only when all are booked: `["cluster", renter, id]`. It counts those
/// that wait; a job that runs or has ended no longer needs it. While it runs it can grow by further jobs.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Cluster {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Number of jobs that it was opened for, which start only when all of them are booked.
    pub size: u8,
    /// How many of those were booked.
    pub joined: u8,
    /// Jobs that are neither started nor ended, of whatever place.
    pub waiting: u8,
    /// Why the first job that left before its start did so; none while none has.
    pub broken: CloseReason,
    /// Jobs whose node was lost, and that nobody has replaced.
    pub lost: u8,
    /// Places that were added while it ran, and that nobody has booked yet.
    pub places: u8,
    /// The renter, who books its jobs and paid the rent.
    pub renter: Pubkey,
    /// May book those that it was opened for or that replace lost ones, and extend any, and pays itself for that;
    /// zeros where the renter has named nobody.
    pub delegate: Pubkey,
    /// Chosen by the renter; part of the address.
    pub id: [u8; 32],
    /// `sha256` of the manifest that all its jobs run.
    pub manifest_hash: [u8; 32],
    /// When it was opened, unix time.
    pub opened_at: i64,
    /// When the first job left before its start, unix time; 0 while none has.
    pub broken_at: i64,
    /// The latest end of the booked time of its jobs, unix time; 0 before the first start.
    pub runs_until: i64,
    /// Number of the latest event.
    pub seq: u64,
    pub reserved: [u8; 64],
}

impl Cluster {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, size: u8, now: i64) -> Result<()> {
        require_gte!(size, MIN_CLUSTER, JobsError::ClusterSize);
        self.size = size;
        self.opened_at = now;
        Ok(())
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Counts a new booking, which its renter has signed or not; says what for. Places that were added are taken
    /// before those of lost jobs, and by its renter alone.
    pub fn join(&mut self, manifest_hash: &[u8; 32], by_renter: bool) -> Result<Joining> {
        require!(self.broken == CloseReason::None, JobsError::ClusterBroken);
        if self.joined == 0 {
            self.manifest_hash = *manifest_hash;
        }
        require!(self.manifest_hash == *manifest_hash, JobsError::ClusterManifest);
        let joining = if self.joined < self.size {
            self.joined = self.joined.saturating_add(1);
            Joining::Founding
        } else if by_renter && self.places > 0 {
            self.places = self.places.saturating_sub(1);
            Joining::Added
        } else {
            self.lost = self.lost.checked_sub(1).ok_or(JobsError::ClusterFull)?;
            Joining::Replacing
        };
        // Start and closing wait for what is counted here: it is never less than what waits.
        self.waiting = self.waiting.checked_add(1).ok_or(JobsError::ClusterFull)?;
        Ok(joining)
    }

    /// Adds places for jobs that start by themselves, while booked time of one that has started lies ahead.
    pub fn grow(&mut self, places: u8, now: i64) -> Result<()> {
        self.check_complete()?;
        require_gt!(self.runs_until, now, JobsError::ClusterOver);
        require_gt!(places, 0, JobsError::ClusterPlaces);
        self.places = self.places.checked_add(places).ok_or(JobsError::ClusterPlaces)?;
        Ok(())
    }

    /// Checks that its jobs can start: all are booked, and none has left.
    pub fn check_complete(&self) -> Result<()> {
        require!(self.broken == CloseReason::None, JobsError::ClusterBroken);
        require_eq!(self.joined, self.size, JobsError::ClusterIncomplete);
        Ok(())
    }

    /// Lets a job start, whose time is over at `until`.
    pub fn start(&mut self, until: i64) -> Result<()> {
        self.check_complete()?;
        self.waiting = self.waiting.saturating_sub(1);
        self.hold_until(until);
        Ok(())
    }

    /// Keeps the account until the end of a job that runs.
    pub fn hold_until(&mut self, until: i64) {
        self.runs_until = self.runs_until.max(until);
    }

    /// Takes out a job that ended before its start. From then on no other one starts; but one that was to
    /// replace a lost job leaves its place to another, and one that was added takes its place along.
    pub fn leave(&mut self, replaces: u8, reason: CloseReason, now: i64) {
        self.waiting = self.waiting.saturating_sub(1);
        if replaces == Joining::Replacing as u8 {
            self.lose();
        } else if replaces == Joining::Founding as u8 && self.broken == CloseReason::None {
            self.broken = reason;
            self.broken_at = now;
        }
    }

    /// Counts a job whose node was lost.
    pub fn lose(&mut self) {
        self.lost = self.lost.saturating_add(1);
    }

    /// Checks that its renter, who has signed or not, or its delegate books for it.
    pub fn check_booker(&self, renter: &AccountInfo, payer: &Pubkey) -> Result<()> {
        require_keys_eq!(self.renter, *renter.key, JobsError::WrongCluster);
        require!(renter.is_signer || self.delegate == *payer, JobsError::NotClusterBooker);
        Ok(())
    }

    /// Who has left it first, if anybody has.
    pub fn broken(&self) -> Option<Broken> {
        let by_renter = self.broken == CloseReason::RenterCancelled;
        (self.broken != CloseReason::None).then_some(Broken { by_renter, at: self.broken_at })
    }

    /// Checks that nothing needs the account any more. In the start window nobody can close it, nor while
    /// booked time of a job that has started lies ahead: a lost one may be replaced.
    pub fn check_closable(&self, now: i64) -> Result<()> {
        require_eq!(self.waiting, 0, JobsError::ClusterWaits);
        let from = self.opened_at.saturating_add(START_WINDOW);
        require_gt!(now, from, JobsError::ClusterYoung);
        require_gte!(now, self.runs_until, JobsError::ClusterRuns);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(size: u8) -> Cluster {
        let mut cluster: Cluster = bytemuck::Zeroable::zeroed();
        cluster.open(size, 1_000).unwrap();
        cluster
    }

    #[test]
    fn nothing_starts_before_all_are_booked() {
        let mut cluster = cluster(2);
        assert!(cluster.start(5_000).is_err());
        cluster.join(&[1; 32], true).unwrap();
        assert!(cluster.start(5_000).is_err());
        assert!(cluster.join(&[2; 32], true).is_err(), "all run one manifest");
        cluster.join(&[1; 32], true).unwrap();
        assert!(cluster.join(&[1; 32], true).is_err(), "it is full");
        cluster.start(5_000).unwrap();
        cluster.start(5_000).unwrap();
        assert_eq!((cluster.joined, cluster.waiting, cluster.broken()), (2, 0, None));
    }

    #[test]
    fn when_one_has_left_no_other_starts_or_joins() {
        let mut cluster = cluster(3);
        for _ in 0..2 {
            cluster.join(&[1; 32], true).unwrap();
        }
        cluster.leave(0, CloseReason::SupplierCancelled, 1_050);
        assert_eq!(cluster.broken(), Some(Broken { by_renter: false, at: 1_050 }));
        assert!(cluster.join(&[1; 32], true).is_err());
        assert!(cluster.start(5_000).is_err());
        cluster.leave(0, CloseReason::RenterCancelled, 1_060);
        assert_eq!(cluster.broken(), Some(Broken { by_renter: false, at: 1_050 }), "the first one counts");
        assert_eq!(cluster.waiting, 0);
    }

    /// Two jobs that run until 5,000.
    fn running() -> Cluster {
        let mut cluster = cluster(2);
        for _ in 0..2 {
            assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Founding);
        }
        for _ in 0..2 {
            cluster.start(5_000).unwrap();
        }
        cluster
    }

    #[test]
    fn a_lost_job_is_replaced_once_and_a_replacement_that_leaves_makes_place_again() {
        let mut cluster = running();
        assert!(cluster.join(&[1; 32], true).is_err(), "none is lost");
        cluster.lose();
        assert!(cluster.join(&[2; 32], true).is_err(), "it runs something else");
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Replacing);
        assert!(cluster.join(&[1; 32], true).is_err(), "it is replaced");
        cluster.leave(1, CloseReason::SupplierCancelled, 3_000);
        assert_eq!((cluster.broken(), cluster.lost, cluster.waiting), (None, 1, 0));
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Replacing);
        cluster.start(9_000).unwrap();
        assert_eq!((cluster.joined, cluster.waiting, cluster.lost, cluster.runs_until), (2, 0, 0, 9_000));
    }

    #[test]
    fn it_is_kept_until_the_booked_time_of_its_jobs_is_over() {
        let mut cluster = running();
        assert!(cluster.check_closable(4_999).is_err());
        cluster.check_closable(5_000).unwrap();
        cluster.hold_until(6_000);
        assert!(cluster.check_closable(5_000).is_err());
        cluster.hold_until(5_500);
        cluster.check_closable(6_000).unwrap();
    }

    #[test]
    fn it_closes_when_none_waits_and_the_start_window_is_over() {
        let mut cluster = cluster(2);
        assert!(cluster.check_closable(2_200).is_err());
        cluster.check_closable(2_201).unwrap();
        cluster.join(&[1; 32], true).unwrap();
        assert!(cluster.check_closable(9_999).is_err());
    }

    #[test]
    fn a_place_that_was_added_is_booked_once_and_breaks_nothing() {
        let mut cluster = running();
        cluster.grow(2, 2_000).unwrap();
        cluster.lose();
        assert!(cluster.join(&[2; 32], true).is_err(), "it runs something else");
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Added);
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Added);
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Replacing);
        assert!(cluster.join(&[1; 32], true).is_err(), "all are booked");
        cluster.leave(2, CloseReason::RenterCancelled, 3_000);
        assert_eq!((cluster.broken(), cluster.lost, cluster.places, cluster.waiting), (None, 0, 0, 2));
        assert!(cluster.join(&[1; 32], true).is_err(), "its place is gone");
        cluster.start(7_000).unwrap();
        assert_eq!((cluster.size, cluster.joined, cluster.runs_until), (2, 2, 7_000));
    }

    #[test]
    fn who_books_without_its_renter_takes_a_lost_jobs_place_and_none_that_was_added() {
        let mut cluster = running();
        cluster.grow(1, 2_000).unwrap();
        assert!(cluster.join(&[1; 32], false).is_err());
        cluster.lose();
        assert_eq!(cluster.join(&[1; 32], false).unwrap(), Joining::Replacing);
        assert_eq!((cluster.places, cluster.lost), (1, 0));
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Added);
    }

    #[test]
    fn it_grows_only_while_it_runs() {
        let mut cluster = cluster(2);
        assert!(cluster.grow(1, 1_000).is_err(), "none is booked");
        for _ in 0..2 {
            cluster.join(&[1; 32], true).unwrap();
        }
        assert!(cluster.grow(1, 1_000).is_err(), "none has started");
        cluster.start(5_000).unwrap();
        assert!(cluster.grow(1, 5_000).is_err(), "its time is over");
        assert!(cluster.grow(0, 4_999).is_err(), "by nothing");
        cluster.grow(255, 4_999).unwrap();
        assert!(cluster.grow(1, 4_999).is_err(), "by more than it counts");
        cluster.leave(0, CloseReason::SupplierCancelled, 4_999);
        assert!(cluster.grow(1, 4_999).is_err(), "one has left before its start");
    }

    #[test]
    fn no_more_wait_than_it_counts() {
        let mut cluster = running();
        for _ in 0..2 {
            cluster.grow(255, 2_000).unwrap();
            for _ in 0..255 - cluster.waiting {
                cluster.join(&[1; 32], true).unwrap();
            }
            assert!(cluster.join(&[1; 32], true).is_err());
            cluster.places = 0;
        }
        assert_eq!(cluster.waiting, 255);
    }

    #[test]
    fn a_cluster_of_none_is_none_and_one_of_one_grows() {
        let mut cluster: Cluster = bytemuck::Zeroable::zeroed();
        assert!(cluster.open(0, 0).is_err());
        cluster.open(1, 0).unwrap();
        cluster.join(&[1; 32], true).unwrap();
        cluster.start(5_000).unwrap();
        cluster.grow(1, 100).unwrap();
        assert_eq!(cluster.join(&[1; 32], true).unwrap(), Joining::Added);
    }
}

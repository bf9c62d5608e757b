//! The cluster of a job, in instructions that count it.

use crate::errors::JobsError;
use crate::state::{Cluster, Job};
use anchor_lang::prelude::*;
use std::cell::{Ref, RefMut};

/// The job's cluster, or `None` for a job that stands alone. Its account says which: neither a wrong one
/// nor a missing one is taken.
pub fn of<'a>(job: &Job, given: &'a Option<AccountLoader<Cluster>>) -> Result<Option<RefMut<'a, Cluster>>> {
    let key = given.as_ref().map(Key::key).unwrap_or_default();
    require_keys_eq!(key, job.cluster, JobsError::WrongCluster);
    given.as_ref().map(|account| account.load_mut()).transpose()
}

/// The same, to be read only.
pub fn read<'a>(job: &Job, given: &'a Option<AccountLoader<Cluster>>) -> Result<Option<Ref<'a, Cluster>>> {
    let key = given.as_ref().map(Key::key).unwrap_or_default();
    require_keys_eq!(key, job.cluster, JobsError::WrongCluster);
    given.as_ref().map(|account| account.load()).transpose()
}

/// Ends a job's wait in its cluster, if it has one.
pub fn leave(job: &Job, given: &Option<AccountLoader<Cluster>>, now: i64) -> Result<()> {
    if let Some(mut cluster) = of(job, given)? {
        cluster.leave(job.replaces, job.reason, now);
    }
    Ok(())
}

//! Who may change a program's parameters, and who may stop its entries.

use anchor_lang::prelude::*;

/// Authority, its successor until the successor accepts, and the pauser.
#[zero_copy]
#[derive(Debug, PartialEq, Eq)]
pub struct Roles {
    /// May change parameters and lift pauses.
    pub authority: Pubkey,
    /// Becomes the authority when it accepts; all zeros while nobody is proposed.
    pub pending_authority: Pubkey,
    /// May pause, and nothing else.
    pub pauser: Pubkey,
    /// Paused entries, a bit each; each program says which bit stands for what.
    pub paused: u64,
}

impl Roles {
    pub fn new(authority: Pubkey) -> Self {
        Self { authority, pending_authority: Pubkey::default(), pauser: authority, paused: 0 }
    }

    pub fn is_authority(&self, key: &Pubkey) -> bool {
        self.authority == *key
    }

    /// Proposes a successor, who has to accept; the default key withdraws the proposal.
    pub fn propose(&mut self, successor: Pubkey) {
        self.pending_authority = successor;
    }

    pub fn is_pending(&self, key: &Pubkey) -> bool {
        *key != Pubkey::default() && self.pending_authority == *key
    }

    /// Makes the proposed successor the authority.
    pub fn accept(&mut self) {
        self.authority = self.pending_authority;
        self.pending_authority = Pubkey::default();
    }

    pub fn is_paused(&self, entry: u64) -> bool {
        self.paused & entry != 0
    }

    /// Whether `key` may set the paused entries to `paused`: the authority any, the pauser only more.
    pub fn may_pause(&self, key: &Pubkey, paused: u64) -> bool {
        self.is_authority(key) || (self.pauser == *key && self.paused & !paused == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauser_may_stop_more_but_lift_nothing() {
        let (authority, pauser) = (Pubkey::new_unique(), Pubkey::new_unique());
        let mut roles = Roles::new(authority);
        roles.pauser = pauser;
        roles.paused = 0b01;
        assert!(roles.may_pause(&pauser, 0b11));
        assert!(!roles.may_pause(&pauser, 0b10));
        assert!(roles.may_pause(&authority, 0));
        assert!(!roles.may_pause(&Pubkey::new_unique(), 0b11));
    }

    #[test]
    fn nobody_is_pending_until_proposed() {
        let mut roles = Roles::new(Pubkey::new_unique());
        assert!(!roles.is_pending(&Pubkey::default()));
        let next = Pubkey::new_unique();
        roles.propose(next);
        assert!(roles.is_pending(&next));
        roles.accept();
        assert!(roles.is_authority(&next) && !roles.is_pending(&next));
    }
}

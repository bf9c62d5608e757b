//! What every administered program has in common: pauses, and the two steps in which its authority passes on.

/// The events of [`administration!`], in the program's `events` module.
#[macro_export]
macro_rules! administration_events {
    () => {
        /// The paused entries were set.
        #[event]
        pub struct PausedSet {
            /// Number of the event, counted by the configuration.
            pub seq: u64,
            /// The authority, or the pauser.
            pub by: Pubkey,
            /// Bits of the entries that are paused now, `PAUSE_*`.
            pub paused: u64,
        }

        /// The authority has proposed a successor, or withdrawn the proposal.
        #[event]
        pub struct AuthorityProposed {
            /// Number of the event, counted by the configuration.
            pub seq: u64,
            /// The present authority.
            pub authority: Pubkey,
            /// Becomes the authority when it accepts; the default key stands for nobody.
            pub successor: Pubkey,
        }

        /// The proposed successor has become the authority.
        #[event]
        pub struct AuthorityAccepted {
            /// Number of the event, counted by the configuration.
            pub seq: u64,
            /// The new authority.
            pub authority: Pubkey,
        }
    };
}

/// Accounts and handlers of `set_paused`, `propose_authority` and `accept_authority`, and the accounts of
/// `set_params`, for a program with a `Config` that has [`Roles`](crate::Roles): given its error type, which has
/// the errors named here, and the name of its configuration's address in [`ids`](crate::ids).
// The calling program's types are those that are meant.
#[allow(clippy::crate_in_macro_def)]
#[macro_export]
macro_rules! administration {
    ($error:ident, $address:ident) => {
        /// For what only the authority may do.
        #[derive(Accounts)]
        pub struct Administer<'info> {
            /// The authority.
            #[account(constraint = config.load()?.roles.is_authority(authority.key) @ $error::NotAuthority)]
            pub authority: Signer<'info>,
            /// The program's configuration.
            #[account(mut, address = io_common::ids::$address)]
            pub config: AccountLoader<'info, crate::state::Config>,
        }

        /// For pausing entries and lifting pauses.
        #[derive(Accounts)]
        #[instruction(paused: u64)]
        pub struct Pause<'info> {
            /// The authority, or the pauser to pause more.
            #[account(constraint = config.load()?.roles.may_pause(signer.key, paused) @ $error::MayNotPause)]
            pub signer: Signer<'info>,
            /// The program's configuration.
            #[account(mut, address = io_common::ids::$address)]
            pub config: AccountLoader<'info, crate::state::Config>,
        }

        /// For the second step of a change of authority.
        #[derive(Accounts)]
        pub struct AcceptAuthority<'info> {
            /// The successor that the authority has proposed.
            #[account(constraint = config.load()?.roles.is_pending(successor.key) @ $error::NotPendingAuthority)]
            pub successor: Signer<'info>,
            /// The program's configuration.
            #[account(mut, address = io_common::ids::$address)]
            pub config: AccountLoader<'info, crate::state::Config>,
        }

        pub fn handle_set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
            require!(paused & !crate::state::PAUSES == 0, $error::UnknownEntry);
            let mut config = ctx.accounts.config.load_mut()?;
            config.roles.paused = paused;
            let (seq, by) = (config.next_seq(), ctx.accounts.signer.key());
            emit!(crate::events::PausedSet { seq, by, paused });
            Ok(())
        }

        pub fn handle_propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
            let mut config = ctx.accounts.config.load_mut()?;
            config.roles.propose(successor);
            let (seq, authority) = (config.next_seq(), config.roles.authority);
            emit!(crate::events::AuthorityProposed { seq, authority, successor });
            Ok(())
        }

        pub fn handle_accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
            let mut config = ctx.accounts.config.load_mut()?;
            config.roles.accept();
            let (seq, authority) = (config.next_seq(), config.roles.authority);
            emit!(crate::events::AuthorityAccepted { seq, authority });
            Ok(())
        }
    };
}

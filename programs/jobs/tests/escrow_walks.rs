//! Random walks through a job's life, in any order of calls: its escrow holds at every step what the job
//! says, and in the end nothing.
#![allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

use anchor_lang::prelude::Pubkey;
use jobs::state::{AttestArgs, Broken, Job, JobState, Terms};
use proptest::prelude::*;

const DAY: i64 = 86_400;

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Start,
    /// By a seat: of the time that has passed, how much it has looked at and found good, per mille.
    Attest(u8, u32, u32),
    Extend(u64, u64),
    Settle,
    PayFees,
    PayRefund,
    Stop(bool),
    Cancel(bool),
    Complete,
    Expire,
    /// By whether the renter broke its cluster.
    Break(bool),
    ConfirmManifest,
    /// A seat finds the node gone.
    Lose(u8),
    /// A successor on a seat lowers its good time to so much, per mille.
    Lower(u8, u32),
    Dispute(bool),
    /// Per mille of the price.
    Resolve(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0i64..7_200, Just(1_201), Just(DAY + 1), Just(14 * DAY)].prop_map(Step::Wait),
        2 => Just(Step::Start),
        4 => (0u8..2, 0u32..=1_000, 0u32..=1_000).prop_map(|(seat, looked, good)| Step::Attest(seat, looked, good)),
        2 => (0u64..200_000, 1u64..=10u64.pow(15)).prop_map(|(seconds, price)| Step::Extend(seconds, price)),
        3 => Just(Step::Settle),
        1 => Just(Step::PayFees),
        1 => Just(Step::PayRefund),
        1 => any::<bool>().prop_map(Step::Stop),
        1 => any::<bool>().prop_map(Step::Cancel),
        2 => Just(Step::Complete),
        1 => Just(Step::Expire),
        1 => any::<bool>().prop_map(Step::Break),
        1 => Just(Step::ConfirmManifest),
        1 => (0u8..2).prop_map(Step::Lose),
        1 => (0u8..2, 0u32..=1_000).prop_map(|(seat, good)| Step::Lower(seat, good)),
        2 => any::<bool>().prop_map(Step::Dispute),
        2 => (0u64..=1_000).prop_map(Step::Resolve),
    ]
}

/// A job with the tokens of its escrow, which only `put` and `pay` move.
struct Walk {
    job: Job,
    now: i64,
    balance: u64,
}

impl Walk {
    fn book(price: u64, seconds: u64, (booking, renter, supplier): (u16, u16, u16), attesters: u8) -> Self {
        let fee = (price as u128 * (booking + renter) as u128).div_ceil(10_000) as u64;
        let mut job: Job = bytemuck::Zeroable::zeroed();
        let terms = Terms {
            supplier: Default::default(),
            price,
            fee,
            seconds,
            rate: 1,
            units: 1,
            booking_bps: booking,
            renter_payment_bps: renter,
            supplier_payment_bps: supplier,
            attesters,
            verdict_at: 0,
        };
        job.book(terms, 1_000);
        Self { job, now: 1_000, balance: price + fee }
    }

    fn pay(&mut self, amount: anchor_lang::Result<u64>) {
        if let Ok(amount) = amount {
            self.balance = self.balance.checked_sub(amount).expect("the escrow has what is paid out of it");
        }
    }

    fn attest(&mut self, seat: u8, looked: u32, good: u32) {
        let Job { started_at, ends_at, .. } = self.job;
        let passed = u32::try_from(self.now.min(ends_at) - started_at).unwrap_or(0);
        let seen = self.job.seen[usize::from(seat)];
        let upto = seen.upto + (passed.saturating_sub(seen.upto) as u64 * looked as u64 / 1_000) as u32;
        let fine = seen.good + ((upto - seen.upto) as u64 * good as u64 / 1_000) as u32;
        let reason = u16::from(fine - seen.good < upto - seen.upto);
        let said = AttestArgs {
            good: fine,
            upto,
            reason,
            proof_digest: [0; 32],
            timelock: [1; 32],
            result_hash: [0; 32],
        };
        if self.job.is(JobState::Running) {
            let key = Pubkey::new_from_array([seat + 1; 32]);
            self.job.attest(seat, &key, &said, self.now).unwrap();
        }
    }

    /// Whether it is refused.
    fn lower(&mut self, seat: u8, good: u32) -> bool {
        let seen = self.job.seen[usize::from(seat)];
        let said = AttestArgs {
            good: (seen.good as u64 * good as u64 / 1_000) as u32,
            upto: seen.upto,
            reason: 1,
            proof_digest: [0; 32],
            timelock: [1; 32],
            result_hash: [0; 32],
        };
        self.job.attest(seat, &Pubkey::new_from_array([seat + 101; 32]), &said, self.now).is_err()
    }

    fn step(&mut self, step: &Step) {
        let (before, now) = (self.job, self.now);
        let refused = match *step {
            Step::Wait(seconds) => {
                self.now += seconds;
                false
            }
            Step::Attest(seat, looked, good) => {
                self.attest(seat, looked, good);
                false
            }
            Step::Extend(seconds, price) => match self.job.extend(seconds, price, now) {
                Ok(fee) => {
                    self.balance += price + fee;
                    false
                }
                Err(_) => true,
            },
            Step::Settle => {
                let paid = self.job.pay_supplier(now);
                self.pay(paid);
                false
            }
            Step::PayFees => {
                let paid = self.job.pay_fees(now);
                self.pay(paid);
                false
            }
            Step::PayRefund => {
                let paid = self.job.pay_refund(now);
                self.pay(paid);
                false
            }
            Step::Start => self.job.start(now).is_err(),
            Step::Stop(by_renter) => self.job.stop(by_renter, now).is_err(),
            Step::Cancel(by_renter) => self.job.cancel(by_renter, now).is_err(),
            Step::Complete => self.job.complete(now).is_err(),
            Step::Expire => self.job.expire(None, now).is_err(),
            Step::Break(by_renter) => {
                let broken = Broken { by_renter, at: now };
                !self.job.is(JobState::Booked) || self.job.expire(Some(broken), now).is_err()
            }
            Step::ConfirmManifest => self.job.confirm_manifest(now).is_err(),
            Step::Lose(seat) => self.job.lose(seat, &Pubkey::new_from_array([seat + 1; 32]), now).is_err(),
            Step::Lower(seat, good) => self.lower(seat, good),
            Step::Dispute(by_renter) => self.job.dispute(by_renter, now).is_err(),
            Step::Resolve(part) => {
                let gross = (self.job.price as u128 * part as u128 / 1_000) as u64;
                self.job.resolve(gross, now).is_err()
            }
        };
        // The runtime takes back what a refused instruction wrote.
        if refused {
            self.job = before;
        }
        assert!(self.job.paid_supplier >= before.paid_supplier, "nothing is taken back");
    }

    fn check(&self) {
        let job = &self.job;
        assert_eq!(job.held().unwrap(), self.balance);
        if job.is(JobState::Ended) {
            assert_eq!(job.owed_supplier + job.owed_fees + job.owed_refund, job.price + job.fee);
            assert!(job.paid_supplier <= job.owed_supplier);
            assert!(job.paid_fees <= job.owed_fees && job.paid_refund <= job.owed_refund);
        } else {
            assert_eq!((job.paid_fees, job.paid_refund), (0, 0));
            assert!(job.paid_supplier <= job.price);
        }
    }

    /// Anyone can end it and pay everyone, whatever has happened before.
    fn wind_up(&mut self) {
        self.now += 30 * DAY;
        if !self.job.is(JobState::Ended) {
            self.job.expire(None, self.now).unwrap();
        }
        self.check();
        let paid = [
            self.job.pay_supplier(self.now).unwrap(),
            self.job.pay_fees(self.now).unwrap(),
            self.job.pay_refund(self.now).unwrap(),
        ];
        self.balance -= paid.iter().sum::<u64>();
        assert!(self.job.is_settled());
        assert_eq!((self.balance, self.job.held().unwrap()), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_order_of_calls_pays_out_the_whole_deposit_and_no_more(
        price in prop_oneof![1u64..100, 1u64..=10u64.pow(15)],
        seconds in 3_600u64..200_000,
        // In IO; in USDC and paid out in it; in USDC and paid out in IO; the dearest there may be.
        rates in prop_oneof![Just((25, 0, 0)), Just((25, 200, 200)), Just((25, 200, 0)), Just((100, 300, 300))],
        attesters in 1u8..=2,
        walk in prop::collection::vec(steps(), 0..40),
    ) {
        let mut found = Walk::book(price, seconds, rates, attesters);
        // Most walks shall get behind the start.
        if price % 8 != 0 {
            found.step(&Step::Start);
        }
        found.check();
        for step in &walk {
            found.step(step);
            found.check();
        }
        found.wind_up();
    }

    #[test]
    fn a_decision_after_any_payments_divides_what_is_left(
        price in prop_oneof![1u64..100, 1u64..=10u64.pow(15)],
        rates in prop_oneof![Just((25, 0, 0)), Just((25, 200, 200)), Just((25, 200, 0)), Just((100, 300, 300))],
        good in 0u32..=1_000,
        paid in prop::collection::vec(prop_oneof![Just(Step::Settle), Just(Step::PayFees), Just(Step::PayRefund)], 0..3),
        by_renter: bool,
        decided in 0u64..=1_000,
    ) {
        let mut found = Walk::book(price, 7_200, rates, 1);
        let ended = [Step::Start, Step::Wait(7_200), Step::Attest(0, 1_000, good), Step::Complete];
        for step in ended.iter().chain(&paid).chain(&[Step::Dispute(by_renter), Step::Resolve(decided)]) {
            found.step(step);
            found.check();
        }
        found.wind_up();
    }
}

//! What each party of a job is owed, from its terms, its attested time and its ending.
//!
//! With P the price and T the seconds of all segments, b the booking fee, p and p' the payment fees of
//! the renter's and the supplier's currency:
//!
//! ```text
//! renter's fee    F = ⌈P (b + p) / 10⁴⌉              deposit  D = P + F
//! gross           G = ⌊P · billable / T⌋             supplier S = G − ⌈G (b + p') / 10⁴⌉
//! renter's fee kept E by ending                      fees = (G − S) + E,  refund = D − G − E
//! ```
//!
//! so that D = S + fees + refund for every ending.

use crate::ratio::{bps_ceil, mul_div_ceil, mul_div_floor};

/// Shortest rental, and the time that a renter who stops pays in any case, in seconds.
pub const FIRST_HOUR: u64 = 3_600;

/// Fee rates of a job in basis points, fixed at booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Booking fee of each side.
    pub booking: u16,
    /// Payment fee of the renter's currency.
    pub renter_payment: u16,
    /// Payment fee of the supplier's currency.
    pub supplier_payment: u16,
}

impl Rates {
    /// The renter's fee on a price, rounded up.
    pub fn renter_fee(&self, price: u64) -> Option<u64> {
        bps_ceil(price, u64::from(self.booking).checked_add(u64::from(self.renter_payment))?)
    }

    /// The supplier's fee on the gross, rounded up.
    pub fn supplier_fee(&self, gross: u64) -> Option<u64> {
        bps_ceil(gross, u64::from(self.booking).checked_add(u64::from(self.supplier_payment))?)
    }

    /// What a supplier is owed in all for a gross amount; grows with it.
    pub fn supplier_net(&self, gross: u64) -> Option<u64> {
        gross.checked_sub(self.supplier_fee(gross)?)
    }
}

/// A segment of booked time with its price: the booking, or an extension of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Length in seconds.
    pub seconds: u64,
    /// Price in base units.
    pub price: u64,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The booked time is over and was attested to its end.
    Completed,
    /// The attesters fell silent.
    TimedOut,
    /// The renter stopped after `elapsed` seconds.
    RenterStopped { elapsed: u64 },
    /// The supplier stopped after `elapsed` seconds.
    SupplierStopped { elapsed: u64 },
    /// Its node was gone: it ends at its last good second.
    Lost,
    /// It never ran, at its supplier's fault: they cancelled, or did not start what was at hand.
    NeverStarted,
    /// Nobody started it, and nobody has said that it could be: the node was held for `held` seconds.
    NotStarted { held: u64 },
    /// The renter ended it before the start, having held the node for `held` seconds.
    Cancelled { held: u64 },
    /// A dispute was decided.
    Resolved,
}

/// Seconds that are paid for, given the attested ones; a decided dispute goes by its own gross instead.
pub fn billable(ending: Ending, attested: u64) -> u64 {
    match ending {
        Ending::Completed | Ending::TimedOut | Ending::Lost | Ending::Resolved => attested,
        Ending::RenterStopped { elapsed } => attested.saturating_add(FIRST_HOUR.saturating_sub(elapsed)),
        Ending::SupplierStopped { elapsed } if elapsed < FIRST_HOUR => 0,
        Ending::SupplierStopped { .. } => attested,
        Ending::NeverStarted | Ending::NotStarted { .. } | Ending::Cancelled { .. } => 0,
    }
}

/// G: the price of `billable` seconds, spent segment by segment, each rounded down.
pub fn gross(segments: &[Segment], billable: u64) -> Option<u64> {
    let mut left = billable;
    let mut sum = 0u64;
    for segment in segments.iter().filter(|segment| segment.seconds > 0) {
        let used = left.min(segment.seconds);
        left = left.checked_sub(used)?;
        sum = sum.checked_add(mul_div_floor(segment.price, used, segment.seconds)?)?;
    }
    Some(sum)
}

/// What a renter owes for having held a node for `held` of `seconds` booked ones: `⌈P · held / T⌉`.
pub fn held_price(price: u64, held: u64, seconds: u64) -> Option<u64> {
    mul_div_ceil(price, held.min(seconds), seconds.max(1))
}

/// E: what the fee vault keeps of the renter's deposit besides the supplier's fee. Where the job ran, a part of
/// the renter's fee `fee` on `price`; before the start the price of the time that the node was held, at least
/// the booking fee where the renter ended it.
pub fn fee_kept(ending: Ending, rates: &Rates, booked: Segment, fee: u64, gross: u64) -> Option<u64> {
    let Segment { seconds, price } = booked;
    match ending {
        Ending::Completed | Ending::RenterStopped { .. } => Some(fee),
        Ending::Cancelled { held } => {
            Some(held_price(price, held, seconds)?.max(bps_ceil(price, u64::from(rates.booking))?))
        }
        Ending::NotStarted { held } => held_price(price, held, seconds),
        Ending::NeverStarted => Some(0),
        _ if price == 0 => Some(0),
        Ending::TimedOut | Ending::Lost | Ending::SupplierStopped { .. } | Ending::Resolved => {
            mul_div_ceil(fee, gross, price)
        }
    }
}

/// A deposit divided among those it is owed to, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// The supplier's in all.
    pub supplier: u64,
    /// The fee vault's: both sides' fees.
    pub fees: u64,
    /// The renter's.
    pub refund: u64,
}

/// Divides a deposit of `price + fee` for an ended job with `gross`; `booked` is the sum of its segments.
pub fn divide(ending: Ending, rates: &Rates, booked: Segment, fee: u64, gross: u64) -> Option<Division> {
    let supplier = rates.supplier_net(gross)?;
    let kept = fee_kept(ending, rates, booked, fee, gross)?;
    let deposit = booked.price.checked_add(fee)?;
    Some(Division {
        supplier,
        fees: gross.checked_sub(supplier)?.checked_add(kept)?,
        refund: deposit.checked_sub(gross)?.checked_sub(kept)?,
    })
}

/// Divides a deposit of `price` and `fee` by a decision that `gross` of the price is due. Fees that were
/// paid stay paid, at the renter's expense.
pub fn decide(rates: &Rates, price: u64, fee: u64, gross: u64, paid_fees: u64) -> Option<Division> {
    let decided = divide(Ending::Resolved, rates, Segment { seconds: 0, price }, fee, gross)?;
    let more = paid_fees.saturating_sub(decided.fees);
    let fees = decided.fees.checked_add(more)?;
    Some(Division { fees, refund: decided.refund.checked_sub(more)?, ..decided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IO_RATES: Rates = Rates { booking: 25, renter_payment: 0, supplier_payment: 0 };
    const USDC_RATES: Rates = Rates { booking: 25, renter_payment: 200, supplier_payment: 200 };

    fn ended(ending: Ending, rates: &Rates, segments: &[Segment], attested: u64) -> Division {
        let (price, seconds) =
            (segments.iter().map(|s| s.price).sum(), segments.iter().map(|s| s.seconds).sum());
        let fee = segments.iter().map(|s| rates.renter_fee(s.price).unwrap()).sum();
        let gross = gross(segments, billable(ending, attested)).unwrap();
        divide(ending, rates, Segment { seconds, price }, fee, gross).unwrap()
    }

    #[test]
    fn a_completed_job_in_io_pays_a_quarter_per_cent_on_both_sides() {
        // 100 IO for two hours: F = 0.25, S = 99.75, fees 0.50, nothing back.
        let job = [Segment { seconds: 7_200, price: 10_000_000_000 }];
        let division = ended(Ending::Completed, &IO_RATES, &job, 7_200);
        assert_eq!(division, Division { supplier: 9_975_000_000, fees: 50_000_000, refund: 0 });
    }

    #[test]
    fn a_completed_job_in_usdc_pays_two_and_a_quarter_per_cent_on_both_sides() {
        // 30.000001 USDC: F = ⌈0.67500002⌉ = 0.675001, S = G − 0.675001 = 29.325.
        let job = [Segment { seconds: 3_600, price: 30_000_001 }];
        let division = ended(Ending::Completed, &USDC_RATES, &job, 3_600);
        assert_eq!(division, Division { supplier: 29_325_000, fees: 1_350_002, refund: 0 });
    }

    #[test]
    fn time_that_was_not_attested_is_given_back_but_not_the_fee() {
        let job = [Segment { seconds: 7_200, price: 10_000_000_000 }];
        let division = ended(Ending::Completed, &IO_RATES, &job, 5_400);
        // G = 75, S = 75 − 0.1875, E = 0.25, refund 25.
        assert_eq!(division, Division { supplier: 7_481_250_000, fees: 43_750_000, refund: 2_500_000_000 });
    }

    #[test]
    fn a_renter_who_stops_early_pays_the_first_hour_and_the_fee() {
        let job = [Segment { seconds: 7_200, price: 10_000_000_000 }];
        // Stopped after 600 s, all attested: 3,600 s are billed, G = 50.
        let division = ended(Ending::RenterStopped { elapsed: 600 }, &IO_RATES, &job, 600);
        assert_eq!(division, Division { supplier: 4_987_500_000, fees: 37_500_000, refund: 5_000_000_000 });
        // After 4,500 s only attested time is billed: G = 62.5.
        let division = ended(Ending::RenterStopped { elapsed: 4_500 }, &IO_RATES, &job, 4_500);
        assert_eq!(division.refund, 3_750_000_000);
    }

    #[test]
    fn a_supplier_who_stops_in_the_first_hour_gets_nothing() {
        let job = [Segment { seconds: 7_200, price: 10_000_000_000 }];
        let division = ended(Ending::SupplierStopped { elapsed: 3_599 }, &IO_RATES, &job, 3_599);
        assert_eq!(division, Division { supplier: 0, fees: 0, refund: 10_025_000_000 });
        // After it: attested time, and the renter's fee in proportion (half of 0.25).
        let division = ended(Ending::SupplierStopped { elapsed: 3_600 }, &IO_RATES, &job, 3_600);
        assert_eq!(division, Division { supplier: 4_987_500_000, fees: 25_000_000, refund: 5_012_500_000 });
    }

    #[test]
    fn a_renter_who_ends_it_before_the_start_pays_for_the_time_held_and_the_booking_fee_at_least() {
        let job = [Segment { seconds: 3_600, price: 30_000_001 }];
        for (held, fees) in [
            // ⌈30.000001 · 0.25 %⌉ = 0.075001, more than ⌈30.000001 · 9 / 3,600⌉ = 0.075001 and less than for 10 s.
            (0, 75_001),
            (9, 75_001),
            (10, 83_334),
            // A third of the hour.
            (1_200, 10_000_001),
        ] {
            let division = ended(Ending::Cancelled { held }, &USDC_RATES, &job, 0);
            assert_eq!(division, Division { supplier: 0, fees, refund: 30_675_002 - fees });
        }
    }

    #[test]
    fn a_job_that_nobody_started_costs_the_time_held_unless_it_was_at_hand() {
        // 720 hours: the booking fee would be 1.8 hours' price.
        let job = [Segment { seconds: 2_592_000, price: 7_200_000_000 }];
        let division = ended(Ending::NotStarted { held: 1_200 }, &IO_RATES, &job, 0);
        assert_eq!(division, Division { supplier: 0, fees: 3_333_334, refund: 7_218_000_000 - 3_333_334 });
        let division = ended(Ending::NeverStarted, &IO_RATES, &job, 0);
        assert_eq!(division, Division { supplier: 0, fees: 0, refund: 7_218_000_000 });
    }

    #[test]
    fn a_lost_job_pays_its_good_time_and_the_fee_in_proportion() {
        // 600 of 7,200 s: G = 8.33333333, S = G − ⌈2,083,333.3325⌉, E = ⌈25,000,000 · G / 100⌉.
        let job = [Segment { seconds: 7_200, price: 10_000_000_000 }];
        let division = ended(Ending::Lost, &IO_RATES, &job, 600);
        let (supplier, fees) = (833_333_333 - 2_083_334, 2_083_334 + 2_083_334);
        assert_eq!(division, Division { supplier, fees, refund: 10_025_000_000 - supplier - fees });
    }

    #[test]
    fn segments_are_spent_in_order_each_at_its_own_price() {
        let job = [Segment { seconds: 3_600, price: 100 }, Segment { seconds: 3_600, price: 300 }];
        assert_eq!(gross(&job, 1_800), Some(50));
        assert_eq!(gross(&job, 5_400), Some(250));
        assert_eq!(gross(&job, 9_000), Some(400));
    }

    #[test]
    fn a_decision_divides_by_the_gross_it_names() {
        // Half of 4 USDC is due: S = 2 − 0.045, E = ⌈0.09 · 2 / 4⌉ = 0.045.
        let division = decide(&USDC_RATES, 4_000_000, 90_000, 2_000_000, 0).unwrap();
        assert_eq!(division, Division { supplier: 1_955_000, fees: 90_000, refund: 2_045_000 });
        // 0.135 were paid as fees before: the renter bears what is more.
        let division = decide(&USDC_RATES, 4_000_000, 90_000, 2_000_000, 135_000).unwrap();
        assert_eq!(division, Division { supplier: 1_955_000, fees: 135_000, refund: 2_000_000 });
        let nothing = decide(&USDC_RATES, 4_000_000, 90_000, 0, 0).unwrap();
        assert_eq!(nothing, Division { supplier: 0, fees: 0, refund: 4_090_000 });
        assert_eq!(decide(&USDC_RATES, 4_000_000, 90_000, 4_000_001, 0), None);
    }

    fn endings() -> impl Strategy<Value = Ending> {
        prop_oneof![
            Just(Ending::Completed),
            Just(Ending::TimedOut),
            (0u64..200_000).prop_map(|elapsed| Ending::RenterStopped { elapsed }),
            (0u64..200_000).prop_map(|elapsed| Ending::SupplierStopped { elapsed }),
            Just(Ending::NeverStarted),
            Just(Ending::Lost),
            (0u64..=1_200).prop_map(|held| Ending::NotStarted { held }),
            (0u64..=1_200).prop_map(|held| Ending::Cancelled { held }),
            Just(Ending::Resolved),
        ]
    }

    proptest! {
        #[test]
        fn every_ending_divides_the_whole_deposit(
            ending in endings(),
            parts in prop::collection::vec((3_600u64..10_000_000, 0..=crate::CAP / 8), 1..=5),
            attested: u64, booking in 0u16..=100, p in 0u16..=300, q in 0u16..=300,
        ) {
            let rates = Rates { booking, renter_payment: p, supplier_payment: q };
            let job: Vec<Segment> =
                parts.iter().map(|(seconds, price)| Segment { seconds: *seconds, price: *price }).collect();
            let booked: u64 = job.iter().map(|s| s.seconds).sum();
            let attested = match ending {
                Ending::RenterStopped { elapsed } | Ending::SupplierStopped { elapsed } => attested % (elapsed + 1),
                _ => attested,
            } % (booked + 1);
            let division = ended(ending, &rates, &job, attested);
            let deposit: u64 = job.iter().map(|s| s.price + rates.renter_fee(s.price).unwrap()).sum();
            prop_assert_eq!(division.supplier + division.fees + division.refund, deposit);
        }

        #[test]
        fn a_decision_divides_the_whole_deposit_after_any_payment_of_fees(
            price in 1..=crate::CAP, attested: u64, decided: u64,
            booking in 0u16..=100, p in 0u16..=300, q in 0u16..=300,
        ) {
            let rates = Rates { booking, renter_payment: p, supplier_payment: q };
            let fee = rates.renter_fee(price).unwrap();
            // The most that can have been paid as fees: those of a completed job.
            let booked = Segment { seconds: 1, price };
            let paid = divide(Ending::Completed, &rates, booked, fee, attested % (price + 1)).unwrap();
            let gross = decided % (price + 1);
            if let Some(division) = decide(&rates, price, fee, gross, paid.fees) {
                prop_assert_eq!(division.supplier + division.fees + division.refund, price + fee);
                prop_assert!(division.fees >= paid.fees);
                prop_assert_eq!(division.supplier, rates.supplier_net(gross).unwrap());
            } else {
                // Only where the fees that were paid leave less than the supplier is given.
                prop_assert!(rates.supplier_net(gross).unwrap() + paid.fees > price + fee);
            }
            prop_assert!(decide(&rates, price, fee, gross, 0).is_some());
        }

        #[test]
        fn more_attested_time_never_pays_the_supplier_less(
            price in 0..=crate::CAP, seconds in 3_600u64..10_000_000, a: u64, b: u64, q in 0u16..=400,
        ) {
            let rates = Rates { booking: 0, renter_payment: 0, supplier_payment: q };
            let job = [Segment { seconds, price }];
            let net = |t: u64| rates.supplier_net(gross(&job, t).unwrap()).unwrap();
            let (low, high) = ((a % seconds).min(b % seconds), (a % seconds).max(b % seconds));
            prop_assert!(net(low) <= net(high));
        }
    }
}

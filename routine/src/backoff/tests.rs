use std::time::Duration;

use proptest::prelude::*;

use super::{Backoff, Jitter};

fn jitters() -> impl Strategy<Value = Jitter> {
    prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::None)]
}

/// Any duration there is, and the short and the longest ones more often than chance would.
fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        (0..10_000_u64).prop_map(Duration::from_millis),
        (0..3_u64).prop_map(Duration::from_nanos),
        Just(Duration::MAX),
    ]
}

fn attempts() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), 0..70_u32, Just(u32::MAX)]
}

proptest! {
    #[test]
    fn no_delay_panics_or_goes_beyond_the_maximum(
        base in durations(), max in durations(), factor in any::<f64>(), attempt in attempts(), jitter in jitters(),
    ) {
        let shapes = [
            Backoff::exponential(base).and_then(|backoff| backoff.factor(factor)),
            Backoff::exponential(base),
            Ok(Backoff::constant(base)),
            Ok(Backoff::custom(move |_| base)),
        ];
        for backoff in shapes.into_iter().flatten() {
            prop_assert!(backoff.clone().jitter(jitter).delay(attempt) <= backoff.max);
            if let Ok(backoff) = backoff.max(max) {
                prop_assert!(backoff.jitter(jitter).delay(attempt) <= max);
            }
        }
    }

    #[test]
    fn without_jitter_no_delay_is_shorter_than_the_one_before(
        base in durations(), factor in 1.0..1e9_f64, attempt in 1..u32::MAX,
    ) {
        let backoff = Backoff::exponential(base).and_then(|backoff| backoff.jitter(Jitter::None).factor(factor));
        if let Ok(backoff) = backoff {
            prop_assert!(backoff.delay(attempt) <= backoff.delay(attempt + 1));
        }
    }

    #[test]
    fn equal_jitter_leaves_half_of_the_delay(delay in durations()) {
        let half = Backoff::constant(delay).jitter(Jitter::Equal).delay(1);
        prop_assert!(delay.saturating_sub(delay / 2) <= half && half <= delay, "{half:?} of {delay:?}");
    }

    #[test]
    fn a_factor_is_finite_and_at_least_one(factor in any::<f64>()) {
        let taken = Backoff::default().factor(factor).is_ok();
        prop_assert_eq!(taken, factor.is_finite() && factor >= 1.0);
    }
}

#[test]
fn it_doubles_from_100_ms_to_30_s_unless_it_is_told_otherwise() {
    let backoff = Backoff::default().jitter(Jitter::None);
    let delays: Vec<_> = (1..=11).map(|attempt| backoff.delay(attempt).as_millis()).collect();
    assert_eq!(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    assert_eq!(backoff.delay(0), backoff.delay(1), "there is no attempt before the first");
}

#[test]
fn full_jitter_reaches_both_ends_of_the_delay() {
    let delays: Vec<_> = (0..1_000).map(|_| Backoff::default().delay(4).as_millis()).collect();
    assert!(delays.iter().any(|delay| *delay < 80), "nothing is near nothing");
    assert!(delays.iter().any(|delay| *delay > 720), "nothing is near the whole");
    assert!(delays.iter().all(|delay| *delay <= 800));
}

#[test]
fn a_custom_back_off_is_asked_with_the_number_of_the_attempt_and_may_be_capped() {
    let backoff = Backoff::custom(|attempt| Duration::from_secs(u64::from(attempt) * 60));
    assert_eq!(backoff.delay(3), Duration::from_secs(180));
    assert_eq!(backoff.max(Duration::from_secs(100)).unwrap().delay(3), Duration::from_secs(100));
}

#[test]
fn a_constant_back_off_is_not_cut_unless_it_is_told_so() {
    assert_eq!(Backoff::constant(Duration::MAX).delay(9), Duration::MAX);
    assert_eq!(Backoff::constant(Duration::ZERO).delay(9), Duration::ZERO);
}

#[test]
fn nonsense_is_refused_with_what_to_do() {
    let told = [
        Backoff::exponential(Duration::ZERO).unwrap_err(),
        Backoff::default().max(Duration::ZERO).unwrap_err(),
        Backoff::default().factor(f64::NAN).unwrap_err(),
        Backoff::default().factor(0.5).unwrap_err(),
    ]
    .map(|error| error.to_string());
    assert!(told[0].ends_with("or use `Backoff::constant`") && told[1].ends_with("or use `Backoff::constant`"));
    assert_eq!(told[2], "a back-off cannot grow by the factor NaN: give it a finite one of at least 1");
    assert!(told[3].contains("0.5"));
}

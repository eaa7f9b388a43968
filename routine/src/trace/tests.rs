use proptest::prelude::*;

use super::segment::{mix, unmix};
use super::{SpanId, Trace, TraceId};

fn child(parent: Trace, id: u64) -> Trace {
    let (root, lineage, depth) = parent.parts();
    Trace::from_parts(root, [id, lineage[0], lineage[1]], (depth + 1).min(4))
}

#[test]
fn a_chain_of_a_hundred_thousand_stays_bounded() {
    let mut trace = Trace::new();
    for id in 1..=100_000 {
        trace = child(trace, id);
        assert!(trace.to_string().chars().count() <= 32 + 2 + 3 * 17);
    }
    assert!(trace.is_truncated());
    assert_eq!(trace.lineage().count(), 3);
    assert_eq!(trace.segment(), SpanId::from_u64(mix(100_000)).unwrap());
    assert_eq!(trace.to_string().parse::<Trace>().unwrap(), trace);
}

#[test]
fn a_root_has_no_leading_dot() {
    let root = Trace::new();
    assert_eq!(root.to_string(), format!("{}.{}", root.root(), root.segment()));
    let next = child(root, 7);
    assert_eq!(next.to_string(), format!("{}.{}.{}", root.root(), root.segment(), next.segment()));
    assert_eq!(next.parent_segment(), Some(root.segment()));
}

#[test]
fn malformed_headers_are_refused_with_their_place() {
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(Trace::from_traceparent(good).unwrap().traceparent(), good);
    let later = format!("cc{}-what-the-future-brings", &good[2..]);
    assert!(Trace::from_traceparent(&later).is_ok());
    for (header, message) in [
        (String::new(), "expected 55 bytes, found 0, at byte 0"),
        (good.to_uppercase(), "expected a lower-case hexadecimal digit, at byte 4"),
        (format!("{good}-x"), "expected 55 bytes, found 57, at byte 0"),
        (format!("ff{}", &good[2..]), "the version `ff` is not allowed, at byte 0"),
        (format!("cc{}x", &good[2..]), "expected a `-` between the fields, at byte 55"),
        (good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)), "an id must not be all zeros, at byte 3"),
        (good.replace("00f067aa0ba902b7", &"0".repeat(16)), "an id must not be all zeros, at byte 36"),
        (good.replace("-01", "_01"), "expected a `-` between the fields, at byte 52"),
        ("x".repeat(1 << 20), "expected at most 256 bytes, found 1048576, at byte 0"),
    ] {
        assert_eq!(Trace::from_traceparent(&header).unwrap_err().to_string(), message);
    }
}

#[test]
fn malformed_traces_are_refused() {
    let root = "4bf92f3577b34da6a3ce929d0e0e4736";
    let step = "00f067aa0ba902b7";
    for (text, message) in [
        (root.to_owned(), "expected a segment after the root, at byte 32"),
        (format!("{root}.{step}.{step}.{step}.{step}"), "expected at most 87 bytes, found 100, at byte 0"),
        (format!("{root}.….{step}"), "`…` stands only before 3 segments, at byte 33"),
        (format!("{root}.{step}x"), "expected 16 bytes, found 17, at byte 33"),
        (format!("{root}.{step}.{step}z").replace("7z", "z"), "expected a lower-case hexadecimal digit, at byte 65"),
        (format!(".{root}"), "expected 32 bytes, found 0, at byte 0"),
    ] {
        assert_eq!(text.parse::<Trace>().unwrap_err().to_string(), message, "{text}");
    }
}

proptest! {
    #[test]
    fn a_mix_is_one_to_one_and_keeps_zero(number in any::<u64>()) {
        prop_assert_eq!(unmix(mix(number)), number);
        prop_assert_eq!(mix(number) == 0, number == 0);
    }

    #[test]
    fn a_trace_parses_from_what_it_prints(root in 1..=u128::MAX, ids in prop::collection::vec(1..=u64::MAX, 1..9)) {
        let mut trace = Trace::from_parts(root, [ids[0], 0, 0], 1);
        for &id in &ids[1..] {
            trace = child(trace, id);
        }
        prop_assert_eq!(trace.to_string().parse::<Trace>().unwrap(), trace);
        let carried = Trace::from_traceparent(&trace.traceparent()).unwrap();
        prop_assert_eq!((carried.root(), carried.segment()), (trace.root(), trace.segment()));
        prop_assert_eq!(trace.root().to_string().parse::<TraceId>().unwrap(), trace.root());
        prop_assert_eq!(trace.segment().to_string().parse::<SpanId>().unwrap(), trace.segment());
    }

    #[test]
    fn an_error_never_shows_the_text(text in "[^ -~]{4,80}|[g-z\\-]{20,300}") {
        for error in [text.parse::<Trace>().unwrap_err(), Trace::from_traceparent(&text).unwrap_err()] {
            prop_assert!(!error.to_string().contains(&text));
        }
    }

    #[test]
    fn whatever_comes_in_is_taken_or_refused(text in ".{0,120}|00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}") {
        if let Ok(trace) = Trace::from_traceparent(&text) {
            prop_assert_eq!(trace.traceparent()[..53].to_owned(), format!("00{}", &text[2..53]));
        }
    }
}

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::Window;
use crate::restart::Budget;

fn window(max: u32, millis: u64) -> Window {
    Window::new(Budget { max, within: Duration::from_millis(millis) })
}

proptest! {
    #[test]
    fn no_window_holds_more_restarts_than_the_budget_and_none_is_refused_while_there_is_room(
        max in 0..6_u32, within in 1..100_u64, gaps in prop::collection::vec(0..60_u64, 0..200),
    ) {
        let begin = Instant::now();
        let mut window = window(max, within);
        let (mut time, mut admitted) = (0, Vec::new());
        for gap in gaps {
            time += gap;
            let recent = admitted.iter().filter(|earlier| time - **earlier <= within).count();
            let admits = window.admit(begin + Duration::from_millis(time));
            prop_assert_eq!(admits, recent < max as usize);
            if admits {
                admitted.push(time);
            }
            prop_assert!(window.restarts.len() <= max as usize, "it remembers no more than it needs");
        }
    }

    #[test]
    fn no_input_overflows(max in any::<u32>(), seconds in any::<u64>(), last in any::<u32>()) {
        let mut window = Window::new(Budget { max, within: Duration::new(seconds, 999_999_999) });
        let now = Instant::now();
        prop_assert_eq!(window.admit(now), max > 0);
        prop_assert!(window.streak(last, now, now) >= 1);
    }
}

#[test]
fn the_back_off_begins_anew_after_a_run_as_long_as_the_window() {
    let window = window(5, 2_000);
    let began = Instant::now();
    assert_eq!(window.streak(7, began, began + Duration::from_millis(1_999)), 8);
    assert_eq!(window.streak(7, began, began + Duration::from_secs(2)), 1);
}

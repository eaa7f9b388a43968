//! What can be said of a cron line without a calendar: how many fields, and plain numbers out of their range.
//!
//! Whatever is not plain (`L`, `#`, `W`, names) is left to the parser at run time, so that nothing is refused here that it
//! would take.

use syn::{Error, LitStr, Result};

/// Names and ranges of the fields, with seconds.
const FIELDS: [(&str, u32, u32); 6] = [
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
];

pub(crate) fn check(line: &LitStr) -> Result<()> {
    let text = line.value();
    if text.trim_start().starts_with('@') {
        return Ok(());
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let kinds = match fields.len() {
        5 => &FIELDS[1..],
        6 => &FIELDS[..],
        count => {
            let message = format!("a cron line has five fields, or six with seconds, not {count}");
            return Err(Error::new(line.span(), message));
        }
    };
    for (field, (name, least, most)) in fields.iter().zip(kinds) {
        for part in field.split(',') {
            let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            if step == Some("0") {
                return Err(Error::new(line.span(), format!("a step of 0 in the {name} never comes on")));
            }
            for number in range.split('-') {
                if number.parse().is_ok_and(|number: u32| number < *least || number > *most) {
                    let message = format!("`{number}` is no {name}; it goes from {least} to {most}");
                    return Err(Error::new(line.span(), message));
                }
            }
        }
    }
    Ok(())
}

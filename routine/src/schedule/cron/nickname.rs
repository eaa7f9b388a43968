//! The lines that have a name.

use super::error::Kind;

/// Every nickname, as a message lists them.
pub(super) const ALL: &str = "`@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` or `@hourly`";

/// The five fields that a nickname stands for.
pub(super) fn fields(word: &str) -> Result<&'static str, Kind> {
    match word.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        "@monthly" => Ok("0 0 1 * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@hourly" => Ok("0 * * * *"),
        "@every" => Err(Kind::Every),
        "@reboot" => Err(Kind::Reboot),
        _ => Err(Kind::Nickname(word.to_owned())),
    }
}

//! The macro `routine!`.

/// Starts work in the background and gives its [`Handle`](crate::Handle): the `go` statement.
#[macro_export]
macro_rules! routine {
    ($($work:tt)*) => {
        $crate::__private::__routine_inline!([$crate] $($work)*)
    };
}

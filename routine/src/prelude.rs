//! The few names that most files want: `use routine::{prelude::*, routine};`
//!
//! The attribute `#[routine]` is here and the macro [`routine!`](crate::routine) at the root of the crate, because one
//! path cannot give both. Import them side by side, as above; a nested module that has only `use super::*` gets the macro
//! alone and needs the line again.

#[doc(no_inline)]
pub use crate::handle::Handle;
#[doc(no_inline)]
pub use crate::outcome::BoxError;

#[cfg(feature = "macros")]
pub use routine_macros::routine;

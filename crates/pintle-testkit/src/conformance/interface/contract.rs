//! What the suite's plugin offers, as traits.

mod callbacks;
mod calls;
mod flows;
pub mod newer;
mod values;

pub use callbacks::*;
pub use calls::*;
pub use flows::*;
pub use values::*;

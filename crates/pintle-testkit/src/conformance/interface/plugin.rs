//! What answers the suite in the plugin's process, and in the host's.

mod callbacks;
mod calls;
mod flows;

pub use callbacks::CallsBack;
pub(super) use callbacks::Guests;
pub use calls::Called;
pub use flows::Flowing;
pub(super) use flows::read_pieces;

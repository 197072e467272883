//! The measurements are in `benches/`.

//! weir: count, window and watch a live stream from one shell line.
pub mod clock;
pub mod error;
pub mod keys;
pub mod record;
pub mod report;
pub mod say;
pub mod scan;
pub mod source;
pub mod units;
pub mod value;
pub mod wire;

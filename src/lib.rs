//! weir: count, window and watch a live stream from one shell line.
pub mod agg;
pub mod clock;
pub mod error;
pub mod keys;
pub mod record;
pub mod report;
pub mod scan;
pub mod shards;
pub mod value;
pub mod wire;

//! The key table: the keys of one worker or one shard, the shards that all workers fill, and what stands there
//! for a key that is missing.

pub mod keys;
pub mod missing;
pub mod shards;

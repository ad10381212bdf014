//! The key table: the keys of one worker or one shard, and the shards that all workers fill.

pub mod keys;
pub mod shards;

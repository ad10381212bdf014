//! What all sources share whose records come from peers over connections.

pub mod address;
pub mod budget;
pub mod door;
pub mod farewell;
pub mod peer;

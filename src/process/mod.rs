//! What the system gives a process: signals, descriptors, limits.

pub mod descriptor;
pub mod signal;
pub mod ulimit;

//! What the system gives a process: signals, descriptors, limits, commands.

pub mod descriptor;
pub mod shell;
pub mod signal;
pub mod ulimit;

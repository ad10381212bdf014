//! What the system gives a process: signals, descriptors, sockets, limits, commands.

pub mod descriptor;
pub mod inherited;
pub mod shell;
pub mod signal;
pub mod ulimit;

//! What the system gives a process: signals, descriptors, limits, commands, a service manager.

pub mod descriptor;
pub mod screen;
pub mod shell;
pub mod signal;
pub mod supervisor;
pub mod ulimit;

//! What the system gives a process: signals, descriptors, sockets, limits, commands, a service manager.

pub mod descriptor;
pub mod inherited;
pub mod screen;
pub mod shell;
pub mod signal;
pub mod supervisor;
pub mod ulimit;

//! What the system says of this process: memory, open files, what it is called in the network.

use std::fs;

/// What the process takes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that are in memory now.
    pub now: u64,
    /// The most that there ever were.
    pub peak: u64,
}

/// How much memory the process takes; zeros where the system does not say.
pub fn memory() -> Memory {
    read(&fs::read_to_string("/proc/self/status").unwrap_or_default())
}

fn read(status: &str) -> Memory {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    };
    Memory { now: bytes("VmRSS:"), peak: bytes("VmHWM:") }
}

/// How many files are open.
pub fn open_files() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64)
}

/// What the machine is called.
pub fn name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_string()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        let status = "Name:\tweir\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t3\n";
        assert_eq!(read(status), Memory { now: 10 << 20, peak: 20 << 20 });
        assert_eq!(read(""), Memory::default());
        assert!(memory().now > 0 && open_files() > 2);
    }
}

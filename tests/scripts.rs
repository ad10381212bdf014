//! `scripts/test` says how it went, whatever cargo printed before.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use common::Dir;

/// What the script says with a cargo that ends with `status`: its own status, the last line, the rest.
fn tested(status: i32) -> (i32, String, String) {
    let dir = Dir::new();
    let cargo = dir.file("cargo", format!("#!/bin/sh\necho \"$*\"\nexit {status}\n"));
    std::fs::set_permissions(cargo, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path("").display(), std::env::var("PATH").unwrap());
    let script = "exec 2>&1; scripts/test --test 'a b'";
    let output = Command::new("sh").args(["-c", script]).env("PATH", path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (rest, last) = said.trim_end().rsplit_once('\n').unwrap();
    (output.status.code().unwrap(), last.to_string(), rest.to_string())
}

#[test]
fn a_run_of_the_tests_ends_with_a_verdict_and_cargo_s_status() {
    let (status, last, rest) = tested(0);
    assert_eq!((status, rest.as_str()), (0, "test --locked --quiet --test a b"));
    assert!(last.starts_with("scripts/test: passed, in "), "{last}");
    let (status, last, _) = tested(101);
    assert_eq!(status, 101);
    assert!(last.starts_with("scripts/test: FAILED with status 101, after "), "{last}");
}

#[test]
fn what_fuzzing_lacks_is_named_with_what_installs_it() {
    let dir = Dir::new();
    let cargo = dir.file("cargo", "#!/bin/sh\nexit 101\n");
    std::fs::set_permissions(cargo, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path("").display(), std::env::var("PATH").unwrap());
    let output = Command::new("scripts/fuzz").env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let wanted =
        "missing programs; rustup toolchain install nightly; cargo install cargo-fuzz --locked";
    assert!(said.starts_with(&format!("scripts/fuzz: {wanted}")), "{said}");
}

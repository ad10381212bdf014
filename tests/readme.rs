//! README.md is true: its examples print what it says.
//!
//! What needs two terminals stands in a ```` ```text ```` block and is not run.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::os::unix::fs::symlink;

use common::Dir;
use common::console::Page;

#[test]
fn the_examples_print_what_readme_says() {
    // Their input is in the repository, and what they make is not to stay there.
    let dir = Dir::new();
    for name in ["LICENSE-MIT", "tests"] {
        symlink(std::env::current_dir().unwrap().join(name), dir.path(name)).unwrap();
    }
    if let Err(wrong) = Page::open("README.md").run(&dir.path("")) {
        panic!("- as README.md says, + as it is now:\n{wrong}");
    }
}

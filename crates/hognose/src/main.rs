//! The `hognose` command.

fn main() {}

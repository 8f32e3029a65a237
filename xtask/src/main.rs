//! The chores of the house, one file each: `cargo xtask NAME`.

fn main() {}

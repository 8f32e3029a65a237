//! Start, confine, limit and kill commands.

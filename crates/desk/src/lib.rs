//! What every edge of the house needs, the terminal and the page alike: tasks, money, forecasts
//! and settings as they are told, and a whole task from what a person said.
//!
//! Reads need no engine: they go to the rooms that hold what is shown. Nothing here lays out text.

pub mod events;
pub mod house;
mod interval;
pub mod people;
pub mod task;
mod trouble;

pub use house::House;
pub use interval::Interval;
pub use trouble::DeskError;

//! What every edge of the house needs, the terminal and the page alike: tasks, money, forecasts
//! and settings as they are told, and a whole task from what a person said.
//!
//! Reads need no engine: they go to the rooms that hold what is shown. Nothing here lays out a
//! screen; a page to read that leaves the house is a file like others.

pub mod account;
pub mod asking;
pub mod audit;
pub mod defaults;
pub mod doctor;
pub mod duration;
pub mod events;
pub mod export;
pub mod house;
pub mod import;
mod interval;
pub mod models;
pub mod people;
pub mod plain;
pub mod plan;
pub mod policy;
pub mod prices;
pub mod record;
pub mod role;
pub mod room;
pub mod score;
pub mod servers;
mod sight;
pub mod size;
pub mod spending;
pub mod task;
mod trouble;
mod whole;
pub mod words;

pub use house::House;
pub use interval::Interval;
pub use sight::Sight;
pub use trouble::DeskError;
pub use whole::write_whole;

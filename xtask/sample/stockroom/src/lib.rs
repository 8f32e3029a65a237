//! What lies on the shelves, what has to be ordered, and what is billed.

pub mod aisle;
pub mod invoice;
pub mod pack;
pub mod reorder;
pub mod sku;
pub mod stock;

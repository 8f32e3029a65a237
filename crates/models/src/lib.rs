//! The catalogue of models, their files and their prices.

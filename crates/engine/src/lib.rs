//! Performs effects, recovers, supervises, runs checks.

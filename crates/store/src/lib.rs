//! The journal and its projections; the only SQL.

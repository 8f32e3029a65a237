//! Accounts, limits, and reserve, settle, release: pure.

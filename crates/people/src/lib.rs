//! Who may sign in, what each may do, and who is signed in: a fold of what people decided.
//!
//! Pure: salts, secrets and the time are handed in.

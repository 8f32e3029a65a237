//! Pure reading of code: failure output, function bounds, syntax, edits.

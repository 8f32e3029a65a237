//! The tracer for Python, as the text that is put beside a check.
//!
//! Apart, because it is a program of its own, in another language: `tracer.py` keeps its own
//! house rules, and only the names below are shared with it.

/// The name of the module.
pub(crate) const MODULE: &str = "tenfold_tracer";
/// The name of its file.
pub(crate) const NAME: &str = "tenfold_tracer.py";
/// Its text.
pub(crate) const TEXT: &str = include_str!("tracer.py");
/// What Python loads by itself when it starts, if it is on the path.
pub(crate) const SITECUSTOMIZE: &str = include_str!("sitecustomize.py");
/// The name of the file that it writes.
pub(crate) const TRACE: &str = "tenfold-trace";
/// The variable of the environment that holds its settings.
pub(crate) const VARIABLE: &str = "TENFOLD_TRACE";

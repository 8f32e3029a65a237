//! `kill`: its argument. The engine ends the command; what a model reads of it is what
//! [`output`](crate::output) would say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Tool};

/// Ends a command in the background, with all that it has started, and reads the next piece of
/// what it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// The number of the command, as `run` said it.
    pub id: u32,
}

impl Tool for Kill {
    const NAME: &'static str = "kill";

    fn call(self) -> Call {
        Call::Kill(self)
    }
}

//! Node: the interpreter comes with `PATH`, its packages with the workspace; what is left is
//! to keep npm from saying what nobody asked for.

use super::{Surroundings, Toolchains};

pub(super) fn find(_around: &Surroundings, found: &mut Toolchains) {
    found.set("npm_config_update_notifier", "false");
    found.set("npm_config_fund", "false");
    found.set("npm_config_audit", "false");
}

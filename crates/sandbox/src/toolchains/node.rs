//! Node: the interpreter comes with `PATH`, its packages with the workspace; what is left is
//! to keep its tools from asking the network.

use super::{Surroundings, Toolchains};

pub(super) fn find(_around: &Surroundings, found: &mut Toolchains) {
    found.set("npm_config_offline", "true");
    found.set("npm_config_update_notifier", "false");
    found.set("npm_config_fund", "false");
    found.set("npm_config_audit", "false");
    found.set("COREPACK_ENABLE_NETWORK", "0");
}

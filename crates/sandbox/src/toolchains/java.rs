//! Java: Maven's repository without the settings beside it, which hold passwords.

use super::{Surroundings, Toolchains};

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    if let Some(home) = &around.home {
        found.show_at_home(&home.join(".m2/repository"), ".m2/repository");
    }
}

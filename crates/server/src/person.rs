//! Who speaks: only the user's own programs can open the socket, so it is the user.

use nix::unistd::{Uid, User};

/// What the machine calls the user; their number, if it has no name for them.
pub(crate) fn name() -> String {
    let uid = Uid::effective();
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

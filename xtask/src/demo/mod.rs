//! stub
use crate::Chore;
use crate::trouble::Trouble;
pub(crate) const CHORE: Chore = Chore {
    name: "demo",
    usage: "[--dir DIR] [--selftest]",
    about: "x",
    run: |_| Err(Trouble::failed("x")),
};
pub(crate) fn selftest() -> Result<(), Trouble> {
    Ok(())
}

//! What of Tenfold's files could go to make room.

use tenfold_domain::{MakeRoom, Millis, RoomMade, Timestamp};
use tenfold_engine::would_make_room;

use crate::{DeskError, House};

/// How long ago the person has to have been done with what may be taken out of the journal, unless
/// they say otherwise.
pub const COMPACT_KEEP: Millis = Millis(30 * 86_400_000);

/// What would go; nothing where nothing was ever asked for.
///
/// # Errors
/// If the store is there and can't be read.
pub fn would_go(house: &House, terms: &MakeRoom, now: Timestamp) -> Result<RoomMade, DeskError> {
    match house.reader()? {
        Some(reader) => Ok(would_make_room(&reader.view()?, &house.places, terms, now)?),
        None => {
            let taken = tenfold_engine::taken(&house.places);
            Ok(RoomMade { taken, ..RoomMade::default() })
        }
    }
}

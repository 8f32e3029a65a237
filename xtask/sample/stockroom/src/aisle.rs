//! The way through the aisles. A picker walks up the even aisles and down the odd ones.

/// Where an article lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub aisle: u32,
    /// Metres from the front of the aisle.
    pub metre: u32,
}

/// The size of the room.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub aisle_length_m: u32,
    pub aisle_gap_m: u32,
}

impl Room {
    /// The places in the order in which a picker passes them.
    pub fn walk(&self, places: &[Place]) -> Vec<Place> {
        let mut ordered = places.to_vec();
        ordered.sort_by_key(|place| {
            let along = if place.aisle % 2 == 0 {
                place.metre
            } else {
                self.aisle_length_m - place.metre
            };
            (place.aisle, along)
        });
        ordered
    }

    /// Metres walked from one place to the next, round the nearer end if the aisle changes.
    pub fn distance_m(&self, from: Place, to: Place) -> u32 {
        if from.aisle == to.aisle {
            return from.metre.abs_diff(to.metre);
        }
        let across = from.aisle.abs_diff(to.aisle) * self.aisle_gap_m;
        let front = from.metre + to.metre;
        let back = 2 * self.aisle_length_m - front;
        across + front.min(back)
    }

    /// Metres walked along all places in their order.
    pub fn total_m(&self, places: &[Place]) -> u32 {
        places.windows(2).map(|pair| self.distance_m(pair[0], pair[1])).sum()
    }
}

//! Which article goes into which box: the largest first, each into the first box it fits.

/// A box and what was put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub capacity: u32,
    pub items: Vec<u32>,
}

impl Parcel {
    /// How much of the box is taken.
    pub fn filled(&self) -> u32 {
        self.items.iter().sum()
    }

    /// Whether one more fits; a box may be full to the brim.
    pub fn fits(&self, item: u32) -> bool {
        self.filled() + item <= self.capacity
    }
}

/// Packs all items, or says which one is larger than any box.
pub fn pack(items: &[u32], capacity: u32) -> Result<Vec<Parcel>, u32> {
    if let Some(item) = items.iter().find(|item| **item > capacity) {
        return Err(*item);
    }
    let mut sorted = items.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut parcels: Vec<Parcel> = Vec::new();
    for item in sorted {
        match parcels.iter_mut().find(|parcel| parcel.fits(item)) {
            Some(parcel) => parcel.items.push(item),
            None => parcels.push(Parcel { capacity, items: vec![item] }),
        }
    }
    Ok(parcels)
}

/// The share of all boxes that is taken, in whole percent.
pub fn filled_percent(parcels: &[Parcel]) -> u32 {
    let capacity: u32 = parcels.iter().map(|parcel| parcel.capacity).sum();
    let filled: u32 = parcels.iter().map(Parcel::filled).sum();
    if capacity == 0 {
        return 0;
    }
    filled * 100 / capacity
}

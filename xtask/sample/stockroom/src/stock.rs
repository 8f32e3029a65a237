//! Lots on a shelf: what came first goes first.

use std::collections::VecDeque;

/// Goods of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    pub delivered_day: u32,
    pub quantity: u32,
    pub unit_cost_cents: u64,
}

/// There is less than was asked for; nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    pub asked: u32,
    pub available: u32,
}

/// One article's place: its lots, the oldest first, and what is promised to customers.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    lots: VecDeque<Lot>,
    reserved: u32,
}

impl Shelf {
    /// Puts a delivery where its day belongs.
    pub fn receive(&mut self, lot: Lot) {
        if lot.quantity == 0 {
            return;
        }
        let place = self.lots.iter().position(|other| other.delivered_day > lot.delivered_day);
        self.lots.insert(place.unwrap_or(self.lots.len()), lot);
    }

    /// Everything that lies here.
    pub fn on_hand(&self) -> u32 {
        self.lots.iter().map(|lot| lot.quantity).sum()
    }

    /// What lies here and is not promised.
    pub fn available(&self) -> u32 {
        self.on_hand() - self.reserved
    }

    /// Promises goods to a customer.
    pub fn reserve(&mut self, quantity: u32) -> Result<(), Short> {
        self.enough(quantity)?;
        self.reserved += quantity;
        Ok(())
    }

    /// Takes back a promise, or as much of it as there is.
    pub fn release(&mut self, quantity: u32) {
        self.reserved = self.reserved.saturating_sub(quantity);
    }

    /// Takes goods from the oldest lots, and says what they had cost in cents.
    pub fn take(&mut self, quantity: u32) -> Result<u64, Short> {
        self.enough(quantity)?;
        let mut wanted = quantity;
        let mut cost_cents = 0;
        while let Some(lot) = self.lots.front_mut() {
            let taken = wanted.min(lot.quantity);
            cost_cents += u64::from(taken) * lot.unit_cost_cents;
            lot.quantity -= taken;
            wanted -= taken;
            if lot.quantity > 0 {
                break;
            }
            self.lots.pop_front();
        }
        Ok(cost_cents)
    }

    /// Hands out goods that were promised.
    pub fn fulfil(&mut self, quantity: u32) -> Result<u64, Short> {
        if quantity > self.reserved {
            return Err(Short { asked: quantity, available: self.reserved });
        }
        self.reserved -= quantity;
        self.take(quantity)
    }

    /// How many lots there are.
    pub fn lot_count(&self) -> usize {
        self.lots.len()
    }

    /// The age of the oldest lot in days.
    pub fn oldest_age_days(&self, today: u32) -> Option<u32> {
        self.lots.front().map(|lot| today.saturating_sub(lot.delivered_day))
    }

    fn enough(&self, quantity: u32) -> Result<(), Short> {
        let available = self.available();
        if quantity > available {
            return Err(Short { asked: quantity, available });
        }
        Ok(())
    }
}

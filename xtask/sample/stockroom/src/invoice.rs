//! What is billed: lines, discounts by quantity, and tax.

/// One position of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub article: String,
    pub quantity: u32,
    pub unit_price_cents: u64,
}

/// From how many pieces on there is how much off, in percent; the steps in rising order.
#[derive(Debug, Clone, Default)]
pub struct Discounts {
    pub steps: Vec<(u32, u64)>,
}

impl Discounts {
    /// The percent off for a quantity: that of the highest step it reaches, or none.
    pub fn percent(&self, quantity: u32) -> u64 {
        let reached = self.steps.iter().filter(|(from, _)| quantity >= *from);
        reached.map(|(_, percent)| *percent).next_back().unwrap_or(0)
    }
}

/// An amount times a percentage, rounded half up to a whole cent.
pub fn percent_of(cents: u64, percent: u64) -> u64 {
    (cents * percent + 50) / 100
}

/// An invoice before it is sent.
#[derive(Debug, Clone, Default)]
pub struct Invoice {
    pub lines: Vec<Line>,
    pub discounts: Discounts,
    pub tax_percent: u64,
}

impl Invoice {
    /// One line after its discount.
    pub fn line_cents(&self, line: &Line) -> u64 {
        let full = u64::from(line.quantity) * line.unit_price_cents;
        full - percent_of(full, self.discounts.percent(line.quantity))
    }

    /// All lines after their discounts, before tax.
    pub fn net_cents(&self) -> u64 {
        self.lines.iter().map(|line| self.line_cents(line)).sum()
    }

    /// What the customer pays.
    pub fn total_cents(&self) -> u64 {
        let net = self.net_cents();
        net + percent_of(net, self.tax_percent)
    }
}

//! A request that is paid for: what is set aside for it, until it is billed, exactly once.
//!
//! It is apart because however a request ends, one of these ends with it: with its bill, free of
//! charge, or, dropped, at what was set aside. It reads no answer.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{Energy, Millis, NanoUsd, Tokens, Usage};
use tenfold_models::{Call, Ended, Of, traced};
use tokio::time::Instant;

use crate::bill::{Bill, Bound, End};
use crate::blocks::{Hold, Settled};
use crate::gate::Leave;
use crate::house::House;
use crate::metrics::Done;
use crate::offered::Place;
use crate::usage::{Answered, Seen};
use crate::{Basis, Offered, Spend, Wire};

/// As logs of web servers call it that a client went away.
const CLIENT_LEFT: u16 = 499;

/// A request under way.
pub(crate) struct Ticket {
    house: Arc<House>,
    model: Arc<Offered>,
    wire: Wire,
    bound: Bound,
    hold: Option<Hold>,
    /// Leave of its provider's gate, until it is known what came of the request.
    leave: Option<Box<dyn Leave>>,
    began: Instant,
    call: Call,
}

impl Ticket {
    pub(crate) fn new(
        house: &Arc<House>,
        model: &Arc<Offered>,
        wire: Wire,
        (bound, hold, leave): (Bound, Hold, Option<Box<dyn Leave>>),
    ) -> Self {
        let provider = match &model.place {
            Place::Hosted(far) => Some(far.hosted.protocol),
            Place::Embedded(_) => None,
        };
        let (operation, model_name) = (wire.operation(), Arc::clone(&model.name));
        let of = Of { operation, provider: traced(provider), model: model_name };
        house.metrics.begins();
        Self {
            house: Arc::clone(house),
            model: Arc::clone(model),
            wire,
            bound,
            hold: Some(hold),
            leave,
            began: Instant::now(),
            call: Call::begin(of, bound.output),
        }
    }

    pub(crate) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The span that who traces is told.
    pub(crate) fn span(&self) -> &tracing::Span {
        self.call.span()
    }

    /// Tells what was said to who traces.
    pub(crate) fn said(&self, messages: &str) {
        self.call.said(messages);
    }

    /// Tells why the model was chosen to who traces.
    pub(crate) fn chosen(&self, why: &str) {
        self.call.chosen(why);
    }

    /// Bills what was seen.
    pub(crate) fn close(mut self, seen: &Seen, end: End) -> Bill {
        let status = if end == End::Left { CLIENT_LEFT } else { 200 };
        let bill = self.model.tariff.bill(&self.bound, seen, end, Millis::from(self.took()));
        match self.leave.take() {
            Some(leave) if end == End::Cut => leave.broke_off(),
            Some(leave) => leave.answered(bill.usage.total()),
            None => {}
        }
        let Answered { model, id, reasons } = &seen.answered;
        let here = matches!(self.model.place, Place::Embedded(_)).then_some(&*self.model.name);
        self.call.answered(model.as_deref().or(here), id.as_deref(), reasons);
        if let Some(mut hold) = self.hold.take() {
            hold.took(bill.energy);
            let settled = hold.settle(bill.spend, bill.basis);
            self.record(status, Some((&bill, &settled)), seen.reasoning);
        }
        bill
    }

    /// It costs nothing: it was turned away before an answer began.
    pub(crate) fn free(mut self, status: u16) {
        if let Some(hold) = self.hold.take() {
            hold.release();
            self.record(status, None, Tokens(0));
        }
    }

    /// The same, by the provider; if that was too much for it, others wait until it wants to be
    /// asked again.
    pub(crate) fn turned_away(mut self, status: u16, retry_after: Option<Duration>) {
        if let Some(leave) = self.leave.take().filter(|_| matches!(status, 429 | 503 | 529)) {
            leave.refused(retry_after);
        }
        self.free(status);
    }

    fn took(&self) -> Duration {
        self.began.elapsed()
    }

    fn record(&mut self, status: u16, billed: Option<(&Bill, &Settled)>, thought: Tokens) {
        let done = Done { model: &self.model.name, wire: self.wire, status, took: self.took() };
        self.house.metrics.asked(&done, billed, thought);
        let error = (status >= 400).then(|| status.to_string());
        let (usage, cost) = billed.map_or((Usage::default(), NanoUsd::ZERO), |(bill, settled)| {
            (bill.usage, settled.spent.money + settled.over.money)
        });
        if let Some((bill, settled)) = billed {
            self.call.billed(bill.basis.name());
            if settled.over != Spend::NONE {
                let model = &*self.model.name;
                tracing::warn!(model, "a bill is {} above what was leased", settled.over.money);
            }
        }
        self.call.end(&Ended { status: Some(status), error: error.as_deref(), usage, cost });
    }
}

/// If nobody saw how it ended, it may be on the provider's bill.
impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(hold) = self.hold.take() {
            let settled = hold.settle(self.bound.spend, Basis::Bound);
            let (usage, energy) = (Usage::default(), Energy::NONE);
            let bill = Bill { spend: self.bound.spend, usage, basis: Basis::Bound, energy };
            self.record(CLIENT_LEFT, Some((&bill, &settled)), Tokens(0));
        }
        self.house.metrics.ends();
    }
}

//! A request that is paid for: what is set aside for it, until it is billed, exactly once.
//!
//! It is apart because however a request ends, one of these ends with it: with its bill, free of
//! charge, or, dropped, at what was set aside. It reads no answer.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{Millis, Tokens, Usage};
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::bill::{Basis, Bill, Bound, End};
use crate::blocks::{Hold, Settled};
use crate::house::House;
use crate::metrics::Done;
use crate::offered::Place;
use crate::usage::Seen;
use crate::{Offered, Spend, Wire};

/// As logs of web servers call it that a client went away.
const CLIENT_LEFT: u16 = 499;

/// A request under way.
pub(crate) struct Ticket {
    house: Arc<House>,
    model: Arc<Offered>,
    wire: Wire,
    bound: Bound,
    hold: Option<Hold>,
    began: Instant,
    span: Span,
}

impl Ticket {
    pub(crate) fn new(
        house: &Arc<House>,
        model: &Arc<Offered>,
        wire: Wire,
        bound: Bound,
        hold: Hold,
    ) -> Self {
        let provider = match &model.place {
            Place::Hosted(far) => far.hosted.protocol.name(),
            Place::Embedded(_) => "tenfold",
        };
        // The names are those of OpenTelemetry's conventions for generative AI.
        let span = tracing::info_span!(
            "gateway",
            gen_ai.operation.name = wire.operation(),
            gen_ai.provider.name = provider,
            gen_ai.request.model = &*model.name,
            gen_ai.request.max_tokens = bound.output.0,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            http.response.status_code = Empty,
            tenfold.cost_nano_usd = Empty,
            tenfold.cost_basis = Empty,
        );
        house.metrics.begins();
        Self {
            house: Arc::clone(house),
            model: Arc::clone(model),
            wire,
            bound,
            hold: Some(hold),
            began: Instant::now(),
            span,
        }
    }

    pub(crate) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Bills what was seen.
    pub(crate) fn close(mut self, seen: &Seen, end: End) -> Bill {
        let status = if end == End::Left { CLIENT_LEFT } else { 200 };
        let bill = self.model.tariff.bill(&self.bound, seen, end, Millis::from(self.took()));
        if let Some(hold) = self.hold.take() {
            let settled = hold.settle(bill.spend);
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

    fn took(&self) -> Duration {
        self.began.elapsed()
    }

    fn record(&self, status: u16, billed: Option<(&Bill, &Settled)>, thought: Tokens) {
        let done = Done { model: &self.model.name, wire: self.wire, status, took: self.took() };
        self.house.metrics.asked(&done, billed, thought);
        self.span.record("http.response.status_code", status);
        let Some((bill, settled)) = billed else { return };
        let Usage { prompt, cached, written, output } = bill.usage;
        self.span.record("gen_ai.usage.input_tokens", (prompt + cached + written).0);
        self.span.record("gen_ai.usage.cache_read.input_tokens", cached.0);
        self.span.record("gen_ai.usage.output_tokens", output.0);
        self.span.record("tenfold.cost_nano_usd", settled.spent.money.0);
        self.span.record("tenfold.cost_basis", bill.basis.name());
        if settled.over != Spend::NONE {
            let model = &*self.model.name;
            tracing::warn!(model, "a bill is {} above its worst case", settled.over.money);
        }
    }
}

/// If nobody saw how it ended, it may be on the provider's bill.
impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(hold) = self.hold.take() {
            let settled = hold.settle(self.bound.spend);
            let usage = Usage::default();
            let bill = Bill { spend: self.bound.spend, usage, basis: Basis::Bound };
            self.record(CLIENT_LEFT, Some((&bill, &settled)), Tokens(0));
        }
        self.house.metrics.ends();
    }
}

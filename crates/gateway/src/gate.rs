//! The gate before a provider, as the gateway sees it: whoever keeps what may be asked of providers
//! lets requests through, those of tasks among them. Here is only how long is waited for it. A
//! request that waits has set no money aside.

use std::time::Duration;

use tenfold_domain::{AccountId, Tokens};
use tenfold_models::Hosted;

use crate::bank::Later;
use crate::trouble::Trouble;

/// Lets requests to providers leave.
pub trait Gate: Send + Sync + 'static {
    /// Leave for a request, which an account pays and which is of at most so many tokens; refused
    /// as soon as it is known that it will not be there within `patience`. Dropping the future gives
    /// up the turn.
    fn leave<'a>(
        &'a self,
        hosted: &'a Hosted,
        of: (AccountId, Tokens),
        patience: Duration,
    ) -> Later<'a, Result<Box<dyn Leave>, Shut>>;
}

/// Leave to send one request. Dropped, nobody knows what came of it.
pub trait Leave: Send + Sync {
    /// It was answered, and took so many tokens.
    fn answered(self: Box<Self>, tokens: Tokens);

    /// The answer broke off.
    fn broke_off(self: Box<Self>);

    /// The provider would not, for now.
    fn refused(self: Box<Self>, retry_after: Option<Duration>);
}

/// The provider wants to be left alone for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut(pub Duration);

/// No limits: whoever asks may.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Gate for Open {
    fn leave<'a>(
        &'a self,
        _: &'a Hosted,
        _: (AccountId, Tokens),
        _: Duration,
    ) -> Later<'a, Result<Box<dyn Leave>, Shut>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn Leave>) })
    }
}

impl Leave for Open {
    fn answered(self: Box<Self>, _: Tokens) {}

    fn broke_off(self: Box<Self>) {}

    fn refused(self: Box<Self>, _: Option<Duration>) {}
}

/// Leave for a request, if it is there within `patience`.
pub(crate) async fn leave(
    gate: &dyn Gate,
    hosted: &Hosted,
    of: (AccountId, Tokens),
    patience: Duration,
) -> Result<Box<dyn Leave>, Trouble> {
    let model = &hosted.name;
    match tokio::time::timeout(patience, gate.leave(hosted, of, patience)).await {
        Ok(Ok(leave)) => Ok(leave),
        Ok(Err(Shut(left))) => Err(Trouble::Busy { model: model.clone(), left }),
        // Nobody knows when it is the next one's turn; who comes back so soon may find it.
        Err(_) => Err(Trouble::Busy { model: model.clone(), left: patience.max(AGAIN) }),
    }
}

/// When to come back at the earliest.
const AGAIN: Duration = Duration::from_secs(1);

//! The workflow of the bench and its only activity, which takes note of when it is called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult};

/// What an activity returns, in bytes: as much as the file that is read in Tenfold's bench.
const BYTES: usize = 1_200;
/// How long an activity may take.
const LONG: Duration = Duration::from_secs(600);

/// Calls the activity so often, one call after another.
#[workflow]
#[derive(Default)]
pub struct Steps;

#[workflow_methods]
impl Steps {
    #[run]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        (number, steps): (u32, u32),
    ) -> WorkflowResult<()> {
        for _ in 0..steps {
            let options = ActivityOptions::start_to_close_timeout(LONG);
            ctx.execute_activity(Reads::read, number, options).await?;
        }
        Ok(())
    }
}

/// The activity.
pub struct Reads(pub Arc<Heard>);

#[activities]
impl Reads {
    #[activity]
    pub async fn read(
        self: Arc<Self>,
        _ctx: ActivityContext,
        number: u32,
    ) -> Result<String, ActivityError> {
        self.0.called(number);
        Ok("x".repeat(BYTES))
    }
}

/// When the activity was called, and by which workflow.
#[derive(Default)]
pub struct Heard(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    last: HashMap<u32, Instant>,
    /// From one call to the next of the same workflow, in microseconds.
    between: Vec<u32>,
}

impl Heard {
    fn called(&self, by: u32) {
        let now = Instant::now();
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = calls.last.insert(by, now) {
            let micros = (now - before).as_micros();
            calls.between.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }

    /// From one call to the next of the same workflow, in microseconds, shortest first.
    pub fn between(&self) -> Vec<u32> {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.between.sort_unstable();
        std::mem::take(&mut calls.between)
    }
}

//! The life of one engine: from its opening to its end, which may come at any moment, by the
//! death of its process. Death is that nothing of it goes on: its runtime is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tenfold_engine::{Engine, EngineConfig, Surroundings};
use tenfold_models::Provider;
use tenfold_sandbox::Sandbox;
use tenfold_store::{Moment, StoreError};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::commands::Runs;
use super::provider::Far;
use super::world::World;

/// No life takes longer: what is still at work by then hangs.
const LONGEST: Duration = Duration::from_secs(100 * 24 * 3_600);

/// What befalls an engine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fate {
    /// At which moment it dies.
    pub(super) dies_at: Option<u64>,
    /// From which moment on, and up to which, nothing can be recorded.
    pub(super) disk_full: Option<(u64, u64)>,
    /// After which commit it is not heard that it was made.
    pub(super) unheard_at: Option<u64>,
    /// At which moment the clock on the wall is set to another time, and how far, in
    /// milliseconds.
    pub(super) jumps: Option<(u64, i64)>,
    /// From when to when the provider lets nothing through, in milliseconds of this life.
    pub(super) outage: Option<(u64, u64)>,
    /// How much the person does.
    pub(super) deeds: u64,
}

/// An engine's life.
pub(super) struct Life {
    pub(super) world: Arc<World>,
    pub(super) fate: Fate,
    began: Instant,
    died: Notify,
    is_dead: AtomicBool,
    moments: AtomicU64,
    /// How often it looked at the clock on the wall.
    looks: AtomicU64,
    jumped_ms: AtomicI64,
    /// Whether its disk has failed it.
    disk_failed: AtomicBool,
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Died,
}

/// Has an engine live in a world until what it is `led` to do is done, or it dies.
pub(super) fn live<F: Future<Output = ()>>(
    world: &Arc<World>,
    fate: Fate,
    led: impl FnOnce(Arc<Life>) -> F,
) -> End {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let (end, lived_ms) = runtime.block_on(async {
        let life = Arc::new(Life {
            world: Arc::clone(world),
            fate,
            began: Instant::now(),
            died: Notify::new(),
            is_dead: AtomicBool::new(false),
            moments: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            jumped_ms: AtomicI64::new(0),
            disk_failed: AtomicBool::new(false),
        });
        let end = tokio::select! {
            biased;
            () = life.died.notified() => End::Died,
            led = tokio::time::timeout(LONGEST, led(Arc::clone(&life))) => {
                if led.is_err() {
                    world.state().wrongs.push("the engine hangs".to_owned());
                }
                End::Left
            }
        };
        let lived = life.lived_ms();
        life.is_dead.store(true, Ordering::Relaxed);
        (end, lived)
    });
    drop(runtime);
    let mut state = world.state();
    state.tell(|| format!("--- {end:?} after {lived_ms} ms"));
    state.now_ms += lived_ms + 1;
    end
}

impl Life {
    /// How long it has lived.
    pub(super) fn lived_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// What time it is on the wall.
    pub(super) fn now_ms(&self) -> u64 {
        self.world.state().now_ms + self.lived_ms()
    }

    /// Whether its process is gone.
    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    pub(super) fn disk_failed(&self) -> bool {
        self.disk_failed.load(Ordering::Relaxed)
    }

    pub(super) fn tell(&self, what: impl FnOnce() -> String) {
        let lived = self.lived_ms();
        self.world.state().tell(|| format!("{lived:>9} {}", what()));
    }

    /// A moment at which it may die. Returns its number, if it lives on.
    pub(super) async fn moment(&self, what: &str) -> u64 {
        let now = self.moments.fetch_add(1, Ordering::Relaxed);
        if let Some((at, jump)) = self.fate.jumps
            && at == now
        {
            self.tell(|| format!("the clock jumps by {jump} ms"));
            self.jumped_ms.store(jump, Ordering::Relaxed);
        }
        if self.fate.dies_at == Some(now) && !self.is_dead() {
            self.tell(|| format!("dies: {what}"));
            self.is_dead.store(true, Ordering::Relaxed);
            self.died.notify_one();
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        now
    }

    /// What befalls its store at a commit.
    async fn commit(&self, moment: Moment) -> Result<(), StoreError> {
        let now =
            self.moment(if moment == Moment::Before { "before a commit" } else { "after one" });
        let now = now.await;
        let wait = {
            let mut state = self.world.state();
            if state.one_in(4) { state.within(0..40) } else { 0 }
        };
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let path = "the journal".into();
        let (full, unheard) = (self.fate.disk_full, self.fate.unheard_at);
        let fails = match moment {
            Moment::Before if full.is_some_and(|(from, to)| (from..to).contains(&now)) => {
                Err(StoreError::DiskFull { path })
            }
            Moment::After if unheard.is_some_and(|at| now == at || now == at + 1) => {
                Err(StoreError::DiskFails { path, detail: "EIO".to_owned() })
            }
            _ => Ok(()),
        };
        if fails.is_err() {
            self.tell(|| format!("the disk fails, {moment:?}"));
            self.disk_failed.store(true, Ordering::Relaxed);
        }
        fails
    }

    /// Opens the engine; none if the disk does not let it.
    pub(super) async fn open(self: &Arc<Self>) -> Option<Arc<Engine>> {
        let config = EngineConfig {
            places: self.world.places(),
            program: "/nonexistent".into(),
            allow_below_a: false,
            model_command: None,
            room: None,
        };
        let (store, clock, far) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let store =
            tenfold_store::Surroundings::default().as_task().with_slow_fate(move |moment| {
                let life = Arc::clone(&store);
                Box::pin(async move { life.commit(moment).await })
            });
        let clock = move || -> SystemTime {
            let jumped = clock.jumped_ms.load(Ordering::Relaxed);
            let now = clock.now_ms().saturating_add_signed(jumped);
            // No two looks at it show the same, as with any clock.
            let look = clock.looks.fetch_add(1, Ordering::Relaxed);
            UNIX_EPOCH + Duration::from_millis(now) + Duration::from_nanos(look)
        };
        let providers = move |hosted: &tenfold_models::Hosted| {
            Ok(Provider::standing_in(hosted, Arc::new(Far(Arc::clone(&far)))))
        };
        let surroundings = Surroundings::default()
            .with_clock(clock)
            .with_cores(2)
            .with_variables([("PATH".into(), "/nonexistent".into())])
            .with_sandbox(Sandbox::standing_in(Arc::new(Runs(Arc::clone(self)))))
            .with_providers(providers)
            .with_store(store);
        match Engine::open_in(config, surroundings).await {
            Ok(engine) => Some(Arc::new(engine)),
            Err(_) if self.disk_failed() => None,
            Err(why) => {
                self.world.state().wrongs.push(format!("the engine does not open: {why}"));
                None
            }
        }
    }
}

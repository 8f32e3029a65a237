//! Runs that nobody made: models of different abilities and prices at tasks of different ease,
//! drawn from a seed. They are as the estimators have it, so they show that these do what they
//! say, and nothing of how right they are about real work.

use jiff::civil::Date;
use tenfold_forecast::read::runs::Run;

/// Numbers that look random and are the same for a seed (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// Evenly between 0 and 1.
    pub(crate) fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// With mean 0 and variance 1 (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (length, angle) = (self.even().max(1e-300), self.even());
        (-2.0 * length.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

/// One run of each model at each task.
pub(crate) fn runs(models: usize, tasks: usize, seed: u64) -> Vec<Run> {
    let mut draw = Draw(seed);
    let eases: Vec<f64> = (0..tasks).map(|_| 1.5 * draw.normal()).collect();
    let mut all = Vec::new();
    for model in 0..models {
        let (ability, price, patience) = (draw.normal(), draw.normal() - 3.0, draw.normal());
        for (task, ease) in eases.iter().enumerate() {
            let solved = draw.even() < 1.0 / (1.0 + (-ability - ease).exp());
            let later = if solved { 0.0 } else { 0.4 };
            let steps = 3.2 + 0.4 * patience + later - 0.15 * ease + 0.6 * draw.normal();
            all.push(Run {
                date: Date::constant(2026, 1, 1),
                model: format!("model {model}"),
                task: format!("task {task}"),
                solved,
                dollars: Some((steps + price + 0.3 * draw.normal()).exp()),
                steps: Some(steps.exp().ceil()),
            });
        }
    }
    all
}

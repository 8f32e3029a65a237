//! All ways of buying, on the same days, the same tasks in the same orders and the same slips of
//! the check.

use jiff::civil::Date;
use tenfold_domain::Seed;
use tenfold_forecast::Refusal;
use tenfold_forecast::cascade::{Cascade, Goal, Settings};

use crate::hindsight::{self, Search, Worth};
use crate::play::{CheapestFirst, Day, Learned, Random};
use crate::table::Table;

/// From so many beginnings the best sequence is searched in hindsight.
const BEGINNINGS: usize = 60;
/// A solved task is worth so many times what the best single model asks for one.
pub(crate) const WORTH: [f64; 2] = [1.0, 4.0];

/// A mean over orders of the tasks, and its standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    pub(crate) mean: f64,
    pub(crate) error: f64,
}

/// Rate and dollars a task of one way of buying.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) rate: Mean,
    pub(crate) dollars: Mean,
}

/// What one day came to.
#[derive(Debug, Clone)]
pub(crate) struct OnDay {
    pub(crate) date: Date,
    /// The best single model.
    pub(crate) best: String,
    pub(crate) single: Worth,
    /// The best capped sequence in hindsight that is as good as it, and what it is.
    pub(crate) hindsight: Worth,
    pub(crate) sequence: String,
    /// The cascade that knows what it bought on the days before; and one that knows nothing.
    pub(crate) cascade: Point,
    pub(crate) fresh: Point,
    pub(crate) cheapest: Point,
    /// Cheapest-first with as few rungs as are as good as the best single model, if any are: how
    /// many those are is known in hindsight.
    pub(crate) enough: Option<Point>,
    pub(crate) random: Point,
    /// Millionths of a second that one of the cascade's choices took.
    pub(crate) micros: Mean,
    /// By how much the cascade's value − cost a task is above cheapest-first's, for each worth.
    pub(crate) gains: [Mean; 2],
    /// By how many dollars a task the cascade is above cheapest-first with enough rungs.
    pub(crate) dearer: Option<Mean>,
}

/// All days, at one share of wrong work that passes.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) leak: f64,
    pub(crate) days: Vec<OnDay>,
}

/// What each way of buying came to, in one order of the tasks.
struct Played {
    cascade: Worth,
    fresh: Worth,
    cheapest: Worth,
    /// For each number of rungs.
    depths: Vec<Worth>,
    random: Worth,
    /// For each worth, the cascade with that value.
    valued: [Worth; 2],
    /// How long one of the cascade's choices took, with all that it had to learn for it.
    micros: f64,
}

/// Measures all days.
pub(crate) fn measure(
    table: &Table,
    leak: f64,
    seed: Seed,
    seeds: u64,
) -> Result<Measured, Refusal> {
    let dates = table.dates();
    let mut played: Vec<Vec<Played>> = dates.iter().map(|_| Vec::new()).collect();
    for order in 0..seeds {
        for (day, one) in play(table, leak, seed.child(order))?.into_iter().enumerate() {
            played[day].push(one);
        }
    }
    let days = dates.into_iter().zip(&played);
    let days = days.map(|(date, played)| on_day(table, date, leak, seed, played)).collect();
    Ok(Measured { leak, days })
}

/// What a solved task is worth on a day: so many times what the best single model asks for one.
fn values(table: &Table, date: Date) -> [f64; 2] {
    let best = table.best(date);
    WORTH.map(|times| times * best.dollars() / best.rate().max(1e-3))
}

/// All days in one order.
fn play(table: &Table, leak: f64, seed: Seed) -> Result<Vec<Played>, Refusal> {
    let new = |goal| Cascade::new(Settings { goal, leak, seed });
    let mut carried = new(Goal::AsBest)?;
    let mut past: [Vec<_>; 2] = [Vec::new(), Vec::new()];
    let mut cheapest = CheapestFirst::new(table, usize::MAX);
    let mut depths: Vec<CheapestFirst> =
        (1..=table.models.len()).map(|depth| CheapestFirst::new(table, depth)).collect();
    let mut random = Random(seed.child(1).draws());
    let mut all = Vec::new();
    for (nth, date) in table.dates().into_iter().enumerate() {
        let day = Day { table, date, leak, seed: seed.child(2 + nth as u64) };
        let mut fresh = new(Goal::AsBest)?;
        let mut valued = [Worth::default(); 2];
        for (which, value) in values(table, date).into_iter().enumerate() {
            // The value is another one each day: what was bought before is learned anew.
            let mut cascade = new(Goal::Value(value))?;
            past[which].iter().try_for_each(|task: &Vec<_>| cascade.learn(task))?;
            let mut buyer = Learned::new(&mut cascade, table, date);
            valued[which] = day.play(&mut buyer);
            past[which].append(&mut buyer.learned);
        }
        let mut buyer = Learned::new(&mut carried, table, date);
        all.push(Played {
            cascade: day.play(&mut buyer),
            micros: buyer.took.as_micros() as f64 / f64::from(buyer.choices.max(1)),
            fresh: day.play(&mut Learned::new(&mut fresh, table, date)),
            cheapest: day.play(&mut cheapest),
            depths: depths.iter_mut().map(|buyer| day.play(buyer)).collect(),
            random: day.play(&mut random),
            valued,
        });
    }
    Ok(all)
}

fn on_day(table: &Table, date: Date, leak: f64, seed: Seed, played: &[Played]) -> OnDay {
    let (models, best) = (table.on(date), table.best(date));
    let single = Worth { rate: best.rate(), dollars: best.dollars() };
    let steps = Search::new(models, leak, single.rate).run(seed, BEGINNINGS);
    let words = steps.iter().map(|(model, cap)| {
        let name = &models[*model].name;
        if cap.is_finite() { format!("{name} to ${cap:.2}") } else { name.clone() }
    });
    let depth = (0..models.len())
        .find(|&depth| mean(played.iter().map(|one| one.depths[depth].rate)).mean >= single.rate);
    let [one, other] = values(table, date);
    let gain = |which: usize, value: f64| {
        let net = |worth: Worth| value * worth.rate - worth.dollars;
        mean(played.iter().map(|one| net(one.valued[which]) - net(one.cheapest)))
    };
    OnDay {
        date,
        best: best.name.clone(),
        single,
        hindsight: hindsight::worth(models, &steps, leak),
        sequence: words.collect::<Vec<_>>().join(", "),
        cascade: point(played, |one| one.cascade),
        fresh: point(played, |one| one.fresh),
        cheapest: point(played, |one| one.cheapest),
        enough: depth.map(|depth| point(played, |one| one.depths[depth])),
        random: point(played, |one| one.random),
        micros: mean(played.iter().map(|one| one.micros)),
        gains: [gain(0, one), gain(1, other)],
        dearer: depth.map(|depth| {
            mean(played.iter().map(|one| one.cascade.dollars - one.depths[depth].dollars))
        }),
    }
}

fn point(played: &[Played], of: impl Fn(&Played) -> Worth) -> Point {
    Point {
        rate: mean(played.iter().map(|one| of(one).rate)),
        dollars: mean(played.iter().map(|one| of(one).dollars)),
    }
}

fn mean(numbers: impl Iterator<Item = f64> + Clone) -> Mean {
    let count = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let square = numbers.map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Mean { mean, error: (square / count).sqrt() }
}

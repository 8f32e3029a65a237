//! What a past promises whoever asks: sound chances of anything that can be put in, and better
//! ones the more is known.

use proptest::prelude::*;

use super::*;

/// A task and model, with nothing else known.
fn about<'a>(task: &'a str, model: &'a str) -> About<'a> {
    About { task, model, ..About::default() }
}

fn trial(spend: f64, end: End) -> Trial {
    Trial { spend, end }
}

/// Numbers that look random and are the same each time (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
struct Draw(u64);

impl Draw {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (length, angle) = (self.even().max(1e-300), self.even());
        (-2.0 * length.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

/// Agents of different abilities at tasks of different ease; all that each of them did.
fn population(agents: usize, tasks: usize, seed: u64) -> Vec<(String, String, Trial)> {
    let mut draw = Draw(seed);
    let eases: Vec<f64> = (0..tasks).map(|_| 1.5 * draw.normal()).collect();
    let mut all = Vec::new();
    for agent in 0..agents {
        let (ability, when) = (draw.normal(), draw.normal());
        for (task, ease) in eases.iter().enumerate() {
            let solved = draw.even() < crate::cure::chance(ability + ease);
            let later = if solved { 0.0 } else { 0.5 };
            let log = when + later - 0.2 * ease + 0.7 * draw.normal();
            let end = if solved { End::Solved } else { End::Failed };
            all.push((format!("agent {agent}"), format!("task {task}"), trial(log.exp(), end)));
        }
    }
    all
}

fn past(trials: &[(String, String, Trial)]) -> Past {
    let mut past = Past::new(Unit::Dollars);
    for (agent, task, trial) in trials {
        past.add(&about(task, agent), *trial).unwrap();
    }
    past.refit();
    past
}

#[test]
fn it_says_how_much_it_takes() {
    let mut past = Past::new(Unit::Dollars);
    for i in 0..4 {
        past.add(&about("t", "m"), trial(1.0 + f64::from(i), End::Solved)).unwrap();
        past.add(&about("t", "m"), trial(1.0, End::Cut)).unwrap();
    }
    past.refit();
    let refused = past.forecast(&about("t", "m"), &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "4 trials that ended by themselves are known, and an answer takes 5"
    );
    past.add(&about("t", "m"), trial(2.0, End::Failed)).unwrap();
    assert!(past.is_due());
    assert!(past.forecast(&about("t", "m"), &[]).is_err(), "it was not fitted");
    past.refit();
    let forecast = past.forecast(&about("t", "m"), &[]).unwrap();
    assert_eq!(forecast.grounds(), Grounds { by_agent: 9, of_task: 9, in_all: 9 });
}

#[test]
fn what_cannot_be_is_refused_and_not_taken_in() {
    let mut past = past(&population(2, 20, 1));
    for spend in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(past.add(&about("t", "m"), trial(spend, End::Solved)).is_err());
        let tried = Tried { model: "m", strategy: "", trial: trial(spend, End::Failed) };
        assert!(past.forecast(&about("t", "m"), &[tried]).is_err());
        assert!(past.going_on(&about("t", "m"), &[], spend).is_err());
    }
    assert_eq!(past.trials(), 40);
}

#[test]
fn it_goes_four_times_as_far_as_was_seen() {
    let past = past(&population(3, 50, 2));
    let most = past.agents[0].trials.iter().map(|kept| kept.trial.spend).fold(0.0, f64::max);
    let forecast = past.forecast(&about("task 1", "agent 0"), &[]).unwrap();
    assert!((forecast.reach() / (4.0 * most) - 1.0).abs() < 1e-9);
    assert!(matches!(forecast.at(4.1 * most), Err(Refusal::Beyond { unit: "dollars", .. })));
}

#[test]
fn failing_lowers_and_others_success_raises() {
    let past = past(&population(6, 100, 3));
    let chance = |so_far: &[Tried<'_>]| {
        past.forecast(&about("new", "agent 0"), so_far).unwrap().at(1.0).unwrap().likely
    };
    let tried = |model, end| Tried { model, strategy: "", trial: trial(0.8, end) };
    let failed = tried("agent 0", End::Failed);
    let (fresh, once, twice) = (chance(&[]), chance(&[failed]), chance(&[failed, failed]));
    assert!(twice < once && once < fresh, "{twice} {once} {fresh}");
    assert!(chance(&[tried("agent 1", End::Failed)]) < fresh);
    assert!(chance(&[tried("agent 1", End::Solved), tried("agent 2", End::Solved)]) > fresh);
    assert!(chance(&[tried("agent 0", End::Cut)]) < fresh, "it was open for long");
}

#[test]
fn what_is_added_counts_for_its_task_before_it_is_fitted() {
    let mut past = past(&population(6, 100, 4));
    let of = about("task 7", "agent 0");
    let before = past.forecast(&of, &[]).unwrap().at(1.0).unwrap().likely;
    for _ in 0..3 {
        past.add(&of, trial(1.0, End::Failed)).unwrap();
    }
    assert!(past.forecast(&of, &[]).unwrap().at(1.0).unwrap().likely < before);
}

#[test]
fn tasks_of_a_kind_are_alike() {
    let mut past = Past::new(Unit::Steps);
    for i in 0..60 {
        let task = format!("task {i}");
        let (label, end) = if i % 2 == 0 { ("hard", End::Failed) } else { ("easy", End::Solved) };
        let about = About { labels: vec![label], ..about(&task, "m") };
        past.add(&about, trial(10.0 + f64::from(i), end)).unwrap();
    }
    past.refit();
    let chance = |label| {
        let about = About { labels: vec![label], ..about("new", "m") };
        past.forecast(&about, &[]).unwrap().at(40.0).unwrap().likely
    };
    assert!(chance("hard") < chance("") && chance("") < chance("easy"));
}

#[test]
fn what_was_cut_off_has_not_failed() {
    let with = |end| {
        let mut all = population(1, 60, 5);
        let mut spends: Vec<f64> = all.iter().map(|(_, _, trial)| trial.spend).collect();
        spends.sort_by(f64::total_cmp);
        let cut = spends[30];
        for (_, _, trial) in &mut all {
            if trial.spend > cut {
                *trial = Trial { spend: cut, end };
            }
        }
        let past = past(&all);
        past.forecast(&about("new", "agent 0"), &[]).unwrap().at(3.9 * cut).unwrap()
    };
    assert!(with(End::Cut).likely > with(End::Failed).likely + 0.1);
    assert!(
        with(End::Cut).high - with(End::Cut).low > with(End::Failed).high - with(End::Failed).low
    );
}

#[test]
fn all_alike_is_not_certainty() {
    for (end, certain) in [(End::Solved, 1.0), (End::Failed, 0.0)] {
        let mut past = Past::new(Unit::Dollars);
        for i in 0..6 {
            past.add(&about(&i.to_string(), "m"), trial(1.0, end)).unwrap();
        }
        past.refit();
        let chance = past.forecast(&about("new", "m"), &[]).unwrap().at(4.0).unwrap();
        assert!((chance.likely - certain).abs() > 0.02, "{chance:?}");
        assert!(chance.high - chance.low > 0.2, "{chance:?}");
    }
}

#[test]
fn more_trials_make_it_surer() {
    let width = |tasks| {
        let past = past(&population(1, tasks, 6));
        let chance = past.forecast(&about("new", "agent 0"), &[]).unwrap().at(2.0).unwrap();
        chance.high - chance.low
    };
    assert!(width(10) > 1.5 * width(1000), "{} {}", width(10), width(1000));
}

#[test]
fn what_it_takes_is_what_it_took() {
    let mut past = Past::new(Unit::Dollars);
    let mut draw = Draw(1);
    let mut sum = 0.0;
    for task in 0..400 {
        let spend = (0.4 * draw.normal()).exp();
        sum += spend.min(2.0) / 400.0;
        let end = if draw.even() < 0.6 { End::Solved } else { End::Failed };
        past.add(&about(&task.to_string(), "m"), trial(spend, end)).unwrap();
    }
    past.refit();
    let forecast = past.forecast(&about("new", "m"), &[]).unwrap();
    assert!((forecast.takes(2.0).unwrap() - sum).abs() < 0.05);
    let goes_on = past.going_on(&about("new", "m"), &[], 0.5).unwrap();
    assert!(goes_on.takes(2.0).unwrap() < 1.5, "half of it is behind");
}

#[test]
fn going_on_begins_where_it_is() {
    let past = past(&population(6, 100, 7));
    let of = about("task 3", "agent 1");
    let spent = 0.7;
    let goes_on = past.going_on(&of, &[], spent).unwrap();
    assert_eq!(goes_on.at(spent / 2.0).unwrap().likely, 0.0);
    assert!(goes_on.at(2.0 * spent).unwrap().likely > 0.0);
}

#[test]
fn what_goes_on_does_not_count_against_itself() {
    let mut past = past(&population(6, 100, 7));
    let of = about("task 3", "agent 1");
    let before = past.going_on(&of, &[], 0.7).unwrap();
    past.add(&of, trial(0.7, End::Cut)).unwrap();
    let after = past.going_on(&of, &[], 0.7).unwrap();
    assert!(before.curve().eq(after.curve()));
    assert_ne!(past.forecast(&of, &[]).unwrap().at(1.0), before.at(1.0), "to begin anew is else");
}

#[test]
fn the_unit_of_spend_makes_no_difference() {
    let all = population(4, 60, 10);
    let mut cents = all.clone();
    for (_, _, trial) in &mut cents {
        trial.spend *= 100.0;
    }
    let (all, cents) = (past(&all), past(&cents));
    for agent in ["agent 0", "somebody new"] {
        let chance = |past: &Past, spend| {
            past.forecast(&about("task 5", agent), &[]).unwrap().at(spend).unwrap().likely
        };
        assert!((chance(&all, 1.0) - chance(&cents, 100.0)).abs() < 1e-3);
    }
}

#[test]
fn when_it_was_fitted_makes_no_difference() {
    let all = population(4, 60, 11);
    let mut now_and_then = Past::new(Unit::Dollars);
    for (count, (agent, task, trial)) in all.iter().enumerate() {
        now_and_then.add(&about(task, agent), *trial).unwrap();
        if count % 50 == 0 {
            now_and_then.refit();
        }
    }
    now_and_then.refit();
    let chance = |past: &Past| {
        past.forecast(&about("task 5", "agent 1"), &[]).unwrap().at(1.0).unwrap().likely
    };
    assert!((chance(&now_and_then) - chance(&past(&all))).abs() < 1e-9);
}

#[test]
fn of_very_many_trials_the_same_ones_are_picked() {
    let mut all = population(1, 5_000, 12);
    let forecast = |all: &[_]| past(all).forecast(&about("new", "agent 0"), &[]).unwrap();
    let before = forecast(&all);
    all.rotate_left(777);
    assert_eq!(before, forecast(&all));
}

/// An agent is seen up to where a third of its trials have ended, and four times that is told.
#[test]
fn an_agent_is_told_from_its_cheap_trials_and_other_agents() {
    let all = population(10, 150, 8);
    let (mut flat, mut blend, mut held) = (0.0, 0.0, 0);
    for left_out in 0..10 {
        let name = format!("agent {left_out}");
        let own: Vec<&(String, String, Trial)> =
            all.iter().filter(|(agent, _, _)| *agent == name).collect();
        let mut spends: Vec<f64> = own.iter().map(|(_, _, trial)| trial.spend).collect();
        spends.sort_by(f64::total_cmp);
        let until = spends[spends.len() / 3];
        let mut seen = all.clone();
        for (agent, _, trial) in &mut seen {
            if *agent == name {
                *trial = trial.seen_until(until);
            }
        }
        let past = past(&seen);
        let came = own.iter().filter(|(_, _, trial)| trial.solved_by(4.0 * until)).count() as f64
            / own.len() as f64;
        let told = |by| {
            let mut sum = [0.0; 3];
            for (_, task, _) in &own {
                let of = about(task, &name);
                let forecast = past.forecast_by(by, &of, &[], None).unwrap();
                let chance = forecast.at(4.0 * until).unwrap();
                for (sum, one) in sum.iter_mut().zip([chance.low, chance.likely, chance.high]) {
                    *sum += one / own.len() as f64;
                }
            }
            sum
        };
        let [low, likely, high] = told(Estimator::Blend);
        blend += (likely - came).abs() / 10.0;
        flat += (told(Estimator::Flat)[1] - came).abs() / 10.0;
        held += usize::from((low..=high).contains(&came));
    }
    assert!(blend < 0.07 && flat > 0.15, "blend {blend}, flat {flat}");
    assert!(held >= 8, "{held}");
}

#[test]
fn a_hundred_thousand_trials_are_no_more_to_look_at() {
    let mut past = past(&population(20, 5_000, 9));
    assert_eq!(past.trials(), 100_000);
    assert!(!past.is_due());
    for agent in &past.agents {
        assert!(agent.fits.typical.len() <= 64, "a forecast looks at no more tasks than these");
    }
    let forecast = past.forecast(&about("task 77", "agent 3"), &[]).unwrap();
    assert_eq!(forecast.grounds().of_task, 20);
    assert!(forecast.error().is_some_and(|error| error < 0.1));
    for i in 0..10_001 {
        past.add(&about(&i.to_string(), "agent 3"), trial(1.0, End::Cut)).unwrap();
    }
    assert!(past.is_due());
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Solved), Just(End::Failed), Just(End::Cut)]
}

/// Trials of a few agents and tasks, of any spend that a number holds.
fn trials() -> impl Strategy<Value = Vec<(String, String, Trial)>> {
    let spend = prop_oneof![
        4 => (-5.0..5.0_f64).prop_map(f64::exp),
        1 => Just(1.0),
        1 => (-300.0..300.0_f64).prop_map(|power| 10.0_f64.powf(power)),
    ];
    let one = (0..3_u8, 0..8_u8, spend, ends()).prop_map(|(agent, task, spend, end)| {
        (format!("a{agent}"), format!("t{task}"), trial(spend, end))
    });
    prop::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_chance_is_one_and_never_falls_with_spend(
        trials in trials(),
        so_far in prop::collection::vec((-5.0..5.0_f64, ends()), 0..3),
        spent in prop::option::of(-5.0..5.0_f64),
    ) {
        let past = past(&trials);
        let so_far: Vec<Tried<'_>> = so_far
            .iter()
            .map(|(log, end)| Tried { model: "a0", strategy: "", trial: trial(log.exp(), *end) })
            .collect();
        for by in Estimator::ALL {
            let asked = past.forecast_by(by, &about("t1", "a0"), &so_far, spent.map(f64::exp));
            let Ok(forecast) = asked else { continue };
            let mut before = Interval { low: 0.0, likely: 0.0, high: 0.0 };
            for power in -400..400 {
                let spend = 10.0_f64.powf(f64::from(power) / 2.0);
                let Ok(now) = forecast.at(spend) else { continue };
                prop_assert!(0.0 <= now.low && now.low <= now.likely);
                prop_assert!(now.likely <= now.high && now.high <= 1.0);
                prop_assert!(before.low <= now.low + 1e-12);
                prop_assert!(before.likely <= now.likely + 1e-12);
                prop_assert!(before.high <= now.high + 1e-12);
                let takes = forecast.takes(spend).unwrap();
                prop_assert!((0.0..=spend * 1.000_001).contains(&takes), "{takes} {spend}");
                before = now;
            }
        }
    }

    #[test]
    fn the_order_of_trials_makes_no_difference(trials in trials(), seed in 0..1_000_u64) {
        let mut others = trials.clone();
        let mut draw = Draw(seed);
        for i in (1..others.len()).rev() {
            others.swap(i, (draw.even() * (i + 1) as f64) as usize);
        }
        let asked = |trials: &[_]| past(trials).forecast(&about("t1", "a1"), &[]);
        match (asked(&trials), asked(&others)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one, other),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }
}

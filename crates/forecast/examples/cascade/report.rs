//! What was measured, as tables for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::hindsight::Worth;
use crate::measure::{Mean, Measured, OnDay, Point, WORTH};
use crate::table::Table;

/// As Markdown.
pub(crate) fn tables(table: &Table, measured: &[Measured]) -> String {
    let mut text = format!("{} models, {} tasks\n\n", table.models.len(), table.tasks);
    text += "| model | from | solves | $ a task |\n|---|---|---|---|\n";
    for model in &table.models {
        let (name, date) = (&model.name, model.date);
        let _ =
            writeln!(text, "| {name} | {date} | {:.3} | {:.3} |", model.rate(), model.dollars());
    }
    for one in measured {
        let _ = writeln!(text, "\n{:.0} % of wrong work passes\n", 100.0 * one.leak);
        text += "| day | best model | hindsight | cascade | from nothing | cheapest-first | \
                 of that, enough | random | cascade − enough, $ |";
        for times in WORTH {
            let _ = write!(text, " gain at {times} × |");
        }
        text += " µs a choice |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";
        one.days.iter().for_each(|day| text += &row(day));
    }
    text += "\nA cell is the share of tasks that are really solved, at dollars a task; after × \
             stands how many times that of hindsight it is. Enough: as few rungs of \
             cheapest-first as solve what the best model does. Gain: by how much value − cost a \
             task is above cheapest-first's when a solved task is worth so many times what the \
             best model asks for one.\n\n";
    for one in measured {
        for day in &one.days {
            let (leak, date) = (100.0 * one.leak, day.date);
            let _ = writeln!(text, "hindsight, {leak:.0} %, {date}: {}", day.sequence);
        }
    }
    text
}

fn row(day: &OnDay) -> String {
    let worth = |worth: Worth| format!("{:.3} at {:.3}", worth.rate, worth.dollars);
    let point = |point: Point| {
        let (rate, dollars) = (point.rate, point.dollars);
        format!("{:.3} ± {:.3} at {:.3}", rate.mean, rate.error, dollars.mean)
    };
    let times =
        |one: Point| format!("{} × {:.2}", point(one), one.dollars.mean / day.hindsight.dollars);
    let mean = |mean: Mean| format!("{:+.4} ± {:.4}", mean.mean, mean.error);
    let dash = || "–".to_owned();
    let part = day.hindsight.dollars / day.single.dollars;
    let cells = [
        day.date.to_string(),
        worth(day.single),
        format!("{} ({part:.2})", worth(day.hindsight)),
        times(day.cascade),
        times(day.fresh),
        point(day.cheapest),
        day.enough.map_or_else(dash, point),
        point(day.random),
        day.dearer.map_or_else(dash, mean),
        mean(day.gains[0]),
        mean(day.gains[1]),
        format!("{:.0}", day.micros.mean),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// As one object.
pub(crate) fn json(table: &Table, measured: &[Measured]) -> Json {
    let mean = |mean: Mean| json!({ "mean": mean.mean, "standard_error": mean.error });
    let worth = |worth: Worth| json!({ "rate": worth.rate, "dollars": worth.dollars });
    let point = |point: Point| json!({ "rate": mean(point.rate), "dollars": mean(point.dollars) });
    let day = |day: &OnDay| {
        json!({
            "date": day.date.to_string(),
            "best": day.best,
            "single": worth(day.single),
            "hindsight": worth(day.hindsight),
            "sequence": day.sequence,
            "cascade": point(day.cascade),
            "from_nothing": point(day.fresh),
            "cheapest_first": point(day.cheapest),
            "cheapest_first_enough": day.enough.map(point),
            "random": point(day.random),
            "dearer_than_enough": day.dearer.map(mean),
            "gains": day.gains.map(mean),
            "micros_a_choice": mean(day.micros),
        })
    };
    let models = table.models.iter().map(|model| {
        let (rate, dollars) = (model.rate(), model.dollars());
        json!({ "name": model.name, "date": model.date.to_string(), "rate": rate, "dollars": dollars })
    });
    let leaks = measured.iter().map(
        |one| json!({ "leak": one.leak, "days": one.days.iter().map(day).collect::<Vec<_>>() }),
    );
    json!({
        "tasks": table.tasks,
        "models": models.collect::<Vec<_>>(),
        "leaks": leaks.collect::<Vec<_>>(),
    })
}

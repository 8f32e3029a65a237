//! `tenfold audit`: are the three observations true of one's own ledger, or of a file?

use std::path::{Path, PathBuf};

use clap::Args;
use tenfold_desk::audit::{self, AuditAnswer, AuditTerms};
use tenfold_forecast::Interval;
use tenfold_forecast::audit::{Audit, Finding, Plot as Pictured};
use tenfold_forecast::read::benchmark::{self, Entry};
use tenfold_forecast::read::runs::{self, Run};

use crate::arguments::Format;
use crate::asking;
use crate::commands::prices::level::share;
use crate::context::Context;
use crate::exit::Exit;
use crate::plot::{Axis, Line, Plot, Scale, Shape, chart, file};
use crate::terminal::{self, BOLD, styled};
use crate::trouble::Trouble;

/// How far what is said of a finding stands from the left.
const INDENT: usize = 17;
/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// Ask your own ledger, or a file, whether the three observations hold
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Runs in CSV, with the columns date, model, instance, resolved, cost_usd; your own attempts,
    /// if not given
    file: Option<PathBuf>,
    /// Dated results of a benchmark, in YAML, whose price is followed in place of that of the runs
    #[arg(long, value_name = "FILE")]
    benchmark: Option<PathBuf>,
    /// The level whose price is followed, as the share of tasks solved; that of the runs, if not
    /// given
    #[arg(long, value_name = "SHARE", value_parser = share)]
    bar: Option<f64>,
    /// Write a picture of each finding into this folder, in SVG
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &AuditArgs) -> Result<Exit, Trouble> {
    let terms = AuditTerms {
        runs: args.file.as_deref().map(of_file).transpose()?,
        benchmark: args.benchmark.as_deref().map(results).transpose()?,
        bar: args.bar,
    };
    let found = audit::audit(&context.house, &terms)?;
    match args.format.json {
        true => terminal::print_json(&AuditAnswer::from(&found))?,
        false => terminal::print(&shown(&found))?,
    }
    if let Some(folder) = &args.svg {
        pictures(folder, &found)?;
    }
    Ok(Exit::Done)
}

/// The runs that a file tells of.
pub(super) fn of_file(file: &Path) -> Result<Vec<Run>, Trouble> {
    let text = asking::read(file, BYTES_MAX)?;
    if text.len() as u64 > BYTES_MAX {
        let most = BYTES_MAX >> 20;
        return Err(Trouble::usage(format!("{} is larger than {most} MiB", file.display())));
    }
    runs::read(&text).map_err(|why| {
        Trouble::new(Exit::Usage, format!("{}, {why}", file.display()))
            .advise("docs/forecast.md says which columns a file of runs has")
    })
}

/// The dated results that a file tells of.
pub(super) fn results(file: &Path) -> Result<Vec<Entry>, Trouble> {
    let text = asking::read(file, BYTES_MAX)?;
    benchmark::read(&text).map_err(|why| {
        Trouble::new(Exit::Usage, format!("{}, {why}", file.display()))
            .advise("docs/forecast.md says what a file of results holds")
    })
}

fn shown(found: &Audit) -> String {
    let mut text = String::new();
    for (number, one) in found.observations.iter().enumerate() {
        let verdict = one.verdict().words().to_uppercase();
        text +=
            &format!("{} {}\n", styled(BOLD, format!("{}. {}", number + 1, one.claim)), verdict);
        for finding in &one.findings {
            text += &format!("\n{}", in_words(finding));
        }
        text.push('\n');
    }
    text += &format!("{}\n", styled(BOLD, "What holds of all of it"));
    for caveat in found.caveats {
        text += &format!("- {}\n", wrapped(caveat, "  ").trim_start());
    }
    text += &format!("\n{}\n", styled(BOLD, "Sources"));
    for source in found.sources {
        text += &format!("- {}\n", wrapped(source, "  ").trim_start());
    }
    text.trim_end().to_owned()
}

/// A text in lines that fit the terminal, each after an indent; in one line where nobody looks.
fn wrapped(text: &str, indent: &str) -> String {
    let width = if terminal::is_watched() { terminal::width() } else { usize::MAX };
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > indent.len() && last.saturating_add(1 + word.chars().count()) > width {
            lines.push(indent.to_owned());
        }
        if let Some(line) = lines.last_mut() {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn in_words(finding: &Finding) -> String {
    let question = wrapped(finding.asked.question, "   ");
    let mut text = format!("{}\n", styled(BOLD, question));
    let mut line = |name: &str, said: &str| {
        // The name stands where the first line is indented.
        let said = wrapped(said, &" ".repeat(INDENT));
        text += &format!("   {name:<13} {}\n", said.trim_start());
    };
    line("answer", finding.verdict.words());
    line("because", &finding.why);
    line("data", &finding.data);
    for figure in &finding.figures {
        let Interval { low, likely, high } = figure.interval;
        let said = format!("{} ({} to {})", number(likely), number(low), number(high));
        line("measured", &format!("{}: {said}", figure.name));
    }
    for fit in &finding.fits {
        let error = format!("error {}", number(fit.error));
        let behind = match fit.behind == 0.0 && fit.standard_error == 0.0 {
            true => String::new(),
            false => format!(", {} ± {} behind", number(fit.behind), number(fit.standard_error)),
        };
        line("fit", &format!("{}: {}; {error}{behind}", fit.name, fit.formula));
    }
    if !finding.fits.is_empty() {
        line("scored", finding.asked.scored);
    }
    line("rule", finding.asked.rule);
    line("would change", finding.asked.would_change);
    match &finding.plot {
        Some(pictured) if terminal::is_watched() => {
            text +=
                &format!("\n{}", chart(&plot(finding.asked.question, pictured), terminal::width()));
        }
        _ => {}
    }
    text
}

/// A number with three figures that say something.
fn number(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || (0.1..1e6).contains(&size) => {
            let places = (2 - size.max(0.1).log10().floor() as i32).clamp(0, 4);
            format!("{number:.*}", usize::try_from(places).unwrap_or_default())
        }
        _ => format!("{number:.2e}"),
    }
}

/// What a finding would have drawn.
fn plot(title: &str, pictured: &Pictured) -> Plot {
    let scale = |log| if log { Scale::Ratios } else { Scale::Even };
    let lines = pictured.series.iter().map(|series| Line {
        name: series.name.clone(),
        points: series.points.clone(),
        shape: if series.fitted { Shape::Straight } else { Shape::Dots },
        is_faint: false,
    });
    Plot {
        title: format!("{title} ({} against {})", pictured.y, pictured.x),
        x: Axis { scale: scale(pictured.log_x), reach: None, shown: number },
        y: Axis { scale: scale(pictured.log_y), reach: None, shown: number },
        lines: lines.collect(),
        marks: Vec::new(),
    }
}

/// One picture for each finding that has something to draw: `2-1.svg` is the first finding of
/// the second observation.
fn pictures(folder: &Path, found: &Audit) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Trouble::new(Exit::Store, format!("could not make {}: {error}", folder.display()))
    })?;
    for (number, one) in found.observations.iter().enumerate() {
        for (place, finding) in one.findings.iter().enumerate() {
            let Some(pictured) = &finding.plot else { continue };
            let path = folder.join(format!("{}-{}.svg", number + 1, place + 1));
            file::write(&path, &plot(finding.asked.question, pictured))?;
        }
    }
    Ok(())
}

//! What may be typed after `cargo xtask bench repair`.
//!
//! Reading words does nothing else: nothing is looked up, fetched or built here.

use std::path::PathBuf;

use crate::trouble::Trouble;

pub(super) const HELP: &str = "\
usage: cargo xtask bench repair [OPTIONS]

Breaks functions of published libraries so that their own tests fail, asks Tenfold to
repair them, and judges the repairs by all the tests, hidden ones too.

  --seed N           which tasks are drawn, and Tenfold's own seed  [1]
  --tasks N          how many                                       [40]
  --double-share X   the share that is broken in two places         [0.2]
  --library NAME     only this library; may be repeated
  --only ID          only this task of those drawn; may be repeated
  --list             print the tasks with their breaks, and run nothing
  --keep             keep each repository, beside outcome.json and what tenfold said
  --json             one JSON object on stdout, in place of the tables

  --model NAME       [qwen2.5-coder-1.5b]
  --time-limit SECS  what one task may take                         [120]
  --tenfold PATH     the program to measure; else it is built first
  --arg WORD         passed on to `tenfold run`; may be repeated
";

/// What was asked for, with what was not said filled in.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) seed: u64,
    pub(super) tasks: usize,
    pub(super) double_share: f64,
    pub(super) libraries: Vec<String>,
    pub(super) only: Vec<String>,
    pub(super) list: bool,
    pub(super) keep: bool,
    pub(super) json: bool,
    pub(super) help: bool,
    pub(super) model: String,
    pub(super) time_limit_s: u64,
    pub(super) tenfold: Option<PathBuf>,
    pub(super) args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            tasks: 40,
            double_share: 0.2,
            libraries: Vec::new(),
            only: Vec::new(),
            list: false,
            keep: false,
            json: false,
            help: false,
            model: "qwen2.5-coder-1.5b".to_owned(),
            time_limit_s: 120,
            tenfold: None,
            args: Vec::new(),
        }
    }
}

impl Options {
    pub(super) fn read(words: Vec<String>) -> Result<Self, Trouble> {
        use lexopt::prelude::*;
        let mut options = Self::default();
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(word) = parser.next()? {
            match word {
                Long("seed") => options.seed = parser.value()?.parse()?,
                Long("tasks") => options.tasks = parser.value()?.parse()?,
                Long("double-share") => options.double_share = parser.value()?.parse()?,
                Long("library") => options.libraries.push(parser.value()?.string()?),
                Long("only") => options.only.push(parser.value()?.string()?),
                Long("list") => options.list = true,
                Long("keep") => options.keep = true,
                Long("json") => options.json = true,
                Long("help") | Short('h') => options.help = true,
                Long("model") => options.model = parser.value()?.string()?,
                Long("time-limit") => options.time_limit_s = parser.value()?.parse()?,
                Long("tenfold") => options.tenfold = Some(parser.value()?.into()),
                Long("arg") => options.args.push(parser.value()?.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        if !(0.0..=1.0).contains(&options.double_share) {
            return Err(Trouble::usage("--double-share is a share: a number from 0 to 1"));
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, Trouble> {
        Options::read(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn words_are_read_and_the_rest_is_filled_in() {
        let options = read(&["--seed", "7", "--only=a-1", "--only", "b-2", "--json"]).unwrap();
        assert_eq!((options.seed, options.tasks, options.json), (7, 40, true));
        assert_eq!(options.only, ["a-1", "b-2"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(read(&["--double-share", "2"]).is_err());
        assert!(read(&["--seeds", "2"]).is_err());
    }
}

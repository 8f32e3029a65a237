//! What may be typed after `cargo xtask soak`.
//!
//! Reading words does nothing else: nothing is built or begun here.

use std::path::PathBuf;
use std::time::Duration;

use crate::trouble::Trouble;

pub(super) const HELP: &str = "\
usage: cargo xtask soak [OPTIONS]

Works a backlog with the real program, kills it at random moments, again and again, and
holds afterwards that nothing was lost, done twice or left behind.

  --minutes N        for how long it is killed; half a minute is 0.5  [5]
  --seed N           what is asked for, done and killed, and when     [1]
  --tenfold PATH     the program to kill; else it is built first
  --keep             keep the home, though nothing is wrong
  --json             one JSON object on stdout, in place of the table

The seed is all of the plan, but moments are the machine's: the same seed kills the same
victims after the same time, in what may be another step.

exit codes: 0 nothing is wrong, 1 something is, and the home is kept
";

/// What was asked for, with what was not said filled in.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) time: Duration,
    pub(super) seed: u64,
    pub(super) tenfold: Option<PathBuf>,
    pub(super) keep: bool,
    pub(super) json: bool,
    pub(super) help: bool,
}

impl Options {
    pub(super) fn read(words: Vec<String>) -> Result<Self, Trouble> {
        use lexopt::prelude::*;
        let (mut minutes, mut seed, mut tenfold) = (5.0, 1, None);
        let (mut keep, mut json, mut help) = (false, false, false);
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(word) = parser.next()? {
            match word {
                Long("minutes") => minutes = parser.value()?.parse::<f64>()?,
                Long("seed") => seed = parser.value()?.parse()?,
                Long("tenfold") => tenfold = Some(parser.value()?.into()),
                Long("keep") => keep = true,
                Long("json") => json = true,
                Long("help") | Short('h') => help = true,
                other => return Err(other.unexpected().into()),
            }
        }
        let time = Duration::try_from_secs_f64(minutes * 60.0);
        let time = time.map_err(|_| Trouble::usage("--minutes is a number from 0 up"))?;
        Ok(Self { time, seed, tenfold, keep, json, help })
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
        let options = read(&["--minutes", "0.5", "--seed=7", "--keep"]).unwrap();
        assert_eq!((options.time, options.seed), (Duration::from_secs(30), 7));
        assert!(options.keep && !options.json);
        assert_eq!(read(&[]).unwrap().time, Duration::from_secs(300));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [["--minutes", "-1"], ["--minutes", "NaN"], ["--second", "1"]] {
            assert!(read(&words).is_err(), "{words:?}");
        }
    }
}

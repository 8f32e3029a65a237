//! The scripted model's process: speaks the protocol of the embedded model on its standard
//! input and output.

use std::fs::OpenOptions;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tenfold_domain::{Answer, Ask, Bytes, OtherToken, Sample, TokenScore, Tokens, Usage, Written};
use tenfold_llama::protocol::{FromChild, ModelInfo, RequestId, ToChild};

use crate::script::{Asked, Fault, SCRIPT_VARIABLE, Script, ScriptError, io_error};

/// How unlikely a word is that a script calls so, as a natural logarithm.
const UNLIKELY: f32 = -8.0;
/// How likely any other word is.
const LIKELY: f32 = -0.1;

/// Serves the script that [`SCRIPT_VARIABLE`] names until standard input ends.
pub fn serve() -> ExitCode {
    let path = std::env::var_os(SCRIPT_VARIABLE).map(PathBuf::from).unwrap_or_default();
    let script = match Script::read(&path) {
        Ok(script) => script,
        Err(error) => {
            say(&FromChild::Unusable { why: error.to_string() });
            return ExitCode::FAILURE;
        }
    };
    say(&FromChild::Ready(info()));
    let mut asked = script.asked().map_or(0, |asked| asked.len() as u64);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let (id, ask, in_pieces) = match serde_json::from_str(&line) {
            Ok(ToChild::Ask { id, ask, in_pieces }) => (id, ask, in_pieces),
            Ok(ToChild::Count { id, ask }) => {
                say(&FromChild::Counted { id, tokens: prompt_tokens(&ask) });
                continue;
            }
            _ => continue,
        };
        asked += 1;
        if let Some(path) = &script.record
            && record(path, &Asked { number: asked, ask: ask.clone() }).is_err()
        {
            return ExitCode::FAILURE;
        }
        if !reply(&script, asked, (id, in_pieces), &ask) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Answers one question, or fails as the script wants it; false to die.
fn reply(script: &Script, number: u64, (id, in_pieces): (RequestId, bool), ask: &Ask) -> bool {
    std::thread::sleep(Duration::from_millis(script.delay_ms));
    for fault in &script.faults {
        match *fault {
            Fault::Die { at } if at == number => return false,
            Fault::Refuse { at } if at == number => {
                say(&FromChild::Refused { id, why: "the script says so".to_owned() });
                return true;
            }
            Fault::Hang { at } if at == number => return true,
            Fault::Garble { at } if at == number => write_line(b"%&/ not a line of the protocol"),
            _ => {}
        }
    }
    let answer = answer(script, ask);
    let usage = usage(ask, &answer);
    if in_pieces {
        tell_in_pieces(id, &answer, usage);
    }
    if script.faults.contains(&Fault::Break { at: number }) {
        return false;
    }
    say(&FromChild::Answer { id, answer, usage });
    true
}

/// Tells a text word by word, a token each.
fn tell_in_pieces(id: RequestId, answer: &Answer, usage: Usage) {
    let Answer::Generated { samples } = answer else { return };
    let text = samples.first().map_or("", |sample| &sample.text);
    for (place, (_, word)) in words(text).enumerate() {
        let usage = Usage { output: Tokens(place as u64 + 1), ..usage };
        let written = Written { usage, text: word.to_owned() };
        say(&FromChild::Progress { id, written });
    }
}

fn answer(script: &Script, ask: &Ask) -> Answer {
    let answers = script.rule(ask).map_or(&[][..], |rule| &rule.answers);
    match ask {
        Ask::Generate(ask) => {
            let texts = answers.iter().map(String::as_str).cycle();
            let texts = texts.chain(std::iter::repeat("")).take(ask.samples as usize);
            Answer::Generated { samples: texts.enumerate().map(sample).collect() }
        }
        Ask::Infill(ask) => {
            let texts = answers.iter().map(String::as_str).take(ask.alternatives as usize);
            Answer::Infilled {
                original_log_probability: f64::from(UNLIKELY),
                alternatives: texts.enumerate().map(sample).collect(),
            }
        }
        Ask::Score(ask) => Answer::Scored { tokens: scores(&ask.text, answers), more: Some(0.0) },
        // The engine's end puts it as a generation.
        Ask::Turn(_) => Answer::Turned { text: String::new(), calls: Vec::new(), ended: true },
    }
}

fn sample((rank, text): (usize, &str)) -> Sample {
    Sample {
        text: text.to_owned(),
        log_probability: f64::from(LIKELY) * (rank + 1) as f64,
        tokens: words(text).count() as u32,
        ended: true,
    }
}

/// A token for each word, with the blanks before it.
fn scores(text: &str, unlikely: &[String]) -> Vec<TokenScore> {
    let score = |(start, word): (usize, &str)| TokenScore {
        start: start as u32,
        log_probability: match unlikely.iter().any(|part| word.contains(part.as_str())) {
            true => UNLIKELY,
            false => LIKELY,
        },
        others: vec![OtherToken { text: " ".to_owned(), log_probability: LIKELY }],
    };
    words(text).map(score).collect()
}

/// The words of a text, each with the blanks before it and its place.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let word = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest[word..].find(char::is_whitespace).map_or(rest.len(), |blank| word + blank);
        let found = (start, &rest[..end]);
        start += end;
        Some(found)
    })
}

fn prompt_tokens(ask: &Ask) -> Tokens {
    let prompt = match ask {
        Ask::Generate(ask) => serde_json::to_string(&ask.prompt).map_or(0, |text| text.len()),
        Ask::Infill(ask) => ask.prefix.len() + ask.suffix.len(),
        Ask::Score(ask) => ask.prefix.len() + ask.suffix.len() + ask.text.len(),
        Ask::Turn(turn) => turn.said.len(),
    };
    Tokens(prompt as u64 / 4)
}

fn usage(ask: &Ask, answer: &Answer) -> Usage {
    let output = match answer {
        Answer::Generated { samples } | Answer::Infilled { alternatives: samples, .. } => {
            samples.iter().map(|sample| u64::from(sample.tokens)).sum()
        }
        Answer::Scored { .. } | Answer::Turned { .. } => 0,
    };
    Usage { prompt: prompt_tokens(ask), output: Tokens(output), ..Usage::default() }
}

fn info() -> ModelInfo {
    ModelInfo {
        name: "a script".to_owned(),
        weights: 0,
        context: 8_192,
        threads: 1,
        memory_bound: Bytes(0),
        chat: true,
        infill: true,
    }
}

fn record(path: &Path, asked: &Asked) -> Result<(), ScriptError> {
    let mut line = serde_json::to_vec(asked)
        .map_err(|source| ScriptError::Json { path: path.to_owned(), source })?;
    line.push(b'\n');
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(&line)).map_err(io_error(path))
}

fn say(line: &FromChild) {
    if let Ok(text) = serde_json::to_vec(line) {
        write_line(&text);
    }
}

/// If the engine is gone there is no one to tell, and standard input ends a moment later.
fn write_line(text: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Kind, Rule};
    use tenfold_domain::{Infill, Score};

    fn script(rule: Rule) -> Script {
        Script { rules: vec![rule], ..Script::default() }
    }

    #[test]
    fn an_infill_finds_what_the_script_says_and_no_more_than_was_asked_for() {
        let answers = vec!["a".to_owned(), "b".to_owned()];
        let script = script(Rule { answers, ..Rule::default() });
        let ask = Ask::Infill(Infill {
            prefix: String::new(),
            suffix: String::new(),
            original: "x".into(),
            alternatives: 1,
            margin: 0.0,
            hints: Vec::new(),
            max_tokens: 4,
            max_lines: 1,
        });
        let Answer::Infilled { alternatives, .. } = answer(&script, &ask) else { panic!() };
        assert_eq!(alternatives.iter().map(|sample| &*sample.text).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_score_covers_the_text_and_doubts_what_the_script_doubts() {
        let rule =
            Rule { kind: Some(Kind::Score), answers: vec!["bad".to_owned()], ..Rule::default() };
        let ask = Ask::Score(Score {
            prefix: String::new(),
            suffix: String::new(),
            text: " good\n  bad x".into(),
        });
        let Answer::Scored { tokens, .. } = answer(&script(rule), &ask) else { panic!() };
        let starts: Vec<u32> = tokens.iter().map(|token| token.start).collect();
        assert_eq!(starts, [0, 5, 11]);
        assert!(tokens[1].log_probability < tokens[0].log_probability);
    }
}

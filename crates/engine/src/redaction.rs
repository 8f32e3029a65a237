//! Secrets are taken out of what others say before anything else is done with it: before a
//! machine decides on it, before it is recorded, and so before a model is told of it. What is
//! recorded is what was decided on, which a replay needs.
//!
//! Some things stay exact, because they would mean nothing otherwise: files, edits of them, and
//! the commands that the person gave. Where a machine reads whole files, it reads them line for
//! line without their secrets: its edits are of lines, so they fit on the files as they are.
//! Nothing here knows what a secret looks like; that is for [`tenfold_redact`].

use serde_json::Value;
use tenfold_agent::effect::{Reply, Source};
use tenfold_code::{Edit, edit};
use tenfold_domain::{
    Answer, CheckReport, CheckVerdict, FolderInstructions, Guidance, Sample, Skill, TaskSpec,
    TestName, ToolCall,
};
use tenfold_models::Catalogue;
use tenfold_policy::Policy;
use tenfold_redact::Redactor;
use tenfold_tools::shell::without_secrets;

use crate::EngineError;

/// Finds secrets, the keys of the catalogue's providers and the policy's credentials among them,
/// as far as `variable` gives them for the names of their variables.
pub fn redactor(
    catalogue: &Catalogue,
    policy: &Policy,
    variable: impl Fn(&str) -> Option<String>,
) -> Redactor {
    let names = catalogue.hosted().iter().filter_map(|hosted| hosted.key.as_deref());
    let keys: Vec<String> =
        names.chain(policy.credential_variables()).filter_map(variable).collect();
    Redactor::new(keys.iter().map(String::as_str))
}

/// The lines of the files in a reply that hold secrets, each as it is without them. They are
/// recorded, so that a later release, or one that knows fewer keys, reads the files alike.
pub(crate) fn in_sources(redactor: &Redactor, reply: &Reply) -> Vec<Edit> {
    let Reply::Sources { files } = reply else { return Vec::new() };
    files.iter().flat_map(|file| lines_without(redactor, file)).collect()
}

fn lines_without(redactor: &Redactor, Source { path, text, .. }: &Source) -> Vec<Edit> {
    let without = redactor.text(text);
    // Redacting leaves each line break where it is.
    let pairs = (0..).zip(text.lines().zip(without.lines()));
    let changed = pairs.filter(|(_, (before, after))| before != after);
    let edit = |(line, (_, after)): (u32, (&str, &str))| Edit {
        path: path.clone(),
        lines: line..line + 1,
        with: format!("{after}\n"),
    };
    changed.map(edit).collect()
}

/// Files with the lines in place that [`in_sources`] found.
pub(crate) fn with_lines(mut files: Vec<Source>, lines: &[Edit]) -> Vec<Source> {
    for file in &mut files {
        let own: Vec<Edit> = lines.iter().filter(|edit| edit.path == file.path).cloned().collect();
        if !own.is_empty() {
            // They were made from this very text, so that they fit on it.
            file.text = edit::apply(&file.text, &own).unwrap_or_default();
        }
    }
    files
}

/// What came of an effect, without secrets; those in files are in these lines.
pub(crate) fn reply(redactor: &Redactor, reply: Reply, lines: &[Edit]) -> Reply {
    let text = |text: String| text_of(redactor, text);
    match reply {
        Reply::Checked { report, output } => {
            Reply::Checked { report: report_of(redactor, report), output: output.map(text) }
        }
        Reply::Inferred { answers, usage, wall } => {
            let answers = answers.into_iter();
            let answers = answers.map(|answer| answer.map(|answer| answer_of(redactor, answer)));
            Reply::Inferred { answers: answers.collect(), usage, wall }
        }
        Reply::Returned { text: told, at, shell } => {
            let shell = shell.map(|shell| without_secrets(redactor, shell));
            Reply::Returned { text: text(told), at, shell }
        }
        Reply::Tried { report, files, shown } => {
            Reply::Tried { report: report_of(redactor, report), files, shown: text(shown) }
        }
        Reply::Untried { why } => Reply::Untried { why: text(why) },
        Reply::Offered { tools, missing } => Reply::Offered {
            // Their words have passed the same finder.
            tools,
            missing: missing.into_iter().map(text).collect(),
        },
        Reply::Answered { text: said } => Reply::Answered { text: text(said) },
        Reply::Lost { why } => Reply::Lost { why: text(why) },
        Reply::Failed { model, why } => Reply::Failed { model, why: text(why) },
        Reply::Steered { text: said, begun } => Reply::Steered { text: text(said), begun },
        Reply::Stop { outcome, why } => Reply::Stop { outcome, why: text(why) },
        Reply::Sources { files } => Reply::Sources { files: with_lines(files, lines) },
        same @ (Reply::Unjudged | Reply::Nothing) => same,
    }
}

/// A task without secrets.
///
/// # Errors
/// [`EngineError::SecretInCommand`] if there is one in what is run: it has to stay as it is.
pub(crate) fn spec(redactor: &Redactor, mut spec: TaskSpec) -> Result<TaskSpec, EngineError> {
    let own = [("check", &spec.check), ("setup", &spec.setup)];
    let own = own.map(|(what, command)| (what, command.as_deref().unwrap_or_default()));
    let servers = spec.servers.iter().map(|server| ("MCP server", server.command.as_str()));
    for (what, command) in own.into_iter().chain(servers) {
        if let Some(secret) = redactor.secrets(command).first() {
            return Err(EngineError::SecretInCommand { what, kind: secret.kind });
        }
    }
    spec.text = text_of(redactor, spec.text);
    spec.instructions = text_of(redactor, spec.instructions);
    spec.guidance = guidance_of(redactor, spec.guidance);
    Ok(spec)
}

fn guidance_of(redactor: &Redactor, guidance: Guidance) -> Guidance {
    let text = |text: String| text_of(redactor, text);
    let folder = |FolderInstructions { path, text: asked }: FolderInstructions| {
        FolderInstructions { path: text(path), text: text(asked) }
    };
    let skill = |skill: Skill| Skill {
        name: text(skill.name),
        description: text(skill.description),
        path: text(skill.path),
        text: text(skill.text),
    };
    Guidance {
        folders: guidance.folders.into_iter().map(folder).collect(),
        skills: guidance.skills.into_iter().map(skill).collect(),
    }
}

/// A text without secrets.
/// The same of what a person says, who has to say something.
pub(crate) fn words_of(redactor: &Redactor, text: String) -> Result<String, EngineError> {
    match text.trim().is_empty() {
        true => Err(EngineError::NothingSaid),
        false => Ok(text_of(redactor, text)),
    }
}

pub(crate) fn text_of(redactor: &Redactor, text: String) -> String {
    match redactor.text(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(without) => without,
    }
}

fn report_of(redactor: &Redactor, report: CheckReport) -> CheckReport {
    let text = |text: String| text_of(redactor, text);
    CheckReport {
        verdict: match report.verdict {
            CheckVerdict::Broken(why) => CheckVerdict::Broken(text(why)),
            verdict => verdict,
        },
        failing: report.failing.into_iter().map(|test| TestName(text(test.0))).collect(),
        output: text(report.output),
        ..report
    }
}

fn answer_of(redactor: &Redactor, answer: Answer) -> Answer {
    // Code that would be tried as it is: with a marker in it, it would be other code.
    let without = |samples: Vec<Sample>| {
        samples.into_iter().filter(|sample| redactor.secrets(&sample.text).is_empty()).collect()
    };
    match answer {
        Answer::Turned { text, calls, ended } => {
            let calls = calls.into_iter().map(|call| call_of(redactor, call)).collect();
            Answer::Turned { text: text_of(redactor, text), calls, ended }
        }
        Answer::Generated { samples } => Answer::Generated { samples: without(samples) },
        Answer::Infilled { original_log_probability, alternatives } => {
            Answer::Infilled { original_log_probability, alternatives: without(alternatives) }
        }
        same @ Answer::Scored { .. } => same,
    }
}

/// A tool that is given what stands for a secret refuses it. What its provider wants to see
/// again stays as it was given.
fn call_of(redactor: &Redactor, call: ToolCall) -> ToolCall {
    let (name, arguments) = (text_of(redactor, call.name), json(redactor, call.arguments));
    ToolCall { name, arguments, ..call }
}

fn json(redactor: &Redactor, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text_of(redactor, text)),
        Value::Array(values) => values.into_iter().map(|value| json(redactor, value)).collect(),
        Value::Object(map) => {
            let each = map.into_iter();
            each.map(|(key, value)| (text_of(redactor, key), json(redactor, value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenfold_domain::{AttemptOutcome, CheckFiles, CommitId, Millis, Shell, Usage};

    use super::*;

    /// A token of nothing, put together here so that no scanner takes this file for one.
    fn token() -> String {
        format!("ghp_{}", "N0tARealOne".repeat(4))
    }

    fn sample(text: &str) -> Sample {
        Sample { text: text.to_owned(), log_probability: 0.0, tokens: 1, ended: true }
    }

    fn replies() -> Vec<Reply> {
        let secret = format!("x {} y", token());
        let call = ToolCall {
            id: "1".to_owned(),
            name: secret.clone(),
            arguments: json!({ "path": "a", &secret: [{ "old": secret }, 1, null] }),
            signatures: Vec::new(),
        };
        let inferred = |answer| Reply::Inferred {
            answers: vec![None, Some(answer)],
            usage: Usage::default(),
            wall: Millis(1),
        };
        let report = CheckReport {
            command: "make".to_owned(),
            verdict: CheckVerdict::Broken(secret.clone()),
            exit_code: Some(1),
            failing: vec![TestName(secret.clone())],
            passed: None,
            output: secret.clone(),
            wall: Millis(1),
        };
        let samples = vec![sample("a"), sample(&secret)];
        let at: CommitId = "a".repeat(40).parse().unwrap();
        let set = [("A".to_owned(), secret.clone())].into();
        let shell = Shell { dir: secret.clone(), set, ..Shell::default() };
        let files = CheckFiles { commit: at.clone(), paths: Vec::new() };
        vec![
            Reply::Checked { report: report.clone(), output: Some(secret.clone()) },
            inferred(Answer::Turned { text: secret.clone(), calls: vec![call], ended: true }),
            inferred(Answer::Generated { samples: samples.clone() }),
            inferred(Answer::Infilled { original_log_probability: 0.0, alternatives: samples }),
            Reply::Sources {
                files: vec![Source {
                    path: "a.py".to_owned(),
                    text: format!("a = 1\r\nt = \"{secret}\"\r\nb = 2"),
                    editable: true,
                }],
            },
            Reply::Returned { text: secret.clone(), at, shell: Some(shell) },
            Reply::Tried { report, files, shown: secret.clone() },
            Reply::Untried { why: secret.clone() },
            Reply::Answered { text: secret.clone() },
            Reply::Steered { text: secret.clone(), begun: false },
            Reply::Lost { why: secret.clone() },
            Reply::Failed { model: true, why: secret.clone() },
            Reply::Stop { outcome: AttemptOutcome::Stopped, why: secret },
        ]
    }

    #[test]
    fn r43_no_reply_reaches_a_machine_or_the_journal_with_a_secret() {
        let redactor = Redactor::new([]);
        for given in replies() {
            let control = serde_json::to_string(&given).unwrap();
            assert!(control.contains(&token()), "the control: {control}");
            let lines = in_sources(&redactor, &given);
            let recorded = serde_json::to_string(&(reply(&redactor, given, &lines), lines));
            let recorded = recorded.unwrap();
            assert!(!recorded.contains("N0tAReal"), "{recorded}");
        }
    }

    #[test]
    fn files_keep_their_lines_and_what_is_around_a_secret() {
        let redactor = Redactor::new([]);
        let text = format!("a\r\nt = {} # x\r\nb", token());
        let file = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.to_owned(),
            editable: true,
        };
        let given = Reply::Sources { files: vec![file("a", &text), file("b", "b\n")] };
        let lines = in_sources(&redactor, &given);
        let Reply::Sources { files } = reply(&redactor, given, &lines) else { unreachable!() };
        let without = "a\r\nt = [redacted: GitHub token] # x\r\nb";
        assert_eq!(files, [file("a", without), file("b", "b\n")]);
    }

    #[test]
    fn r43_what_a_repository_asks_and_offers_is_recorded_without_secrets() {
        let secret = format!("x {} y", token());
        let skill = Skill {
            name: secret.clone(),
            description: secret.clone(),
            path: secret.clone(),
            text: secret.clone(),
        };
        let folders = vec![FolderInstructions { path: secret.clone(), text: secret }];
        let given = Guidance { folders, skills: vec![skill] };
        let without = guidance_of(&Redactor::new([]), given);
        let recorded = serde_json::to_string(&without).unwrap();
        assert!(!recorded.contains("N0tAReal"), "{recorded}");
        assert_eq!(recorded.matches("x [redacted: GitHub token] y").count(), 6);
    }

    #[test]
    fn a_sample_with_a_secret_is_no_candidate_and_others_stay() {
        let given = Answer::Generated { samples: vec![sample("a"), sample(&token())] };
        let left = answer_of(&Redactor::new([]), given);
        assert_eq!(left, Answer::Generated { samples: vec![sample("a")] });
    }
}

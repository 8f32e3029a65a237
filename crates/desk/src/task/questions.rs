//! Questions that a model was asked outside of a conversation, and its answers, as far as people
//! read them: the kind of a question, what stood in the place that it is about, and the texts
//! that came back. Apart, since a page, a step and a trajectory say them alike.

use tenfold_domain::{Answer, Ask, Prompt};

/// What kind of question it is.
pub fn kind(ask: &Ask) -> &'static str {
    match ask {
        Ask::Generate(_) => "what comes next",
        Ask::Infill(_) => "what could stand there instead",
        Ask::Score(_) => "how likely this is",
        Ask::Turn(_) => "a turn",
    }
}

/// The text that a question is about: what stands in the place, or the end of the prompt.
pub fn about(ask: &Ask) -> &str {
    match ask {
        Ask::Infill(infill) => &infill.original,
        Ask::Score(score) => &score.text,
        Ask::Generate(generate) => match &generate.prompt {
            Prompt::Text { text } => text,
            Prompt::Fill { prefix, .. } => prefix,
            Prompt::Chat { messages, .. } => {
                messages.last().map_or("", |message| message.content.as_str())
            }
        },
        Ask::Turn(_) => "",
    }
}

/// Whether any text came back.
pub fn has_texts(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| !texts(answer).is_empty())
}

/// The answer in one text; in words of ours where no text came back.
pub fn answered(answer: Option<&Answer>) -> String {
    match answer {
        None => "(the model refused)".to_owned(),
        Some(Answer::Scored { tokens, .. }) => {
            let surprise = tokens.iter().map(|token| token.surprise()).fold(0.0, f32::max);
            format!("{} tokens, the greatest surprise {surprise:.1}", tokens.len())
        }
        Some(answer) => match texts(answer) {
            texts if texts.is_empty() => "(nothing)".to_owned(),
            texts => texts.join("\n"),
        },
    }
}

/// The texts of an answer, each once.
fn texts(answer: &Answer) -> Vec<&str> {
    let samples = match answer {
        Answer::Generated { samples } => samples,
        Answer::Infilled { alternatives, .. } => alternatives,
        Answer::Turned { text, .. } => return vec![text],
        Answer::Scored { .. } => return Vec::new(),
    };
    let mut texts: Vec<&str> = Vec::new();
    for sample in samples {
        if !texts.contains(&sample.text.as_str()) {
            texts.push(&sample.text);
        }
    }
    texts
}

/// Questions, one below the other: the kind of each, and the text that it is about.
pub(super) fn asked(all: &[(Ask, Option<Answer>)]) -> String {
    let one = |(ask, _): &(Ask, Option<Answer>)| format!("{}:\n{}", kind(ask), about(ask));
    all.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

/// The answers, in the order of the questions.
pub(super) fn answers(all: &[(Ask, Option<Answer>)]) -> String {
    all.iter().map(|(_, answer)| answered(answer.as_ref())).collect::<Vec<_>>().join("\n\n")
}

//! The loop's own tools, which it performs by itself: what they are called, and how the model is
//! told of them.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use tenfold_domain::ToolSpec;

use super::state::ToolLoop;

pub(super) const PLAN: &str = "plan";
pub(super) const FINISH: &str = "finish";
pub(super) const ASK: &str = "ask";
pub(super) const RECALL: &str = "recall";
pub(super) const SKILL: &str = "skill";
pub(super) const PROPOSE_CHECK: &str = "propose_check";

/// What the model is told of each, made once.
struct Specs {
    plan: Arc<ToolSpec>,
    finish: Arc<ToolSpec>,
    skill: Arc<ToolSpec>,
    recall: Arc<ToolSpec>,
    ask: Arc<ToolSpec>,
    propose_check: Arc<ToolSpec>,
}

static SPECS: LazyLock<Specs> = LazyLock::new(|| Specs {
    plan: Arc::new(plan()),
    finish: Arc::new(finish()),
    skill: Arc::new(skill()),
    recall: Arc::new(recall()),
    ask: Arc::new(ask()),
    propose_check: Arc::new(propose_check()),
});

/// Those of them that are of use now.
pub(super) fn tools(state: &ToolLoop) -> Vec<Arc<ToolSpec>> {
    let mut tools = vec![&SPECS.plan, &SPECS.finish];
    if !state.setup.guidance.skills.is_empty() {
        tools.push(&SPECS.skill);
    }
    if state.forgot > 0 {
        tools.push(&SPECS.recall);
    }
    if state.setup.questions {
        tools.push(&SPECS.ask);
    }
    if state.may_propose_check() {
        tools.push(&SPECS.propose_check);
    }
    tools.into_iter().cloned().collect()
}

fn plan() -> ToolSpec {
    ToolSpec {
        name: PLAN.to_owned(),
        about: "Write down what you mean to do, step by step, and what is done. It takes the \
                place of the plan before and is never left out."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "plan": text("The steps, one a line.") },
            "required": ["plan"],
        }),
    }
}

fn finish() -> ToolSpec {
    ToolSpec {
        name: FINISH.to_owned(),
        about: "Say that you are done. The check runs then; if it fails you are told why, and \
                go on."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "summary": text("What you changed and why, for the person, in a few sentences."),
                "solved": {
                    "type": "boolean",
                    "description": "false if the task can't be done; say why in the summary.",
                },
            },
            "required": ["summary"],
        }),
    }
}

fn skill() -> ToolSpec {
    ToolSpec {
        name: SKILL.to_owned(),
        about: "Read one of the repository's skills: how to do something here. Read it before \
                you do what it is about."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "name": text("Its name, as you were told of it.") },
            "required": ["name"],
        }),
    }
}

fn recall() -> ToolSpec {
    ToolSpec {
        name: RECALL.to_owned(),
        about: "Read back earlier turns that are left out now: one of them by its number, or \
                the lines with a text; without either, which there are."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "turn": { "type": "integer", "description": "The number of a turn." },
                "text": text("What to look for."),
            },
        }),
    }
}

fn ask() -> ToolSpec {
    ToolSpec {
        name: ASK.to_owned(),
        about: "Ask the person who gave you the task. Ask only what decides what you do and \
                can't be found out here; the answer may take hours."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "question": text("One question, with what you would do and why.") },
            "required": ["question"],
        }),
    }
}

fn propose_check() -> ToolSpec {
    ToolSpec {
        name: PROPOSE_CHECK.to_owned(),
        about: "Propose a command that checks the work: it has to fail now, and pass once the \
                task is done. Write the test that it runs first, by write; then name its files. \
                They are tried on the files as they were, shown to the person who gave you the \
                task, and once approved kept as they are, apart from your work."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "command": text("The shell command, run at the top of the files."),
                "files": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "The files you wrote for it, from the top.",
                },
            },
            "required": ["command"],
        }),
    }
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

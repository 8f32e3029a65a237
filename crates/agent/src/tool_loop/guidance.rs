//! When the model is told what folders of the repository ask of who works in them, and which
//! skill it calls for. Apart, because it is the loop that knows what was told and has been left
//! out since; what is in the files was read and approved long before.

use std::cmp::Reverse;

use serde_json::Value;
use tenfold_domain::{FolderInstructions, ToolCall};

use super::state::{Setup, ToolLoop};
use super::words;

/// What has to be told with the result of a call, the nearest to its path first: what the folder
/// that it looks at or changes asks, and those above it, unless the model has it before it still.
pub(super) fn due<'s>(state: &'s ToolLoop, call: &ToolCall) -> Vec<&'s FolderInstructions> {
    let Some(path) = path(&state.setup.root, call) else { return Vec::new() };
    let parts: Vec<&str> = parts(&path).collect();
    let asks = |asks: &&FolderInstructions| {
        let mut place = parts.iter();
        parts_of(asks).all(|part| place.next() == Some(&part))
    };
    let is_told = |asks: &&FolderInstructions| {
        state.guided.get(&asks.path).is_some_and(|place| *place >= state.forgot)
    };
    let all = state.setup.guidance.folders.iter();
    let mut due: Vec<_> = all.filter(asks).filter(|asks| !is_told(asks)).collect();
    due.sort_by_key(|asks| Reverse(parts_of(asks).count()));
    due
}

/// What the model is told when it calls for a skill.
pub(super) fn skill(setup: &Setup, name: &str) -> String {
    match setup.guidance.skills.iter().find(|skill| skill.name == name) {
        Some(skill) => words::skill(setup, skill),
        None => words::no_skill(setup, name),
    }
}

/// The path that a tool is called for, from the top: every tool that works on files takes it by
/// that name. `None` if there is none.
fn path(root: &str, call: &ToolCall) -> Option<String> {
    let path = match &call.arguments {
        // Some models write the arguments as a text.
        Value::String(text) => serde_json::from_str::<Value>(text).ok()?.get("path")?.clone(),
        arguments => arguments.get("path")?.clone(),
    };
    let path = path.as_str()?;
    match path.strip_prefix(root).filter(|_| !root.is_empty()) {
        Some(below) if below.is_empty() || below.starts_with('/') => Some(below.to_owned()),
        _ if path.starts_with('/') => None,
        _ => Some(path.to_owned()),
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

fn parts_of(asks: &FolderInstructions) -> impl Iterator<Item = &str> {
    parts(asks.folder())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenfold_domain::{CheckVerdict, Guidance, Said, Skill};

    use super::super::tests::{BASE, CHANGED, Going, setup};
    use super::super::{Event, ToolLoop};
    use super::*;
    use crate::Machine;
    use crate::effect::Effect;

    fn guidance() -> Guidance {
        let folder = |path: &str, text: &str| FolderInstructions {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let skill = |name: &str, text: &str| Skill {
            name: name.to_owned(),
            description: format!("how to {name}, é"),
            path: format!("skills/{name}/SKILL.md"),
            text: text.to_owned(),
        };
        Guidance {
            folders: vec![
                folder("src/AGENTS.md", "Write short names.\n"),
                folder("src/api/AGENTS.md", "Write long names."),
                folder("docs/AGENTS.md", "Write plain English."),
            ],
            skills: vec![skill("release", "Tag it."), skill("measure", "Twice.")],
        }
    }

    /// Under way, with what the check says told.
    fn going() -> Going {
        let mut going = Going::new(Setup { guidance: guidance(), ..setup() });
        going.checked(CheckVerdict::Failed);
        going
    }

    fn read(going: &mut Going, path: &str) -> String {
        going.calls(&[("read", json!({ "path": path }))]).returns(&format!("of {path}"), BASE);
        going.told()
    }

    #[test]
    fn a_folder_is_told_of_at_the_first_touch_with_the_nearest_first() {
        let mut going = going();
        assert!(!going.told().contains("names"), "{}", going.told());
        let told = read(&mut going, "setup.py");
        assert!(!told.contains("names"), "{told}");
        let told = read(&mut going, "./src//api/a.py");
        assert!(told.starts_with("What the repository asks"), "{told}");
        let [near, above, result] =
            ["src/api/AGENTS.md asks:\nWrite long", "src/AGENTS.md asks:\nWrite short", "of ./src"]
                .map(|words| told.find(words).unwrap_or_else(|| panic!("no {words} in {told}")));
        assert!(near < above && above < result, "{told}");
        assert!(told.contains("The task and what the person says go before it"), "{told}");
        assert!(!told.contains("plain English"), "{told}");
        let told = read(&mut going, "src/b.py");
        assert!(told.starts_with("of src/b.py"), "{told}");
        // The very folder counts, and an absolute path; what only begins alike does not.
        let told = read(&mut going, "/srv/work/docs");
        assert!(told.contains("plain English"), "{told}");
    }

    #[test]
    fn what_only_looks_like_a_path_below_is_none() {
        let mut going = going();
        for path in ["srcs/a.py", "/etc/src/a.py", "/src/a.py", "/srv/workshop/src", ".", ""] {
            let told = read(&mut going, path);
            assert!(told.starts_with("of "), "{told}");
        }
        going.calls(&[("run", json!({ "command": "cat src/a.py" }))]).returns("ran", BASE);
        assert!(going.told().starts_with("ran"), "{}", going.told());
    }

    #[test]
    fn every_tool_that_takes_a_path_touches_it() {
        for (tool, arguments) in [
            ("list", json!({ "path": "src" })),
            ("search", json!({ "pattern": "x", "path": "src/**/*.py" })),
            ("edit", json!({ "path": "src/a.py" })),
            ("write", json!("{\"path\": \"src/a.py\"}")),
        ] {
            let mut going = going();
            going.calls(&[(tool, arguments)]).returns("done", CHANGED);
            assert!(going.told().contains("short names"), "{tool}: {}", going.told());
        }
    }

    #[test]
    fn what_was_told_and_is_left_out_is_told_again() {
        let mut going = going();
        assert!(read(&mut going, "src/a.py").contains("short names"));
        for turn in 0..6 {
            let text = turn.to_string().repeat(900);
            let path = turn.to_string();
            going.calls(&[("read", json!({ "path": path }))]).returns(&text, BASE);
        }
        assert!(!format!("{:?}", going.machine.told()).contains("short names"));
        assert!(read(&mut going, "src/b.py").contains("short names"));
        assert!(read(&mut going, "src/c.py").starts_with("of src/c.py"));
        // All of it follows from what was recorded.
        let mut folded = ToolLoop::new(Setup { guidance: guidance(), ..setup() });
        let text = serde_json::to_string(&going.events).unwrap();
        let events: Vec<Event> = serde_json::from_str(&text).unwrap();
        events.iter().for_each(|event| folded.evolve(event));
        assert_eq!(folded, going.machine);
        let mut machine = ToolLoop::new(Setup { guidance: guidance(), ..setup() });
        let mut decided = ToolLoop::begin(Setup { guidance: guidance(), ..setup() });
        decided.iter().for_each(|event| machine.evolve(event));
        for input in going.inputs.clone() {
            let more = machine.decide(input);
            more.iter().for_each(|event| machine.evolve(event));
            decided.extend(more);
        }
        assert_eq!(serde_json::to_string(&decided).unwrap(), text);
    }

    #[test]
    fn more_than_there_is_room_for_is_cut_off_and_that_is_said() {
        let mut guidance = guidance();
        guidance.folders[0].text = "é".repeat(10_000);
        let mut going = Going::new(Setup { guidance, ..setup() });
        going.checked(CheckVerdict::Failed);
        let told = read(&mut going, "src/api/a.py");
        assert!(told.contains("Write long names."), "{told}");
        assert!(told.contains("(cut off here; read the files for the rest)"), "{told}");
        assert!(told.len() < 2_000, "{}", told.len());
    }

    #[test]
    fn skills_are_named_with_the_task_and_read_when_called_for() {
        let mut going = going();
        assert!(going.told().contains("- release: how to release, é\n"), "{}", going.told());
        assert!(!going.told().contains("Tag it."), "{}", going.told());
        going.calls(&[("skill", json!({ "name": "release" }))]);
        let told = going.told();
        assert!(told.contains("Tag it.") && told.contains("skills/release"), "{told}");
        going.calls(&[("skill", json!({ "name": "dance" }))]);
        assert!(going.told().starts_with("There is no skill 'dance': there are release, measure"));
        let Effect::Infer { asks, .. } = going.wants().1 else { panic!("no turn") };
        assert!(format!("{asks:?}").contains("one of the repository's skills"));
    }

    #[test]
    fn without_skills_there_is_no_such_tool() {
        let mut going = Going::new(setup());
        going.checked(CheckVerdict::Failed);
        let Effect::Infer { asks, .. } = going.wants().1 else { panic!("no turn") };
        assert!(!format!("{asks:?}").contains("skill"));
        going.calls(&[("skill", json!({ "name": "release" }))]);
        assert!(matches!(going.wants().1, Effect::Tool { .. }));
    }

    #[test]
    fn what_is_asked_begins_a_result_and_nothing_of_it_is_in_the_persons_name() {
        let mut going = going();
        read(&mut going, "src/a.py");
        let said = going.machine.told();
        let persons = said.iter().filter(|said| matches!(***said, Said::Person { .. }));
        assert!(!format!("{:?}", persons.collect::<Vec<_>>()).contains("short names"));
    }
}

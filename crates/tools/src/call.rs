//! The registry: which tools there are, in which order a model is told of them, and how a
//! call finds its tool.
//!
//! Apart, so that a new tool touches its own file and its lines here. It knows no tool's rules.

use std::sync::{Arc, LazyLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenfold_domain::{OfferedTool, ToolCall, ToolSpec};
use tenfold_workspace::WorkspaceError;

use crate::edit::Edit;
use crate::kill::Kill;
use crate::list::List;
use crate::mcp::{self, McpCall};
use crate::output::Output;
use crate::read::Read;
use crate::run::Run;
use crate::search::Search;
use crate::tree::{Done, NotDone, Tree};
use crate::write::Write;
use crate::{arguments, reply, schema, shown};

/// A call that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// One that reads or changes files; [`FileCall::perform`] does it.
    Files(FileCall),
    /// One that runs a command; the engine does it, in a sandbox.
    Run(Run),
    /// One of a tool that an MCP server offers; the engine passes it on.
    Mcp(McpCall),
    /// One that reads what a command in the background writes; the engine has it.
    Output(Output),
    /// One that ends a command in the background; the engine does it.
    Kill(Kill),
}

/// A call that reads or changes files, and does nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileCall {
    /// Shows what is in a folder.
    List(List),
    /// Finds lines.
    Search(Search),
    /// Shows lines of a file.
    Read(Read),
    /// Replaces pieces of a file.
    Edit(Edit),
    /// Makes a file, or replaces all of it.
    Write(Write),
}

/// A tool, by the type of its arguments. The type's doc comments are what a model reads.
pub(crate) trait Tool: DeserializeOwned + schemars::JsonSchema {
    /// Its name: lower-case letters and `_`.
    const NAME: &'static str;

    /// The call with these arguments.
    fn call(self) -> Call;
}

struct Row {
    name: &'static str,
    spec: fn() -> ToolSpec,
    call: fn(Value) -> serde_json::Result<Call>,
}

const TOOLS: &[Row] = &[
    row::<List>(),
    row::<Search>(),
    row::<Read>(),
    row::<Edit>(),
    row::<Write>(),
    row::<Run>(),
    row::<Output>(),
    row::<Kill>(),
];

const fn row<T: Tool>() -> Row {
    Row { name: T::NAME, spec: schema::spec::<T>, call: call::<T> }
}

fn call<T: Tool>(arguments: Value) -> serde_json::Result<Call> {
    serde_json::from_value::<T>(arguments).map(T::call)
}

/// What a model is told of each, made once.
static SPECS: LazyLock<Vec<Arc<ToolSpec>>> =
    LazyLock::new(|| TOOLS.iter().map(|row| Arc::new((row.spec)())).collect());

/// All tools, as a model is told of them, in an order that stays the same.
pub fn specs() -> Vec<Arc<ToolSpec>> {
    SPECS.clone()
}

/// A call in a few words, for people.
pub fn in_words(call: &ToolCall) -> String {
    match Call::understand(call, &[]) {
        Ok(Call::Run(run)) if run.is_in_background() => {
            format!("starting `{}` in the background", shown::name(run.command.trim()))
        }
        Ok(Call::Output(Output { id, wait_s: None | Some(0) })) => {
            format!("reading what command {id} in the background wrote")
        }
        Ok(Call::Output(Output { id, .. })) => {
            format!("waiting for command {id} in the background")
        }
        Ok(Call::Kill(Kill { id })) => format!("ending command {id} in the background"),
        _ => format!("{} {}", call.name, call.arguments),
    }
}

impl Call {
    /// What a model's call means, if servers offer these tools besides.
    ///
    /// # Errors
    /// A text for the model, at most [`MAX_REPLY_BYTES`](crate::MAX_REPLY_BYTES): there is no
    /// such tool, and which there are; which arguments are missing, unknown or of the wrong
    /// kind, and which the tool takes; or that a command holds what stands for a secret.
    pub fn understand(call: &ToolCall, offered: &[OfferedTool]) -> Result<Self, String> {
        if let Some(tool) = offered.iter().find(|tool| tool.spec.name == call.name) {
            return mcp::understand(call, tool).map(Self::Mcp);
        }
        let known = TOOLS.iter().zip(&*SPECS).find(|(row, _)| row.name == call.name);
        let Some((row, spec)) = known else {
            let offered = offered.iter().map(|tool| tool.spec.name.as_str());
            let names = TOOLS.iter().map(|row| row.name).chain(offered);
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            let asked = shown::name(&call.name);
            let names = names.join(", ");
            return Err(reply::bounded(format!("there is no tool `{asked}`: there are {names}")));
        };
        let given = arguments::object(&call.arguments);
        arguments::check(spec, &given).map_err(reply::bounded)?;
        let call = (row.call)(given).map_err(|error| {
            reply::bounded(format!(
                "`{}` can't take these arguments: {error}. {}",
                row.name,
                arguments::taken(spec)
            ))
        })?;
        if let Self::Run(run) = &call {
            run.is_meant()?;
        }
        Ok(call)
    }
}

impl FileCall {
    /// Performs the call on the files of `tree`.
    ///
    /// What went wrong for the model, such as a file that is not there, is a [`Done`] that
    /// says so and leaves the files as they were.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the workspace itself fails.
    pub fn perform(&self, tree: &Tree<'_>) -> Result<Done, WorkspaceError> {
        let done = match self {
            Self::List(list) => list.perform(tree),
            Self::Search(search) => search.perform(tree),
            Self::Read(read) => read.perform(tree),
            Self::Edit(edit) => edit.perform(tree),
            Self::Write(write) => write.perform(tree),
        };
        match done {
            Ok(done) => Ok(done),
            Err(NotDone::Told(text)) => Ok(Done::unchanged(tree, text)),
            Err(NotDone::Failed(error @ WorkspaceError::BadPath(_))) => {
                Ok(Done::unchanged(tree, error.to_string()))
            }
            Err(NotDone::Failed(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn understand(name: &str, arguments: Value) -> Result<Call, String> {
        let call =
            ToolCall { id: "1".into(), name: name.into(), arguments, signatures: Vec::new() };
        Call::understand(&call, &[])
    }

    #[test]
    fn a_model_is_told_of_all_tools_in_one_order_and_in_simple_words() {
        let specs = specs();
        let names: Vec<_> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(names, ["list", "search", "read", "edit", "write", "run", "output", "kill"]);
        for spec in &specs {
            let properties = spec.parameters["properties"].as_object().unwrap();
            let first = properties.keys().next().unwrap();
            assert_eq!(spec.parameters["required"][0], json!(first), "{}", spec.name);
            assert!(!spec.about.is_empty() && !spec.about.contains('\n'), "{}", spec.about);
            let text = spec.parameters.to_string();
            for odd in ["$ref", "$schema", "$defs", "title", "null", "format"] {
                assert!(!text.contains(&format!("\"{odd}\"")), "{odd} in {text}");
            }
            assert!(properties.values().all(|of| of["description"].is_string()), "{text}");
        }
    }

    #[test]
    fn the_schema_of_edit_holds_that_of_one_replacement() {
        let edit = specs().into_iter().find(|spec| spec.name == "edit").unwrap();
        assert_eq!(edit.parameters["required"], json!(["path", "edits"]));
        let item = &edit.parameters["properties"]["edits"]["items"];
        assert_eq!(item["type"], "object");
        assert_eq!(item["required"], json!(["old", "new"]));
        assert_eq!(item["properties"]["old"]["type"], "string");
    }

    #[test]
    fn calls_are_understood() {
        let list = List { path: ".".into(), depth: Some(2) };
        let list = Ok(Call::Files(FileCall::List(list)));
        assert_eq!(understand("list", json!({"path": ".", "depth": 2})), list);
        assert_eq!(understand("list", json!("{\"path\": \".\", \"depth\": 2}")), list, "as text");
        let run = Run { command: "make".into(), timeout_s: None, background: None };
        let nulled = json!({"command": "make", "timeout_s": null});
        assert_eq!(understand("run", nulled), Ok(Call::Run(run)), "null is left out");
    }

    #[test]
    fn a_call_is_said_to_people_in_words() {
        for (name, arguments, words) in [
            ("run", json!({"command": "make"}), "run {\"command\":\"make\"}"),
            (
                "run",
                json!({"command": "make\n", "background": true}),
                "starting `make` in the background",
            ),
            ("output", json!({"id": 7}), "reading what command 7 in the background wrote"),
            ("output", json!({"id": 7, "wait_s": 9}), "waiting for command 7 in the background"),
            ("kill", json!({"id": 7}), "ending command 7 in the background"),
            ("kill", json!({}), "kill {}"),
        ] {
            let (id, name) = ("1".to_owned(), name.to_owned());
            let call = ToolCall { id, name, arguments, signatures: Vec::new() };
            assert_eq!(in_words(&call), words);
        }
    }

    #[test]
    fn a_call_goes_through_a_journal() {
        let call = understand("edit", json!({"path": "a", "edits": [{"old": "x", "new": "y"}]}));
        let call = call.unwrap();
        let text = serde_json::to_string(&call).unwrap();
        assert_eq!(serde_json::from_str::<Call>(&text).unwrap(), call);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_the_tool_takes() {
        for (name, arguments, said) in [
            ("grep", json!({}), "`edit`, `write`, `run`, `output`, `kill`"),
            ("read", json!({"file": "a"}), "`file` is none of its arguments; `path` is missing"),
            ("read", json!({"path": "a", "from": "5"}), "`from` has to be a whole number"),
            ("read", json!({"path": "a", "from": -1}), "not -1"),
            ("read", json!({"path": "a", "from": 5_000_000_000_u64}), "`from` has to be"),
            ("read", json!(["a"]), "they have to be one JSON object with `path`"),
            ("list", json!(null), "`path` is missing"),
            ("edit", json!({"path": "a", "edits": [{"old": "x"}]}), "`edits[0].new` is missing"),
            ("edit", json!({"path": "a", "edits": "x"}), "`edits` has to be a list"),
        ] {
            let told = understand(name, arguments).unwrap_err();
            assert!(told.contains(said), "{told}");
        }
        let told = understand("read", json!({})).unwrap_err();
        let takes = "`path` (text), `from` (whole number, may be left out)";
        assert!(told.contains(takes), "{told}");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,30}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            "(path|depth|pattern|context|from|lines|edits|old|new|text|command|timeout_s|id|wait_s)",
            ".{0,8}",
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(key.clone(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_arguments_are_too_odd(
            name in "(list|search|read|edit|write|run|output|kill|.{0,5})",
            arguments in any_json(),
        ) {
            if let Err(told) = understand(&name, arguments) {
                prop_assert!(!told.is_empty() && told.len() <= reply::MAX_REPLY_BYTES);
            }
        }
    }
}

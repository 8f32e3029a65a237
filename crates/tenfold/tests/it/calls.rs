//! Every call of the page, as `docs/openapi.json` has them: what another account pays for is not
//! to be had by any of them, who may only look changes nothing by any of them, and nothing changes
//! by a GET. A call that is new is tried by itself, or fails here until it is said what is said
//! to it.

use serde_json::{Value, json};

use crate::ground::{CHECK, Ground, wait_for};
use crate::page::{Browser, Opened, link};

/// A call as the document has it.
struct Call {
    method: String,
    /// Below `/api/v1`, if it is there.
    path: String,
    name: String,
    parameters: Vec<String>,
    /// Who may, in the document's words.
    needs: String,
}

impl Call {
    /// All but the stream, which has no end, and what nobody has to be signed in for.
    fn all() -> Vec<Self> {
        let document: Value =
            serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
        let mut calls = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, call) in methods.as_object().unwrap() {
                let parameters = call["parameters"].as_array().cloned().unwrap_or_default();
                let parameters = parameters.iter().filter_map(|one| one["name"].as_str());
                let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
                calls.push(Self {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    name: text("operationId"),
                    parameters: parameters.map(str::to_owned).collect(),
                    needs: text("description"),
                });
            }
        }
        assert!(calls.len() > 60, "the document was read");
        calls.retain(|call| {
            call.name != "events" && !call.needs.starts_with("Nobody has to be signed in")
        });
        calls
    }

    fn is_read(&self) -> bool {
        self.method == "GET"
    }

    fn is_about_all(&self) -> bool {
        self.needs.contains("and to see all accounts")
    }

    /// Where it is for a task of an account, with a query that none of its faults is.
    fn at(&self, task: u64, account: u64) -> String {
        let path = self
            .path
            .replace("{task}", &task.to_string())
            .replace("{account}", &account.to_string())
            .replace("{number}", "1")
            .replace("{variable}", "SOME_KEY")
            .replace("{name}", "some-model");
        match self.name.as_str() {
            "output" => format!("{path}?index=0"),
            "export_task" => format!("{path}?format=jsonl"),
            "plan" => format!("{path}?budget_nano_usd=1000000000"),
            "price_history" => format!("{path}?model=gpt-4o"),
            "price_level" => format!("{path}?bar=0.5"),
            "spending" => format!("{path}?by=account"),
            _ => path,
        }
    }

    /// What is said to it: about a task, or for an account, and right but for whose they are.
    fn body(&self, ground: &Ground, task: u64, account: u64) -> Value {
        let new = json!({
            "text": "x", "workspace": ground.repo(), "check": CHECK, "account": account,
        });
        let many = json!({ "format": "markdown", "text": "- [ ] one thing", "task": new });
        match self.name.as_str() {
            "accept_together" => json!({ "tasks": [task], "in_place": true }),
            "bulk" => json!({ "tasks": [task], "verb": "stop", "body": {} }),
            "ask" | "quote" => new,
            "ask_many" | "look_at_tasks" => many,
            "set_budget" => json!({ "money": 1, "time": 1, "attempts": 1 }),
            "steer" | "answer" => json!({ "text": "x" }),
            "fork" => json!({ "attempt": 1 }),
            "comment" => json!({ "path": "stats.py", "line": 14, "text": "x" }),
            "accept" => json!({ "how": "in-place" }),
            "reject" => json!({ "reason": "" }),
            "change_accounts" => {
                json!({ "want": "give", "from": null, "to": 2, "amount": { "money": 1 } })
            }
            "start_backlog" => json!({ "at_once": 1 }),
            "change_hooks" => json!({ "want": "remove", "hook": 1 }),
            "keep_key" => json!({ "name": "SOME_KEY", "value": "x" }),
            "add_model" => json!({ "file": { "path": "/nowhere" } }),
            "save_policy" | "try_policy" => json!({ "text": "", "hash": "" }),
            "price_model" => json!("free"),
            "import_prices" => json!({ "from": "/nowhere" }),
            "test_policy" => json!({ "request": { "command": { "line": "ls" } } }),
            "begin" | "pause" | "resume" | "stop" | "revise" | "undo" | "stop_backlog"
            | "forget_key" | "remove_model" | "pull_model" | "leave_pull" => json!({}),
            other => panic!("{} {}: what is said to {other}?", self.method, self.path),
        }
    }

    /// Whether it is about whoever says it, and nobody else: what others are to it is tried where
    /// it lives.
    fn is_about_oneself(&self) -> bool {
        matches!(self.name.as_str(), "sign_out" | "add_passkey" | "begin_passkey" | "change_people")
    }

    fn ask(&self, who: &Browser<'_>, path: &str, body: Option<&Value>) -> (u16, Value) {
        let (status, _, said) = who.page.ask(&self.method, path, Some(&who.cookie), body);
        (status, said)
    }
}

/// A task of an account of its own that has come to a proposal, and somebody of another account.
fn two_teams<'p>(ground: &Ground, page: &'p Opened) -> (Browser<'p>, u64) {
    let owner = page.sign_in(&page.link);
    let theirs = owner.hand_out(ground, json!({ "account": "shop", "begin": true }));
    wait_for("its proposal", || owner.state(theirs) == "to-review");
    (owner, theirs)
}

fn teams(ground: &Ground) {
    for team in ["lab", "shop"] {
        ground.tenfold(&["account", "add", team, "--kind", "team"]).expect(0, &[]);
    }
}

fn add(ground: &Ground, name: &str, access: &str) -> String {
    let add = ["people", "add", name, "--access", access, "--account", "lab"];
    ground.tenfold(&add).expect(0, &[]);
    link(ground, name)
}

#[test]
fn no_call_gives_or_touches_what_another_account_pays_for() {
    let ground = Ground::new();
    teams(&ground);
    let page = Opened::at(&ground);
    let (owner, theirs) = two_teams(&ground, &page);
    let ada = page.sign_in(&add(&ground, "ada", "admin"));
    // They work in the same repository.
    owner.hand_out(&ground, json!({ "text": "ours", "account": "lab" }));
    let (shop, before) = (3, owner.get(&format!("/tasks/{theirs}")).1);
    for call in Call::all().iter().filter(|call| !call.is_about_oneself()) {
        let path = call.at(theirs, shop);
        let body = (!call.is_read()).then(|| call.body(&ground, theirs, shop));
        let (status, said) = call.ask(&ada, &path, body.as_ref());
        let told = said.to_string();
        assert!(!told.contains("median") && !told.contains("shop"), "{path}: {said}");
        assert!(!told.contains("owner"), "{path}: {said}");
        let names_theirs = call.path.contains("{task}") || call.path.contains("{account}");
        let expected = match () {
            () if call.is_about_all() => 403,
            // It says what it reads, and that it is unclear what that would be.
            () if call.name == "look_at_tasks" => 200,
            () if names_theirs || !call.is_read() => 404,
            () => 200,
        };
        assert_eq!(status, expected, "{} {path}: {said}", call.method);
        // Nor by a filter.
        for (parameter, value) in [("account", shop), ("past", theirs + 1)] {
            if call.is_read() && call.parameters.iter().any(|known| known == parameter) {
                let join = if path.contains('?') { '&' } else { '?' };
                let (_, said) = call.ask(&ada, &format!("{path}{join}{parameter}={value}"), None);
                assert!(!said.to_string().contains("median"), "{path} {parameter}: {said}");
            }
        }
    }
    assert_eq!(owner.get(&format!("/tasks/{theirs}")).1, before, "it stands as it did");
    page.end(&ground);
}

#[test]
fn who_may_only_look_does_nothing_by_any_call() {
    let ground = Ground::new();
    teams(&ground);
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({ "account": "lab" }));
    let vic = page.sign_in(&add(&ground, "vic", "viewer"));
    assert_eq!(vic.state(task), "queued");
    let before = owner.get(&format!("/tasks/{task}")).1;
    let lab = 2;
    for call in Call::all().iter().filter(|call| !call.is_read() && !call.is_about_oneself()) {
        let (path, body) = (call.at(task, lab), call.body(&ground, task, lab));
        let (status, said) = call.ask(&vic, &path, Some(&body));
        assert_eq!(status, 403, "{} {path}: {said}", call.method);
    }
    assert_eq!(owner.get(&format!("/tasks/{task}")).1, before, "it stands as it did");
    page.end(&ground);
}

#[test]
fn nothing_changes_on_a_get() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("its proposal", || owner.state(task) == "to-review");
    let seq = || owner.get("/board?limit=0").1["seq"].clone();
    wait_for("the end of the work", || owner.get("/session").1["at_work"] == json!(0));
    let before = seq();
    for call in Call::all().iter().filter(|call| call.is_read()) {
        let path = call.at(task, 1);
        let (status, said) = call.ask(&owner, &path, None);
        // Of some things there is nothing to tell here, which is told.
        assert!(matches!(status, 200 | 404 | 409), "{path}: {status} {said}");
        assert_eq!(seq(), before, "{path} recorded something");
    }
    page.end(&ground);
}

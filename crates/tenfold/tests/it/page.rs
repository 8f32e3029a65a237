//! The page's server, wired: who comes in, what they see and may do, and what is left of it. What
//! the page looks like and does in a browser is tried in `web/e2e`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::ground::{CHECK, Ground, git, wait_for};
use crate::interruption::interrupt;

/// What is typed to open a page, somewhere on this machine.
pub(crate) const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A page that is open.
pub(crate) struct Opened {
    child: Option<Child>,
    pub(crate) address: String,
    /// The secret of the link that it said.
    pub(crate) link: String,
}

impl Opened {
    pub(crate) fn at(ground: &Ground) -> Self {
        Self::of(ground.command(&SERVE)).0
    }

    /// The page of a command, and what else the program says.
    pub(crate) fn of(mut serve: Command) -> (Self, BufReader<ChildStdout>) {
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let (address, link) = line.trim().split_once("/#link=").unwrap_or((line.trim(), ""));
        (Self { address: address.to_owned(), link: link.to_owned(), child: Some(child) }, out)
    }

    /// Ends it as a person does.
    pub(crate) fn end(mut self, ground: &Ground) {
        let child = self.child.take().unwrap();
        assert_eq!(interrupt(child).code, Some(130));
        // What was killed is gone once it had its turn to be.
        ground.expect_all_ended();
    }

    /// Signs in by a link.
    pub(crate) fn sign_in(&self, secret: &str) -> Browser<'_> {
        let (status, headers, body) =
            self.ask("POST", "/api/v1/session/link", None, Some(&json!({ "secret": secret })));
        assert_eq!(status, 200, "{body}");
        let cookie = headers.split(';').next().unwrap().to_owned();
        Browser { page: self, cookie }
    }

    /// Asks; answered with the status, the cookie that is set, and the body.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        body: Option<&Value>,
    ) -> (u16, String, Value) {
        self.ask_with((method, path), cookie.map(|cookie| ("cookie", cookie)), body)
    }

    /// Asks as a program does; answered with the status.
    pub(crate) fn ask_by_token(&self, token: &str, path: &str, body: Option<&Value>) -> u16 {
        let (method, token) =
            (if body.is_some() { "POST" } else { "GET" }, format!("Bearer {token}"));
        let path = format!("/api/v1{path}");
        self.ask_with((method, &path), Some(("authorization", &token)), body).0
    }

    fn ask_with(
        &self,
        (method, path): (&str, &str),
        shown: Option<(&str, &str)>,
        body: Option<&Value>,
    ) -> (u16, String, Value) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}{path}", self.address);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some((name, value)) = shown {
            request = request.header(name, value);
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let mut response = agent
            .run(request.body(text).unwrap())
            .unwrap_or_else(|why| panic!("{method} {path}: {why}"));
        let set = response.headers().get("set-cookie").map(|set| set.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        (status, set.unwrap_or_default(), body)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Somebody who is signed in.
pub(crate) struct Browser<'a> {
    pub(crate) page: &'a Opened,
    pub(crate) cookie: String,
}

impl Browser<'_> {
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let path = format!("/api/v1{path}");
        let (status, _, body) = self.page.ask("GET", &path, Some(&self.cookie), None);
        (status, body)
    }

    /// A file that is handed over: its name, and what is in it.
    pub(crate) fn file(&self, path: &str) -> (String, String) {
        let mut answer = ureq::get(format!("{}/api/v1{path}", self.page.address))
            .header("cookie", &self.cookie)
            .call()
            .unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/octet-stream");
        let name = header("content-disposition");
        let name = name.strip_prefix("attachment; filename=").unwrap().trim_matches('"').to_owned();
        (name, answer.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/api/v1{path}");
        let (status, _, body) = self.page.ask("POST", &path, Some(&self.cookie), Some(&body));
        (status, body)
    }

    /// Hands out a task in the ground's repository; answered with its number.
    pub(crate) fn hand_out(&self, ground: &Ground, more: Value) -> u64 {
        let mut task =
            json!({ "text": "median is wrong", "workspace": ground.repo(), "check": CHECK });
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, body) = self.post("/tasks", task);
        assert_eq!(status, 200, "{body}");
        body["task"].as_u64().unwrap()
    }

    pub(crate) fn state(&self, task: u64) -> String {
        let (status, body) = self.get(&format!("/tasks/{task}"));
        assert_eq!(status, 200, "{body}");
        body["card"]["state"].as_str().unwrap().to_owned()
    }
}

/// The secret of a link that lets somebody in.
pub(crate) fn link(ground: &Ground, name: &str) -> String {
    let said = ground.tenfold(&["people", "link", name, "--json"]).json();
    said["link"].as_str().unwrap().split_once("#link=").unwrap().1.to_owned()
}

#[test]
fn a_task_is_handed_out_watched_and_accepted_over_http() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    assert_eq!(page.ask("GET", "/api/v1/board", None, None).0, 401);
    let owner = page.sign_in(&page.link);
    let again = json!({ "secret": page.link });
    assert_eq!(
        page.ask("POST", "/api/v1/session/link", None, Some(&again)).0,
        403,
        "it is used up"
    );

    let quote = json!({ "text": "median is wrong", "workspace": ground.repo(), "check": CHECK });
    let (status, quote) = owner.post("/quote", quote);
    assert_eq!((status, &quote["summary"]["check"]), (200, &json!(CHECK)), "{quote}");
    let task = owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("its proposal", || owner.state(task) == "to-review");
    let (_, board) = owner.get("/board");
    let column = &board["columns"][3];
    assert_eq!((&column["column"], &column["count"]), (&json!("to-review"), &json!(1)), "{board}");
    let (_, diff) = owner.get(&format!("/tasks/{task}/attempts/1/diff"));
    assert!(diff.to_string().contains("ordered[middle - 1]"), "{diff}");
    let (_, steps) = owner.get(&format!("/tasks/{task}/attempts/1/steps"));
    assert!(steps["steps"].as_array().unwrap().len() > 3, "{steps}");

    let (status, accepted) =
        owner.post(&format!("/tasks/{task}/accept"), json!({ "how": "branch" }));
    assert_eq!((status, &accepted["accepted"]), (200, &json!("branch")), "{accepted}");
    assert_eq!(owner.state(task), "accepted");
    assert_eq!(owner.post(&format!("/tasks/{task}/undo"), json!({})).0, 200);
    // What was done is in the records, who did it, and in which order.
    let (_, deeds) = owner.get("/deeds");
    let what: Vec<&str> =
        deeds["deeds"].as_array().unwrap().iter().map(|d| d["what"].as_str().unwrap()).collect();
    let calls = ["undo", "accept"].map(|verb| format!("POST /api/v1/tasks/{task}/{verb}"));
    assert_eq!(what[..3], [&calls[0], &calls[1], "POST /api/v1/tasks"]);
    page.end(&ground);
    ground.tenfold(&["store", "check"]).expect(0, &[]);
}

#[test]
fn a_task_is_only_asked_for_from_where_and_by_what_ones_own_account_pays_for() {
    let ground = Ground::new();
    for team in ["lab", "shop"] {
        ground.tenfold(&["account", "add", team, "--kind", "team"]).expect(0, &[]);
    }
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let theirs = owner.hand_out(&ground, json!({ "account": "shop" }));
    for (name, access) in [("ada", "admin"), ("vic", "viewer")] {
        let add = ["people", "add", name, "--access", access, "--account", "lab"];
        ground.tenfold(&add).expect(0, &[]);
    }
    let ada = page.sign_in(&link(&ground, "ada"));
    // Not in a folder that no task of theirs is in.
    let task = json!({ "text": "x", "workspace": ground.repo(), "check": CHECK });
    assert_eq!(ada.post("/tasks", task).0, 403);
    // Their own they see.
    let own = owner.hand_out(&ground, json!({ "account": "lab" }));
    assert_eq!(ada.state(own), "queued");
    // Nor does another's task hold theirs up, or another's account have a name.
    for more in
        [json!({ "after": [theirs] }), json!({ "account": "shop" }), json!({ "account": 3 })]
    {
        let mut task = json!({ "text": "x", "workspace": ground.repo(), "check": CHECK });
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, said) = ada.post("/tasks", task);
        assert_eq!(status, 404, "{more}: {said}");
        assert!(!said.to_string().contains("shop"), "{said}");
    }
    let mine = ada.hand_out(&ground, json!({ "account": "lab", "after": [own] }));
    assert_eq!(owner.get(&format!("/tasks/{mine}")).1["card"]["account_path"], "lab");
    let vic = page.sign_in(&link(&ground, "vic"));
    assert_eq!(vic.state(own), "queued");
    // An admin of a team decides of that team alone.
    let change = json!({ "want": "remove", "person": 1 });
    assert_eq!(ada.post("/people", change).0, 404);
    let change = json!({ "want": "give", "from": null, "to": 2, "amount": { "money": 1 } });
    assert_eq!(ada.post("/accounts", change).0, 403);
    ground.tenfold(&["people", "remove", "vic"]).expect(0, &[]);
    assert_eq!(vic.get("/board").0, 401, "who was removed is signed out");
    page.end(&ground);
}

#[test]
fn a_backlog_is_told_what_it_would_come_to_before_anything_is_recorded() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let done = owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("its proposal", || owner.state(done) == "to-review");
    wait_for("the end of the work", || owner.get("/session").1["at_work"] == json!(0));
    std::fs::write(ground.repo().join("tenfold.toml"), "[task]\ncheck = \"true\"\n").unwrap();
    let seq = || owner.get("/board?limit=0").1["seq"].clone();
    let before = seq();
    let task = json!({ "workspace": ground.repo(), "check": CHECK, "budget_nano_usd": 2_000_000 });
    let text = "- [ ] one thing\n- [ ] another\n  labels: small\n";
    let body = json!({ "format": "markdown", "text": text, "task": task });
    let (status, seen) = owner.post("/tasks/many/look", body);
    assert_eq!((status, &seen["unclear"]), (200, &Value::Null), "{seen}");
    assert_eq!(seen["tasks"][1]["labels"], json!(["small"]));
    let sums = &seen["sums"];
    assert_eq!(sums["budget_nano_usd"], json!(4_000_000), "{seen}");
    // One attempt like them was made, which says what they cost and not yet how they fare.
    assert_eq!((&sums["with_cost"], &sums["with_odds"]), (&json!(2), &json!(0)), "{seen}");
    assert_eq!(seen["tasks"][0]["cost_nano_usd"], seen["tasks"][1]["cost_nano_usd"]);
    assert_eq!(seen["needs_approval"][0]["file"], json!("tenfold.toml"), "{seen}");
    let nowhere = json!({ "workspace": "/nowhere/at/all" });
    let body = json!({ "format": "markdown", "text": text, "task": nowhere });
    let (status, seen) = owner.post("/tasks/many/look", body);
    assert_eq!((status, &seen["sums"]), (200, &Value::Null), "{seen}");
    assert_eq!(seen["tasks"].as_array().unwrap().len(), 2, "what it holds is told all the same");
    assert!(seen["unclear"]["what"].as_str().unwrap().contains("nowhere"), "{seen}");
    assert_eq!(seq(), before, "nothing was recorded");
    page.end(&ground);
}

#[test]
fn a_change_is_to_be_had_as_a_file_and_each_attempt_has_its_proof() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({ "begin": true }));
    wait_for("its proposal", || owner.state(task) == "to-review");
    let of = |what: &str| format!("/tasks/{task}/attempts/1/{what}");
    let (status, proof) = owner.get(&of("proof"));
    assert_eq!((status, &proof["report"]["verdict"]), (200, &json!("passed")), "{proof}");
    assert_eq!(owner.get(&format!("/tasks/{task}/attempts/2/proof")).0, 404);
    // Whatever an agent writes, a browser makes nothing of it.
    let mut answer = ureq::get(format!("{}/api/v1{}", page.address, of("patch")))
        .header("cookie", &owner.cookie)
        .call()
        .unwrap();
    let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(head("content-type"), "application/octet-stream");
    assert_eq!(head("x-content-type-options"), "nosniff");
    assert_eq!(
        head("content-disposition"),
        format!("attachment; filename=\"tenfold-{task}.1.patch\"")
    );
    assert!(head("content-security-policy").starts_with("default-src 'none'"));
    let patch = answer.body_mut().read_to_string().unwrap();
    let raw = ground.tenfold(&["diff", &task.to_string(), "--raw"]);
    assert_eq!(patch, raw.out, "as the terminal has it");
    std::fs::write(ground.path("change.patch"), patch).unwrap();
    let patch = ground.path("change.patch");
    git(&ground.repo(), &["apply", "--check", patch.to_str().unwrap()]);
    page.end(&ground);
}

#[test]
fn passwords_let_in_after_a_restart() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({}));
    let password = "correct horse battery";
    let change = json!({ "want": "password", "person": 1, "password": password });
    let (status, said) = owner.post("/people", change);
    assert_eq!((status, said[0]["hash"].as_str()), (200, Some("")), "{said}");
    assert_eq!(owner.get("/board").0, 401, "a new password ends all sessions");
    page.end(&ground);

    let page = Opened::at(&ground);
    assert_eq!(page.link, "", "who has a password needs no link");
    let wrong = json!({ "name": "owner", "password": "correct horse" });
    assert_eq!(page.ask("POST", "/api/v1/session", None, Some(&wrong)).0, 403);
    let right = json!({ "name": "Owner", "password": password });
    let (status, cookie, said) = page.ask("POST", "/api/v1/session", None, Some(&right));
    assert_eq!((status, &said["person"]["access"]), (200, &json!("admin")), "{said}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let owner = Browser { page: &page, cookie };
    assert_eq!(owner.state(task), "queued");
    let (_, _, said) = page.ask("DELETE", "/api/v1/session", Some(&owner.cookie), Some(&json!({})));
    assert_eq!(said, Value::Null);
    assert_eq!(owner.get("/board").0, 401);
    // Neither the password nor its words are anywhere in the records.
    let records = std::fs::read(ground.path("data").join("tenfold.db")).unwrap();
    let found = records.windows(password.len()).any(|some| some == password.as_bytes());
    assert!(!found, "the password is in the records");
    page.end(&ground);
}

#[test]
fn a_policy_is_tried_before_it_holds_and_holds_at_once() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let verdict = || {
        let asked = json!({ "request": { "command": { "line": "make all" } } });
        let (status, said) = owner.post("/policy/test", asked);
        assert_eq!(status, 200, "{said}");
        said["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(), "allow");
    let (_, held) = owner.get("/policy");
    assert_eq!(held["own"]["text"], "");
    let new = |text: &str, hash: &Value| json!({ "text": text, "hash": hash });
    let rule = "version = 1\n\n[[rule]]\nname = \"make\"\ncommand = \"make\"\ndecide = \"deny\"\n";
    let test = "\n[[test]]\ncommand = \"make all\"\nexpect = \"allow\"\n";
    let wrong = [
        ("version = 1\nnonsense = 2\n".to_owned(), "line 2"),
        (format!("{rule}{test}"), "expected allow, got deny"),
    ];
    for (text, why) in wrong {
        let (status, said) = owner.post("/policy", new(&text, &held["own"]["hash"]));
        assert_eq!(status, 400, "{said}");
        assert!(said["what"].as_str().unwrap().contains(why), "{said}");
        let (status, tried) = owner.post("/policy/try", new(&text, &held["own"]["hash"]));
        assert_eq!(status, 200, "{tried}");
        let (problem, tests) = (tried["problem"].to_string(), tried["tests"].to_string());
        assert!(problem.contains(why) || tests.contains("\"passed\":false"), "{tried}");
        assert_eq!(verdict(), "allow", "nothing was changed");
    }
    let (_, tried) = owner.post("/policy/try", new(rule, &held["own"]["hash"]));
    assert_eq!((&tried["problem"], &tried["diff"]["added"]), (&Value::Null, &json!(6)), "{tried}");
    let (status, saved) = owner.post("/policy", new(rule, &held["own"]["hash"]));
    assert_eq!((status, saved["text"].as_str()), (200, Some(rule)), "{saved}");
    assert_eq!(verdict(), "deny");
    let (status, said) = owner.post("/policy", new("version = 1\n", &held["own"]["hash"]));
    assert_eq!(status, 409, "somebody was quicker: {said}");
    let (_, deeds) = owner.get("/deeds?limit=1");
    let what = deeds["deeds"][0]["what"].as_str().unwrap();
    assert!(what.starts_with("POST /api/v1/policy (sha256 "), "{what}");
    page.end(&ground);
}

#[test]
fn a_model_is_added_with_its_price_or_with_why_it_can_t_be_asked() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let listed = |name: &str| {
        let (_, models) = owner.get("/models");
        models.as_array().unwrap().iter().find(|one| one["name"] == name).cloned()
    };
    let near = |name: &str, price: Value| {
        let address = "http://127.0.0.1:9/v1";
        json!({ "hosted": { "name": name, "protocol": "openai", "address": address,
                            "key_variable": "NEAR_KEY", "price": price } })
    };
    let (status, added) = owner.post("/models", near("near", Value::Null));
    assert_eq!(status, 200, "{added}");
    assert!(added["note"].as_str().unwrap().contains("price"), "{added}");
    assert_eq!(listed("near").unwrap()["price"], Value::Null);
    let price = json!({ "tokens": { "prompt": 2_000_000_000, "output": 8_000_000_000_u64 } });
    let (status, added) = owner.post("/models", near("priced", price));
    assert_eq!((status, &added["note"]), (200, &Value::Null), "{added}");
    let price = listed("priced").unwrap()["price"].as_str().unwrap().to_owned();
    assert!(price.contains('2') && price.contains('8'), "{price}");
    assert_eq!(owner.post("/models", near("near", json!("free"))).0, 400, "there is one");
    assert_eq!(owner.post("/models/near/price", json!("free")).0, 200);
    assert!(listed("near").unwrap()["price"].as_str().unwrap().contains("free"));
    let wrong = json!({ "hosted": { "name": "x", "protocol": "smoke" } });
    let (status, said) = owner.post("/models", wrong);
    assert!(status == 400 && said.to_string().contains("anthropic"), "{said}");
    let file = ground.path("no-model.gguf");
    std::fs::write(&file, "no model").unwrap();
    for path in [json!(file), json!("no-model.gguf"), json!("/nowhere/x.gguf")] {
        let (status, said) = owner.post("/models", json!({ "file": { "path": &path } }));
        assert!(status == 400 || (status == 502 && path == json!(file)), "{status}: {said}");
    }
    // Of the keyring only what models need can be touched.
    let forget = |name: &str| {
        let path = format!("/api/v1/keys/{name}");
        page.ask("DELETE", &path, Some(&owner.cookie), Some(&json!({}))).0
    };
    assert_eq!(forget("HOME"), 404);
    assert_ne!(forget("NEAR_KEY"), 404);
    let (_, deeds) = owner.get("/deeds?limit=2");
    assert_eq!(deeds["deeds"][0]["what"], "DELETE /api/v1/keys/NEAR_KEY");
    let (_, older) = owner.get(&format!("/deeds?limit=100&past={}", deeds["next"]));
    let older = older["deeds"].as_array().unwrap();
    assert!(older.iter().any(|deed| deed["what"] == "POST /api/v1/models (near)"), "{older:?}");
    page.end(&ground);
}

#[test]
fn who_said_something_is_told_and_nothing_is_said_without_words() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let task = owner.hand_out(&ground, json!({}));
    let steer = |text: &str| owner.post(&format!("/tasks/{task}/steer"), json!({ "text": text }));
    let (status, said) = steer(" \n");
    assert_eq!(status, 400, "{said}");
    assert_eq!(steer("mind the zero").0, 200);
    let words = || {
        let (_, told) = owner.get(&format!("/tasks/{task}"));
        let words = told["words"].as_array().unwrap().clone();
        let words = words.into_iter().skip(1);
        words.map(|word| (word["text"].clone(), word["by"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(words(), [(json!("mind the zero"), json!("owner"))]);
    ground.tenfold(&["steer", &task.to_string(), "and the one"]).expect(0, &[]);
    let (_, deeds) = owner.get("/deeds?limit=1");
    let deed = &deeds["deeds"][0];
    assert_eq!(deed["what"], format!("POST /v1/tasks/{task}/steer"), "so did the terminal");
    assert_eq!(words()[1], (json!("and the one"), deed["person"].clone()));
    let (_, counted) = owner.get("/board?limit=0");
    let columns = counted["columns"].as_array().unwrap();
    let count: u64 = columns.iter().map(|column| column["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 1);
    assert!(columns.iter().all(|column| column["tasks"] == json!([])), "{counted}");
    page.end(&ground);
}

/// All rows of a list, part by part.
fn parts(who: &Browser<'_>, path: &str, rows: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut past) = (Vec::new(), String::new());
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let (status, part) = who.get(&format!("{path}{join}limit={limit}{past}"));
        assert_eq!(status, 200, "{part}");
        let some = part[rows].as_array().unwrap();
        assert!(some.len() <= limit);
        all.extend(some.clone());
        match part["next"].as_u64() {
            Some(next) => past = format!("&past={next}"),
            None => return all,
        }
    }
}

#[test]
fn long_lists_are_told_in_parts_and_are_searched_whole() {
    let ground = Ground::new();
    // The order of the tree is not that of the numbers.
    for (name, under) in
        [("lab", "default"), ("shop", "default"), ("ada", "lab"), ("bob", "shop"), ("cy", "lab")]
    {
        ground
            .tenfold(&["account", "add", name, "--kind", "team", "--under", under])
            .expect(0, &[]);
        ground.tenfold(&["account", "token", name, "--label", name]).expect(0, &[]);
    }
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    for name in ["lab", "shop", "ada", "bob", "cy"] {
        let add = ["people", "add", name, "--access", "viewer", "--account", name];
        ground.tenfold(&add).expect(0, &[]);
    }
    let names = |rows: &[Value], key: &str| -> Vec<String> {
        rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
    };
    let tree = ["default", "lab", "ada", "cy", "shop", "bob"];
    for limit in [1, 2, 4, 6, 100] {
        assert_eq!(names(&parts(&owner, "/accounts", "accounts", limit), "name"), tree);
    }
    assert_eq!(names(&parts(&owner, "/accounts?q=LAB+ad", "accounts", 1), "name"), ["ada"]);
    let tokens = parts(&owner, "/tokens", "tokens", 2);
    assert_eq!(names(&tokens, "label"), ["cy", "bob", "ada", "shop", "lab"], "the newest first");
    let people = parts(&owner, "/people", "people", 4);
    assert_eq!(names(&people, "name"), ["owner", "lab", "shop", "ada", "bob", "cy"]);
    let ada = page.sign_in(&link(&ground, "ada"));
    assert_eq!(names(&parts(&ada, "/people", "people", 1), "name"), ["ada"], "whom she sees");
    assert_eq!(names(&parts(&ada, "/tokens", "tokens", 1), "label"), ["ada"]);
    assert_eq!(names(&parts(&ada, "/accounts", "accounts", 1), "name"), ["ada"]);

    let all = parts(&owner, "/prices?q=gpt-4o", "prices", 1_000);
    assert!(all.len() > 3 && all == parts(&owner, "/prices?q=gpt-4o", "prices", 2));
    assert!(names(&all, "model").iter().all(|model| model.contains("gpt-4o")));
    let cheapest = parts(&owner, "/prices?q=gpt-4o&cheapest=true", "prices", 2);
    assert!(cheapest.len() == all.len() && cheapest != all);
    let moment = 1_717_200_000_000_u64; // The first of June 2024.
    let then = parts(&owner, &format!("/prices?q=gpt-4o&at_ms={moment}"), "prices", 1_000);
    assert!(!then.is_empty() && then.len() < all.len(), "{then:?}");
}

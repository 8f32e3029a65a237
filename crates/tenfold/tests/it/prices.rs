//! `tenfold prices`, wired: what the book says, and what an import does to a person's own.

use std::fs;

use serde_json::json;

use crate::ground::Ground;

/// A list as LiteLLM has it, with one row that can't be and one that nobody here knows.
const LIST: &str = r#"{
    "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06,
        "output_cost_per_token": 8e-06},
    "gpt-4o-mini": {"litellm_provider": "openai", "mode": "chat",
        "input_cost_per_token": 0.00015, "output_cost_per_token": 0.0006},
    "local/x": {"litellm_provider": "local", "mode": "chat", "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06}
}"#;

fn with_list() -> (Ground, String) {
    let ground = Ground::new();
    let list = ground.path("list.json");
    fs::write(&list, LIST).unwrap();
    (ground, list.to_str().unwrap().to_owned())
}

#[test]
fn the_book_says_what_held_when() {
    let ground = Ground::new();
    let gpt = ["prices", "as-of", "2024-06-01", "gpt-4o"];
    ground.tenfold(&gpt).expect(0, &["since 2024-05-13", "$5.00 in", "$15.00 out", "OpenAI"]);
    ground.tenfold(&["prices", "as-of", "2023-01-01", "gpt-4o"]).expect(4, &["knew a price"]);
    ground.tenfold(&["prices", "as-of", "soon"]).expect(2, &["not a day"]);
    let said = ground.tenfold(&["prices", "as-of", "2024-06-01", "--json"]).json();
    let all = said.as_array().unwrap();
    assert!(all.iter().any(|row| row["model"] == "gpt-4o"));
    assert!(all.iter().all(|row| row["known"].as_str().unwrap() <= "2024-06-01"));
    let list = ground.tenfold(&["prices", "list", "--provider", "anthropic", "--match", "opus"]);
    list.expect(0, &["anthropic/claude-opus-4-5"]);
    assert!(!list.out.contains('\u{1b}') && !list.out.contains("openai/"));
    ground.tenfold(&["prices", "history", "gpt-4"]).expect(0, &["2023-03-14"]);
    ground.tenfold(&["prices", "history", "gpt-99"]).expect(4, &["has no model", "prices list"]);
}

#[test]
fn a_history_is_drawn_where_it_is_asked_for() {
    let ground = Ground::new();
    let quiet = ground.tenfold(&["prices", "history", "o3"]);
    quiet.expect(0, &["$40.00", "$8.00", "2025-06-10"]);
    assert!(!quiet.out.contains('┤'), "{}", quiet.out);
    let picture = ground.path("o3.svg");
    let words = ["prices", "history", "o3", "--plot", "--svg", picture.to_str().unwrap()];
    ground.tenfold(&words).expect(0, &["┤", "━ out, per million tokens"]);
    assert!(fs::read_to_string(picture).unwrap().starts_with("<svg"));
    let said = ground.tenfold(&["prices", "history", "o3", "--json"]).json();
    assert_eq!(said[0]["price"]["usual"]["nano_usd_per_million"]["output"], 40_000_000_000_u64);
}

#[test]
fn an_import_is_shown_and_nothing_is_done_unasked() {
    let (ground, list) = with_list();
    let unasked = ground.tenfold(&["prices", "import", &list]);
    unasked
        .expect(6, &["openai/gpt-4o", "$2.50 →", "$2.00", "--yes", "refused openai/gpt-4o-mini"]);
    let dry = ground.tenfold(&["prices", "import", &list, "--dry-run", "--json"]).json();
    assert_eq!((&dry["taken"], dry["changes"].as_array().unwrap().len()), (&json!(false), 1));
    assert!(!ground.path("config/prices.toml").exists());
    let taken = ground.tenfold(&["prices", "import", &list, "--yes"]);
    taken.expect(0, &["took in 1 prices", "1000 times what is known", "1 are not looked for"]);
    ground
        .tenfold(&["prices", "list", "--own"])
        .expect(0, &["openai/gpt-4o", "you: imported from"]);
    // What was before stays as it was.
    let gpt = ["prices", "as-of", "2024-06-01", "gpt-4o"];
    ground.tenfold(&gpt).expect(0, &["$5.00 in"]);
    let again = ground.tenfold(&["prices", "import", &list, "--yes"]);
    again.expect(0, &["1 are as the book has them"]);
}

#[test]
fn what_the_person_wrote_into_their_book_stays_and_is_left_alone() {
    let (ground, list) = with_list();
    let own = "# ours\n[[price]]\nprovider = \"openai\"\nmodel = \"gpt-4o\"\nfrom = 2025-01-01\n\
               source = \"our contract\"\nusd_per_million = { prompt = \"1\", output = \"2\" }\n";
    fs::create_dir_all(ground.path("config")).unwrap();
    fs::write(ground.path("config/prices.toml"), own).unwrap();
    let said = ground.tenfold(&["prices", "import", &list, "--yes", "--all"]);
    said.expect(0, &["left alone openai/gpt-4o", "took in 1 prices"]);
    let text = fs::read_to_string(ground.path("config/prices.toml")).unwrap();
    assert!(text.starts_with(own) && text.contains("model = \"x\""), "{text}");
    fs::write(ground.path("config/prices.toml"), "[[price]]\nmodel = 3\n").unwrap();
    ground.tenfold(&["prices", "list"]).expect(2, &["prices.toml can't be used", "correct it"]);
}

#[test]
fn models_dev_is_read_from_a_folder_and_what_is_no_list_is_refused() {
    let ground = Ground::new();
    let folder = ground.path("providers/openai/models");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("gpt-4o.toml"), "[cost]\ninput = 2.25\noutput = 9\n").unwrap();
    let providers = ground.path("providers");
    let said = ground.tenfold(&["prices", "import", providers.to_str().unwrap(), "--yes"]);
    said.expect(0, &["$2.25", "took in 1 prices"]);
    let all = ground.path("api.json");
    let api = json!({"openai": {"id": "openai", "models": {"gpt-4o": {"cost":
        {"input": 2.0, "output": 8.0}}}}});
    fs::write(&all, api.to_string()).unwrap();
    ground.tenfold(&["prices", "import", all.to_str().unwrap(), "--yes"]).expect(0, &["$2.25 →"]);
    for (text, why) in
        [("", "object"), ("[]", "object"), ("{\"a\": 1}", "first row"), ("{", "ends")]
    {
        fs::write(&all, text).unwrap();
        ground.tenfold(&["prices", "import", all.to_str().unwrap(), "--yes"]).expect(2, &[why]);
    }
    ground.tenfold(&["prices", "import", "nowhere.json"]).expect(2, &["nowhere.json"]);
}

#[test]
fn a_model_of_a_known_provider_needs_no_price_and_one_that_is_free_says_so() {
    let ground = Ground::new();
    let words = ["models", "connect", "opus", "--protocol", "anthropic", "--model"];
    let told = ground.tenfold(&[&words[..], &["claude-opus-4-5-20251101"]].concat());
    told.expect(0, &["connected opus", "price book's", "$5.00 in"]);
    ground.tenfold(&["models", "list"]).expect(0, &["$25.00 out", "(price book)"]);
    let said = ground.tenfold(&["models", "list", "--json"]).json();
    let opus = said.as_array().unwrap().iter().find(|model| model["name"] == "opus").unwrap();
    assert_eq!(opus["price_listed_as"], "anthropic/claude-opus-4-5-20251101");
    let words = ["models", "connect", "local", "--protocol", "openai", "--free", "--address"];
    ground.tenfold(&[&words[..], &["http://127.0.0.1:1/v1"]].concat()).expect(0, &["connected"]);
    let file = fs::read_to_string(ground.path("config/models.toml")).unwrap();
    assert!(file.contains("price = \"free\""), "{file}");
    ground.tenfold(&["models", "list"]).expect(0, &["free"]);
}

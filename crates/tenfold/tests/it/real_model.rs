//! The embedded models themselves: the small one is asked about a bug in the sample's repository,
//! and the larger one calls tools until a small task is done. That they answer, and that the
//! grammar, the tools and the judge fit what a real model says, is what this holds.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::gateway::{GATEWAY, begun, chat, stream, token};
use crate::ground::{CHECK, Ground, Said};
use crate::interruption::interrupt;

const SMALL: &str = "qwen2.5-coder-0.5b";
const LARGE: &str = "qwen2.5-coder-1.5b";

fn file(cache: &Path, model: &str) -> PathBuf {
    cache.join(format!("models/{model}-instruct-q4_k_m.gguf"))
}

/// The person's own cache, where setup puts the models.
fn cache(model: &str) -> PathBuf {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = named("TENFOLD_CACHE_DIR")
        .or_else(|| named("XDG_CACHE_HOME").map(|dir| dir.join("tenfold")))
        .or_else(|| named("HOME").map(|dir| dir.join(".cache/tenfold")))
        .expect("HOME says where the model is");
    let file = file(&cache, model);
    assert!(
        file.exists(),
        "the model {model} is not here, so nothing was tested: `cargo xtask setup --for test` \
         brings it ({})",
        file.display()
    );
    cache
}

fn run(ground: &Ground, model: &str, words: &[&str]) -> Said {
    let mut command = ground.command(&[&["run", "--model", model], words].concat());
    command.env("TENFOLD_CACHE_DIR", cache(model)).env_remove("TENFOLD_MODEL_PROGRAM");
    Said::of(command.output().unwrap())
}

#[test]
fn the_embedded_model_answers() {
    let ground = Ground::new();
    let words = ["--check", CHECK, "--time-limit", "2m", "--seed", "1", "--attempts", "1"];
    let said = run(&ground, SMALL, &[&words[..], &["--json"]].concat());
    assert!(matches!(said.code, Some(0 | 1)), "{}{}", said.out, said.err);
    let json = said.json();
    assert!(json["usage"]["prompt"].as_u64().unwrap() > 0, "{json}");
    assert_eq!(json["state"] == "to-review", said.code == Some(0), "{json}");
}

#[test]
fn the_embedded_model_answers_a_program_through_the_gateway() {
    let ground = Ground::new();
    let secret = token(&ground, "default");
    let mut command = ground.command(&GATEWAY);
    command.env("TENFOLD_CACHE_DIR", cache(SMALL)).env_remove("TENFOLD_MODEL_PROGRAM");
    let at_work = begun(command);
    let (status, head, said) = chat(&at_work, &secret, SMALL);
    assert_eq!(status, 200, "{head} {said}");
    let text = said["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{said}");
    assert!(said["usage"]["completion_tokens"].as_u64().unwrap() > 0, "{said}");
    let (status, events) = stream(&at_work, &secret, SMALL);
    let words = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    let words: Vec<&str> = words.filter(|text| !text.is_empty()).collect();
    assert_eq!(status, 200);
    assert!(words.len() > 1, "it came in one piece: {events:?}");
    assert_eq!(words.concat(), text, "the same, in pieces");
    assert_eq!(interrupt(at_work.child).code, Some(130));
}

/// It may need a second try; that it gets there is what counts.
#[test]
fn the_embedded_model_calls_tools_until_a_small_task_is_done() {
    let ground = Ground::new();
    let words = [
        "Write the file hello.txt with the one line: hello world",
        "--strategy",
        "loop",
        "--check",
        "grep -qx 'hello world' hello.txt",
        "--time-limit",
        "4m",
        "--attempts",
        "3",
        "--seed",
        "1",
        "--no-questions",
    ];
    run(&ground, LARGE, &words).expect(0, &["to review, verified", "hello.txt"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["+hello world"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

/// What the small model writes between two texts, the likeliest first.
fn infilled(ground: &Ground, hints: &[&str]) -> Vec<String> {
    let model = file(&cache(SMALL), SMALL);
    let mut command = ground.command(&["llama-serve", "--model", model.to_str().unwrap()]);
    command.args(["--context", "1024", "--threads", "2"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let ask = json!({
        "ask": "infill",
        "prefix": "def area(width, height, depth, scale):\n    result = width * height\n",
        "suffix": "    return result\n",
        "original": "",
        "alternatives": 8,
        "margin": -12.0,
        "hints": hints,
        "max_tokens": 24,
        "max_lines": 1,
    });
    let mut to = child.stdin.take().unwrap();
    writeln!(to, "{}", json!({ "line": "ask", "id": 1, "ask": ask })).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let answer = lines
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|line| line["line"] == "answer")
        .expect("it answers");
    drop(to);
    child.wait().unwrap();
    let texts = answer["answer"]["alternatives"].as_array().unwrap();
    texts.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_embedded_model_takes_up_a_name_that_it_is_told_of() {
    let ground = Ground::new();
    let place = |hints: &[&str]| {
        let texts = infilled(&ground, hints);
        texts.iter().position(|text| text.contains("scale")).unwrap_or(texts.len())
    };
    let (unhinted, hinted) = (place(&[]), place(&["scale"]));
    assert!(hinted < unhinted, "{hinted} of those with it, {unhinted} of those without");
}

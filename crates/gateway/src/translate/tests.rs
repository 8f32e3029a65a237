//! What is written in a protocol is read from it as the same.

use proptest::prelude::*;
use serde_json::json;

use super::talk::{Call, Choice, Form, Part, Said, Talk, Tool};
use super::{read, write};
use crate::Wire;

const ALL: [Wire; 3] = [Wire::Chat, Wire::Responses, Wire::Messages];

fn text() -> impl Strategy<Value = String> {
    "[a-zé\"\\\\\n ]{1,12}"
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        text().prop_map(Part::Text),
        Just(Part::Picture("https://there/a.png".to_owned())),
        Just(Part::Image { kind: "image/png".to_owned(), data: "aGk=".to_owned() }),
    ];
    prop::collection::vec(part, 1..4)
}

/// What the person says; then, some times, calls of the model with their answers.
fn said() -> impl Strategy<Value = Vec<Said>> {
    let turn = (parts(), text(), prop::collection::vec((0..9u32, text()), 0..3));
    prop::collection::vec(turn, 1..4).prop_map(|turns| {
        let mut said = Vec::new();
        for (parts, text, answers) in turns {
            said.push(Said::Person(parts));
            let calls = answers.iter().map(|(number, _)| Call {
                id: format!("call_{number}"),
                name: "read".to_owned(),
                arguments: json!({ "n": number }).to_string(),
            });
            said.push(Said::Model { text, calls: calls.collect() });
            said.extend(answers.iter().map(|(number, text)| Said::Tool {
                call: format!("call_{number}"),
                parts: vec![Part::Text(text.clone())],
                failed: false,
            }));
        }
        said
    })
}

fn talk() -> impl Strategy<Value = Talk> {
    let choice = prop_oneof![
        Just(Choice::Free),
        Just(Choice::None),
        Just(Choice::Any),
        Just(Choice::One("read".to_owned())),
    ];
    let form = prop_oneof![
        Just(Form::Free),
        Just(Form::Schema {
            name: "answer".to_owned(),
            schema: json!({ "type": "object" }),
            strict: true
        }),
    ];
    let more = (choice, form, any::<bool>(), 1..9_999u64, any::<bool>());
    (text(), said(), more).prop_map(|(instructions, said, (choice, form, one, max, streamed))| {
        let (name, about) = ("read".to_owned(), "Reads".to_owned());
        let tool = Tool { name, about, parameters: json!({ "type": "object" }), strict: one };
        // Who may call none is told of no order either.
        let parallel = (one && choice != Choice::None).then_some(false);
        Talk {
            instructions,
            said,
            tools: vec![tool],
            choice,
            parallel,
            output_max: Some(max),
            effort: one.then(|| "low".to_owned()),
            streamed,
            form,
            ..Talk::default()
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(talk in talk()) {
        for wire in ALL {
            let body = write(&talk, wire, "m", "max_tokens").unwrap();
            prop_assert_eq!(&read(wire, &body).unwrap(), &talk, "{:?}", wire);
        }
    }
}

fn translated(from: Wire, to: Wire, body: &serde_json::Value) -> Result<serde_json::Value, String> {
    let talk = read(from, body.to_string().as_bytes()).map_err(|why| why.to_string())?;
    let body = write(&talk, to, "m", "max_tokens").map_err(|why| why.to_string())?;
    Ok(serde_json::from_slice(&body).unwrap())
}

#[test]
fn each_member_is_carried_over_passed_over_or_refused_by_its_name() {
    let chat = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    let messages = json!({ "model": "m", "max_tokens": 9, "messages": [] });
    let responses = json!({ "model": "m", "input": "hi" });
    let with = |base: &serde_json::Value, more: serde_json::Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (from, base, more) in [
        (Wire::Chat, &chat, json!({ "seed": 1 })),
        (Wire::Chat, &chat, json!({ "frequency_penalty": 0.5 })),
        (Wire::Chat, &chat, json!({ "logit_bias": { "1": 2 } })),
        (Wire::Chat, &chat, json!({ "logprobs": true })),
        (Wire::Chat, &chat, json!({ "functions": [{ "name": "old" }] })),
        (Wire::Responses, &responses, json!({ "max_tool_calls": 2 })),
        (Wire::Messages, &messages, json!({ "top_k": 3 })),
    ] {
        let name = more.as_object().unwrap().keys().next().unwrap().clone();
        let why = translated(from, Wire::Messages, &with(base, more)).unwrap_err();
        assert!(why.contains(&format!("'{name}'")), "{why}");
    }
    for (from, base, more) in [
        (Wire::Chat, &chat, json!({ "user": "u", "metadata": { "a": "b" }, "store": true })),
        (Wire::Chat, &chat, json!({ "seed": null, "logprobs": false, "presence_penalty": 0 })),
        (Wire::Responses, &responses, json!({ "include": ["a"], "truncation": "auto" })),
        (Wire::Messages, &messages, json!({ "metadata": { "user_id": "u" } })),
    ] {
        for to in ALL {
            let plain = translated(from, to, base).unwrap();
            assert_eq!(translated(from, to, &with(base, more.clone())).unwrap(), plain, "{more}");
        }
    }
    let stops = with(&chat, json!({ "stop": ["END"] }));
    assert_eq!(translated(Wire::Chat, Wire::Messages, &stops).unwrap()["stop_sequences"][0], "END");
    assert!(translated(Wire::Chat, Wire::Responses, &stops).unwrap_err().contains("stop"));
}

#[test]
fn how_hard_to_think_and_which_form_are_carried_over() {
    let message = json!([{ "role": "user", "content": "hi" }]);
    let ask = |effort: &str| {
        json!({ "model": "m", "messages": message, "reasoning_effort": effort,
            "response_format": { "type": "json_object" } })
    };
    for (said, becomes) in
        [("minimal", json!("low")), ("xhigh", json!("high")), ("none", json!(null))]
    {
        let there = translated(Wire::Chat, Wire::Messages, &ask(said)).unwrap();
        assert_eq!(there["output_config"]["effort"], becomes, "{said}");
        assert!(there["system"].as_str().unwrap().contains("JSON"), "{there}");
    }
    let ask = json!({ "model": "m", "max_tokens": 9, "messages": message,
        "output_config": { "effort": "max" } });
    let there = translated(Wire::Messages, Wire::Chat, &ask).unwrap();
    assert_eq!(there["reasoning_effort"], "high");
}

#[test]
fn images_are_carried_wherever_they_can_stand_and_refused_elsewhere() {
    let image = json!({ "type": "image_url", "image_url": { "url": "https://there/a.png" } });
    let chat = |role: &str, content: serde_json::Value| json!({ "model": "m", "messages": [{ "role": role, "content": content }] });
    let there = translated(Wire::Chat, Wire::Messages, &chat("user", json!([image]))).unwrap();
    let block =
        json!({ "type": "image", "source": { "type": "url", "url": "https://there/a.png" } });
    assert_eq!(there["messages"][0]["content"], json!([block]));
    let there = translated(Wire::Chat, Wire::Responses, &chat("user", json!([image]))).unwrap();
    assert_eq!(there["input"][0]["content"][0]["image_url"], "https://there/a.png");
    for (role, place) in [("system", "a system message"), ("assistant", "what the model said")] {
        let why = translated(Wire::Chat, Wire::Messages, &chat(role, json!([image]))).unwrap_err();
        assert!(why.contains(&format!("an image in {place}")), "{why}");
    }
    // In what a tool says: where only a text can stand, the image follows as the person's.
    let result = json!({ "type": "tool_result", "tool_use_id": "t", "is_error": true,
        "content": [{ "type": "text", "text": "seen" }, block] });
    let ask = json!({ "model": "m", "max_tokens": 9, "messages": [
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "t", "name": "n", "input": {} }] },
        { "role": "user", "content": [result] },
    ] });
    let there = translated(Wire::Messages, Wire::Chat, &ask).unwrap();
    assert_eq!(there["messages"][1]["content"], "The call failed:\nseen");
    assert_eq!(there["messages"][2], json!({ "role": "user", "content": [image] }));
    let there = translated(Wire::Messages, Wire::Responses, &ask).unwrap();
    assert_eq!(there["input"][1]["output"][2]["image_url"], "https://there/a.png");
}

#[test]
fn a_tool_that_takes_a_text_of_no_form_is_called_with_one() {
    let ask = json!({
        "model": "m",
        "tools": [{ "type": "custom", "name": "apply_patch", "description": "Patches.",
            "format": { "type": "grammar", "syntax": "lark", "definition": "start: PATCH" } }],
        "input": [
            { "type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "*** a" },
            { "type": "custom_tool_call_output", "call_id": "c", "output": "done" },
        ],
    });
    let there = translated(Wire::Responses, Wire::Messages, &ask).unwrap();
    let about = there["tools"][0]["description"].as_str().unwrap();
    assert!(about.contains("Patches.") && about.contains("start: PATCH"), "{about}");
    let called = &there["messages"][0]["content"][0];
    assert_eq!(
        (&called["name"], &called["input"]),
        (&json!("apply_patch"), &json!({ "input": "*** a" }))
    );
    assert_eq!(there["messages"][1]["content"][0]["content"][0]["text"], "done");

    let head = super::head(Wire::Responses, "m", ask.to_string().as_bytes());
    let call = Call {
        id: "d".to_owned(),
        name: "apply_patch".to_owned(),
        arguments: json!({ "input": "*** b\n" }).to_string(),
    };
    let answer = super::Answer { calls: vec![call], ..super::Answer::default() };
    let used = super::Used::default();
    let whole = super::write_answer(Wire::Responses, &answer, &used, &head);
    let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    let item = &whole["output"][0];
    assert_eq!((&item["type"], &item["input"]), (&json!("custom_tool_call"), &json!("*** b\n")));
    let stream = super::Telling::new(Wire::Responses, head, false).whole(answer, &used);
    for part in ["custom_tool_call_input.delta", "custom_tool_call_input.done", r#""*** b\n""#] {
        assert!(stream.contains(part), "{part}: {stream}");
    }
    assert!(!stream.contains("function_call"), "{stream}");
    // What is run by a form that only its provider knows is refused at once.
    for (from, tool) in [
        (Wire::Responses, json!({ "type": "local_shell" })),
        (Wire::Messages, json!({ "type": "bash_20250124", "name": "bash" })),
    ] {
        let ask = json!({ "model": "m", "input": "hi", "messages": [], "tools": [tool] });
        let ask = match from {
            Wire::Messages => json!({ "messages": [], "tools": ask["tools"] }),
            _ => json!({ "input": "hi", "tools": ask["tools"] }),
        };
        let why = translated(from, Wire::Chat, &ask).unwrap_err();
        assert!(why.contains("a tool of type"), "{why}");
    }
}

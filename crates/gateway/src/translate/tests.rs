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
        Just(Form::Schema { name: "answer".to_owned(), schema: json!({ "type": "object" }) }),
    ];
    let more = (choice, form, any::<bool>(), 1..9_999u64, any::<bool>());
    (text(), said(), more).prop_map(|(instructions, said, (choice, form, one, max, streamed))| {
        let (name, about) = ("read".to_owned(), "Reads".to_owned());
        let tool = Tool { name, about, parameters: json!({ "type": "object" }) };
        // Who may call none is told of no order either.
        let parallel = (one && choice != Choice::None).then_some(false);
        Talk {
            instructions,
            said,
            tools: vec![tool],
            choice,
            parallel,
            output_max: Some(max),
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

//! What is told is as the document of the API says: `docs/openapi.json`. Every answer that the
//! other tests look at is held against it, too.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tenfold_desk::Sight;
use tenfold_desk::account;
use tenfold_desk::audit::{AuditAnswer, AuditTerms, audit};
use tenfold_desk::models::models;
use tenfold_desk::plan::{PlanTerms, plan};
use tenfold_desk::prices::level::{LevelTerms, Seen, level};
use tenfold_desk::prices::{self, Filter};
use tenfold_desk::record::{self, record};
use tenfold_desk::role;
use tenfold_desk::score::score;
use tenfold_desk::spending::{self, SpendingTerms, spending};
use tenfold_domain::{
    AccountId, AccountKind, Allowance, AllowanceId, AttemptId, AttemptOutcome, LedgerEvent,
    NanoUsd, Period, Problem, ProblemKind, Progress, Quantity, Timestamp, Totals, Usage,
};
use tenfold_engine::Pasts;
use tenfold_forecast::read::benchmark::Entry;
use tenfold_ledger::Ledger;

use crate::home::{Home, commit, ended, made};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
});

/// Holds an answer against the schema of this name.
#[track_caller]
pub(crate) fn fits(name: &str, answer: &impl Serialize) {
    let answer = serde_json::to_value(answer).unwrap();
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    if let Err(wrong) = differs(&schema, &answer, name) {
        panic!("{wrong}");
    }
}

fn of(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(name) => of(DOCUMENT.pointer(&name[1..]).unwrap()),
        None => schema,
    }
}

/// Where a value is not what a schema says.
fn differs(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = of(schema);
    if let Some(any) = schema.get("oneOf").and_then(Value::as_array) {
        let tried: Vec<String> =
            any.iter().filter_map(|one| differs(one, value, at).err()).collect();
        return match tried.len() < any.len() {
            true => Ok(()),
            false => Err(format!("{at} is none of these: {}", tried.join("; "))),
        };
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => Vec::new(),
        kind => vec![kind.clone()],
    };
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        return Err(format!("{at} is {value}, not {}", schema["type"]));
    }
    let words = schema.get("enum").and_then(Value::as_array);
    if words.is_some_and(|words| !value.is_null() && !words.contains(value)) {
        return Err(format!("{at} is {value}, which is none of {}", schema["enum"]));
    }
    match value {
        Value::Array(all) => of_all(schema, all, at),
        Value::Object(fields) => of_fields(schema, fields, at),
        _ => Ok(()),
    }
}

fn of_all(schema: &Value, all: &[Value], at: &str) -> Result<(), String> {
    if let Some(places) = schema.get("prefixItems").and_then(Value::as_array) {
        assert_eq!(places.len(), all.len(), "{at}");
        return places.iter().zip(all).try_for_each(|(schema, one)| differs(schema, one, at));
    }
    all.iter()
        .enumerate()
        .try_for_each(|(place, one)| differs(&schema["items"], one, &format!("{at}[{place}]")))
}

/// What a schema says of fields: those of all that it is made of.
#[derive(Default)]
struct Fields<'v> {
    known: Map<String, Value>,
    required: Vec<&'v str>,
    others: Option<&'v Value>,
    is_open: bool,
}

impl<'v> Fields<'v> {
    fn take(&mut self, schema: &'v Value) {
        let schema = of(schema);
        for one in schema["allOf"].as_array().into_iter().flatten() {
            self.take(one);
        }
        if let Some(fields) = schema["properties"].as_object() {
            self.known.extend(fields.clone());
        } else if schema.get("allOf").is_none() {
            // An object of which nothing is said.
            self.is_open = true;
        }
        let required = schema["required"].as_array().into_iter().flatten();
        self.required.extend(required.filter_map(Value::as_str));
        self.others = self.others.or(schema.get("additionalProperties"));
    }
}

fn of_fields(schema: &Value, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
    let mut said = Fields::default();
    said.take(schema);
    if let Some(name) = said.required.iter().find(|name| !fields.contains_key(**name)) {
        return Err(format!("{at} has no {name}"));
    }
    fields.iter().try_for_each(|(name, value)| {
        let at = format!("{at}.{name}");
        match (said.known.get(name), said.others) {
            (Some(schema), _) | (None, Some(schema)) => differs(schema, value, &at),
            (None, None) if said.is_open => Ok(()),
            (None, None) => Err(format!("{at} is not in the document")),
        }
    })
}

#[test]
fn what_does_not_fit_is_found() {
    let problem =
        |value: Value| differs(&json!({ "$ref": "#/components/schemas/Problem" }), &value, "");
    assert!(problem(json!({ "kind": "busy", "what": "x" })).is_ok());
    assert!(problem(json!({ "kind": "busy" })).is_err());
    assert!(problem(json!({ "kind": "bored", "what": "x" })).is_err());
    assert!(problem(json!({ "kind": "busy", "what": 1 })).is_err());
    assert!(problem(json!({ "kind": "busy", "what": "x", "advice": "y" })).is_err());
}

#[test]
fn accounts_and_what_was_decided_of_them_fit() {
    let team = AccountId(2);
    let by = "ada".to_owned();
    let terms = |per, each| {
        let most = Quantity::Money(NanoUsd(9));
        Allowance { most, per, carry: 2, each }
    };
    let (kind, name, parent) = (AccountKind::Team, "team".to_owned(), Some(AccountId::DEFAULT));
    let events = [
        LedgerEvent::Opened { account: team, parent, name, kind, by: by.clone() },
        LedgerEvent::Granted {
            allowance: AllowanceId(1),
            account: team,
            terms: terms(Period::Month, true),
            by: by.clone(),
        },
        LedgerEvent::Granted {
            allowance: AllowanceId(2),
            account: team,
            terms: terms(Period::Week, false),
            by,
        },
    ];
    events.iter().for_each(|event| fits("LedgerEvent", event));
    let mut ledger = Ledger::default();
    let root = ledger.open_default().unwrap();
    [root].iter().chain(&events).for_each(|event| ledger.evolve(event));
    let cards = account::cards(&ledger, AccountId::DEFAULT, Timestamp(0));
    assert!(cards.iter().any(|card| !card.allowances.is_empty()));
    assert!(cards.iter().any(|card| !card.each.is_empty()));
    cards.iter().for_each(|card| fits("AccountCard", card));
}

#[test]
fn what_is_told_of_prices_and_of_what_is_claimed_fits() {
    let house = Home::new().house;
    let now = Timestamp(1_780_000_000_000);
    let book = house.prices().unwrap();
    let held = prices::cards(&prices::held(&book, now, &Filter::default()));
    assert!(held.iter().any(|dated| dated.price.usual.is_some()));
    held.iter().for_each(|dated| fits("DatedPrice", dated));
    let entry = |date: &str, dollars| Entry {
        date: date.parse().unwrap(),
        model: format!("of {date}"),
        listed: None,
        quality: 0.6,
        dollars: Some(dollars),
        prompt_per_output: None,
    };
    let dated = ["2024-01-01", "2024-07-01", "2025-01-01", "2025-07-01"];
    let dated = dated.iter().zip([9.0, 3.0, 1.0, 0.4]).map(|(date, dollars)| entry(date, dollars));
    let seen = Seen::Benchmark(dated.collect());
    let task = Some(NanoUsd(2_000_000_000));
    let terms = LevelTerms { seen, task, ..LevelTerms::of(0.5) };
    fits("LevelAnswer", &level(&house, &terms, now).unwrap().answer());
    fits("AuditAnswer", &AuditAnswer::from(&audit(&house, &AuditTerms::default()).unwrap()));
}

#[test]
fn what_is_told_of_a_past_fits() {
    let home = Home::new();
    for number in 0..12 {
        let attempt = home.begin(home.task("before"));
        home.record(match number % 3 {
            0 => vec![ended(attempt, AttemptOutcome::GaveUp)],
            _ => vec![made(attempt, commit('c')), ended(attempt, AttemptOutcome::Finished)],
        });
    }
    home.task("to come");
    let house = &home.house;
    fits(
        "PlanAnswer",
        &plan(house, &Pasts::default(), &PlanTerms::of(NanoUsd(9_000_000_000))).unwrap(),
    );
    let by = [record::By::Role, record::By::Model];
    let rows = record(house, &by, &Sight::ALL).unwrap();
    assert!(!rows.is_empty());
    rows.iter().for_each(|row| fits("RecordRow", row));
    score(house, &Sight::ALL).unwrap().iter().for_each(|row| fits("ScoreRow", row));
    let terms = SpendingTerms { by: vec![spending::By::Model], ..SpendingTerms::default() };
    let nobody = SpendingTerms { under: Some(AccountId(99)), ..terms.clone() };
    let refused = spending(house, &house.ledger().unwrap(), &nobody).unwrap_err();
    assert!(refused.to_string().contains("there is no account #99"), "{refused}");
    let rows = spending(house, &house.ledger().unwrap(), &terms).unwrap();
    rows.iter().for_each(|row| fits("SpendingRow", row));
}

#[test]
fn coworkers_models_and_what_is_said_live_fit() {
    let house = Home::new().house;
    role::all(&house).unwrap().iter().for_each(|one| fits("Coworker", one));
    models(&house).unwrap().iter().for_each(|one| fits("ModelCard", one));
    let attempt: AttemptId = "3.1".parse().unwrap();
    let (usage, cost, wall) = (Usage::default(), NanoUsd(1), tenfold_domain::Millis(2));
    fits(
        "Progress",
        &Progress::Totals(Totals { attempt, candidates: 0, checks: 0, usage, cost, wall }),
    );
    fits("Progress", &Progress::Doing { attempt, what: "reading".to_owned() });
    let problem = Problem::new(ProblemKind::Busy, "somebody is at it");
    fits("Progress", &Progress::Failed { task: attempt.task, problem });
}

//! How much, how often, how many at the same time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tenfold_domain::{Access, AccountId};
use tenfold_server::door::{Rate, Terms};
use tokio::time::Instant;

use super::{Ask, House, PORT};

const TASKS: &str = "/api/v1/tasks";

fn change(body: impl Into<Body>) -> Ask {
    Ask::post(TASKS, body).signed_in("ada")
}

/// A body that does not say how long it is.
fn in_parts(count: usize) -> Body {
    let part = || Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1_024]));
    Body::from_stream(stream::iter((0..count).map(move |_| part())))
}

#[tokio::test]
async fn a_body_has_a_size_said_or_not() {
    let house = House::new();
    assert!(house.ask(change(vec![b'x'; 1 << 20])).await.is_fine());
    assert!(house.ask(change(in_parts(1_024))).await.is_fine());
    assert_eq!(house.ask(change(vec![b'x'; (1 << 20) + 1])).await.status(), 413);
    assert_eq!(house.ask(change(in_parts(1_025))).await.status(), 413);
    let said = change("x").with("content-length", "1048577");
    assert_eq!(house.ask(said).await.status(), 413);
    let sign_in = |body: Body| Ask::post("/api/v1/session", body);
    assert_eq!(house.ask(sign_in(in_parts(5))).await.status(), 413);
    assert_eq!(house.changed(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let house = House::new();
    let never = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let began = Instant::now();
    assert_eq!(house.ask(change(never())).await.status(), 408);
    assert_eq!(house.ask(Ask::post("/api/v1/session", never())).await.status(), 408);
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(house.changed(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_too_often_by_person_and_by_address() {
    let terms = Terms {
        address_rate: Rate { per_second: 10, burst: 30 },
        caller_rate: Rate { per_second: 2, burst: 5 },
        ..Terms::at(PORT)
    };
    let house = House::on(terms);
    house.sign_in("bea", 3, Access::Viewer, AccountId::DEFAULT);
    let ask = |name: &str, address: &str| Ask::get(TASKS).signed_in(name).from(address);
    for _ in 0..5 {
        assert!(house.ask(ask("ada", "10.0.0.1")).await.is_fine());
    }
    let often = house.ask(ask("ada", "10.0.0.2")).await;
    assert_eq!((often.status(), often.header("retry-after")), (429, "1"));
    assert!(house.ask(ask("bea", "10.0.0.1")).await.is_fine());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(house.ask(ask("ada", "10.0.0.1")).await.is_fine());

    for _ in 0..30 {
        house.ask(Ask::get("/").from("10.0.0.3")).await;
    }
    for path in ["/", "/healthz", TASKS] {
        assert_eq!(house.ask(Ask::get(path).from("10.0.0.3")).await.status(), 429, "{path}");
    }
    assert!(house.ask(Ask::get("/").from("10.0.0.4")).await.is_fine());
}

#[tokio::test(start_paused = true)]
async fn passwords_are_not_tried_one_after_another() {
    let house = House::new();
    let sign_in = |name: &'static str| Ask::post("/api/v1/session", name);
    for _ in 0..5 {
        assert_eq!(house.ask(sign_in("ada")).await.status(), 403);
    }
    let often = house.ask(sign_in("ada")).await;
    assert_eq!((often.status(), often.header("retry-after")), (429, "60"));
    assert_eq!(house.ask(sign_in("bea")).await.status(), 403);
    assert_eq!(house.ask(sign_in("ada").from("10.0.0.2")).await.status(), 403);
}

#[tokio::test(start_paused = true)]
async fn each_has_so_many_streams_of_events() {
    let house = House::new();
    house.sign_in("bea", 3, Access::Viewer, AccountId::DEFAULT);
    let events = |name: &str| Ask::get("/api/v1/events").signed_in(name);
    let mut open = Vec::new();
    for _ in 0..8 {
        let answer = house.ask(events("ada")).await;
        assert!(answer.is_fine());
        open.push(answer);
    }
    assert_eq!(house.ask(events("ada")).await.status(), 429);
    assert!(house.ask(events("bea")).await.is_fine());
    open.pop();
    assert!(house.ask(events("ada")).await.is_fine());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_session_it_was_opened_by() {
    let house = House::new();
    house.sign_in("bea", 3, Access::Viewer, AccountId::DEFAULT);
    let events = |name: &str| Ask::get("/api/v1/events").signed_in(name);
    let mut stream = house.ask(events("ada")).await.stream();
    let mut other = house.ask(events("bea")).await.stream();
    for _ in 0..20 {
        assert_eq!(stream.next().await.as_deref(), Some("data: tick\n\n"));
    }
    house.sign_out("ada");
    let began = Instant::now();
    while stream.next().await.is_some() {}
    assert!(began.elapsed() <= Duration::from_secs(5));
    assert!(other.next().await.is_some());
    // What they may see is another thing now: the page has to ask anew.
    house.sign_in("bea", 3, Access::Viewer, super::TEAM);
    while other.next().await.is_some() {}
}

#[tokio::test]
async fn the_same_key_changes_something_once() {
    let house = House::new();
    let with = |key: &str, body: &'static str| change(body).with("idempotency-key", key);
    assert_eq!(house.ask(with("k", "{}")).await.text().await, "change 1");
    let again = house.ask(with("k", "{}")).await;
    assert_eq!(again.header("x-tenfold-joined"), "true");
    assert_eq!(again.text().await, "change 1");
    assert_eq!(house.ask(with("k", "{\"other\":1}")).await.status(), 409);
    assert_eq!(house.ask(with(&"x".repeat(257), "{}")).await.status(), 400);
    assert_eq!(house.ask(change("{}")).await.text().await, "change 2");
    house.sign_in("bea", 3, Access::Operator, AccountId::DEFAULT);
    let hers = with("k", "{}").signed_in("bea");
    assert_eq!(house.ask(hers).await.text().await, "change 3", "a key is somebody's own");
    let elsewhere = Ask::post("/api/v1/nowhere", "{}").signed_in("ada");
    assert_eq!(house.ask(elsewhere.with("idempotency-key", "k")).await.status(), 409);
    house.sign_out("ada");
    assert_eq!(house.ask(with("k", "{}")).await.status(), 401, "kept answers are behind the door");
}

/// Tries to sign in until it is too often, for as many clients as there are heads.
async fn tries(house: &House, address: &str, client: impl Fn(usize) -> String) -> Vec<u16> {
    let mut all = Vec::new();
    for number in 0..8 {
        let ask = Ask::post("/api/v1/session", "ada").from(address);
        let ask = ask.with("x-forwarded-for", &client(number));
        all.push(house.ask(ask).await.status());
    }
    all
}

#[tokio::test]
async fn behind_a_proxy_that_is_believed_each_client_counts_for_itself() {
    let proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let house = House::on(Terms { proxies, ..Terms::at(PORT) });
    let each = |number| format!("203.0.113.7, 192.0.2.{number}");
    assert_eq!(tries(&house, "10.0.0.1", each).await, [403; 8]);
    let same = |number| format!("192.0.2.{number}, 203.0.113.8");
    let mine = tries(&house, "10.0.0.1", same).await;
    assert_eq!(mine, [403, 403, 403, 403, 403, 429, 429, 429], "what they made up is not read");
    // So do requests.
    let rate = Rate { per_second: 1, burst: 2 };
    let proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let house = House::on(Terms { proxies, address_rate: rate, ..Terms::at(PORT) });
    for _ in 0..2 {
        for client in ["192.0.2.1", "192.0.2.2"] {
            let ask = Ask::get("/").from("10.0.0.1").with("x-forwarded-for", client);
            assert!(house.ask(ask).await.is_fine());
        }
    }
    let ask = Ask::get("/").from("10.0.0.1").with("x-forwarded-for", "192.0.2.1");
    assert_eq!(house.ask(ask).await.status(), 429);
}

#[tokio::test]
async fn what_others_say_of_clients_is_not_believed() {
    let proxies = vec!["10.0.0.1/32".parse().unwrap()];
    let believing = House::on(Terms { proxies, ..Terms::at(PORT) });
    for house in [&House::new(), &believing] {
        let each = |number| format!("192.0.2.{number}");
        let all = tries(house, "10.0.0.2", each).await;
        assert_eq!(all, [403, 403, 403, 403, 403, 429, 429, 429]);
    }
    let both = Ask::get("/").from("10.0.0.1").with("x-forwarded-for", "192.0.2.1");
    let both = both.with("forwarded", "for=192.0.2.2");
    assert_eq!(believing.ask(both).await.status(), 400);
}

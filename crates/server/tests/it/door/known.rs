//! Who has to be known, by what, and what each may do.

use std::time::Duration;

use tenfold_domain::{Access, AccountId};
use tenfold_server::door::{Peer, Rate, Secret, Terms};

use super::{Ask, House, PORT, TEAM};

const CLOSED: [&str; 7] = [
    "/api/v1/tasks",
    "/api/v1/session",
    "/api/v1/events",
    "/api/v1/admin",
    "/metrics",
    "/api/v1/nowhere",
    "/api/v2",
];

#[tokio::test]
async fn nobody_comes_in_who_is_not_signed_in_on_loopback_too() {
    let house = House::new();
    for path in CLOSED {
        for address in ["127.0.0.1", "10.0.0.1"] {
            let answer = house.ask(Ask::get(path).from(address)).await;
            assert_eq!(answer.status(), 401, "{path}");
            let change = Ask::post(path, "{}").from(address);
            let status = house.ask(change).await.status();
            // The way to sign in is open; what is in it has to be given.
            assert_eq!(status, if path == "/api/v1/session" { 403 } else { 401 }, "{path}");
        }
    }
    let shown = [
        ("cookie", "tenfold-7100=made-up"),
        ("cookie", "tenfold-7100="),
        ("cookie", "tenfold=ada"),
        ("cookie", "tenfold-7101=ada"),
        ("cookie", "__Host-tenfold-7100=ada"),
        ("cookie", "tenfold-7100=ada; tenfold-7100=eve"),
        ("authorization", "Bearer made-up"),
        ("authorization", "Bearer ada"),
        ("authorization", "Bearer "),
        ("authorization", "Basic token"),
        ("authorization", "token"),
    ];
    for (name, value) in shown {
        let answer = house.ask(Ask::get("/api/v1/tasks").with(name, value)).await;
        assert_eq!(answer.status(), 401, "{value}");
    }
    assert_eq!(house.changed(), 0);
}

#[tokio::test]
async fn no_other_spelling_of_a_path_is_a_way_around() {
    let house = House::new();
    let spellings = [
        "//api/v1/tasks",
        "/%61pi/v1/tasks",
        "/api/v1/tasks/",
        "/api//v1/tasks",
        "/API/v1/tasks",
        "/x/../api/v1/tasks",
        "/api/v1/tasks%3f",
        "/metrics/",
    ];
    for path in spellings {
        let status = house.ask(Ask::get(path)).await.status();
        assert!(status == 401 || status == 404, "{path}: {status}");
        let status = house.ask(Ask::post(path, "{}")).await.status();
        assert!(status == 401 || status == 404, "{path}: {status}");
    }
    assert_eq!(house.changed(), 0);
}

#[tokio::test]
async fn health_is_told_to_everybody_and_nothing_else_is() {
    let house = House::new();
    assert_eq!(house.ask(Ask::get("/healthz")).await.text().await, "ok\n");
    assert_eq!(house.ask(Ask::get("/readyz")).await.status(), 503);
    house.door.set_ready(true);
    assert_eq!(house.ask(Ask::get("/readyz")).await.text().await, "ok\n");
}

#[tokio::test]
async fn a_session_is_looked_up_at_each_request() {
    let house = House::new();
    let ask = || Ask::get("/api/v1/tasks").signed_in("ada");
    assert_eq!(house.ask(ask()).await.text().await, "ada");
    house.sign_in("ada", 2, Access::Admin, AccountId::DEFAULT);
    assert!(house.ask(Ask::get("/api/v1/admin").signed_in("ada")).await.is_fine());
    house.sign_out("ada");
    assert_eq!(house.ask(ask()).await.status(), 401);
}

#[tokio::test]
async fn each_may_do_what_their_access_says_and_no_more() {
    let house = House::new();
    let admin = |name: &str| Ask::get("/api/v1/admin").signed_in(name);
    let metrics = |name: &str| Ask::get("/metrics").signed_in(name);
    house.sign_in("vera", 3, Access::Viewer, AccountId::DEFAULT);
    house.sign_in("tim", 4, Access::Admin, TEAM);
    assert_eq!(house.ask(admin("ada")).await.status(), 403);
    assert_eq!(house.ask(admin("vera")).await.status(), 403);
    assert!(house.ask(admin("tim")).await.is_fine());
    assert!(house.ask(metrics("vera")).await.is_fine());
    assert_eq!(house.ask(metrics("tim")).await.status(), 403, "they are of all accounts");
}

#[tokio::test]
async fn a_token_works_for_its_account_and_decides_of_nothing() {
    let house = House::new();
    let with = |path: &str| Ask::get(path).with("authorization", "Bearer token");
    assert_eq!(house.ask(with("/api/v1/tasks")).await.text().await, "token 'ci'");
    assert_eq!(house.ask(with("/api/v1/admin")).await.status(), 403);
    assert_eq!(house.ask(with("/metrics")).await.status(), 403);
    let change = Ask::post("/api/v1/tasks", "{}").with("authorization", "bearer token");
    assert!(house.ask(change).await.is_fine());
    let (name, value) = ("authorization", "Bearer looks");
    assert!(house.ask(Ask::get("/api/v1/tasks").with(name, value)).await.is_fine());
    assert_eq!(house.ask(Ask::get("/api/v1/work").with(name, value)).await.status(), 403);
    assert!(house.ask(with("/api/v1/work")).await.is_fine(), "one to ask with works");
    // A session beside it does not lend it more.
    house.sign_in("root", 1, Access::Admin, AccountId::DEFAULT);
    assert_eq!(house.ask(with("/api/v1/admin").signed_in("root")).await.status(), 403);
    let wrong = with("/api/v1/tasks").with("authorization", "Bearer x").signed_in("root");
    assert_eq!(house.ask(wrong).await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn who_begins_to_sign_in_too_often_waits_and_others_do_not() {
    let house =
        House::on(Terms { begin_rate: Rate { per_second: 1, burst: 3 }, ..Terms::at(PORT) });
    let [one, other] = [1, 2].map(|last| Peer::new([10, 0, 0, last].into()));
    for _ in 0..3 {
        house.door.begin(one).unwrap();
    }
    assert_eq!(house.door.begin(one).unwrap_err().status().as_u16(), 429);
    house.door.begin(other).unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    house.door.begin(one).unwrap();
}

#[tokio::test]
async fn the_cookie_is_ours_alone_and_no_script_sees_it() {
    let house = House::new();
    let secret = Secret::from("5e".repeat(32));
    let cookie = house.door.cookie(&secret).to_str().unwrap().to_owned();
    let text = secret.text();
    let kept = "Path=/; Max-Age=1209600; HttpOnly; SameSite=Strict";
    assert_eq!(cookie, format!("tenfold-{PORT}={text}; {kept}"));
    let gone = house.door.no_cookie();
    assert!(gone.to_str().unwrap().starts_with("tenfold-7100=; Path=/; Max-Age=0;"));

    // A proxy that encrypts before one that does not.
    let proxied = House::on(Terms { is_reached_by_tls: true, ..Terms::at(PORT) });
    let cookie = proxied.door.cookie(&secret).to_str().unwrap().to_owned();
    assert_eq!(cookie, format!("__Host-tenfold-{PORT}={text}; {kept}; Secure"));

    let house = House::on(Terms { is_tls: true, is_reached_by_tls: true, ..Terms::at(PORT) });
    let cookie = house.door.cookie(&secret).to_str().unwrap().to_owned();
    assert_eq!(cookie, format!("__Host-tenfold-{PORT}={text}; {kept}; Secure"));
    let ask = |cookie: &str| Ask::get("/api/v1/tasks").with("cookie", cookie);
    assert!(house.ask(ask("__Host-tenfold-7100=ada")).await.is_fine());
    assert_eq!(house.ask(ask("tenfold-7100=ada")).await.status(), 401);
    let plain = ask("__Host-tenfold-7100=ada").with("origin", "http://localhost:7100");
    assert_eq!(house.ask(plain).await.status(), 403, "our own page came by TLS");
}

//! Pages of others in the person's own browser, which may send what a browser lets them.

use tenfold_server::door::Terms;

use super::{Ask, House, PORT};

const TASKS: &str = "/api/v1/tasks";

fn tasks() -> Ask {
    Ask::get(TASKS).signed_in("ada")
}

fn change() -> Ask {
    Ask::post(TASKS, "{}").signed_in("ada")
}

#[tokio::test]
async fn a_name_that_is_none_of_ours_is_turned_away_everywhere() {
    let house = House::new();
    let ours = ["localhost:7100", "LOCALHOST:7100", "127.0.0.1:7100", "[::1]:7100"];
    for host in ours {
        assert!(house.ask(tasks().with("host", host)).await.is_fine(), "{host}");
    }
    let others = [
        "evil.example",
        "evil.example:7100",
        "localhost",
        "localhost:7101",
        "localhost:7100.evil.example",
        "localhost.:7100",
        "127.0.0.2:7100",
        "0.0.0.0:7100",
        "",
    ];
    for host in others {
        for path in [TASKS, "/", "/healthz", "/metrics", "/api/v1/events", "/nowhere"] {
            let answer = house.ask(Ask::get(path).signed_in("ada").with("host", host)).await;
            assert_eq!(answer.status(), 421, "{host} {path}");
        }
        assert_eq!(house.ask(change().with("host", host)).await.status(), 421);
    }
    assert_eq!(house.changed(), 0);
}

#[tokio::test]
async fn a_host_that_is_said_twice_or_not_at_all_or_otherwise_in_the_first_line_is_none() {
    let house = House::new();
    let twice = tasks().and("host", "evil.example");
    assert_eq!(house.ask(twice).await.status(), 421);
    assert_eq!(house.ask(tasks().without("host")).await.status(), 421);
    let whole = |host: &str| Ask::get(&format!("http://{host}{TASKS}")).signed_in("ada");
    assert_eq!(house.ask(whole("evil.example")).await.status(), 421);
    assert!(house.ask(whole(&format!("localhost:{PORT}"))).await.is_fine());
}

#[tokio::test]
async fn names_that_were_given_are_ours_with_their_pages() {
    let names = vec!["tenfold.example".to_owned(), "other.example:443".to_owned()];
    let house = House::on(Terms { names, ..Terms::at(PORT) });
    let ours = [
        ("tenfold.example", "https://tenfold.example"),
        ("tenfold.example:7100", "http://tenfold.example:7100"),
        ("other.example:443", "https://other.example:443"),
    ];
    for (host, origin) in ours {
        let ask = change().with("host", host).with("origin", origin);
        assert!(house.ask(ask).await.is_fine(), "{host}");
    }
    for host in ["other.example", "other.example:7100", "x.tenfold.example"] {
        assert_eq!(house.ask(tasks().with("host", host)).await.status(), 421, "{host}");
    }
}

#[tokio::test]
async fn what_a_page_of_another_server_asks_is_refused_on_streams_too() {
    let house = House::new();
    let others = [
        "null",
        "http://evil.example",
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:7100",
        "http://localhost:7100.evil.example",
        "",
    ];
    for origin in others {
        for path in [TASKS, "/api/v1/events", "/", "/healthz"] {
            let answer = house.ask(Ask::get(path).signed_in("ada").with("origin", origin)).await;
            assert_eq!(answer.status(), 403, "{origin} {path}");
        }
        assert_eq!(house.ask(change().with("origin", origin)).await.status(), 403);
        let sign_in = Ask::post("/api/v1/session", "ada").with("origin", origin);
        assert_eq!(house.ask(sign_in).await.status(), 403);
    }
    let ours = "http://localhost:7100";
    let two = change().with("origin", ours).and("origin", "http://evil.example");
    assert_eq!(house.ask(two).await.status(), 403);
    assert_eq!(house.changed(), 0);
    assert!(house.ask(change().with("origin", ours)).await.is_fine());
    assert!(house.ask(change().with("origin", "http://[::1]:7100")).await.is_fine());
}

#[tokio::test]
async fn who_comes_along_a_link_sees_the_page_and_calls_nothing() {
    let house = House::new();
    let along_a_link = |ask: Ask, site: &str| {
        ask.with("sec-fetch-site", site)
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "document")
    };
    for site in ["cross-site", "same-site"] {
        let page = along_a_link(Ask::get("/"), site);
        assert!(house.ask(page).await.is_fine(), "{site}");
        for path in [TASKS, "/api/v1/events", "/metrics", "/api/v1/nowhere"] {
            let call = along_a_link(Ask::get(path).signed_in("ada"), site);
            assert_eq!(house.ask(call).await.status(), 403, "{site} {path}");
        }
        // An image, a script, a frame, a request of a script.
        for (mode, dest) in
            [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("cors", "empty")]
        {
            for path in ["/", "/app.js", TASKS, "/api/v1/events"] {
                let ask = Ask::get(path)
                    .signed_in("ada")
                    .with("sec-fetch-site", site)
                    .with("sec-fetch-mode", mode)
                    .with("sec-fetch-dest", dest);
                assert_eq!(house.ask(ask).await.status(), 403, "{site} {mode} {dest} {path}");
            }
        }
        let form = along_a_link(change(), site);
        assert_eq!(house.ask(form).await.status(), 403);
        assert_eq!(house.ask(change().with("sec-fetch-site", site)).await.status(), 403);
        let sign_in = Ask::post("/api/v1/session", "ada").with("sec-fetch-site", site);
        assert_eq!(house.ask(sign_in).await.status(), 403);
    }
    let two = tasks().with("sec-fetch-site", "none").and("sec-fetch-site", "cross-site");
    assert_eq!(house.ask(two).await.status(), 403);
    assert_eq!(house.changed(), 0);
    for site in ["same-origin", "none"] {
        assert!(house.ask(change().with("sec-fetch-site", site)).await.is_fine());
    }
}

#[tokio::test]
async fn what_changes_something_is_json_and_no_other_method_is_heard() {
    let house = House::new();
    let forms = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "",
    ];
    for form in forms {
        assert_eq!(house.ask(change().with("content-type", form)).await.status(), 415, "{form}");
        let sign_in = Ask::post("/api/v1/session", "ada").with("content-type", form);
        assert_eq!(house.ask(sign_in).await.status(), 415, "{form}");
    }
    assert_eq!(house.ask(change().without("content-type")).await.status(), 415);
    let two = change().and("content-type", "text/plain");
    assert_eq!(house.ask(two).await.status(), 415);
    let delete = || Ask::by("DELETE", "/api/v1/session").signed_in("ada");
    assert_eq!(house.ask(delete()).await.status(), 415);
    for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"] {
        let ask = Ask::by(method, "/api/v1/any").signed_in("ada");
        let ask = ask.with("content-type", "application/json");
        assert_eq!(house.ask(ask).await.status(), 405, "{method}");
    }
    assert_eq!(house.ask(Ask::post("/", "{}")).await.status(), 404);
    for method in ["GET", "HEAD"] {
        let ask = Ask::by(method, TASKS).signed_in("ada").with("content-type", "application/json");
        assert!(house.ask(ask).await.is_fine());
    }
    assert_eq!(house.changed(), 0);
    let json = "Application/JSON; charset=utf-8";
    assert!(house.ask(change().with("content-type", json)).await.is_fine());
    assert!(house.ask(delete().with("content-type", "application/json")).await.is_fine());
    assert_eq!(house.changed(), 2);
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_nothing_of_others() {
    let house = House::new();
    let asks = [
        Ask::get("/"),
        Ask::get("/nowhere"),
        Ask::get("/healthz"),
        Ask::get("/").with("host", "evil.example"),
        Ask::get(TASKS),
        tasks(),
        change().with("content-type", "text/plain"),
        Ask::get("/api/v1/events").signed_in("ada"),
        Ask::by("PATCH", "/"),
    ];
    for ask in asks {
        let what = format!("{} {}", ask.request.method(), ask.request.uri());
        let answer = house.ask(ask).await;
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
            data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
            form-action 'none'; frame-ancestors 'none'";
        assert_eq!(answer.header("content-security-policy"), policy, "{what}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
        // What somebody reads who may: their browser keeps it, and asks whether it still holds.
        let is_read = what == "GET /api/v1/tasks" && answer.is_fine();
        let kept = if is_read { "private, no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), kept, "{what}");
        let lets_others = |name: &str| name.starts_with("access-control-");
        assert!(!answer.headers().keys().any(|name| lets_others(name.as_str())), "{what}");
    }
    let file = house.ask(Ask::get("/app.js")).await;
    assert_eq!(file.header("cache-control"), "max-age=60", "a file of the page may be kept");
}

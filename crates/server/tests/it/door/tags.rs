//! What is read has a tag, and who shows it again is told only that it still holds.

use super::{Ask, House};

const TASKS: &str = "/api/v1/tasks";

fn tasks(tag: &str) -> Ask {
    Ask::get(TASKS).signed_in("ada").with("if-none-match", tag)
}

#[tokio::test]
async fn what_is_known_is_not_told_again_and_what_is_another_is() {
    let house = House::new();
    let first = house.ask(Ask::get(TASKS).signed_in("ada")).await;
    let tag = first.header("etag").to_owned();
    assert!(first.is_fine() && tag.len() == 34 && tag.starts_with('"'), "{tag}");
    assert_eq!(first.text().await, "ada");
    let lists = [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()];
    for known in lists {
        let answer = house.ask(tasks(&known)).await;
        assert_eq!(answer.status(), 304, "{known}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert_eq!(answer.text().await, "");
    }
    for unknown in ["\"other\"", "", "ada"] {
        assert_eq!(house.ask(tasks(unknown)).await.text().await, "ada", "{unknown}");
    }
    house.sign_in("ada", 2, tenfold_domain::Access::Viewer, super::TEAM);
    let head = Ask::by("HEAD", TASKS).signed_in("ada").with("if-none-match", &tag);
    assert!(house.ask(head).await.header("etag").is_empty(), "there is no body to tell it by");
}

#[tokio::test]
async fn no_tag_is_a_way_in() {
    let house = House::new();
    let tag = house.ask(Ask::get(TASKS).signed_in("ada")).await.header("etag").to_owned();
    for known in [&*tag, "*"] {
        let asks = [
            (401, Ask::get(TASKS)),
            (401, Ask::get(TASKS).signed_in("eve")),
            (403, Ask::get("/api/v1/admin").signed_in("ada")),
            (404, Ask::get("/api/v1/nowhere").signed_in("ada")),
        ];
        for (status, ask) in asks {
            let answer = house.ask(ask.with("if-none-match", known)).await;
            assert_eq!(answer.status(), status);
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.header("etag").is_empty());
        }
    }
    let bearer = Ask::get(TASKS).with("authorization", "Bearer token").with("if-none-match", &tag);
    assert_eq!(house.ask(bearer).await.text().await, "token 'ci'", "what they see is another");
}

#[tokio::test]
async fn what_changes_something_and_streams_have_none() {
    let house = House::new();
    for ask in
        [Ask::post(TASKS, "{}").signed_in("ada"), Ask::get("/api/v1/events").signed_in("ada")]
    {
        let answer = house.ask(ask.with("if-none-match", "*")).await;
        assert!(answer.is_fine() && answer.header("etag").is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(house.changed(), 1);
}

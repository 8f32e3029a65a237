//! Links that let somebody in, in a world whose clock is simulated.

use std::sync::Arc;
use std::time::Duration;

use tenfold_engine::EngineError;

use super::life::{Fate, live};
use super::memory;
use super::world::World;

#[test]
fn a_link_is_good_once_and_for_ten_minutes() {
    let folder = tempfile::Builder::new().prefix("s").tempdir_in(memory()).unwrap();
    let world = Arc::new(World::new(folder.path(), 1, false));
    let fate = Fate { deeds: 10, ..Fate::default() };
    live(&world, fate, async |life| {
        let engine = life.open().await.unwrap();
        let is_refused = async |secret: &str| {
            matches!(engine.sign_in_by_link(secret).await, Err(EngineError::People(_)))
        };
        let link = engine.make_link(None).await.unwrap();
        assert!(is_refused("0").await, "nobody made that one");
        let session = engine.sign_in_by_link(&link.secret).await.unwrap();
        assert_ne!(session, link.secret);
        assert!(is_refused(&link.secret).await, "it is used up");

        let [late, last] = [engine.make_link(None).await, engine.make_link(None).await];
        let [late, last] = [late.unwrap().secret, last.unwrap().secret];
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        tokio::time::sleep(minutes(10) - Duration::from_secs(1)).await;
        engine.sign_in_by_link(&last).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(is_refused(&late).await, "ten minutes have gone by");
    });
    assert_eq!(world.state().wrongs, Vec::<String>::new());
}

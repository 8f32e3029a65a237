//! What it costs to start: `cargo test -p tenfold-sandbox --release -- --ignored start_cost
//! --nocapture`. A measurement, not a test: it asserts nothing about time.

use std::time::Instant;

use crate::setup::{Scene, run};

#[tokio::test]
#[ignore = "a measurement"]
async fn start_cost() {
    let mut scene = Scene::new();
    let mut outside = Vec::new();
    let mut inside = Vec::new();
    for _ in 0..50 {
        let job = scene.job("true");
        let begun = Instant::now();
        let exit = run(&job).await;
        outside.push(begun.elapsed().as_secs_f64() * 1_000.0);
        assert!(exit.success());
        inside.push(exit.wall.0);
    }
    outside.sort_by(f64::total_cmp);
    inside.sort_unstable();
    println!(
        "one run of `true`, {}, 50 times: p50 {:.1} ms, p90 {:.1} ms; as the shim counts: p50 {} ms",
        crate::setup::sandbox().tier(),
        outside[25],
        outside[45],
        inside[25]
    );
}

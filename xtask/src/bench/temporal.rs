//! Temporal beside an engine of Tenfold's: its dev server does as many steps, each an activity
//! that returns 1.2 kB. What is measured is in `bench/temporal`, a workspace of its own that takes
//! minutes to build, so that it runs only for who asks for it.

use std::process::Stdio;

use serde_json::Value as Json;

use crate::command::{cargo, output};
use crate::python::Environment;
use crate::trouble::Trouble;
use crate::{house, setup};

/// The most workflows at a time: the server takes minutes for more.
const MOST: u32 = 1_000;

/// A row for each of these sizes, each with a server of its own.
pub(super) fn measure(workflows: &[u32], steps: u32) -> Result<Vec<Json>, Trouble> {
    setup::temporal()?;
    let server = Environment::of_temporal()?.dir().join("bin/temporal");
    let sizes = workflows.iter().filter(|size| **size <= MOST);
    sizes.map(|size| one(&server.to_string_lossy(), *size, steps)).collect()
}

fn one(server: &str, workflows: u32, steps: u32) -> Result<Json, Trouble> {
    eprintln!("fleet: temporal {workflows} {steps}");
    let manifest = house::root().join("bench/temporal/Cargo.toml");
    let mut run = cargo(["run", "--release", "--locked", "--manifest-path"]);
    run.arg(manifest).args(["--", server, &workflows.to_string(), &steps.to_string()]);
    let text = output(run.current_dir(house::root()).stderr(Stdio::inherit()))?;
    serde_json::from_str(&text)
        .map_err(|e| Trouble::failed(format!("Temporal's measurement was not understood: {e}")))
}

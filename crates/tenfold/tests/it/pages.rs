//! The pages: completions, manual, help, and the guides, whose commands are run as they stand.

use std::process::Command;

use serde_json::json;
use tenfold_cli::{Exit, VARIABLES};
use tenfold_test_support::MCP_SERVER;
use tenfold_test_support::http::{HttpModel, Reply};

use crate::ground::Ground;
use crate::hosted::that_mends;

const ACCOUNTS: &str = include_str!("../../../../docs/accounts.md");
const GUIDE: &str = include_str!("../../../../docs/guide.md");
const LONGER_TASKS: &str = include_str!("../../../../docs/longer-tasks.md");
const PAGE: &str = include_str!("../../../../docs/page.md");
const POLICY: &str = include_str!("../../../../docs/policy.md");
const RECORDS: &str = include_str!("../../../../docs/records.md");
const MCP: &str = include_str!("../../../../docs/mcp.md");
const BACKLOG: &str = include_str!("../../../../docs/backlog.md");
const PRICES: &str = include_str!("../../../../docs/prices.md");
const ROLES: &str = include_str!("../../../../docs/roles.md");
const FORECAST: &str = include_str!("../../../../docs/forecast.md");
const EXPORT: &str = include_str!("../../../../docs/export.md");

#[test]
fn completions_and_manual_are_written() {
    let ground = Ground::new();
    for shell in ["bash", "zsh", "fish"] {
        ground.tenfold(&["completions", shell]).expect(0, &["tenfold", "accept"]);
    }
    let dir = ground.path("man");
    ground.tenfold(&["man", dir.to_str().unwrap()]).expect(0, &[]);
    let page = std::fs::read_to_string(dir.join("tenfold.1")).unwrap();
    assert!(page.contains("Exit codes") || page.contains("EXIT"), "{page}");
    assert!(dir.join("tenfold-run.1").exists());
}

#[test]
fn the_guide_has_every_exit_code_and_variable_as_the_program_has_them() {
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(GUIDE.contains(&row), "docs/guide.md lacks: {row}");
    }
    for variable in VARIABLES {
        let row = format!("| `{}` | {} |", variable.name, variable.what);
        assert!(GUIDE.contains(&row), "docs/guide.md lacks: {row}");
    }
}

#[test]
fn every_command_of_the_guide_works() {
    works(GUIDE, "tenfold run", "");
}

#[test]
fn every_command_of_the_page_on_accounts_works() {
    works(ACCOUNTS, "tenfold account give", "");
}

#[test]
fn every_command_of_the_page_on_the_page_works() {
    works(PAGE, "tenfold people change", "");
}

#[test]
fn every_command_of_the_page_on_records_works() {
    works(RECORDS, "tenfold store restore", "");
}

#[test]
fn every_command_of_the_page_on_backlogs_works() {
    works(BACKLOG, "tenfold import", "");
}

#[test]
fn every_command_of_the_page_on_exporting_works() {
    works(EXPORT, "tenfold export", "");
}

#[test]
fn every_command_of_the_page_on_prices_works() {
    works(PRICES, "tenfold prices import", "");
}

#[test]
fn every_command_of_the_page_on_forecasts_works() {
    works(FORECAST, "tenfold plan", "");
}

#[test]
fn every_command_of_the_page_on_roles_works() {
    works(ROLES, "tenfold roles show reader", "");
}

#[test]
fn every_command_of_the_page_on_policies_works() {
    works(POLICY, "tenfold policy test", "");
}

/// With a model that asks where the task says "as we agreed".
#[test]
fn every_command_for_longer_tasks_works() {
    let server = HttpModel::reacting(|request| match request.text() {
        text if text.contains("as we agreed") && !text.contains("The answer:") => {
            Reply::calls([("ask", json!({ "question": "What was agreed?" }))])
        }
        _ => that_mends(request),
    });
    works(LONGER_TASKS, "tenfold answer", &format!("{}/v1", server.url()));
}

#[test]
fn every_command_of_the_page_on_mcp_servers_works() {
    let server = HttpModel::reacting(that_mends);
    works(MCP, "tenfold mcp check", &format!("{}/v1", server.url()));
}

/// All blocks of a page in one shell, in order, in a repository as its reader has one.
fn works(page: &str, shown: &str, model_server: &str) {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("mcp_server.py"), MCP_SERVER).unwrap();
    let mut script = String::from("set -eu\n");
    for block in page.split("```sh run\n").skip(1) {
        script += block.split("```").next().unwrap();
    }
    assert!(script.contains(shown), "the page shows no command");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_tenfold"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let like = ground.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(ground.repo()).env("PATH", path);
    shell.env("MODEL_SERVER", model_server).env("BACKUPS", ground.path(""));
    for (name, value) in like.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{said}");
}

//! `tenfold mcp`: the MCP servers that the person has named, and what they offer when they are
//! started in the sandbox.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;
use tenfold_desk::servers;
use tenfold_domain::{McpServer, McpTalk};
use tenfold_engine::Offered;
use tenfold_sandbox::{ProbeOptions, Sandbox};
use tenfold_workspace::Workspace;

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;

/// List the MCP servers that you have named, and see what they offer
#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    #[command(subcommand)]
    command: McpCommand,
}

#[derive(Debug, Subcommand)]
enum McpCommand {
    /// List the servers in your mcp.toml; nothing is started
    List(Format),
    /// Start a server in the sandbox, without a network, and list the tools that it offers
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The server, as your mcp.toml calls it
    name: String,
    /// The repository or folder whose files it sees
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: McpArgs) -> Result<Exit, Trouble> {
    match args.command {
        McpCommand::List(format) => list(context, format),
        McpCommand::Check(args) => check(context, &args).await,
    }
}

fn list(context: &Context, format: Format) -> Result<Exit, Trouble> {
    let servers = servers::all(&context.house)?;
    if format.json {
        terminal::print_json(&servers)?;
        return Ok(Exit::Done);
    }
    if servers.is_empty() {
        let file = servers::path(&context.house).display().to_string();
        terminal::note(&format!("no MCP server is named; {file} is where to, see docs/mcp.md"));
        return Ok(Exit::Done);
    }
    let cells = |server: &McpServer| {
        let talk = match &server.talk {
            McpTalk::Stdio => "stdio".to_owned(),
            McpTalk::Http { port, path } => format!("http, port {port}, {path}"),
        };
        let tools = match server.tools.is_empty() {
            true => "all".to_owned(),
            false => server.tools.join(", "),
        };
        [&server.name, &talk, &tools, &server.command]
            .map(|cell| one_line(cell, 80).into())
            .to_vec()
    };
    terminal::print(&table(
        &["name", "spoken with by", "tools", "command"],
        servers.iter().map(cells),
    ))?;
    Ok(Exit::Done)
}

async fn check(context: &Context, args: &CheckArgs) -> Result<Exit, Trouble> {
    let server = servers::named(&context.house, std::slice::from_ref(&args.name))?.remove(0);
    let workspace = Workspace::open(&args.repo, &context.house.places.workspaces())?;
    let options = ProbeOptions { allow_below_a: context.allow_tier_b, ..ProbeOptions::default() };
    let sandbox = Sandbox::probe(context.program.path.clone(), options)
        .map_err(|error| Trouble::new(Exit::Missing, error.to_string()))?;
    let redactor = Arc::new(context.redactor()?);
    let dir = tempfile::tempdir().map_err(|error| {
        Trouble::new(Exit::Missing, format!("there is no place to try it: {error}"))
    })?;
    let given = (Arc::new(workspace), Arc::new(sandbox), redactor);
    let (stop, place) = (context.stop()?, dir.path().join("try"));
    let Offered { tools, missing } = tokio::select! {
        offered = tenfold_engine::try_server(&server, given, &place) => offered?,
        () = stop.stopped() => return Ok(Exit::Stopped),
    };
    if args.format.json {
        terminal::print_json(&json!({ "server": server, "tools": tools, "missing": missing }))?;
    } else {
        let cells = |tool: &tenfold_domain::OfferedTool| {
            let kind = if tool.reads { "reads" } else { "" };
            let about = one_line(&tool.spec.about, 90);
            vec![tool.spec.name.as_str().into(), kind.into(), about.into()]
        };
        if !tools.is_empty() {
            terminal::print(&table(
                &["tool", "", "in the server's words"],
                tools.iter().map(cells),
            ))?;
        }
        for missing in &missing {
            terminal::note(&format!("not to be had: {}", visible(missing)));
        }
    }
    Ok(if tools.is_empty() { Exit::Missing } else { Exit::Done })
}

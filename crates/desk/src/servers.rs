//! The MCP servers that a person has named, in `mcp.toml` of their configuration folder. None is
//! used but by a task that names it. A repository names none: it could only name more.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tenfold_domain::{McpServer, McpTalk, Millis};

use crate::defaults::{self, Defaults, McpDefaults};
use crate::{DeskError, House};

/// The person's file, in their configuration folder.
pub const FILE: &str = "mcp.toml";
/// The largest such file that is read.
const BYTES_MAX: u64 = 64 * 1024;
/// The longest name, in bytes: the tools' own names follow it, and all of it has to fit.
const NAME_BYTES_MAX: usize = 20;
/// The most servers that one task may use.
pub const SERVERS_MAX: usize = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    server: Vec<RawServer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawServer {
    name: String,
    command: String,
    /// The address of its endpoint, if it speaks HTTP.
    http: Option<String>,
    #[serde(default)]
    visible: Vec<PathBuf>,
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default, deserialize_with = "defaults::some_time")]
    start_timeout: Option<Millis>,
    #[serde(default, deserialize_with = "defaults::some_time")]
    call_timeout: Option<Millis>,
}

/// Where the person's file is.
pub fn path(house: &House) -> PathBuf {
    house.places.config.join(FILE)
}

/// All that the person has named.
pub fn all(house: &House) -> Result<Vec<McpServer>, DeskError> {
    let path = path(house);
    let mut text = String::new();
    let read = std::fs::File::open(&path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text));
    let wrong = |why: String| {
        DeskError::usage(format!("{} does not read: {why}", path.display()))
            .advise("correct it; docs/mcp.md says what may stand there")
    };
    match read {
        Ok(_) if text.len() as u64 > BYTES_MAX => {
            Err(wrong(format!("it is longer than {} KiB", BYTES_MAX / 1024)))
        }
        Ok(_) => parse(&text, &Defaults::shipped().mcp).map_err(wrong),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Those of these names, in this order.
pub fn named(house: &House, names: &[String]) -> Result<Vec<McpServer>, DeskError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if names.len() > SERVERS_MAX {
        let why = format!("{} MCP servers for one task; {SERVERS_MAX} are the most", names.len());
        return Err(DeskError::usage(why));
    }
    let all = all(house)?;
    let mut found: Vec<McpServer> = Vec::new();
    for name in names {
        let Some(server) = all.iter().find(|server| server.name == *name) else {
            let file = path(house).display().to_string();
            let known: Vec<&str> = all.iter().map(|server| server.name.as_str()).collect();
            let known = match known.is_empty() {
                true => format!("{file} names none"),
                false => format!("{file} names {}", known.join(", ")),
            };
            let what = format!("there is no MCP server '{name}': {known}");
            return Err(DeskError::not_found(what).advise("name it there, as docs/mcp.md shows"));
        };
        if let Some(path) = server.visible.iter().find(|path| !path.exists()) {
            let path = path.display();
            let why = format!("{path}, which the MCP server '{name}' is to see, is not there");
            return Err(DeskError::not_found(why)
                .advise(format!("correct `visible` in {}", self::path(house).display())));
        }
        if !found.contains(server) {
            found.push(server.clone());
        }
    }
    Ok(found)
}

fn parse(text: &str, defaults: &McpDefaults) -> Result<Vec<McpServer>, String> {
    let file: File =
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let mut names = HashSet::new();
    let mut servers = Vec::new();
    for raw in file.server {
        let name = raw.name.clone();
        if !names.insert(name.clone()) {
            return Err(format!("there are two servers '{name}'"));
        }
        servers.push(resolved(raw, defaults).map_err(|why| format!("server '{name}': {why}"))?);
    }
    Ok(servers)
}

fn resolved(raw: RawServer, defaults: &McpDefaults) -> Result<McpServer, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = raw.name.starts_with(|c: char| c.is_ascii_lowercase())
        && raw.name.len() <= NAME_BYTES_MAX
        && raw.name.chars().all(plain);
    if !is_name {
        return Err(format!(
            "a name has at most {NAME_BYTES_MAX} small letters, digits and '-', and begins with a \
             letter"
        ));
    }
    if raw.command.trim().is_empty() {
        return Err("there is no command to start it".to_owned());
    }
    if let Some(path) = raw.visible.iter().find(|path| !is_whole(path)) {
        return Err(format!("{} is not an absolute path without '..'", path.display()));
    }
    let talk = raw.http.as_deref().map_or(Ok(McpTalk::Stdio), http)?;
    Ok(McpServer {
        name: raw.name,
        command: raw.command,
        talk,
        visible: raw.visible,
        tools: raw.tools,
        start_timeout: raw.start_timeout.unwrap_or(defaults.start_timeout),
        call_timeout: raw.call_timeout.unwrap_or(defaults.call_timeout),
    })
}

fn is_whole(path: &Path) -> bool {
    use std::path::Component::{Normal, RootDir};
    path.is_absolute() && path.components().all(|part| matches!(part, RootDir | Normal(_)))
}

/// Reads `http://127.0.0.1:PORT/path`, the one place where a server in a sandbox can listen.
fn http(address: &str) -> Result<McpTalk, String> {
    let wrong = || {
        format!(
            "'{address}' is not where a server in the sandbox listens: that is \
             http://127.0.0.1:PORT/PATH"
        )
    };
    let rest = address.strip_prefix("http://127.0.0.1:").ok_or_else(wrong)?;
    let (port, path) = rest.split_once('/').unwrap_or((rest, ""));
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
    if !path.chars().all(|c| c.is_ascii_graphic()) {
        return Err(wrong());
    }
    Ok(McpTalk::Http { port, path: format!("/{path}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defaults::Defaults;

    fn read(text: &str) -> Result<Vec<McpServer>, String> {
        parse(text, &Defaults::shipped().mcp)
    }

    #[test]
    fn servers_are_read_and_what_is_left_out_is_filled_in() {
        let text = "[[server]]\nname = 'docs'\ncommand = 'docs-mcp'\n\
                    [[server]]\nname = 'web-2'\ncommand = 'web --port 9'\n\
                    http = 'http://127.0.0.1:9/mcp'\nvisible = ['/opt/web']\ntools = ['find']\n\
                    call-timeout = '90s'\n";
        let servers = read(text).unwrap();
        assert_eq!(
            (servers[0].talk.clone(), servers[0].start_timeout),
            (McpTalk::Stdio, Millis(30_000))
        );
        let http = McpTalk::Http { port: 9, path: "/mcp".into() };
        assert_eq!((servers[1].talk.clone(), servers[1].call_timeout), (http, Millis(90_000)));
        assert_eq!(servers[1].visible, [PathBuf::from("/opt/web")]);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_server() {
        for (text, said) in [
            ("name = 'Docs'\ncommand = 'x'", "server 'Docs': a name has"),
            ("name = 'a__b'\ncommand = 'x'", "a name has"),
            ("name = 'd'\ncommand = ' '", "no command"),
            ("name = 'd'\ncommand = 'x'\nhttp = 'http://example.org/mcp'", "not where a server"),
            ("name = 'd'\ncommand = 'x'\nhttp = 'http://127.0.0.1:99999/'", "not where a server"),
            ("name = 'd'\ncommand = 'x'\nvisible = ['../x']", "not an absolute path"),
            ("name = 'd'\ncommand = 'x'\ncomand = 'y'", "comand"),
            ("name = 'd'\ncommand = 'x'\ncall-timeout = 'soon'", "not a length of time"),
            ("name = 'd'\ncommand = 'x'\n[[server]]\nname = 'd'\ncommand = 'x'", "two servers 'd'"),
        ] {
            let why = read(&format!("[[server]]\n{text}\n")).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
    }
}

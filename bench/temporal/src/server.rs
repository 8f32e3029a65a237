//! Temporal's dev server as a child of this process.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions};
use url::Url;

use crate::Failure;

/// How often it is tried to speak to it, and how long between.
const TRIES: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(100);

/// The server. Dropped, it is ended, and its file is gone.
pub struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    /// Starts it on a port that is free.
    pub fn start(program: &str) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            .args([
                "server",
                "start-dev",
                "--headless",
                "--ip",
                "127.0.0.1",
                "--log-level",
                "error",
            ])
            .args(["--port", &port.to_string(), "--db-filename"])
            .arg(folder.path().join("temporal.db"))
            .env("HOME", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program} could not be started: {error}"))?;
        Ok(Self { child, port, folder })
    }

    /// Speaks to it, once it listens.
    pub async fn client(&self) -> Result<Client, Failure> {
        let address = Url::parse(&format!("http://127.0.0.1:{}", self.port))?;
        let mut tried = 0;
        let connection = loop {
            match Connection::connect(ConnectionOptions::new(address.clone()).build()).await {
                Ok(connection) => break connection,
                Err(why) if tried == TRIES => return Err(why.into()),
                Err(_) => tokio::time::sleep(BETWEEN).await,
            }
            tried += 1;
        };
        Ok(Client::new(connection, ClientOptions::new("default").build())?)
    }

    /// What its file takes, in bytes.
    pub fn disk(&self) -> u64 {
        let files = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|of| of.len()).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

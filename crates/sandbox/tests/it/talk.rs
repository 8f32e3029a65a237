//! A command that is spoken with while it runs: by its standard input and output, and by what it
//! listens on in its own network.

use tenfold_sandbox::{Dialer, End, Exit, Line, Talk};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{oneshot, watch};

use crate::setup::{Scene, alive, mark, sandbox, text};

/// Runs a command; whoever speaks with it ends it by returning.
async fn spoken_with<S: AsyncFnOnce(Line)>(command: &str, talk: Talk, speak: S) -> Exit {
    let mut scene = Scene::new();
    let job = scene.job(command);
    let (stop, cancel) = watch::channel(false);
    let (send, line) = oneshot::channel();
    let speaking = async {
        speak(line.await.unwrap()).await;
        stop.send(true).unwrap();
    };
    let run = sandbox().run_spoken_with(&job, None, (talk, send), &cancel);
    tokio::join!(run, speaking).0.unwrap()
}

#[tokio::test]
async fn its_input_and_output_are_the_line_and_its_errors_are_kept() {
    let mark = mark();
    let command = format!(
        "echo to-the-log >&2; read a; echo \"got $a\"; read b; echo \"and $b\"; sleep {mark}"
    );
    let exit = spoken_with(&command, Talk::Standard, async |line| {
        let Line::Standard(mut line) = line else { panic!("{line:?}") };
        line.write_all(b"one\n").await.unwrap();
        let mut heard = [0; 8];
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"got one\n");
        line.write_all(b"two\n").await.unwrap();
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"and two\n");
    })
    .await;
    assert_eq!(exit.end, End::Cancelled);
    assert_eq!(text(&exit), "to-the-log\n");
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn a_command_that_ends_closes_the_line() {
    let exit = spoken_with("echo bye; exec >&-; exit 3", Talk::Standard, async |line| {
        let Line::Standard(mut line) = line else { panic!("{line:?}") };
        let mut heard = String::new();
        line.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "bye\n");
    })
    .await;
    assert!(matches!(exit.end, End::Code(3) | End::Cancelled), "{}", exit.end);
}

/// Answers each connection with what it was told, and closes it.
const SERVER: &str = r#"python3 -c '
import socket
listening = socket.create_server(("127.0.0.1", PORT))
while True:
    there, _ = listening.accept()
    there.sendall(b"heard " + there.recv(100))
    there.close()
'"#;

async fn ask(dialer: &Dialer, said: &str, port: u16) -> std::io::Result<String> {
    let (mut ours, theirs) = tokio::io::duplex(100);
    let speak = async {
        ours.write_all(said.as_bytes()).await?;
        let mut heard = String::new();
        ours.read_to_string(&mut heard).await?;
        ours.shutdown().await?;
        Ok::<_, std::io::Error>(heard)
    };
    let (carried, heard) = tokio::join!(dialer.carry(theirs, port), speak);
    carried.and(heard)
}

#[tokio::test]
async fn what_it_listens_on_is_reached_in_its_own_network() {
    // The same port is taken on this machine, by somebody who never answers.
    let outside = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = outside.local_addr().unwrap().port();
    let server = SERVER.replace("PORT", &port.to_string());
    let exit = spoken_with(&server, Talk::Network, async |line| {
        let Line::Network(dialer) = line else { panic!("{line:?}") };
        // More often than there are sockets.
        for turn in 0..40 {
            let said = format!("turn {turn}");
            assert_eq!(ask(&dialer, &said, port).await.unwrap(), format!("heard {said}"));
        }
    })
    .await;
    assert_eq!(exit.end, End::Cancelled);
}

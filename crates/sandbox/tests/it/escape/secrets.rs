//! Rows 30 to 32: a person's secrets, and the sockets of programs that act for them.

use std::fs::{self, Permissions};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use tenfold_sandbox::Toolchains;

use super::{bubblewrap, held, holds, not_here, open_scene, quoted, reached, unconfined};
use crate::setup::mark;

#[tokio::test]
async fn r30_keys_in_the_home() {
    let mut scene = open_scene();
    let home = scene.path("home");
    let secrets = [
        ".ssh/id_ed25519",
        ".aws/credentials",
        ".docker/config.json",
        ".kube/config",
        ".gnupg/private-keys-v1.d/key",
        ".local/share/keyrings/login.keyring",
        ".config/gh/hosts.yml",
        ".cargo/credentials.toml",
        ".npmrc",
        ".netrc",
        ".git-credentials",
    ];
    for secret in secrets {
        let path = home.join(secret);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "canary").unwrap();
    }
    // Programs beside the secrets, in the person's search path.
    let mut programs = vec![home.clone()];
    for dir in [".ssh/bin", ".cargo/bin", ".local/bin", ".config", ".docker/bin"] {
        fs::create_dir_all(home.join(dir)).unwrap();
        fs::write(home.join(dir).join("tool"), "").unwrap();
        programs.push(home.join(dir));
    }
    let path = std::env::join_paths(programs).unwrap();
    let env = [("HOME".into(), home.clone().into()), ("PATH".into(), path)];
    scene.toolchains = Toolchains::find(env, &scene.path("layer"));
    scene.toolchains.env.clear();
    scene.toolchains.env.push(("PATH".to_owned(), "/usr/bin:/bin".to_owned()));
    let attack: String = secrets
        .iter()
        .map(|secret| {
            let path = quoted(&home.join(secret));
            format!("grep -q canary {path} ~/{secret} 2>/dev/null && echo reached {secret}\n")
        })
        .collect();
    holds(&mut scene, secrets.len(), &attack).await;
}

#[tokio::test]
async fn r30_cloud_metadata() {
    let mut scene = open_scene();
    not_here(30, "cloud metadata", "no such service answers here; the wall is that of row 40");
    let attack = "bash -c 'exec 3<>/dev/tcp/169.254.169.254/80' 2>&1 | grep -qi unreachable \
                  || echo reached\necho tried";
    held(&mut scene, attack).await;
}

/// A program that connects to a socket, given by path or by abstract name.
const CONNECT: &str = r#"use Socket;
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
my $to = $ARGV[0]; $to =~ s/^@/\0/;
print "reached $ARGV[0]\n" if connect($s, pack_sockaddr_un($to));
"#;

/// Whether somebody connected since this was last asked.
fn visited(listener: &UnixListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}

#[tokio::test]
async fn r31_sockets_of_docker_dbus_agents_and_tmux() {
    let mut scene = open_scene();
    if !fs::exists("/usr/bin/perl").unwrap() {
        return not_here(31, "sockets", "there is no /usr/bin/perl, by which they are tried");
    }
    fs::write(scene.path("layer/connect.pl"), CONNECT).unwrap();
    let mut listeners = Vec::new();
    let mut attack = String::new();
    for name in ["docker.sock", "bus", "agent.1", "default"] {
        let path = scene.path(name);
        listeners.push(UnixListener::bind(&path).unwrap());
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        attack.push_str(&format!("perl connect.pl {}\n", quoted(&path)));
    }
    attack.push_str("echo tried");
    // A namespace of the network alone does not stop them.
    let layer = scene.path("layer");
    let flags = ["--unshare-net", "--chdir", layer.to_str().unwrap()];
    assert_eq!(reached(&bubblewrap(&flags, &attack).stdout), 4, "the control");
    assert!(listeners.iter().all(visited), "the control");
    held(&mut scene, &attack).await;
    let usual = "for s in /run/docker.sock /var/run/docker.sock /run/dbus/system_bus_socket \
                 /run/user/*/bus /tmp/tmux-*/default /tmp/ssh-*/agent.* \"$SSH_AUTH_SOCK\" \
                 \"$DBUS_SESSION_BUS_ADDRESS\" \"$DOCKER_HOST\" \"$TMUX\"; do \
                 test -e \"$s\" && echo reached \"$s\"; done\necho tried";
    held(&mut scene, usual).await;
    assert!(!listeners.iter().any(visited));
}

#[tokio::test]
async fn r32_abstract_sockets() {
    let mut scene = open_scene();
    if !fs::exists("/usr/bin/perl").unwrap() {
        return not_here(32, "abstract sockets", "there is no /usr/bin/perl to try them with");
    }
    fs::write(scene.path("layer/connect.pl"), CONNECT).unwrap();
    let name = format!("tenfold-{}", mark());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let attack = format!("perl connect.pl @{name}; echo tried");
    assert_eq!(reached(&unconfined(&scene, &attack).stdout), 1, "the control");
    assert!(visited(&listener), "the control");
    held(&mut scene, &attack).await;
    assert!(!visited(&listener));
}

//! Rows 27 to 29, 33, 34 and 38: other processes, what they hold, and powers over the machine.

use std::fs;
use std::process::{Command, Stdio};

use nix::libc;
use tenfold_sandbox::Bind;

use super::{again, bubblewrap, held, holds, is_root, not_here, open_scene, reached, unconfined};
use crate::setup::{Scene, alive, mark, outside, run, text};

/// A program of system calls, which the attack then runs with perl; false if there is no perl.
fn perl(scene: &Scene, row: u8, program: &str) -> bool {
    fs::write(scene.path("layer/attack.pl"), program).unwrap();
    let there = fs::exists("/usr/bin/perl").unwrap();
    if !there {
        not_here(row, "system calls", "there is no /usr/bin/perl, by which they are made");
    }
    there
}

#[tokio::test]
async fn r27_environment_through_proc() {
    const CANARY: &str = "canary-in-the-environment";
    let name = "escape::processes::r27_environment_through_proc";
    if again(name, &|mut command| command.env("TENFOLD_TEST_KEY", CANARY).output().unwrap()) {
        return;
    }
    let look = format!(
        "for of in /proc/[0-9]*/environ; do \
         tr '\\0' '\\n' < $of 2>/dev/null | grep -q {CANARY} && echo reached by $of; done\n\
         echo tried"
    );
    // An environment that is cleared for the command alone is still that of bubblewrap.
    let flags = ["--clearenv", "--unshare-pid", "--proc", "/proc"];
    let control = bubblewrap(&flags, &look);
    assert!(reached(&control.stdout) >= 1, "the control");
    let mut scene = open_scene();
    held(&mut scene, &look).await;
    let mut job = scene.job("env; echo tried");
    job.env = vec![("GIVEN".to_owned(), "this one".to_owned())];
    let seen = text(&run(&job).await);
    let mut names: Vec<_> = seen.lines().filter_map(|line| line.split_once('=')).collect();
    names.retain(|(name, _)| !matches!(*name, "PWD" | "OLDPWD" | "SHLVL" | "_"));
    names.sort_unstable();
    assert_eq!(names, [("GIVEN", "this one"), ("HOME", "/home/tenfold"), ("TMPDIR", "/tmp")]);
}

#[tokio::test]
async fn r28_memory_and_descriptors_of_other_processes() {
    let mut scene = open_scene();
    let program = format!(
        r#"$| = 1;
my $held = "canary in memory";
my $child = fork();
if (!$child) {{ open(my $file, "<", "below"); sleep 3600; exit 0; }}
my $seen = "." x 6;
my $local = pack("JJ", unpack("J", pack("p", $seen)), 6);
my $remote = pack("JJ", unpack("J", pack("p", $held)), 6);
syscall({readv}, $child, $local, 1, $remote, 1, 0);
print "reached by process_vm_readv\n" if $seen eq "canary";
my $handle = syscall({open}, $child, 0);
my $taken = syscall({getfd}, $handle, 1, 0);
print "reached by pidfd_getfd\n" if $handle >= 0 && $taken >= 0;
print "reached by ptrace\n" if syscall({ptrace}, 16, $child, 0, 0) == 0;
kill 9, $child;
"#,
        readv = libc::SYS_process_vm_readv,
        open = libc::SYS_pidfd_open,
        getfd = libc::SYS_pidfd_getfd,
        ptrace = libc::SYS_ptrace,
    );
    if perl(&scene, 28, &program) {
        let control = unconfined(&scene, "perl attack.pl; echo tried");
        let before = reached(&control.stdout);
        if before < 3 {
            not_here(28, "all three system calls", "this machine restricts ptrace by itself");
        }
        held(&mut scene, "perl attack.pl; echo tried").await;
    }
    // Processes of the host are not to be seen, nor to be signalled.
    let mark = mark();
    let mut other = Command::new("sleep").arg(&mark).stdout(Stdio::null()).spawn().unwrap();
    let look = format!(
        "grep -qa {mark} /proc/{0}/cmdline 2>/dev/null && echo reached\necho tried",
        other.id()
    );
    let control = outside(&look, &scene.path(""));
    let inside = scene.run(&look).await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(reached(&control.stdout), 1, "the control");
    assert_eq!(reached(&inside.output), 0, "{}", text(&inside));
}

#[tokio::test]
async fn r29_inherited_descriptors() {
    let name = "escape::processes::r29_inherited_descriptors";
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "canary").unwrap();
    // The engine was started with a descriptor open, by a shell that forgot it.
    let with_descriptor = |command: Command| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "exec 9<\"$1\"; shift; exec \"$@\"", "sh"]).arg(&secret);
        shell.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        shell.output().unwrap()
    };
    if again(name, &with_descriptor) {
        return;
    }
    let look = "for of in /proc/[0-9]*/fd/[3-9] /proc/[0-9]*/fd/[1-9][0-9]; do \
                grep -qa -e canary -e ro-bind $of 2>/dev/null && echo reached by $of; done\n\
                grep -q canary <&9 && echo reached\necho tried";
    let look = look.replace("grep -q canary <&9", "(grep -q canary <&9) 2>/dev/null");
    let control = outside("grep -q canary <&9 && echo reached\necho tried", "/".as_ref());
    assert_eq!(reached(&control.stdout), 1, "the control");
    let mut scene = open_scene();
    // The shell itself fails at a descriptor that is not there, so it is asked apart.
    held(&mut scene, &look).await;
    let exit = scene.run("ls /proc/self/fd; tr '\\0' ' ' < /proc/1/cmdline").await;
    let seen = text(&exit);
    // 3 is the listing's own.
    assert!(seen.starts_with("0\n1\n2\n3\n") && !seen.contains("4\n"), "{seen}");
    assert!(!seen.contains("upper"), "{seen}");
}

#[tokio::test]
async fn r33_typing_at_a_terminal() {
    let mut scene = open_scene();
    let program = r#"$| = 1;
my ($key, $paste) = ("x", "\x02");
print "\nreached by TIOCSTI\n" if ioctl(STDIN, 0x5412, $key);
print "\nreached by TIOCLINUX\n" if ioctl(STDIN, 0x541C, $paste);
"#;
    if !perl(&scene, 33, program) {
        return;
    }
    // A terminal of its own, so that the same is tried inside and outside.
    let attack = "script -qec 'perl attack.pl' /dev/null < /dev/null | tr -d '\\r'\necho tried";
    let control = outside(attack, &scene.path("layer"));
    if reached(&control.stdout) == 0 {
        not_here(33, "TIOCSTI", "this kernel refuses it by itself (dev.tty.legacy_tiocsti)");
    }
    not_here(33, "TIOCLINUX", "it needs a virtual console, and there is none");
    held(&mut scene, attack).await;
    // And there is no terminal of the host's to type at.
    let attack = "(: < /dev/tty) 2>/dev/null && echo reached\necho tried";
    let inner = format!("script -qec \"{}\" /dev/null < /dev/null", attack.replace('\n', "; "));
    let control = outside(&format!("{inner} | tr -d '\\r'"), &scene.path(""));
    assert_eq!(reached(&control.stdout), 1, "the control");
    held(&mut scene, attack).await;
}

#[tokio::test]
async fn r34_nested_user_namespaces() {
    let mut scene = open_scene();
    let attack = "unshare -U true 2>/dev/null && echo reached by unshare\n\
                  unshare -Urm sh -c 'mount -t tmpfs x /mnt' 2>/dev/null && echo reached by mount";
    let allowed = unconfined(&scene, "unshare -U true && echo reached; echo tried");
    if reached(&allowed.stdout) == 0 {
        not_here(34, "user namespaces", "this machine refuses them to its users by itself");
        held(&mut scene, &format!("{attack}\necho tried")).await;
        return;
    }
    holds(&mut scene, 2, attack).await;
}

#[tokio::test]
async fn r34_remounting_what_is_read_only() {
    let mut scene = open_scene();
    let shown = scene.path("shown");
    fs::create_dir(&shown).unwrap();
    let file = shown.join("file");
    fs::write(&file, "as it was").unwrap();
    let attack = format!(
        "mount -o remount,rw,bind {0} 2>/dev/null\n\
         (echo changed > {0}/file) 2>/dev/null && echo reached\necho tried",
        shown.display()
    );
    if is_root() {
        let place = shown.to_str().unwrap();
        // As uid 0 bubblewrap leaves all capabilities, and a read-only bind is no wall.
        let control = bubblewrap(&["--ro-bind", place, place], &attack);
        assert_eq!(reached(&control.stdout), 1, "the control");
        assert_eq!(fs::read_to_string(&file).unwrap(), "changed\n", "the control");
        fs::write(&file, "as it was").unwrap();
    } else {
        not_here(34, "remounts", "only root's bubblewrap leaves the power, so no control");
    }
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut job = scene.job(&attack);
    job.binds.push(Bind::same(&shown));
    let exit = run(&job).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    assert_eq!(fs::read_to_string(&file).unwrap(), "as it was");
    let powers = scene
        .run("grep -e CapEff -e CapPrm -e CapBnd -e CapAmb -e NoNewPrivs -e Seccomp: /proc/self/status; id -u")
        .await;
    let seen = text(&powers);
    for power in ["CapEff", "CapPrm", "CapBnd", "CapAmb"] {
        assert!(seen.contains(&format!("{power}:\t0000000000000000")), "{seen}");
    }
    assert!(seen.contains("NoNewPrivs:\t1") && seen.contains("Seccomp:\t2"), "{seen}");
    assert!(!seen.lines().any(|line| line == "0"), "{seen}");
}

#[tokio::test]
async fn r34_wide_parts_of_the_kernel() {
    let mut scene = open_scene();
    let program = format!(
        r#"$| = 1;
my $params = "\0" x 120;
print "reached io_uring\n" if syscall({ring}, 4, $params) >= 0;
print "reached AF_ALG\n" if socket(my $s, 38, 5, 0);
print "reached AF_PACKET in a socket\n" if socket(my $p, 17, 3, 0);
my ($type, $about, $payload) = ("user", "tenfold-canary", "canary");
print "reached the keyring\n" if syscall({key}, $type, $about, $payload, 6, -2) > 0;
"#,
        ring = libc::SYS_io_uring_setup,
        key = libc::SYS_add_key,
    );
    if !perl(&scene, 34, &program) {
        return;
    }
    // Root may do most of these, so the control is not as the sandbox's user.
    let control = outside("perl attack.pl; echo tried", &scene.path("layer"));
    let said = String::from_utf8_lossy(&control.stdout).into_owned();
    for part in ["io_uring", "AF_ALG", "AF_PACKET", "the keyring"] {
        if !said.contains(part) {
            not_here(34, part, "this kernel, or this user's lack of power, refuses it by itself");
        }
    }
    assert!(reached(&control.stdout) >= 1, "the control: {said}");
    held(&mut scene, "perl attack.pl; echo tried").await;
}

#[tokio::test]
async fn r38_a_daemon_that_outlives_its_task() {
    let mut scene = open_scene();
    let daemon = |mark: &str| {
        format!(
            "setsid sh -c 'sleep {mark} & sleep {mark} & echo $! > started; wait' \
             >/dev/null 2>&1 </dev/null &\n\
             while ! test -s started; do :; done\nrm started\necho tried"
        )
    };
    let outside_mark = mark();
    let control = unconfined(&scene, &daemon(&outside_mark));
    assert_eq!(reached(&control.stdout), 0);
    let left = alive(&outside_mark);
    outside(
        &format!(
            "for p in /proc/[0-9]*; do grep -qa 'sleep.{outside_mark}' $p/cmdline \
             2>/dev/null && kill ${{p#/proc/}}; done; true"
        ),
        &scene.path(""),
    );
    assert!(left >= 2, "the control: {left}");
    let mark = mark();
    let exit = scene.run(&daemon(&mark)).await;
    assert!(exit.success(), "{}", text(&exit));
    assert_eq!(alive(&mark), 0);
}

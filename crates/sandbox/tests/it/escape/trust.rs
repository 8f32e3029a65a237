//! Rows 24 to 26: code that is trusted later, or by its name.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tenfold_sandbox::Bind;

use super::{not_here, open_scene, quoted, reached, unconfined};
use crate::setup::{outside, run, text};

#[tokio::test]
async fn r24_interpreter_swap_in_a_virtual_environment() {
    let mut scene = open_scene();
    let (secret, venv) = (scene.path("secret"), scene.path("venv"));
    fs::create_dir_all(venv.join("bin")).unwrap();
    let honest = "#!/bin/sh\necho honest\n";
    let evil = format!("#!/bin/sh\necho changed > {}\n", quoted(&secret));
    fs::write(scene.path("layer/evil"), evil).unwrap();
    let interpreter = venv.join("bin/python");
    let prepare = || {
        fs::write(&interpreter, honest).unwrap();
        fs::set_permissions(&interpreter, Permissions::from_mode(0o777)).unwrap();
        for dir in ["venv", "venv/bin"] {
            fs::set_permissions(scene.path(dir), Permissions::from_mode(0o777)).unwrap();
        }
    };
    prepare();
    let swap = |place: &str| {
        format!(
            "cp evil {place}/bin/python && echo reached by writing\n\
             cp evil new && chmod 755 new && mv -f new {place}/bin/python && echo reached by moving\n\
             echo tried"
        )
    };
    let control = unconfined(&scene, &swap(&quoted(&venv)));
    assert_eq!(reached(&control.stdout), 2, "{}", String::from_utf8_lossy(&control.stderr));
    outside(&quoted(&interpreter), &scene.path(""));
    assert_eq!(fs::read_to_string(&secret).unwrap(), "changed\n", "the control");
    fs::write(&secret, "canary").unwrap();
    fs::remove_file(&interpreter).unwrap();
    prepare();

    for dest in [scene.at().join(".venv"), venv.clone()] {
        let mut job = scene.job(&swap(&quoted(&dest)));
        job.binds.push(Bind { source: venv.clone(), dest });
        let exit = run(&job).await;
        assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    }
    assert_eq!(fs::read_to_string(&interpreter).unwrap(), honest);
}

#[tokio::test]
async fn r25_code_that_runs_when_a_project_is_built_or_tested() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    let layer = scene.path("layer");
    let code = format!("open({:?}, 'w').write('changed')\n", secret.to_str().unwrap());
    fs::write(layer.join("conftest.py"), &code).unwrap();
    fs::write(layer.join("postinstall.sh"), format!("echo changed > {}\n", quoted(&secret)))
        .unwrap();
    let pickle = format!("cbuiltins\nexec\n(V{}\ntR.", code.trim_end().replace('\\', "\\\\"));
    fs::write(layer.join("data.pickle"), pickle).unwrap();
    let mut attacks = vec!["sh postinstall.sh; echo tried"];
    if fs::exists("/usr/bin/python3").unwrap() {
        attacks.push("/usr/bin/python3 -B -c 'import conftest'; echo tried");
        attacks.push(
            "/usr/bin/python3 -c 'import pickle; pickle.load(open(\"data.pickle\", \"rb\"))'; \
             echo tried",
        );
    } else {
        not_here(25, "conftest.py and pickles", "there is no python3 in /usr/bin");
    }
    for attack in attacks {
        unconfined(&scene, attack);
        assert_eq!(fs::read_to_string(&secret).unwrap().trim(), "changed", "the control: {attack}");
        fs::write(&secret, "canary").unwrap();
        let exit = scene.run(attack).await;
        assert_eq!(reached(&exit.output), 0);
        assert_eq!(fs::read_to_string(&secret).unwrap(), "canary", "{attack}: {}", text(&exit));
    }
}

/// What a list of allowed commands looks at.
fn is_allowed(command: &str) -> bool {
    ["cat ", "git ", "find "].iter().any(|word| command.starts_with(word))
}

#[tokio::test]
async fn r26_chains_of_allowed_commands() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    let to = quoted(&secret);
    for attack in [
        format!("cat below; echo changed > {to}"),
        format!("cat below > /dev/null && echo changed > {to}"),
        format!("cat \"$(echo changed > {to})\" below"),
        format!("find . -maxdepth 0 -exec sh -c 'echo changed > \"$1\"' sh {to} ';'"),
        format!("git -c alias.x='!echo changed > \"$0\"' x {to}; echo changed > {to}"),
    ] {
        assert!(is_allowed(&attack));
        unconfined(&scene, &attack);
        let found = fs::read_to_string(&secret).unwrap();
        assert!(found.starts_with("changed"), "the control: {attack}");
        fs::write(&secret, "canary").unwrap();
        let exit = scene.run(&format!("{attack}\necho; echo tried")).await;
        assert_eq!(reached(&exit.output), 0);
        assert_eq!(fs::read_to_string(&secret).unwrap(), "canary", "{attack}");
    }
}

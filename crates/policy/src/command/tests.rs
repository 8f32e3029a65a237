//! What is found in a line of shell, however it is dressed up.

use proptest::prelude::*;

use super::*;

fn parts(line: &str) -> Vec<String> {
    split(line).iter().map(Part::to_string).collect()
}

fn could_mean(pattern: &str, line: &str) -> bool {
    let pattern = CommandPattern::new(pattern).unwrap();
    split(line).iter().any(|part| pattern.could_mean(part))
}

fn all_start_with(pattern: &str, line: &str) -> bool {
    let pattern = CommandPattern::new(pattern).unwrap();
    split(line).iter().all(|part| pattern.is_start_of(part))
}

#[test]
fn a_line_is_cut_into_what_the_shell_does() {
    for (line, expected) in [
        ("", &[][..]),
        ("# only words", &[]),
        ("make && cargo test", &["make", "cargo test"]),
        ("a;b|c&d\ne", &["a", "b", "c", "d", "e"]),
        ("(cd x && make)", &["cd x", "make"]),
        ("if make; then echo ok; fi", &["make", "echo ok"]),
        ("f() { rm x; }; f", &["f", "rm x", "f"]),
        ("A=1 B= make", &["A=1", "B=", "make"]),
        ("make 2>&1 >/dev/null", &["make"]),
        ("make > out 2>> err", &["> out", "> err", "make"]),
        ("make &> log && ls", &["make", "> log", "ls"]),
        ("echo $(date) `id`", &["date", "id", "echo … …"]),
        ("echo \"$(date)\"", &["date", "echo …"]),
        ("echo '$(date)' \\$(", &["echo $(date) $"]),
        ("diff <(sort a) <(sort b)", &["sort a", "sort b", "diff … …"]),
        ("cat <<EOF\nrm x\n$(id)\nEOF\nls", &["cat", "id", "ls"]),
        ("cat <<'EOF'\nit's $(id)\nEOF\nls", &["cat", "ls"]),
        ("cat <<-E\n\tx\n\tE\nls", &["cat", "ls"]),
        ("echo a\\\nb", &["echo ab"]),
        ("ls *.rs [a-z]?", &["ls ….rs …"]),
        ("[ -f x ] && [[ -d y ]]", &["[ -f x ]", "[[ -d y ]]"]),
        ("echo ${x:-$(id)}", &["id", "echo …"]),
        ("echo a#b ''#c # d", &["echo a#b #c"]),
        ("sh -c 'make; ls'", &["make", "ls", "-c make", "sh -c make; ls"]),
    ] {
        let mut found = parts(line);
        found.sort_unstable();
        found.dedup();
        let mut expected: Vec<_> = expected.iter().map(|part| (*part).to_owned()).collect();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn what_can_not_be_cut_could_be_anything() {
    for line in [
        "echo 'open",
        "echo \"open",
        "echo $(open",
        "echo `open",
        "echo ${open",
        "cat <<EOF\nno end",
        "cat <<$X\nx\n",
        "cat > ",
        "cat <<EOF",
        "echo $((1<<2))",
        "((1<<2))\nrm x\n2",
        "(\\\n(1<<2))\nrm x\n2",
        "cat <<\\\n-E\n\tE\nrm x\n-E",
        "a[1<<2]=3\nrm x\n2]=3",
        "echo $'a\\'; rm x; #'",
        "echo ${ rm x; }",
        "echo $(case x in x) rm x;; esac)",
        "cat <<EOF $(\nx\nEOF\n)",
        "cat <<EOF\nx\\\nEOF\nrm x\nEOF",
        "alias x=rm; x y",
        "echo rm x | sh",
        "echo rm x | sh -s a",
        "sh /dev/stdin",
        "sh -c \"$X\"",
        "eval $X",
        "$X",
        "{rm,x}",
        "echo x | xargs -I% % y",
        "echo rm | xargs env",
        "env -S'rm x'",
        "env -S\"rm $X\"",
    ] {
        assert!(could_mean("anything at all", line), "{line}");
        assert!(!all_start_with("*", line), "{line}");
    }
    let deep = "$(".repeat(100) + "rm" + &")".repeat(100);
    assert!(could_mean("anything", &format!("echo {deep}")));
    assert!(could_mean("anything", &"x".repeat(100_000)));
    assert!(could_mean("anything", &"x;".repeat(2_000)));
}

#[test]
fn a_pattern_that_holds_back_is_found_behind_any_dress() {
    for line in [
        "git push",
        "git -C dir push origin",
        "/usr/bin/git push",
        "~/bin/git push",
        "g\"i\"t pu\\sh",
        "'git' 'push'",
        "git \\\n  push",
        "git $SUB",
        "git \"$SUB\"",
        "$GIT push",
        "git p*",
        "git{,} push",
        ">log git push",
        "2>&1 git push",
        "git &> log push",
        "true &> log git push",
        "git &\\\n> log push",
        "git$x\\\ny push",
        "GIT_DIR=x git push",
        "env -i A=b git push",
        "sudo -u root nice -n 5 git push",
        "find . -exec git push {} \\;",
        "echo push | xargs git",
        "xargs -n 1 timeout 5 git push",
        "eval 'git ' 'push'",
        "bash -lc 'cd x && git push'",
        "sh -c 'git \"$@\"' sh push",
        "su -c'git push' me",
        "ssh localhost git push",
        "true & git push",
        "! git push",
        "while git push; do :; done",
        "case x in x) git push;; esac",
        "function f { git push; }",
        "echo ${X:-`git push`}",
        "a=(1 2); git push",
        "\\\n# '\ngit push\n#'",
        "i\\\nf git push; then :; fi",
    ] {
        assert!(could_mean("git push", line), "{line}: {:?}", parts(line));
    }
}

#[test]
fn a_pattern_that_holds_back_passes_over_what_is_something_else() {
    for line in [
        "git status",
        "git commit -m 'git push is next'",
        "echo git push",
        "cat <<'EOF'\ngit push\nEOF",
        "grep -r 'git push' src/*.rs",
        "# git push",
        "digit push",
        "git pushed",
        "make push # git",
        "find . -name '*.rs' | xargs wc -l",
        "python3 -c 'print(1)' > out.txt",
        "for f in *.txt; do wc \"$f\"; done",
        "push git",
    ] {
        assert!(!could_mean("git push", line), "{line}: {:?}", parts(line));
    }
}

#[test]
fn a_pattern_that_lets_go_takes_every_part_at_its_word() {
    for line in
        ["cargo test", "cargo test -p x --quiet", "cargo test && cargo test", "cargo 'test'"]
    {
        assert!(all_start_with("cargo test", line), "{line}");
    }
    for line in [
        "cargo test; rm x",
        "cargo test $(rm x)",
        "cargo +nightly test",
        "./cargo test",
        "cargo $X",
        "cargo t*t",
        "PATH=. cargo test",
        "cargo test > ~/.profile",
        "env cargo test",
        "sh -c 'cargo test'",
        "cargo test 'open",
        "cargo testament",
        "xargs cargo test",
    ] {
        assert!(!all_start_with("cargo test", line), "{line}: {:?}", parts(line));
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Ways to have a shell run a line that do not look like the line.
const DRESSES: &[fn(&str) -> String] = &[
    |line| format!("A=b {line}"),
    |line| format!("env A=b {line}"),
    |line| format!("sudo -u root -- {line}"),
    |line| format!("xargs -n 1 {line}"),
    |line| format!("nohup nice -n 5 {line}"),
    |line| format!("sh -c {}", quoted(line)),
    |line| format!("/bin/bash -lc {}", quoted(line)),
    |line| format!("eval {}", quoted(line)),
    |line| format!("sudo env sh -c {} sh x", quoted(line)),
    |line| format!("( {line} )"),
    |line| format!("{{ {line}; }}"),
    |line| format!("echo $({line})"),
    |line| format!("echo \"a $({line}) b\""),
    |line| format!("echo `{}`", line.replace('\\', "\\\\").replace('`', "\\`").replace('$', "\\$")),
    |line| format!("true && {line}"),
    |line| format!("false || {line} || false"),
    |line| format!("echo a | {line}"),
    |line| format!("sleep 1 & {line} &"),
    |line| format!("echo 'a ) \" `' # it's\n{line}\necho b"),
    |line| format!("if {line}; then :; fi"),
    |line| format!("for x in a b; do {line}; done"),
    |line| format!("f() {{ {line}; }}; f"),
    |line| format!("> out {line} 2>&1"),
    |line| format!("cat <<EOF\n$({line})\nEOF"),
    |line| format!("cat <<'X'\nit's\nX\n{line}"),
    |line| format!("cat <<-Y\n\tit's\n\tY\n{line}"),
    |line| format!("diff <({line}) x"),
    |line| format!("echo ${{x:-$({line})}}"),
    |line| format!("\\\n{line}"),
];

/// Ways to write one word.
const SPELLINGS: &[fn(&str) -> String] = &[
    |word| word.to_owned(),
    |word| format!("'{word}'"),
    |word| format!("\"{word}\""),
    |word| format!("\\{word}"),
    |word| format!("{}''{}", &word[..1], &word[1..]),
    |word| format!("{}\"{}\"", &word[..1], &word[1..]),
    |word| format!("{}\\\n{}", &word[..1], &word[1..]),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_denied_command_is_found_under_any_dresses(
        dresses in prop::collection::vec(prop::sample::select(DRESSES), 0..5),
        name in prop::sample::select(SPELLINGS),
        argument in prop::sample::select(SPELLINGS),
        path in prop::sample::select(&["", "/bin/", "../x/"][..]),
    ) {
        let line = format!("{path}{} {}", name("git"), argument("push"));
        let line = dresses.iter().fold(line, |line, dress| dress(&line));
        prop_assert!(could_mean("git push", &line), "{line}");
        prop_assert!(!all_start_with("echo", &line));
    }

    #[test]
    fn no_line_is_too_odd(line in "[ \ta-c'\"`$(){}\\[\\]<>|&;#=*~!\\\\\n0-9-]{0,60}|.{0,60}") {
        for part in split(&line) {
            let _ = CommandPattern::new("a b").unwrap().could_mean(&part);
        }
    }

    /// What allows is never wider than what holds back.
    #[test]
    fn what_lets_go_is_narrower_than_what_holds_back(
        line in "[ a-c'\"`$(){}<>|&;=\n-]{0,30}",
        pattern in "[a-c*?]{1,3}( [a-c*?]{1,2})?",
    ) {
        let pattern = CommandPattern::new(&pattern).unwrap();
        for part in split(&line).iter().filter(|part| pattern.is_start_of(part)) {
            prop_assert!(pattern.could_mean(part), "{line}: {part}");
        }
    }
}

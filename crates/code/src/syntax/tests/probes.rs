//! Where probes stand.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

#[test]
fn probes_stand_before_what_runs_and_move_no_line() {
    let text = r##"
const fn never(x: u32) -> u32 { let y = x; y }
static S: [u32; { 1 + 1 }] = [{ 3 }, 4];
fn f(x: u32) -> u32 {
    #[allow(unused)]
    let q = 3;
    fn inner() {}
    match x {
        0 => 1,
        1 => { 2 }
        _ => return &q,
    }
}
fn e(x: Option<u32>) -> u32 {
    if x.is_none() {
        1
    } else if let Some(2) = x {
        3
    } else if x == Some(4) { 5 } else { 6 }
}
mod a {
    mod b { fn g() { (|| { h!({ 1 }) })() } }
}"##;
    let probed = Syntax::read(Language::Rust, text).probed("src/\"x\".rs").unwrap();
    let (own, module) = probed.split_once("\n#[allow(warnings").unwrap();
    assert_eq!(own.lines().count(), text.lines().count());
    let changed: Vec<&str> = own
        .lines()
        .zip(text.lines())
        .filter(|(probed, line)| probed != line)
        .map(|(probed, _)| probed.trim())
        .collect();
    expect![[r#"
        __tenfold_probe::hit(8);match x {
        0 => {__tenfold_probe::hit(9);1},
        1 => {__tenfold_probe::hit(10); __tenfold_probe::hit(10);2 }
        _ => {__tenfold_probe::hit(11);return &q},
        __tenfold_probe::hit(15);if x.is_none() {
        __tenfold_probe::hit(16);1
        } else {__tenfold_probe::hit(17);if let Some(2) = x {
        __tenfold_probe::hit(18);3
        } else {__tenfold_probe::hit(19);if x == Some(4) { __tenfold_probe::hit(19);5 } else { __tenfold_probe::hit(19);6 }}}
        mod b { fn g() { super::super::__tenfold_probe::hit(22);(|| { super::super::__tenfold_probe::hit(22);h!({ 1 }) })() } }"#]].assert_eq(&changed.join("\n"));
    assert!(module.contains(r#"PATH: &'static str = "src/\"x\".rs";"#));
    assert_eq!(Syntax::read(Language::Rust, &probed).errors(), 0);
    assert_eq!(Syntax::read(Language::Rust, "const A: u32 = 1;").probed("a.rs"), None);
    assert_eq!(Syntax::read(Language::Python, "a = 1").probed("a.py"), None);
}

proptest! {
    #[test]
    fn no_text_panics_the_probes(text in "(fn f|\\{|\\}|=>|match x|;|mod a|#\\[a\\]|\\PC| ){0,16}") {
        let _ = Syntax::read(Language::Rust, &text).probed("a.rs");
    }
}

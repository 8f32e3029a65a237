//! What is read of small texts in each language.

mod functions;
mod pieces;
mod probes;

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_no_code_is_counted() {
    let count = |language, text| Syntax::read(language, text).errors();
    for good in [
        "def f():\n    if x: return 1\n    return 2\n",
        "def f():\n    # a\n    x = 1; y = 2\n    for i in x:\n        break\n    else:\n        pass\n",
        "match x:\n    case 1:\n        pass\n    case _:\n        pass\n",
        "class A:\n    x = 1\n\n    def f(self):\n        return [\n1,\n  2]\n",
        "try:\n    pass\nexcept (A, B) as e:\n    raise X from e\nfinally:\n    pass\n",
        "",
    ] {
        assert_eq!(count(Language::Python, good), 0, "{good}");
    }
    for bad in [
        "def f(:\n    pass\n",
        "def f():\nx = 1\n",
        "if x:\n    a = 1\n      b = 2\n",
        "if x:\n        a = 1\n    b = 2\n",
        "return 1\n",
        "class A:\n    return 1\n",
        "if x:\n    break\n",
        "for x in y:\n    def f():\n        continue\n",
        "print x\n",
        "x = (1\n",
        "    x = 1\ny = 2\n",
    ] {
        assert!(count(Language::Python, bad) > 0, "{bad}");
    }
    assert_eq!(count(Language::Rust, "fn f() -> u32 { 1 }"), 0);
    assert!(count(Language::Rust, "fn f() -> u32 { 1 + }") > 0);
    assert!(count(Language::Go, "package a\nfunc f( {}\n") > 0);
    assert!(count(Language::Java, "class A { void f() { int x = ; } }") > 0);
    assert!(count(Language::TypeScript, "const x: = 1;") > 0);
}

#[test]
fn a_statement_is_pointless_if_nothing_comes_of_it() {
    for (language, text, pointless) in [
        (Language::Python, "def f(a):\n    \"\"\"Doc.\"\"\"\n    a\n    a.b[1] == 2\n    -1\n", 3),
        (Language::Python, "f()\na = b\na < f()\na += 1\n...\nyield a\n[f() for f in a]\n'a'\n", 0),
        (Language::Rust, "fn f(a: u8) -> u8 { a; a < 2; self.b; f(); a += 1; a.g()?; a }", 3),
        (
            Language::JavaScript,
            "'use strict'; a; a.b < 1; f(a); a = b; a++; delete a.b; await a;",
            2,
        ),
        (Language::TypeScript, "this.a; new A(); a!;", 1),
        (Language::Go, "package p\nfunc f(a int) { a; a.b < 1; f(a); a = 1; a++; <-a }", 2),
        (Language::Java, "class A { void f(int a) { f(a); a = 1; a++; new A(); } }", 0),
    ] {
        assert_eq!(Syntax::read(language, text).pointless(), pointless, "{text}");
    }
}

#[test]
fn comments_and_format_do_not_change_what_code_is() {
    let same = |language, a: &str, b: &str| {
        Syntax::read(language, a).canonical() == Syntax::read(language, b).canonical()
    };
    let python = "def f(a):\n    if a:\n        b = 1\n    return g(a, b)\n";
    for (other, equal) in [
        (
            "def f( a ):  # x\n  \"\"\"Doc.\"\"\"\n  if a:\n\n     b=1\n  return g(\n    a,\n  b,\n)",
            true,
        ),
        ("def f(a):\n    if a: b = 1\n    return g(a, b)\n", true),
        ("def f(a):\n    if a:\n        b = 1\n        return g(a, b)\n", false),
        ("def f(a):\n    if a:\n        b = 2\n    return g(a, b)\n", false),
        ("def f(a):\n    \"a\"\n    'b'\n    if a:\n        b = 1\n    return g(a, b)\n", false),
    ] {
        assert_eq!(same(Language::Python, python, other), equal, "{other}");
    }
    assert!(!same(Language::Python, "x = 'a  b'", "x = 'a b'"));
    assert!(!same(Language::Python, "x = (1,)", "x = (1)"));
    assert!(!same(Language::Python, "x = f'{a}'", "x = f'{a} '"));
    assert!(!same(Language::Python, "x = a b", "x = ab"));
    let rust = "fn f() { g(1, \"a\"); } // x";
    assert!(same(
        Language::Rust,
        rust,
        "/// Doc.\nfn f() {\n    g(\n        1, \"a\",\n    );\n}\n"
    ));
    assert!(!same(Language::Rust, rust, "fn f() { g(1, \"b\"); }"));
    assert!(same(Language::Rust, "fn f() { g(10_u8);; }", "fn f() { g(1_0u8); }"));
    assert!(!same(Language::Rust, "fn f() { g(a_b); }", "fn f() { g(ab); }"));
    assert!(!same(Language::JavaScript, "for (; a;) b()", "for (a;;) b()"));
    assert!(!same(Language::JavaScript, "x = `a ${b}`", "x = `a  ${b}`"));
    assert!(same(Language::Go, "package a\nvar x = 1 // b\n", "package a\n\nvar x  = 1\n"));
}

#[test]
fn a_very_deep_text_is_read_without_running_out_of_stack() {
    let deep = format!("x = {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let syntax = Syntax::read(Language::Python, &deep);
    syntax.canonical();
    syntax.functions();
    syntax.statements(0..9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_panics(text in "(def |class |fn |if |else|\\{|\\}|\\(|\\)|:|\n|    |\"|'|#|//|ä|[a-z0-9]|[ =+.;@]|\\PC){0,80}") {
        for language in Language::ALL {
            let syntax = Syntax::read(language, &text);
            for function in syntax.functions() {
                prop_assert!(text.get(function.bytes).is_some());
            }
            syntax.errors();
            syntax.canonical();
            let statements = syntax.statements(0..100);
            prop_assert!(statements.windows(2).all(|pair| pair[0].end <= pair[1].start));
            for line in 0..4 {
                for range in syntax.expressions(line) {
                    prop_assert!(text.get(range).is_some());
                }
            }
            syntax.uses();
            syntax.names(1..3);
            syntax.imports();
        }
    }
}

#[test]
fn a_changed_text_reads_like_a_new_one() {
    let text = "class A:\n    def f(self, x):\n        return [x for y in x]\n\n\nü = 'é'\n";
    let syntax = Syntax::read(Language::Python, text);
    for (from, to) in [
        ("[x for", "[y for"),
        ("    def f", "    def longer_name"),
        ("        return [x for y in x]\n", ""),
        ("self, x", "self"),
        ("'é'", "'e'"),
        ("class A:\n", ""),
        ("return", "if ("),
    ] {
        let other = text.replacen(from, to, 1);
        let (changed, new) = (syntax.changed(&other), Syntax::read(Language::Python, &other));
        assert_eq!(changed.errors() > 0, new.errors() > 0, "{other}");
        if new.errors() == 0 {
            assert_eq!(changed.canonical(), new.canonical(), "{other}");
            assert_eq!(changed.functions(), new.functions(), "{other}");
        }
    }
}

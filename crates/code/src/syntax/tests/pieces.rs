//! Statements, expressions and names of small texts in each language.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;

fn check_statements(language: Language, text: &str, expected: &Expect) {
    let syntax = Syntax::read(language, text);
    let mut shown = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for range in syntax.statements(0..u32::MAX) {
        let text = lines[range.start as usize..range.end as usize].join(" ⏎ ");
        writeln!(shown, "{range:?} {}", text.trim()).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn python_statements() {
    let text = "def f(\n    a,\n):\n    \"\"\"Doc.\"\"\"\n    # c\n\n    x = g(\n        a,\n    )\n    \
                if x and (\n        a):\n        return 1\n\n    elif a: b = 2\n    else:\n        \
                # d\n        while x: x -= 1\n    return [i\n            for i in x]\n";
    check_statements(
        Language::Python,
        text,
        &expect![[r#"
            0..3 def f( ⏎     a, ⏎ ):
            6..9 x = g( ⏎         a, ⏎     )
            9..11 if x and ( ⏎         a):
            11..12 return 1
            13..14 elif a: b = 2
            16..17 while x: x -= 1
            17..19 return [i ⏎             for i in x]
        "#]],
    );
}

#[test]
fn rust_statements() {
    let text = "fn f(a: u32) -> u32 {\n    let x = if a > 1 {\n        2\n    } else if a == 0 {\n        \
                3\n    } else {\n        4\n    };\n    let y = v\n        .iter()\n        .map(|i| {\n            \
                i + 1\n        })\n        .sum();\n    match x {\n        1 => y,\n        _ => {\n            x\n        \
                }\n    }\n}\n";
    check_statements(
        Language::Rust,
        text,
        &expect![[r#"
            0..1 fn f(a: u32) -> u32 {
            1..2 let x = if a > 1 {
            2..3 2
            3..4 } else if a == 0 {
            4..5 3
            6..7 4
            8..11 let y = v ⏎         .iter() ⏎         .map(|i| {
            11..12 i + 1
            12..14 }) ⏎         .sum();
            14..15 match x {
            15..16 1 => y,
            16..17 _ => {
            17..18 x
        "#]],
    );
}

#[test]
fn statements_of_the_other_languages() {
    let java = "class A {\n  int f(int a) {\n    for (int i = 0; i < a; i++) {\n      a += i;\n    }\n    \
                try {\n      g();\n    } catch (E e) {\n      return 1;\n    }\n    switch (a) {\n      \
                case 1:\n        return 2;\n    }\n    return a;\n  }\n}\n";
    check_statements(
        Language::Java,
        java,
        &expect![[r#"
            0..1 class A {
            1..2 int f(int a) {
            2..3 for (int i = 0; i < a; i++) {
            3..4 a += i;
            6..7 g();
            7..8 } catch (E e) {
            8..9 return 1;
            10..11 switch (a) {
            11..12 case 1:
            12..13 return 2;
            14..15 return a;
        "#]],
    );
    let go = "package a\n\nfunc f(a int) int {\n\tif x := g(a); x > 1 {\n\t\treturn x\n\t}\n\tswitch a {\n\t\
              case 1:\n\t\treturn 2\n\t}\n\treturn a\n}\n";
    check_statements(
        Language::Go,
        go,
        &expect![[r#"
            0..1 package a
            2..3 func f(a int) int {
            3..4 if x := g(a); x > 1 {
            4..5 return x
            6..7 switch a {
            7..8 case 1:
            8..9 return 2
            10..11 return a
        "#]],
    );
    let script = "const f = (a) => {\n  if (a) return 1;\n  switch (a) {\n    case 1:\n      b();\n  }\n  \
                  return {\n    a,\n  };\n};\n";
    check_statements(
        Language::TypeScript,
        script,
        &expect![[r#"
            0..1 const f = (a) => {
            1..2 if (a) return 1;
            2..3 switch (a) {
            3..4 case 1:
            4..5 b();
            6..9 return { ⏎     a, ⏎   };
        "#]],
    );
}

fn check_expressions(language: Language, text: &str, line: u32, expected: &Expect) {
    let found = Syntax::read(language, text).expressions(line);
    let shown: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn expressions_worth_replacing_in_python() {
    check_expressions(
        Language::Python,
        "x = 1\nwhile low <= high - 1 and not f(a, key=b[0]):\n    pass\n",
        1,
        &expect![[r#"
            low <= high - 1 and not f(a, key=b[0])
            not f(a, key=b[0])
            low <= high - 1
            f(a, key=b[0])
            high - 1
            key=b[0]
            high
            b[0]
            low
            and
            not
            <=
            -
            1
            f
            a
            b
            0"#]],
    );
}

#[test]
fn expressions_worth_replacing_in_rust() {
    check_expressions(
        Language::Rust,
        "fn f() {\n    let x = v[i + 1].max(&y) as u32;\n}\n",
        1,
        &expect![[r#"
            v[i + 1].max(&y) as u32
            v[i + 1].max(&y)
            v[i + 1].max
            v[i + 1]
            i + 1
            max
            &y
            v
            i
            +
            1
            y"#]],
    );
}

#[test]
fn expressions_worth_replacing_in_javascript() {
    check_expressions(
        Language::JavaScript,
        "return a === b ? c : !d;\n",
        0,
        &expect![[r#"
            a === b ? c : !d
            a === b
            ===
            !d
            a
            b
            c
            !
            d"#]],
    );
}

#[test]
fn expressions_worth_replacing_in_go() {
    check_expressions(
        Language::Go,
        "package a\nvar x = f(1) + 2\n",
        1,
        &expect![[r#"
            f(1) + 2
            f(1)
            f
            1
            +
            2"#]],
    );
}

#[test]
fn expressions_worth_replacing_in_java() {
    check_expressions(
        Language::Java,
        "class A { int x = b > 1 ? c : d; }",
        0,
        &expect![[r#"
            b > 1 ? c : d
            b > 1
            b
            >
            1
            c
            d"#]],
    );
}

#[test]
fn names_uses_and_imports() {
    use Use::{Called, Member, Path, Value, Whole};
    let text = "import os\nfrom a import (\n    b,\n)\n\n@wraps(f)\ndef g(x):\n    return os.path.join(h(x), b[0](y))\n";
    let syntax = Syntax::read(Language::Python, text);
    assert_eq!(syntax.imports(), [0..1, 1..4]);
    assert_eq!(syntax.names(7..8), ["os", "path", "join", "h", "x", "b", "y"]);
    let uses = syntax.uses();
    for used in [("wraps", Called), ("join", Called), ("h", Called), ("path", Member)] {
        assert!(uses.contains(&used), "{used:?}: {uses:?}");
    }
    assert!(!uses.contains(&("x", Called)) && uses.contains(&("x", Value)));
    let text = "use a::b;\nfn f() { a::b::<u32>(c.d(1)); vec![e.0..=e.g]; h != i }\n";
    let rust = Syntax::read(Language::Rust, text);
    assert_eq!(rust.imports(), vec![0..1; 1]);
    let uses = [
        ("a", Path),
        ("b", Value),
        ("b", Called),
        ("c", Whole),
        ("d", Called),
        ("e", Whole),
        ("f", Called),
        ("g", Member),
        ("h", Value),
        ("i", Value),
        ("u32", Value),
        ("vec", Called),
    ];
    assert_eq!(rust.uses().into_iter().collect::<Vec<_>>(), uses);
}

#[test]
fn holes_are_blocks_without_a_statement() {
    let holes = |language, text| Syntax::read(language, text).holes(0..100);
    let rust = "fn f() {\n    if a {\n    }\n    for b in c {\n        // later\n    }\n    g(|| {});\n}\n";
    assert_eq!(holes(Language::Rust, rust), [2..2, 5..5]);
    let python = "def f():\n    if a:\n        pass\n    else:\n        pass\n    return 1\n";
    assert_eq!(holes(Language::Python, python), [2..3, 4..5]);
    let script = "if (a) {\n}\nwhile (b) { c(); }\nfor (;;) {\n}\n";
    assert_eq!(holes(Language::JavaScript, script), [1..1, 4..4]);
}

#[test]
fn a_name_that_is_set_and_not_used_is_idle() {
    let idle = |language, text: &str| {
        let names = Syntax::read(language, text).idle(0..u32::MAX);
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let python = "def f(self, a, b=g, *rest, c: int = 0, _d=1, **more):\n    x = y = a\n    \
                  for i, j in x:\n        with open(j) as h, b.l:\n            self.k = i\n    \
                  m, (n, o) = h(m=1)\n    return y, o\n";
    assert_eq!(idle(Language::Python, python), ["rest", "c", "more", "n"]);
    let rust =
        "fn f(a: T, b: U) -> V { let (c, d) = g(a); let e = |h, i| h; match c { Some(j) => k } }";
    assert_eq!(idle(Language::Rust, rust), ["b", "d", "e", "i"]);
    let script =
        "function f(a, { b }, c = 1) { const d = a, [e, g] = h(); for (const i of d) j(e); }";
    assert_eq!(idle(Language::JavaScript, script), ["c", "g", "i"]);
    let go = "package p\nfunc f(a int, b T) { c, d := g(a)\n for i, v := range d { h(v) } }";
    assert_eq!(idle(Language::Go, go), ["b", "c", "i"]);
    let java = "class A { void f(int a, T b) { int c = a, d = 1; g(d); for (int i : b) h(); } }";
    assert_eq!(idle(Language::Java, java), ["c"]);
}

//! What is read of small texts in each language.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check_functions(language: Language, text: &str, expected: &Expect) {
    let mut shown = String::new();
    for function in Syntax::read(language, text).functions() {
        let Function { qualified, lines, header, body, doc, stub, is_test, .. } = function;
        write!(shown, "{qualified} {lines:?} header {header:?} body {body:?}").unwrap();
        if let Some(doc) = doc {
            write!(shown, " doc {doc:?}").unwrap();
        }
        let flags = [(stub, " stub"), (is_test, " test")];
        flags.iter().filter(|(set, _)| *set).for_each(|(_, word)| shown.push_str(word));
        shown.push('\n');
    }
    expected.assert_eq(&shown);
}

#[test]
fn python_functions() {
    let text = r#"import x

class Box:
    """A box."""

    @property
    @cached(1,
            2)
    def first(
        self,
    ) -> int:
        """The first.

        Of all.
        """
        def inner(a): return a

        return inner(self.items[0])

    async def later(self):
        # not yet
        raise NotImplementedError("later")

def stub():
    """Only said."""
    ...

def test_it():
    assert Box()
"#;
    check_functions(
        Language::Python,
        text,
        &expect![[r#"
            Box.first 5..18 header 8..11 body 11..18 doc 11..15
            Box.first.inner 15..16 header 15..16 body 15..16
            Box.later 19..22 header 19..20 body 20..22 stub
            stub 23..26 header 23..24 body 24..26 doc 24..25 stub
            test_it 27..29 header 27..28 body 28..29 test
        "#]],
    );
}

#[test]
fn rust_functions() {
    let text = r#"use std::fmt;
mod inner {
    /// A thing.
    #[derive(Debug)]
    struct Thing<T>(T);

    impl<T> Thing<T> {
        // About it.
        /// Gives it.
        #[inline]
        pub fn give(&self)
            -> &T
        {
            &self.0
        }

        fn later() { todo!() }
    }
}

impl fmt::Display for A {
    fn fmt(&self) -> R { Ok(()) }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn works() {
        assert!(true);
    }
}
"#;
    check_functions(
        Language::Rust,
        text,
        &expect![[r#"
            inner::Thing::give 7..15 header 10..13 body 13..14
            inner::Thing::later 16..17 header 16..17 body 16..17 stub
            A::fmt 21..22 header 21..22 body 21..22
            tests::works 26..30 header 27..28 body 28..29 test
        "#]],
    );
}

#[test]
fn javascript_functions() {
    let text = r#"/** Adds. */
export function add(a, b) {
  return a + b;
}
const sub = (a, b) => a - b;
module.exports.mul = function (a, b) {
  throw new Error("Not implemented");
};
class Box {
  #items = [];
  get first() { return this.#items[0]; }
  later = async () => {
    await x;
  };
}
describe('box', () => {
  it('gives the first', () => {
    expect(new Box().first).toBe(1);
  });
});
"#;
    check_functions(
        Language::JavaScript,
        text,
        &expect![[r#"
            add 0..4 header 1..2 body 2..3
            sub 4..5 header 4..5 body 4..5
            mul 5..8 header 5..6 body 6..7 stub
            Box.first 10..11 header 10..11 body 10..11
            Box.later 11..14 header 11..12 body 12..13
            box 15..20 header 15..16 body 16..19 test
            gives the first 16..19 header 16..17 body 17..18 test
        "#]],
    );
}

#[test]
fn typescript_functions() {
    let text = "export abstract class A<T> {\n  private f(x: T): number {\n    return 1;\n  }\n}\n\
                export const g = async <T,>(x: T): Promise<T> => {\n  return x;\n};\n\
                namespace N {\n  export function h(): void {}\n}\n";
    check_functions(
        Language::TypeScript,
        text,
        &expect![[r#"
            A.f 1..4 header 1..2 body 2..3
            g 5..8 header 5..6 body 6..7
            N.h 9..10 header 9..10 body 9..10
        "#]],
    );
}

#[test]
fn go_functions() {
    let text = r#"package stats

// Median is the middle.
func Median(v []float64) float64 {
	return v[len(v)/2]
}

func (b *Box[T]) First() T {
	panic("not implemented")
}

func TestMedian(t *testing.T) {
	t.Run("even", func(t *testing.T) {})
}
"#;
    check_functions(
        Language::Go,
        text,
        &expect![[r#"
            Median 2..6 header 3..4 body 4..5
            Box.First 7..10 header 7..8 body 8..9 stub
            TestMedian 11..14 header 11..12 body 12..13 test
        "#]],
    );
}

#[test]
fn java_functions() {
    let text = r#"package a;
class Box<T> {
    /** Makes it. */
    Box(T item) {
        this.item = item;
    }

    @Override
    public String toString() { return "" + item; }

    static class Inner {
        int later() {
            throw new UnsupportedOperationException("later");
        }
    }

    @Test
    void works() {
        assertEquals(1, 1);
    }
}
"#;
    check_functions(
        Language::Java,
        text,
        &expect![[r#"
            Box.Box 2..6 header 3..4 body 4..5
            Box.toString 7..9 header 7..9 body 8..9
            Box.Inner.later 11..14 header 11..12 body 12..13 stub
            Box.works 16..20 header 16..18 body 18..19 test
        "#]],
    );
}

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
    assert!(!same(Language::JavaScript, "x = `a ${b}`", "x = `a  ${b}`"));
    assert!(same(Language::Go, "package a\nvar x = 1 // b\n", "package a\n\nvar x  = 1\n"));
}

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
fn calls_names_and_imports() {
    let text = "import os\nfrom a import (\n    b,\n)\n\n@wraps(f)\ndef g(x):\n    return os.path.join(h(x), b[0](y))\n";
    let syntax = Syntax::read(Language::Python, text);
    assert_eq!(syntax.imports(), [0..1, 1..4]);
    assert_eq!(syntax.calls(6..8), ["join", "h", "b"]);
    assert_eq!(syntax.calls(5..6), ["wraps"]);
    assert_eq!(syntax.names(7..8), ["os", "path", "join", "h", "x", "b", "y"]);
    let rust =
        Syntax::read(Language::Rust, "use a::b;\nfn f() { a::b::<u32>(c.d(1)); vec![e]; }\n");
    assert_eq!(rust.calls(0..9), ["b", "d", "vec"]);
    assert_eq!(rust.imports(), vec![0..1; 1]);
    let java = Syntax::read(Language::Java, "import a.B;\nclass C { int x = a.f(new D<E>(1)); }");
    assert_eq!(java.calls(0..9), ["f", "D"]);
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
            syntax.calls(0..100);
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
mod a {
    mod b { fn g() { (|| { h!({ 1 }) })() } }
}"##;
    let probed = Syntax::read(Language::Rust, text).probed("src/\"x\".rs").unwrap();
    let (own, module) = probed.split_once("\n#[allow(warnings").unwrap();
    expect![[r##"

        const fn never(x: u32) -> u32 { let y = x; y }
        static S: [u32; { 1 + 1 }] = [{ 3 }, 4];
        fn f(x: u32) -> u32 {
            #[allow(unused)]
            let q = 3;
            fn inner() {}
            __tenfold_probe::hit(8);match x {
                0 => {__tenfold_probe::hit(9);1},
                1 => { __tenfold_probe::hit(10);2 }
                _ => {__tenfold_probe::hit(11);return &q},
            }
        }
        mod a {
            mod b { fn g() { super::super::__tenfold_probe::hit(15);(|| { super::super::__tenfold_probe::hit(15);h!({ 1 }) })() } }
        }"##]]
    .assert_eq(own);
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

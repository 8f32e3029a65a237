//! Functions of small texts in each language.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

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
fn a_body_that_is_not_written_is_told_from_one_that_begins_alike() {
    let is_stub = |statement: &str| {
        let text = format!("def f(a):\n    \"Says.\"\n    {statement}\n");
        Syntax::read(Language::Python, &text).functions()[0].stub
    };
    assert!(
        ["pass", "...", "return None", "raise NotImplementedError(a)"].map(is_stub) == [true; 4]
    );
    assert!(["passed = a", "return None_of(a)", "return", "return a"].map(is_stub) == [false; 4]);
}

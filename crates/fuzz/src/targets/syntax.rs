//! Texts as code, in every language that is read.

use tenfold_code::{Language, Syntax};

use crate::input;

/// What is found lies within the text, statements lie apart and in order, probes leave lines
/// where they are and the text as sound as it was, and a changed text that parses reads like a
/// new one.
pub(super) fn run(bytes: &[u8]) {
    let [language, text, other] = input::texts(bytes);
    let language = Language::of(language.as_ref()).unwrap_or(Language::Python);
    let syntax = Syntax::read(language, &text);
    let lines = text.split('\n').count() as u32;
    for function in syntax.functions() {
        assert!(text.get(function.bytes.clone()).is_some(), "{function:?}");
        assert!(function.lines.start <= function.lines.end && function.lines.end <= lines);
        for part in [&function.header, &function.body] {
            let within = function.lines.start <= part.start && part.end <= function.lines.end;
            assert!(within, "{function:?}");
        }
    }
    let statements = syntax.statements(0..lines);
    assert!(statements.windows(2).all(|pair| pair[0].end <= pair[1].start), "{statements:?}");
    assert!(statements.iter().all(|range| range.start < range.end && range.end <= lines));
    assert!(syntax.holes(0..lines).iter().all(|range| range.end <= lines));
    assert!(syntax.imports().iter().all(|range| range.end <= lines));
    for line in 0..lines.min(50) {
        assert!(syntax.expressions(line).into_iter().all(|range| text.get(range).is_some()));
    }
    syntax.uses();
    syntax.pointless();
    syntax.names(0..lines);
    if let Some(probed) = syntax.probed("a.rs") {
        let is_in = |(was, is): (&str, &str)| {
            let mut is = is.chars();
            was.chars().all(|wanted| is.any(|c| c == wanted))
        };
        assert!(text.split('\n').zip(probed.split('\n')).all(is_in), "{probed}");
        assert!(syntax.errors() > 0 || Syntax::read(language, &probed).errors() == 0, "{probed}");
    }
    let (changed, new) = (syntax.changed(&other), Syntax::read(language, &other));
    if new.errors() == 0 && changed.errors() == 0 {
        assert_eq!(changed.canonical(), new.canonical());
        assert_eq!(changed.functions(), new.functions());
    }
}

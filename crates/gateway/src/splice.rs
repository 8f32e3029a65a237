//! The body as it goes out: the bytes that came in, but for the model's name, a limit where there
//! was none, and the wish to be told what a stream used. Nothing is written anew.

use std::ops::Range;

use bytes::Bytes;

use crate::scan::Sketch;

/// What is put into a body.
pub(crate) struct Changes<'a> {
    /// The model's name there, as a JSON string.
    pub(crate) model_json: &'a str,
    /// A limit of output tokens, with the member that holds it.
    pub(crate) limit: Option<(&'static str, u64)>,
    /// Whether the stream has to say what it used.
    pub(crate) asks_usage: bool,
}

const ASKS_USAGE: &str = r#"{"include_usage":true}"#;

/// The body with its changes.
pub(crate) fn splice(body: &Bytes, sketch: &Sketch, changes: &Changes<'_>) -> Bytes {
    let Some((_, model)) = &sketch.model else { return body.clone() };
    let mut edits: Vec<(Range<usize>, &str)> = vec![(model.clone(), changes.model_json)];
    let (mut put_in, limit) = (String::new(), changes.limit.map(|(_, limit)| limit.to_string()));
    if let (Some((member, _)), Some(limit)) = (changes.limit, &limit) {
        // A member that stands there already must not stand there twice.
        match sketch.null_limits.iter().find(|(name, _)| *name == member) {
            Some((_, null)) => edits.push((null.clone(), limit)),
            None => put_in.push_str(&format!("\"{member}\":{limit},")),
        }
    }
    match &sketch.stream_options {
        Some(options) if changes.asks_usage => edits.push((options.clone(), ASKS_USAGE)),
        None if changes.asks_usage => {
            put_in.push_str("\"stream_options\":");
            put_in.push_str(ASKS_USAGE);
            put_in.push(',');
        }
        _ => {}
    }
    if !put_in.is_empty() {
        edits.push((sketch.inside..sketch.inside, &put_in));
    }
    edits.sort_by_key(|(place, _)| place.start);
    let more: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + more);
    let mut at = 0;
    for (place, text) in edits {
        out.extend_from_slice(&body[at..place.start]);
        out.extend_from_slice(text.as_bytes());
        at = place.end;
    }
    out.extend_from_slice(&body[at..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::sketch;

    fn spliced(body: &'static str, limit: Option<(&'static str, u64)>, asks_usage: bool) -> String {
        let bytes = Bytes::from_static(body.as_bytes());
        let changes = Changes { model_json: "\"there\"", limit, asks_usage };
        let out = splice(&bytes, &sketch(&bytes).unwrap(), &changes);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn only_what_must_change_does() {
        assert_eq!(
            spliced(r#"{ "a":[1, 2],"model" : "x" , "b":"é\n" }"#, None, false),
            r#"{ "a":[1, 2],"model" : "there" , "b":"é\n" }"#
        );
        assert_eq!(
            spliced(r#"{"model":"x"}"#, Some(("max_tokens", 9)), true),
            r#"{"max_tokens":9,"stream_options":{"include_usage":true},"model":"there"}"#
        );
        assert_eq!(
            spliced(r#"{"max_tokens": null,"model":"x"}"#, Some(("max_tokens", 9)), false),
            r#"{"max_tokens": 9,"model":"there"}"#
        );
        assert_eq!(
            spliced(r#"{"stream_options":{"include_usage":false},"model":"x"}"#, None, true),
            r#"{"stream_options":{"include_usage":true},"model":"there"}"#
        );
    }
}

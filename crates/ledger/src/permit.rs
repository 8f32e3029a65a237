//! Which models may be asked, by lists of names. A name with a `*` at its end stands for all that
//! begin so.

/// Whether a list allows a model; no list allows all.
pub fn allows(list: Option<&[String]>, model: &str) -> bool {
    list.is_none_or(|names| names.iter().any(|name| matches(name, model)))
}

fn matches(name: &str, model: &str) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning),
        None => name == model,
    }
}

/// A list, for people.
pub(crate) fn shown(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_models_or_how_they_begin() {
        let list = ["gpt-5*", "small"].map(str::to_owned);
        for (model, is_allowed) in [
            ("gpt-5", true),
            ("gpt-5-mini", true),
            ("gpt-4", false),
            ("small", true),
            ("smaller", false),
        ] {
            assert_eq!(allows(Some(&list), model), is_allowed, "{model}");
        }
        assert!(allows(None, "any"));
        assert!(!allows(Some(&[]), "any"));
    }
}

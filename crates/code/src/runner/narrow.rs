//! How each runner is told to run some tests only, or all of them whatever fails.
//!
//! Apart, because every runner names its tests and its options in a way of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::Runner;
use super::options::{self, Arguments};
use super::shell::{Word, quote};

/// The arguments that run only these tests.
pub(super) fn only(runner: Runner, words: &[Word], tests: &[&str]) -> Option<Vec<String>> {
    let words = &spread(runner, words);
    let sorted = options::sort(words, runner.options())?;
    match runner {
        Runner::Pytest => pytest(&sorted, tests),
        Runner::Unittest => unittest(words, &sorted, tests),
        Runner::Cargo => cargo(&sorted, tests),
        Runner::Nextest => Some(nextest(&sorted, tests)),
        Runner::Jest => jest(&sorted, tests),
        Runner::Vitest => vitest(&sorted, tests),
        Runner::Mocha => Some(mocha(&sorted, tests)),
        Runner::Node => Some(node(&sorted, tests)),
        Runner::Go => go(&sorted, tests),
        Runner::Maven => maven(words, tests),
        Runner::Gradle => gradle(words, tests),
        Runner::Python => None,
    }
}

/// The arguments that run all tests, whether some fail or not; `None` if these do.
pub(super) fn to_the_end(runner: Runner, words: &[Word]) -> Option<Vec<String>> {
    let (stops, goes_on): (&[&str], &[&str]) = match runner {
        Runner::Pytest => (&["-x", "--exitfirst", "--maxfail"], &[]),
        Runner::Unittest => (&["-f", "--failfast"], &[]),
        Runner::Cargo => (&[], &["--no-fail-fast"]),
        Runner::Nextest => (&["--fail-fast", "--ff", "--max-fail"], &["--no-fail-fast", "--nff"]),
        Runner::Jest | Runner::Vitest => (&["--bail"], &[]),
        Runner::Mocha => (&["-b", "--bail"], &[]),
        Runner::Go => (&["-failfast"], &[]),
        Runner::Maven => (&["-ff", "--fail-fast"], &["-fae", "--fail-at-end", "-fn"]),
        Runner::Gradle => (&[], &["--continue"]),
        Runner::Node | Runner::Python => return None,
    };
    let words = spread(runner, words);
    let mut left = words.iter().peekable();
    let mut arguments: Vec<String> = Vec::new();
    let mut changed = false;
    while let Some(word) = left.next() {
        let text = word.value.as_deref().unwrap_or_default();
        if !stops.contains(&text.split('=').next().unwrap_or(text)) {
            arguments.push(word.raw.clone());
            continue;
        }
        changed = true;
        let is_number = |word: &&Word| word.raw.bytes().all(|b| b.is_ascii_digit());
        left.next_if(is_number);
    }
    if let [first, ..] = goes_on
        && !arguments.iter().any(|word| goes_on.contains(&word.as_str()))
    {
        arguments.insert(0, (*first).to_owned());
        changed = true;
    }
    changed.then_some(arguments)
}

/// Short options of pytest that were written as one word, each by itself.
fn spread(runner: Runner, words: &[Word]) -> Vec<Word> {
    let cluster = |word: &Word| {
        let letters = word.raw.strip_prefix('-').unwrap_or("");
        letters.len() > 1 && letters.bytes().all(|b| b"xvqsl".contains(&b))
    };
    let one = |letter: char| {
        let raw = format!("-{letter}");
        Word { value: Some(raw.clone()), raw }
    };
    let mut spread = Vec::new();
    for word in words {
        if runner == Runner::Pytest && cluster(word) {
            spread.extend(word.raw[1..].chars().map(one));
        } else {
            spread.push(word.clone());
        }
    }
    spread
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What pytest gets so that a run costs least and says all.
pub(super) const PYTEST_QUIET: [&str; 4] = ["-q", "--no-header", "-p", "no:cacheprovider"];

fn pytest(sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    let mut arguments = owned(&sorted.options);
    arguments.extend(owned(&PYTEST_QUIET));
    // A name that looks like an option would be one.
    if tests.iter().any(|test| test.starts_with('-')) {
        return None;
    }
    arguments.extend(tests.iter().map(|test| quote(test)));
    Some(arguments)
}

fn unittest(words: &[Word], sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    let valid = |test: &&str| test.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b));
    if !tests.iter().all(valid) {
        return None;
    }
    let discover =
        words.first().is_none_or(|word| word.text() == "discover") || sorted.positional.is_empty();
    let mut arguments: Vec<String> = Vec::new();
    if discover {
        arguments.extend(owned(&sorted.positional));
        arguments.extend(owned(&sorted.options));
        // The full name is unknown where discovery starts below the top: the end must do.
        arguments.extend(tests.iter().map(|test| format!("-k {}", quote(test))));
    } else {
        // A module that could not be loaded is named without the package that it is in.
        if tests.iter().any(|test| !test.contains('.')) {
            return None;
        }
        arguments.extend(owned(&sorted.options));
        arguments.extend(tests.iter().map(|test| quote(test)));
    }
    Some(arguments)
}

/// The target and the path of a test. A doctest's name has spaces and no target.
fn cargo_name(test: &str) -> (Option<&str>, &str) {
    match test.split_once(' ') {
        Some((target, name)) if !test.contains(" - ") => (Some(target), name),
        _ => (None, test),
    }
}

fn is_doctest(test: &str) -> bool {
    test.contains(" - ")
}

fn cargo(sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    let doctests = tests.iter().filter(|test| is_doctest(test)).count();
    let selects = ["--lib", "--bins", "--tests", "--all-targets", "--doc", "--benches"];
    let mut arguments: Vec<String> = Vec::new();
    let mut options = sorted.options.iter().peekable();
    while let Some(option) = options.next() {
        let target = ["--test", "--bin", "--example", "--bench"].contains(option);
        if target {
            options.next();
        } else if !selects.contains(option) && !option.starts_with("--test=") {
            arguments.push((*option).to_owned());
        }
    }
    if doctests == tests.len() {
        arguments.push("--doc".to_owned());
    } else if doctests == 0 {
        let targets = targets(sorted, tests);
        // A program whose tests fail would be the last that is run.
        if targets != ["--lib"] {
            arguments.push("--no-fail-fast".to_owned());
        }
        arguments.extend(targets);
    }
    arguments.push("--".to_owned());
    // The line in a doctest's name moves when the code above it changes.
    let name = |test: &&str| match test.find(" (line ") {
        Some(at) if is_doctest(test) => quote(&test[..at]),
        _ => quote(cargo_name(test).1),
    };
    if doctests == 0 {
        arguments.push("--exact".to_owned());
    }
    let rest = options::sort(sorted.rest, Runner::Cargo.options())?;
    arguments.extend(owned(&rest.options));
    let names: BTreeSet<String> = tests.iter().map(name).collect();
    arguments.extend(names);
    Some(arguments)
}

/// The targets that hold the tests. Unit tests don't say whether they are of the library or of
/// a binary; all but documentation is looked through for them.
fn targets(sorted: &Arguments<'_>, tests: &[&str]) -> Vec<String> {
    let named: Option<BTreeSet<&str>> = tests.iter().map(|test| cargo_name(test).0).collect();
    let asked = |target: &str| sorted.options.contains(&target);
    match named {
        Some(named) => named.iter().map(|target| format!("--test {}", quote(target))).collect(),
        None if asked("--lib") && !asked("--tests") && !asked("--bins") => vec!["--lib".to_owned()],
        None => vec!["--tests".to_owned()],
    }
}

fn nextest_set(test: &str) -> String {
    match test.split_once(' ') {
        Some((binary, name)) => format!("(binary_id(={binary}) & test(={name}))"),
        None => format!("test(={test})"),
    }
}

fn nextest(sorted: &Arguments<'_>, tests: &[&str]) -> Vec<String> {
    let set: Vec<String> = tests.iter().map(|test| nextest_set(test)).collect();
    let mut arguments = owned(&sorted.options);
    arguments.push("--no-fail-fast".to_owned());
    arguments.push(format!("-E {}", quote(&set.join(" | "))));
    arguments
}

/// The file and the full title of a test, if it names one: `file > group > test`.
fn file_and_title(test: &str) -> (Option<&str>, String) {
    let mut parts = test.split(" > ");
    let first = parts.next().unwrap_or("");
    let is_file = [".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts"]
        .iter()
        .any(|end| first.ends_with(end));
    if is_file {
        (Some(first), parts.collect::<Vec<_>>().join(" "))
    } else {
        (None, test.split(" > ").collect::<Vec<_>>().join(" "))
    }
}

fn titles(test: &str) -> String {
    file_and_title(test).1
}

/// A text as a regular expression that matches it.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for char in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(char) {
            result.push('\\');
        }
        result.push(char);
    }
    result
}

fn jest(sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    let named: Vec<(Option<&str>, String)> = tests.iter().map(|t| file_and_title(t)).collect();
    let files: BTreeSet<&str> = named.iter().filter_map(|(file, _)| *file).collect();
    let mut arguments: Vec<String> = Vec::new();
    if named.iter().all(|(file, _)| file.is_some()) {
        if files.iter().any(|file| file.starts_with('-')) {
            return None;
        }
        arguments.extend(files.iter().map(|file| quote(file)));
    } else {
        arguments.extend(owned(&sorted.positional));
    }
    arguments.extend(owned(&sorted.options));
    // A file that could not be loaded has no title: then all of its tests are run.
    if named.iter().all(|(_, title)| !title.is_empty()) {
        let titles: Vec<String> = named.iter().map(|(_, title)| escaped(title)).collect();
        arguments.push(format!("-t {}", quote(&format!("^({})$", titles.join("|")))));
    }
    Some(arguments)
}

fn vitest(sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    // Without `run`, vitest would stay and watch.
    let modes = ["run", "watch", "dev"];
    let positional = sorted.positional.iter().filter(|word| !modes.contains(word)).copied();
    let sorted = Arguments {
        options: sorted.options.clone(),
        positional: positional.collect(),
        rest: sorted.rest,
    };
    let arguments = jest(&sorted, tests)?;
    Some(std::iter::once("run".to_owned()).chain(arguments).collect())
}

fn mocha(sorted: &Arguments<'_>, tests: &[&str]) -> Vec<String> {
    let titles: Vec<String> = tests.iter().map(|test| escaped(&titles(test))).collect();
    let mut arguments = owned(&sorted.options);
    arguments.push(format!("--grep {}", quote(&format!("^({})$", titles.join("|")))));
    arguments.extend(owned(&sorted.positional));
    arguments
}

fn node(sorted: &Arguments<'_>, tests: &[&str]) -> Vec<String> {
    let mut arguments = owned(&sorted.options);
    for test in tests {
        // Older releases match the title of the test alone, newer ones that of its groups too.
        let title = test.rsplit(" > ").next().unwrap_or(test);
        let pattern = format!("--test-name-pattern={}$", escaped(title).replace("\\/", "/"));
        arguments.push(quote(&pattern));
    }
    arguments.extend(owned(&sorted.positional));
    arguments
}

fn go_pattern(tests: &[&str]) -> String {
    let top = |test: &&str| {
        let name = test.rsplit(' ').next().unwrap_or(test);
        escaped(name.split('/').next().unwrap_or(name))
    };
    let names: BTreeSet<String> = tests.iter().map(top).collect();
    format!("^({})$", names.into_iter().collect::<Vec<_>>().join("|"))
}

fn go(sorted: &Arguments<'_>, tests: &[&str]) -> Option<Vec<String>> {
    let packages: Vec<Option<&str>> =
        tests.iter().map(|test| test.split_once(' ').map(|(package, _)| package)).collect();
    let mut arguments = owned(&sorted.options);
    arguments.push(format!("-run {}", quote(&go_pattern(tests))));
    let known: Option<BTreeSet<&str>> = packages.into_iter().collect();
    match known {
        Some(packages) if packages.iter().all(|package| !package.starts_with('-')) => {
            arguments.extend(packages.into_iter().map(quote));
        }
        Some(_) => return None,
        None => arguments.extend(owned(&sorted.positional)),
    }
    Some(arguments)
}

fn maven(words: &[Word], tests: &[&str]) -> Option<Vec<String>> {
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for test in tests {
        let (class, method) = test.split_once('#')?;
        let class = class.rsplit('.').next().unwrap_or(class);
        methods.entry(class).or_default().insert(method);
    }
    let chosen: Vec<String> = methods
        .into_iter()
        .map(|(class, methods)| {
            format!("{class}#{}", methods.into_iter().collect::<Vec<_>>().join("+"))
        })
        .collect();
    let own = words.iter().filter(|word| !word.text().starts_with("-Dtest="));
    let mut arguments: Vec<String> = own.map(|word| word.raw.clone()).collect();
    arguments.push(quote(&format!("-Dtest={}", chosen.join(","))));
    // Modules without any of these tests are no failure; the property's name has changed.
    arguments.push("-DfailIfNoTests=false".to_owned());
    arguments.push("-Dsurefire.failIfNoSpecifiedTests=false".to_owned());
    Some(arguments)
}

fn gradle(words: &[Word], tests: &[&str]) -> Option<Vec<String>> {
    let goal = words.iter().position(|word| {
        let last = word.text().rsplit(':').next().unwrap_or("");
        last == "test"
    })?;
    if words.iter().any(|word| word.text() == "--tests") {
        return None;
    }
    let mut arguments: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        arguments.push(word.raw.clone());
        if index == goal {
            for test in tests {
                let (class, method) = test.split_once('#')?;
                let place = if class.contains('.') { "" } else { "*" };
                arguments.push(format!("--tests {}", quote(&format!("{place}{class}.{method}"))));
            }
        }
    }
    Some(arguments)
}

//! What a traced check wrote.

use tenfold_code::coverage;
use tenfold_domain::TestName;

use crate::input;

/// Suspicion is above zero and at most one, the most suspect line first.
pub(super) fn run(bytes: &[u8]) {
    let [failing, trace] = input::texts(bytes);
    let failing: Vec<TestName> = failing.lines().map(|name| TestName(name.to_owned())).collect();
    let Ok(spectrum) = coverage::read(&trace, &failing) else { return };
    let (failed, passed) = spectrum.outcomes();
    assert!(failed + passed <= spectrum.tests.len());
    let suspicion = spectrum.suspicion();
    assert!(suspicion.iter().all(|(.., score)| *score > 0.0 && *score <= 1.0));
    assert!(suspicion.windows(2).all(|pair| pair[0].2 >= pair[1].2));
    spectrum.outside().for_each(drop);
    spectrum.cut();
}

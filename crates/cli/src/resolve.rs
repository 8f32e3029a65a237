//! From what was typed, approved and shipped to a task that is whole: the command line wins over
//! the repository's approved proposal, that over the role, and that over the defaults. Nothing
//! here does IO.

use std::path::PathBuf;

use tenfold_domain::{AccountId, Budget, Cascade, Guidance, Standing, Strategy, TaskSpec};
use tenfold_models::Model;

use crate::asking::{Attempts, TaskArgs};
use crate::defaults::TaskDefaults;
use crate::proposed::Proposed;
use crate::role::Coworker;

/// The task. Lists are put together, because each entry is a person's word for one file.
pub(crate) fn spec(
    args: &TaskArgs,
    role: Option<&Coworker>,
    proposed: &Proposed,
    defaults: &TaskDefaults,
    text: String,
    workspace: PathBuf,
    model: &Model,
) -> TaskSpec {
    let head = role.map(|role| &role.head);
    let check = args.check.as_ref().or(proposed.check.as_ref());
    let check = check.or(head.and_then(|head| head.check.as_ref()));
    let setup = args.setup.as_ref().or(proposed.setup.as_ref());
    let meant = |command: Option<&String>| command.filter(|text| !text.trim().is_empty()).cloned();
    let usual = match model {
        Model::Embedded(_) => defaults.strategy,
        // Others can't be looked into, which repair lives by.
        Model::Hosted(_) => Strategy::Loop,
    };
    let strategies = match args.strategy.as_slice() {
        [] => vec![head.and_then(|head| head.strategy).unwrap_or(usual)],
        typed => typed.to_vec(),
    };
    // Who says how many attempts there are, or which ways take turns, has decided.
    let is_auto = args.best_of == 1
        && args.strategy.len() < 2
        && !matches!(args.attempts, Some(Attempts::AtMost(_)));
    let at_least = args.best_of.max(u32::try_from(strategies.len()).unwrap_or(u32::MAX));
    let (may_edit, protect) =
        head.map_or((&[][..], &[][..]), |head| (&head.may_edit[..], &head.protect[..]));
    TaskSpec {
        text,
        workspace,
        check: meant(check),
        check_files: None,
        setup: meant(setup),
        may_edit: [&args.may_edit, &proposed.may_edit, may_edit].concat(),
        protect: [&args.protect, &proposed.protect, protect].concat(),
        check_timeout: args
            .check_timeout
            .or(proposed.check_timeout)
            .unwrap_or(defaults.check_timeout),
        budget: Budget {
            money: args.budget.unwrap_or(defaults.budget),
            time: args.time_limit.unwrap_or(defaults.time_limit),
            attempts: match args.attempts {
                Some(Attempts::AtMost(most)) => most,
                _ if is_auto => defaults.attempts_auto,
                _ => defaults.attempts.max(at_least),
            },
        },
        model: model.name().to_owned(),
        strategy: strategies[0],
        others: strategies[1..].to_vec(),
        best_of: args.best_of,
        instructions: String::new(),
        guidance: Guidance::default(),
        servers: Vec::new(),
        standing: Standing::default(),
        questions: !args.no_questions,
        cascade: is_auto.then(|| Cascade { models: vec![model.name().to_owned()] }),
        role: role.map(Coworker::role),
        account: AccountId::DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Command;
    use crate::defaults::Defaults;
    use tenfold_domain::{Millis, NanoUsd};
    use tenfold_models::{Catalogue, SHIPPED};

    fn resolved(words: &[&str], proposed: &Proposed) -> TaskSpec {
        let Command::Run(args) = crate::parsed(words).command else { panic!("not a run") };
        let defaults = Defaults::shipped().task;
        let model = Catalogue::parse(SHIPPED, None).unwrap().default_model();
        spec(&args.task, None, proposed, &defaults, String::new(), "/r".into(), &model)
    }

    fn proposed() -> Proposed {
        Proposed {
            check: Some("make test".into()),
            setup: Some("make deps".into()),
            protect: vec!["data/".into()],
            may_edit: vec!["a".into()],
            check_timeout: Some(Millis(5_000)),
        }
    }

    #[test]
    fn what_was_typed_wins_and_the_proposal_fills_in() {
        let words = ["tenfold", "run", "--check", "pytest", "--may-edit", "b", "--budget", "0.5"];
        let spec = resolved(&words, &proposed());
        assert_eq!(spec.check.as_deref(), Some("pytest"));
        assert_eq!(spec.setup.as_deref(), Some("make deps"));
        assert_eq!(spec.may_edit, ["b", "a"]);
        assert_eq!(spec.protect, ["data/"]);
        assert_eq!(spec.check_timeout, Millis(5_000));
        assert_eq!(spec.budget.money, NanoUsd(500_000_000));
    }

    #[test]
    fn without_either_the_defaults_hold_and_an_empty_check_is_none() {
        let spec = resolved(&["tenfold", "run", "--check", " "], &Proposed::default());
        let defaults = Defaults::shipped().task;
        assert_eq!((spec.check, spec.setup), (None, None));
        assert_eq!(spec.budget.time, defaults.time_limit);
        assert_eq!(spec.budget.attempts, defaults.attempts_auto);
        assert_eq!(spec.cascade.map(|cascade| cascade.models), Some(vec![spec.model]));
        let alone = ["tenfold", "run", "--attempts", "2"];
        let spec = resolved(&alone, &Proposed::default());
        assert_eq!((spec.budget.attempts, spec.cascade), (2, None));
    }
}

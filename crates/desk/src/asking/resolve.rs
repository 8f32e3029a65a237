//! From what was said, approved and shipped to a task that is whole: what was said wins over
//! the repository's approved proposal, that over the role, and that over the defaults. Nothing
//! here does IO.

use std::path::PathBuf;

use tenfold_domain::{AccountId, Budget, Cascade, Guidance, Strategy, TaskSpec};
use tenfold_models::Model;

use super::proposed::Proposed;
use super::{Attempts, NewTask};
use crate::defaults::TaskDefaults;
use crate::role::Coworker;

/// The task. Lists are put together, because each entry is a person's word for one file.
pub(super) fn spec(
    task: &NewTask,
    role: Option<&Coworker>,
    proposed: &Proposed,
    defaults: &TaskDefaults,
    workspace: PathBuf,
    model: &Model,
) -> TaskSpec {
    let head = role.map(|role| &role.head);
    let check = task.check.as_ref().or(proposed.check.as_ref());
    let check = check.or(head.and_then(|head| head.check.as_ref()));
    let setup = task.setup.as_ref().or(proposed.setup.as_ref());
    let meant = |command: Option<&String>| command.filter(|text| !text.trim().is_empty()).cloned();
    let usual = match model {
        Model::Embedded(_) => defaults.strategy,
        // Others can't be looked into, which repair lives by.
        Model::Hosted(_) => Strategy::Loop,
    };
    let strategies = match task.strategy.as_slice() {
        [] => vec![head.and_then(|head| head.strategy).unwrap_or(usual)],
        said => said.to_vec(),
    };
    // Who says how many attempts there are, or which ways take turns, has decided.
    let is_auto = task.best_of == 1
        && task.strategy.len() < 2
        && !matches!(task.attempts, Some(Attempts::AtMost(_)));
    let at_least = task.best_of.max(u32::try_from(strategies.len()).unwrap_or(u32::MAX));
    let (may_edit, protect) =
        head.map_or((&[][..], &[][..]), |head| (&head.may_edit[..], &head.protect[..]));
    TaskSpec {
        text: task.text.trim().to_owned(),
        workspace,
        check: meant(check),
        check_files: None,
        setup: meant(setup),
        may_edit: [&task.may_edit, &proposed.may_edit, may_edit].concat(),
        protect: [&task.protect, &proposed.protect, protect].concat(),
        check_timeout: task
            .check_timeout
            .or(proposed.check_timeout)
            .unwrap_or(defaults.check_timeout),
        budget: Budget {
            money: task.budget.unwrap_or(defaults.budget),
            time: task.time_limit.unwrap_or(defaults.time_limit),
            attempts: match task.attempts {
                Some(Attempts::AtMost(most)) => most,
                _ if is_auto => defaults.attempts_auto,
                _ => defaults.attempts.max(at_least),
            },
        },
        model: model.name().to_owned(),
        strategy: strategies[0],
        others: strategies[1..].to_vec(),
        best_of: task.best_of,
        instructions: String::new(),
        guidance: Guidance::default(),
        servers: Vec::new(),
        standing: task.standing(),
        questions: task.questions,
        cascade: is_auto.then(|| Cascade { models: vec![model.name().to_owned()] }),
        role: role.map(Coworker::role),
        account: AccountId::DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{Millis, NanoUsd};
    use tenfold_models::{Catalogue, SHIPPED};

    use super::*;
    use crate::defaults::Defaults;

    fn resolved(task: &NewTask, proposed: &Proposed) -> TaskSpec {
        let defaults = Defaults::shipped().task;
        let model = Catalogue::parse(SHIPPED, None).unwrap().default_model();
        spec(task, None, proposed, &defaults, "/r".into(), &model)
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
    fn what_was_said_wins_and_the_proposal_fills_in() {
        let task = NewTask {
            check: Some("pytest".into()),
            may_edit: vec!["b".into()],
            budget: Some(NanoUsd(500_000_000)),
            ..NewTask::on("/r")
        };
        let spec = resolved(&task, &proposed());
        assert_eq!(spec.check.as_deref(), Some("pytest"));
        assert_eq!(spec.setup.as_deref(), Some("make deps"));
        assert_eq!(spec.may_edit, ["b", "a"]);
        assert_eq!(spec.protect, ["data/"]);
        assert_eq!(spec.check_timeout, Millis(5_000));
        assert_eq!(spec.budget.money, NanoUsd(500_000_000));
    }

    #[test]
    fn without_either_the_defaults_hold_and_an_empty_check_is_none() {
        let task = NewTask { check: Some(" ".into()), ..NewTask::on("/r") };
        let spec = resolved(&task, &Proposed::default());
        let defaults = Defaults::shipped().task;
        assert_eq!((spec.check, spec.setup), (None, None));
        assert_eq!(spec.budget.time, defaults.time_limit);
        assert_eq!(spec.budget.attempts, defaults.attempts_auto);
        assert_eq!(spec.cascade.map(|cascade| cascade.models), Some(vec![spec.model]));
        let alone = NewTask { attempts: Some(Attempts::AtMost(2)), ..NewTask::on("/r") };
        let spec = resolved(&alone, &Proposed::default());
        assert_eq!((spec.budget.attempts, spec.cascade), (2, None));
    }
}

//! From a backlog in a text to whole tasks: what the text does not say of a task is as the person
//! says of all of them, and each repository, role and model is looked at once.

use std::collections::BTreeMap;

use tenfold_domain::TaskSpec;

use super::{Form, Item, in_order};
use crate::asking::{NewTask, TEXT_BYTES_MAX};

/// The tasks in a text, those that others come after before these.
///
/// # Errors
/// Everything that is wrong with it, each with the line that it is on.
pub fn read(form: Form, text: &str) -> Result<Vec<Item>, Vec<String>> {
    let items = in_order(form.read(text)?).map_err(|why| vec![why])?;
    if let Some(long) = items.iter().find(|item| item.text.len() as u64 > TEXT_BYTES_MAX) {
        let most = TEXT_BYTES_MAX / 1024;
        return Err(vec![format!("line {}: the task's text is longer than {most} KiB", long.line)]);
    }
    Ok(items)
}

/// The kinds of tasks among items. Each has to be made whole once; then [`Kinds::specs`] makes all
/// of it.
#[derive(Debug)]
pub struct Kinds {
    /// What is asked for of each kind, without a text.
    pub tasks: Vec<NewTask>,
    /// Of which kind each item is, by its place.
    of: Vec<usize>,
}

impl Kinds {
    /// Those of items, where the person says `all` of all of them.
    pub fn among(items: &[Item], all: &NewTask) -> Self {
        let (mut known, mut tasks, mut of) = (BTreeMap::new(), Vec::new(), Vec::new());
        for item in items {
            let who = (item.role.as_deref(), item.model.as_deref());
            let key = (item.repo.as_deref(), who, item.check.is_some());
            let place = *known.entry(key).or_insert_with(|| {
                tasks.push(item.kind(all));
                tasks.len() - 1
            });
            of.push(place);
        }
        Self { tasks, of }
    }

    /// The task of each item, by the whole task of each kind.
    pub fn specs(&self, items: &[Item], kinds: &[TaskSpec]) -> Vec<TaskSpec> {
        let of_item = |(item, kind): (&Item, &usize)| {
            let mut spec = kinds.get(*kind)?.clone();
            item.fill(&mut spec);
            Some(spec)
        };
        items.iter().zip(&self.of).filter_map(of_item).collect()
    }
}

/// Which items come before each, by their places.
pub fn before(items: &[Item]) -> Vec<Vec<usize>> {
    let named = items.iter().enumerate();
    let places: BTreeMap<&str, usize> =
        named.filter_map(|(place, item)| Some((item.id.as_deref()?, place))).collect();
    let of =
        |item: &Item| item.after.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
    items.iter().map(of).collect()
}

impl Item {
    /// What is asked for of tasks like this one.
    fn kind(&self, all: &NewTask) -> NewTask {
        let mut own = NewTask { text: String::new(), ..all.clone() };
        own.check = self.check.clone().or(own.check);
        if let Some(models) = &self.model {
            own.model = models.split(',').map(|name| name.trim().to_owned()).collect();
        }
        own.role = self.role.clone().or(own.role);
        if let Some(repo) = &self.repo {
            own.workspace = all.workspace.join(repo);
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{Budget, Millis, NanoUsd};

    use super::*;

    #[test]
    fn each_kind_is_asked_for_once_and_each_item_is_filled_in() {
        let text = "- [ ] one\n  role: tester\n- [ ] two\n- [ ] three\n  role: tester\n  id: c\n\
                    - [ ] four\n  after: c\n  repo: sub\n";
        let items = read(Form::Markdown, text).unwrap();
        let kinds = Kinds::among(&items, &NewTask::on("/r"));
        let roles: Vec<_> = kinds.tasks.iter().map(|task| task.role.as_deref()).collect();
        assert_eq!(roles, [Some("tester"), None, None]);
        assert_eq!(kinds.tasks[2].workspace, std::path::Path::new("/r/sub"));
        let budget = Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 };
        let whole = ["a", "b", "c"].map(|model| TaskSpec::new("", "/r", model, budget));
        let specs = kinds.specs(&items, &whole);
        let told: Vec<_> =
            specs.iter().map(|spec| (spec.text.as_str(), spec.model.as_str())).collect();
        assert_eq!(told, [("one", "a"), ("two", "b"), ("three", "a"), ("four", "c")]);
        assert_eq!(before(&items), [vec![], vec![], vec![], vec![2]]);
    }
}

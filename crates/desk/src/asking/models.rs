//! The models of a task: those that are meant, and those that can be asked as things stand.

use std::collections::HashSet;

use tenfold_domain::TaskSpec;
use tenfold_models::{Catalogue, Entry, Hosted, Model, ModelsError, Presence, key, presence};

use super::NewTask;
use crate::role::Coworker;
use crate::{DeskError, House};

/// The models that were named, by the person or else by the role, and these or the usual one: at
/// least one, the task's own first.
pub(super) fn meant(
    catalogue: &Catalogue,
    task: &NewTask,
    role: Option<&Coworker>,
) -> Result<(Vec<String>, Vec<Model>), DeskError> {
    let named = match &task.model {
        said if !said.is_empty() => said.clone(),
        _ => role.map(|role| role.head.models.clone()).unwrap_or_default(),
    };
    let models = match named.as_slice() {
        [] => vec![catalogue.default_model()],
        named => named.iter().map(|name| catalogue.model(name)).collect::<Result<_, _>>()?,
    };
    for model in &models {
        if let Model::Hosted(hosted) = model
            && hosted.price.is_none()
        {
            let (name, model) = (hosted.name.clone(), hosted.model.clone());
            return Err(ModelsError::Unpriced { name, model }.into());
        }
    }
    Ok((named, models))
}

/// Whether the cascade may choose a model that works by calling tools alone.
pub(super) fn may_call_tools(spec: &TaskSpec, catalogue: &Catalogue) -> bool {
    let is_hosted = |name: &String| matches!(catalogue.model(name), Ok(Model::Hosted(_)));
    spec.cascade.as_ref().is_some_and(|cascade| cascade.models.iter().any(is_hosted))
}

/// The models that can be asked as things stand: the task's own, those whose file is here, and those
/// at a provider that have a price and their key.
pub(super) fn at_hand(
    house: &House,
    catalogue: &Catalogue,
    own: &Model,
    has_stand_in: bool,
) -> Vec<String> {
    let mut models = vec![own.name().to_owned()];
    let is_here =
        |entry: &&Entry| !has_stand_in && presence(entry, &house.model_dirs) == Presence::Present;
    models.extend(catalogue.entries().iter().filter(is_here).map(|entry| entry.name.clone()));
    let can_be_asked = |hosted: &&Hosted| {
        hosted.price.is_some() && hosted.key.as_ref().is_none_or(|name| key(name).is_some())
    };
    models.extend(catalogue.hosted().iter().filter(can_be_asked).map(|one| one.name.clone()));
    let mut seen = HashSet::new();
    models.retain(|name| seen.insert(name.clone()));
    models
}

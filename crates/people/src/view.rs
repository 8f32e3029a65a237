//! Views of the board that people keep: a set of filters under a name, one's own in every browser.

use tenfold_domain::{BoardView, PeopleEvent, PersonId};

use crate::people::People;
use crate::{Refusal, name};

/// The most views of one person.
const VIEWS_MAX: usize = 64;
/// The longest filters, in bytes.
const QUERY_BYTES_MAX: usize = 2_000;

impl People {
    /// The views that somebody keeps, in the order in which they were kept first.
    pub fn views(&self, person: PersonId) -> &[BoardView] {
        self.known.get(&person).map_or(&[], |known| &known.views)
    }

    /// Keeps a view; none if it is kept so already.
    ///
    /// # Errors
    /// [`Refusal::NoPerson`]; [`Refusal::BadView`] for its name or its length, and if there are too
    /// many.
    pub(crate) fn keep_view(
        &self,
        person: PersonId,
        view: &BoardView,
    ) -> Result<Option<PeopleEvent>, Refusal> {
        let views = &self.known(person)?.views;
        if let Some(why) = name::wrong(&view.name) {
            return Err(Refusal::BadView(why));
        }
        if view.query.len() > QUERY_BYTES_MAX {
            return Err(Refusal::BadView("its filters are longer than 2,000 bytes"));
        }
        let is_new = !views.iter().any(|kept| kept.name == view.name);
        if is_new && views.len() >= VIEWS_MAX {
            return Err(Refusal::BadView("you keep 64 already, so forget one first"));
        }
        let event = PeopleEvent::ViewKept { person, view: view.clone() };
        Ok((!views.contains(view)).then_some(event))
    }

    /// Forgets a view; none if there is none of this name.
    ///
    /// # Errors
    /// [`Refusal::NoPerson`].
    pub(crate) fn forget_view(
        &self,
        person: PersonId,
        name: &str,
    ) -> Result<Option<PeopleEvent>, Refusal> {
        let is_there = self.known(person)?.views.iter().any(|kept| kept.name == name);
        let name = name.to_owned();
        Ok(is_there.then_some(PeopleEvent::ViewForgotten { person, name }))
    }

    pub(crate) fn view_kept(&mut self, person: PersonId, view: &BoardView) {
        let Some(known) = self.known.get_mut(&person) else { return };
        match known.views.iter_mut().find(|kept| kept.name == view.name) {
            Some(kept) => kept.clone_from(view),
            None => known.views.push(view.clone()),
        }
    }

    pub(crate) fn view_forgotten(&mut self, person: PersonId, name: &str) {
        if let Some(known) = self.known.get_mut(&person) {
            known.views.retain(|kept| kept.name != name);
        }
    }
}

//! The calls of the page: each is put where it is reached and told of in the document by the same
//! line. What it takes and what it answers is read from the handler's own type, so that nothing
//! can be reached that the document does not have, and the document can't say otherwise.

use std::future::Future;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::sse::Sse;
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenfold_desk::events::{Changed, TaskChanged};
use tenfold_domain::{Access, Progress};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::door::{Caller, Peer, Turned};
use crate::problem::Refusal;

/// Calls that are reached with the same state.
pub(super) struct Calls<S> {
    router: Router<S>,
    told: Vec<Told>,
}

/// A call, as it is told of.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) words: Words,
    pub(super) shape: Shape,
}

/// What is said of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// What programs call it.
    pub(super) name: &'static str,
    /// What it is for, in a line.
    pub(super) what: &'static str,
    pub(super) needs: Needs,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Anybody, signed in or not.
    Nothing,
    /// Who has this access.
    Only(Access),
    /// Who has this access, and sees all accounts.
    Everything(Access),
}

impl Needs {
    /// A call for those.
    pub(super) const fn call(self, name: &'static str, what: &'static str) -> Words {
        Words { name, what, needs: self }
    }

    /// Whether who asks may.
    fn let_in(self, request: &Request) -> Result<(), Turned> {
        let caller = || request.extensions().get::<Caller>().ok_or_else(Turned::not_signed_in);
        match self {
            Self::Nothing => Ok(()),
            Self::Only(access) => caller()?.needs(access),
            Self::Everything(access) => caller()?.needs_everything(access),
        }
    }

    /// The least access.
    pub(super) const fn access(self) -> Access {
        match self {
            Self::Nothing => Access::Viewer,
            Self::Only(access) | Self::Everything(access) => access,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Calls<S> {
    pub(super) fn new() -> Self {
        Self { router: Router::new(), told: Vec::new() }
    }

    /// Adds one that changes nothing. Who may not call is turned away before it is heard; what
    /// changes something hears them first, and records that they tried.
    pub(super) fn get<H, T, U>(self, path: &str, words: Words, handler: H) -> Self
    where
        H: Handler<T, S> + Speaks<U>,
        T: 'static,
    {
        self.with((Method::GET, MethodFilter::GET), path, words, handler)
    }

    /// Adds one that says something.
    pub(super) fn post<H, T, U>(self, path: &str, words: Words, handler: H) -> Self
    where
        H: Handler<T, S> + Speaks<U>,
        T: 'static,
    {
        self.with((Method::POST, MethodFilter::POST), path, words, handler)
    }

    /// Adds one by which something ends.
    pub(super) fn delete<H, T, U>(self, path: &str, words: Words, handler: H) -> Self
    where
        H: Handler<T, S> + Speaks<U>,
        T: 'static,
    {
        self.with((Method::DELETE, MethodFilter::DELETE), path, words, handler)
    }

    fn with<H, T, U>(
        mut self,
        (method, filter): (Method, MethodFilter),
        path: &str,
        words: Words,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S> + Speaks<U>,
        T: 'static,
    {
        let mut reached = on(filter, handler);
        if method == Method::GET {
            let Words { needs, .. } = words;
            reached = reached.layer(from_fn(move |request: Request, next: Next| {
                let may = needs.let_in(&request);
                async move {
                    may?;
                    Ok::<_, Turned>(next.run(request).await)
                }
            }));
        }
        self.told.push(Told { method, path: path.to_owned(), words, shape: H::shape() });
        self.router = self.router.route(path, reached);
        self
    }

    /// Where all of them are reached.
    pub(super) fn reached(self, state: S) -> Router {
        self.router.with_state(state)
    }

    /// What is told of them.
    pub(super) fn told(self) -> Vec<Told> {
        self.told
    }
}

/// A part of what a query says. What does not read is a problem, as everywhere.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        let Query(asked) = read.map_err(|why: QueryRejection| Refusal::usage(why.body_text()))?;
        Ok(Self(asked))
    }
}

/// Several of the same, as an answer: an array.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name(T::name())).into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// What a call takes and answers.
#[derive(Clone, Default)]
pub(super) struct Shape {
    pub(super) query: Vec<Parameter>,
    pub(super) body: Option<RefOr<Schema>>,
    /// The kind of the answer, and its schema; none for what is text.
    pub(super) answer: Option<(&'static str, Option<RefOr<Schema>>)>,
    /// All schemas that are called by their names in these.
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// A type, by its name; what has none, as it is.
    fn of<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        let schema = T::schema();
        match &schema {
            RefOr::T(Schema::Array(_)) => schema,
            // Nothing is written as null.
            RefOr::T(plain) if *plain == utoipa::openapi::schema::empty() => {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::Null)
                    .into()
            }
            _ => {
                self.schemas.push((T::name().into_owned(), schema));
                Ref::from_schema_name(T::name()).into()
            }
        }
    }
}

/// A handler, by what it takes and answers.
pub(super) trait Speaks<T> {
    fn shape() -> Shape;
}

/// Something that a handler takes.
pub(super) trait Takes {
    fn tell(_: &mut Shape) {}
}

impl<S> Takes for State<S> {}
impl<T> Takes for Path<T> {}
impl Takes for Caller {}
impl Takes for Peer {}
impl Takes for Uri {}
impl Takes for HeaderMap {}

impl<T: IntoParams> Takes for Asked<T> {
    fn tell(shape: &mut Shape) {
        shape.query.extend(T::into_params(|| Some(ParameterIn::Query)));
    }
}

impl<T: ToSchema> Takes for Result<Json<T>, JsonRejection> {
    fn tell(shape: &mut Shape) {
        shape.body = Some(shape.of::<T>());
    }
}

/// Something that a handler answers.
pub(super) trait Answers {
    fn tell(shape: &mut Shape);
}

impl<A: Answers> Answers for Result<A, Refusal> {
    fn tell(shape: &mut Shape) {
        A::tell(shape);
    }
}

impl<T: ToSchema> Answers for Json<T> {
    fn tell(shape: &mut Shape) {
        shape.answer = Some(("application/json", Some(shape.of::<T>())));
    }
}

/// With headers.
impl<H, T: ToSchema> Answers for (H, Json<T>) {
    fn tell(shape: &mut Shape) {
        Json::<T>::tell(shape);
    }
}

impl<H> Answers for (H, String) {
    fn tell(shape: &mut Shape) {
        shape.answer = Some(("text/plain", None));
    }
}

/// A file that is kept, and never shown: whatever it holds, a browser makes nothing of it.
impl<H> Answers for (H, Vec<u8>) {
    fn tell(shape: &mut Shape) {
        shape.answer = Some(("application/octet-stream", None));
    }
}

/// A document.
impl<H> Answers for (H, &'static str) {
    fn tell(shape: &mut Shape) {
        shape.answer = Some(("application/json", Some(utoipa::openapi::schema::empty().into())));
    }
}

/// The events of the page: there is one stream of them.
impl<E> Answers for Sse<E> {
    fn tell(shape: &mut Shape) {
        shape.of::<TaskChanged>();
        shape.of::<Changed>();
        shape.of::<Progress>();
        shape.answer = Some(("text/event-stream", None));
    }
}

macro_rules! speaks {
    ($($part:ident),*) => {
        impl<F, Said, A, $($part),*> Speaks<($($part,)*)> for F
        where
            F: FnOnce($($part),*) -> Said,
            Said: Future<Output = A>,
            A: Answers,
            $($part: Takes,)*
        {
            fn shape() -> Shape {
                let mut shape = Shape::default();
                $($part::tell(&mut shape);)*
                A::tell(&mut shape);
                shape
            }
        }
    };
}

speaks!(A1);
speaks!(A1, A2);
speaks!(A1, A2, A3);
speaks!(A1, A2, A3, A4);
speaks!(A1, A2, A3, A4, A5);

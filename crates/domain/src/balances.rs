//! All that a ledger knows at one moment, from which it goes on without the events before.

use serde::{Deserialize, Serialize};

use crate::{
    AccessToken, AccountId, AccountKind, Allowance, AllowanceId, Charge, Held, ReservationId,
    Spend, Spender, Timestamp, TokenId,
};

/// All that a ledger knows at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Balances {
    /// Every account, in the order of opening.
    pub accounts: Vec<AccountBalance>,
    /// What is the same for all of them.
    #[serde(flatten)]
    pub common: CommonBalances,
    /// What was used up to now, by day, account, model and spender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spending: Vec<Spending>,
}

/// What a ledger knows beside its accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CommonBalances {
    /// Every allowance that holds, in the order of granting.
    #[serde(default)]
    pub allowances: Vec<Granted>,
    /// The number of the allowance that was granted last; zero if none was.
    #[serde(default)]
    pub last_allowance: u32,
    /// Every access token, in the order of issuing, also those that were revoked.
    #[serde(default)]
    pub tokens: Vec<AccessToken>,
    /// Which of them were revoked.
    #[serde(default)]
    pub revoked: Vec<TokenId>,
    /// Every reservation that is open, oldest first.
    pub holds: Vec<Held>,
    /// The number of the reservation that was made last; zero if none was.
    pub last_reservation: u64,
    /// The latest moment at which anything was decided.
    #[serde(default)]
    pub latest: Timestamp,
}

/// An allowance that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Granted {
    /// Which.
    pub allowance: AllowanceId,
    /// Whose.
    pub account: AccountId,
    /// What it says.
    pub terms: Allowance,
    /// The last reservation that it does not count.
    pub since: ReservationId,
}

/// An account as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountBalance {
    /// Whether it was closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// The account above it; none for the root.
    pub parent: Option<AccountId>,
    /// Its name, for people.
    pub name: String,
    /// What it stands for.
    #[serde(default)]
    pub kind: AccountKind,
    /// What it and all below it have used.
    pub spent: Spend,
    /// What is left of gifts, beside what of them is set aside.
    #[serde(default)]
    pub gifts: Spend,
    /// The models that it and all below it may ask; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub models: Option<Vec<String>>,
    /// How far its allowances are used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meters: Vec<MeterBalance>,
}

/// How far an allowance is used in a period, beside what is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MeterBalance {
    /// Which allowance.
    pub allowance: AllowanceId,
    /// Which period, counted from 1970.
    pub period: u64,
    /// What was used in it, in the unit of its measure.
    pub used: u64,
    /// What was carried over into it; below zero if it was too much.
    pub carried: i64,
}

/// What was used of a model on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Spending {
    /// The day, counted from 1970-01-01 UTC.
    pub day: u32,
    /// Who paid.
    pub account: AccountId,
    /// Who spent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub spender: Option<Spender>,
    /// What was used of which model.
    #[serde(flatten)]
    pub charge: Charge,
}

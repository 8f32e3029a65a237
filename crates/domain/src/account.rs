//! Accounts, and what the ledger records of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    AccessToken, Allowance, Balances, Energy, NanoUsd, Quantity, Spend, TaskId, Timestamp,
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($of:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub $of);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Someone who may spend: an organisation, a team or a person.
    AccountId(u32)
);
id!(
    /// An allowance that was granted.
    AllowanceId(u32)
);
id!(
    /// An access token, by which a program spends from an account.
    TokenId(u32)
);
id!(
    /// What was set aside before a call.
    ReservationId(u64)
);

impl AccountId {
    /// The account that exists in every ledger: the root, which pays when no other is named.
    pub const DEFAULT: Self = Self(1);
}

/// What an account stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// All that are below it.
    Organisation,
    /// Some of an organisation.
    Team,
    /// Someone who works, or a program.
    #[default]
    Person,
}

impl AccountKind {
    /// All of them, the largest first.
    pub const ALL: [Self; 3] = [Self::Organisation, Self::Team, Self::Person];

    /// As it is written on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for AccountKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("'{text}' is no kind of account: there are {known}")
        })
    }
}

/// A change of the ledger. Balances are a fold of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum LedgerEvent {
    /// An account was opened. Without an allowance of its own it may use what those above may.
    Opened {
        /// The new account.
        account: AccountId,
        /// The account above it; none for the root.
        parent: Option<AccountId>,
        /// Its name, for people; no other below the same parent has it.
        name: String,
        /// What it stands for.
        kind: AccountKind,
        /// Who wanted so.
        by: String,
    },
    /// An account may use so much in each period from now on, in place of what it might of the
    /// same measure in such a period before.
    Granted {
        /// The new allowance.
        allowance: AllowanceId,
        /// Whose it is; if it is for each, of which all persons below have one.
        account: AccountId,
        /// What it says.
        terms: Allowance,
        /// Who wanted so.
        by: String,
    },
    /// An allowance holds no longer.
    Withdrawn {
        /// Which.
        allowance: AllowanceId,
        /// Who wanted so.
        by: String,
    },
    /// An account may use so much more, once, beyond its own allowances.
    Given {
        /// Who has that much less in their present periods; nobody for a gift.
        from: Option<AccountId>,
        /// Who has it.
        to: AccountId,
        /// How much.
        amount: Quantity,
        /// When it was decided; never before anything that was decided earlier.
        at: Timestamp,
        /// What of it comes out of the gifts of accounts that it is taken from.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gifts: Vec<FromGift>,
        /// Who wanted so.
        by: String,
    },
    /// An account and all below it may ask these models only.
    Permitted {
        /// Which account.
        account: AccountId,
        /// The models' names, in which a `*` at the end stands for anything; `None` for all.
        models: Option<Vec<String>>,
        /// Who wanted so.
        by: String,
    },
    /// An account is called otherwise from now on.
    Renamed {
        /// Which account.
        account: AccountId,
        /// Its new name; no other below the same parent has it.
        name: String,
        /// Who wanted so.
        by: String,
    },
    /// An account is below another from now on, with all that are below it. What they have used
    /// stays counted where it was.
    Moved {
        /// Which account.
        account: AccountId,
        /// The account above it from now on.
        parent: AccountId,
        /// Who wanted so.
        by: String,
    },
    /// Nothing is paid from an account and all below it any more, for ever; what is set aside is
    /// still billed.
    Closed {
        /// Which account.
        account: AccountId,
        /// Who wanted so.
        by: String,
    },
    /// A program may spend from an account, if it has the secret.
    Issued(AccessToken),
    /// An access token holds no longer.
    Revoked {
        /// Which.
        token: TokenId,
        /// Who wanted so.
        by: String,
    },
    /// The worst case of a call was set aside, in this account and in all above it.
    Reserved(Held),
    /// The call was made and billed; what was set aside beyond the bill is free again.
    Settled {
        /// The reservation, which is gone by this.
        reservation: ReservationId,
        /// What was used, of which models.
        bill: Vec<Charge>,
        /// When it was decided; what is given back in a later period than it was set aside in
        /// is not carried over.
        at: Timestamp,
    },
    /// The call was not made; all that was set aside is free again.
    Released {
        /// The reservation, which is gone by this.
        reservation: ReservationId,
        /// When it was decided.
        at: Timestamp,
    },
    /// The clock by which things were decided had been ahead, and was put right: from now on they
    /// are decided by this one again. What was used in periods that have not begun by it counts
    /// in those at hand.
    ClockPutRight {
        /// When it was decided, by the clock that is right.
        at: Timestamp,
        /// Who wanted so.
        by: String,
    },
    /// All of it was counted: this is how it stands, whatever was recorded before and is not
    /// there any more.
    Balanced(Box<Balances>),
}

/// What a person wants of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "want", rename_all = "kebab-case")]
pub enum AccountChange {
    /// A new account.
    Open {
        /// The account above it.
        parent: AccountId,
        /// Its name.
        name: String,
        /// What it stands for.
        kind: AccountKind,
        /// What it may use from the first moment on.
        #[serde(default)]
        allowances: Vec<Allowance>,
        /// The models that it may ask; `None` for all.
        #[serde(default)]
        models: Option<Vec<String>>,
    },
    /// An allowance, in place of the same one before.
    Grant {
        /// Whose.
        account: AccountId,
        /// What it says.
        terms: Allowance,
    },
    /// An allowance less.
    Withdraw {
        /// Which.
        allowance: AllowanceId,
    },
    /// A gift, or what one account gives to another.
    Give {
        /// Who gives; nobody for a gift.
        from: Option<AccountId>,
        /// Who gets it.
        to: AccountId,
        /// How much.
        amount: Quantity,
    },
    /// The models that an account may ask.
    Permit {
        /// Which account.
        account: AccountId,
        /// Their names; `None` for all.
        models: Option<Vec<String>>,
    },
    /// Another name.
    Rename {
        /// Which account.
        account: AccountId,
        /// How it is called from now on.
        name: String,
    },
    /// Another place in the tree, with all that are below it.
    Move {
        /// Which account.
        account: AccountId,
        /// The account above it from now on.
        to: AccountId,
    },
    /// An account that pays nothing any more.
    Close {
        /// Which account.
        account: AccountId,
    },
    /// An access token; its number and who wants it are filled in.
    Issue(AccessToken),
    /// An access token less.
    Revoke {
        /// Which.
        token: TokenId,
    },
    /// The clock had been ahead when something was decided, and is right now.
    PutClockRight,
}

/// What is set aside for a call, or for many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Held {
    /// The reservation.
    pub reservation: ReservationId,
    /// The account that will pay.
    pub account: AccountId,
    /// The worst case.
    pub amount: Spend,
    /// When it was decided, by which its period is known; never before anything that was decided
    /// earlier.
    pub at: Timestamp,
    /// The model that will be asked, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub model: Option<String>,
    /// Who spends it; nobody if that was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub spender: Option<Spender>,
    /// What of it comes out of gifts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gifts: Vec<FromGift>,
}

/// Who spends from an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Spender {
    /// A task's attempts.
    Task(TaskId),
    /// A program with this access token.
    Token(TokenId),
}

/// What is taken out of an account's gifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FromGift {
    /// Whose.
    pub account: AccountId,
    /// How much.
    pub amount: Spend,
}

/// What was used of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Charge {
    /// The model's name; empty if that was not recorded.
    pub model: String,
    /// What was used.
    pub spend: Spend,
    /// How that was known.
    #[serde(default, skip_serializing_if = "Basis::is_told")]
    pub basis: Basis,
    /// What it took of this machine's energy; a model elsewhere takes none that is seen here.
    #[serde(default, skip_serializing_if = "Energy::is_none")]
    pub energy: Energy,
}

/// How it was known what a call used.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// By what the answer says that it used.
    #[default]
    Told,
    /// By what was counted here: what it says can't be, or it was cut off by the client.
    Counted,
    /// By the bound: nobody said what it used.
    Bound,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Told, Self::Counted, Self::Bound];

    /// As JSON, metrics and headers have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Counted => "counted",
            Self::Bound => "bound",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }

    fn is_told(&self) -> bool {
        *self == Self::Told
    }
}

/// An allowance that does not cover what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Short {
    /// The account whose it is: the payer or one above it.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// What it may use.
    pub terms: Allowance,
    /// What is left of that and of gifts, with what is carried over.
    pub left: Quantity,
    /// What was asked for.
    pub asked: Quantity,
    /// When it begins anew, if that helps: a whole period's may still be too little.
    pub renews: Option<Timestamp>,
}

/// `account 'ada' may use $5.00 a month, of which $0.20 is left: that does not cover $0.31`
impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, terms, left, asked, .. } = self;
        let more = match left.amount() > terms.most.amount() {
            true => ", with what was given or carried over,",
            false => "",
        };
        write!(f, "account '{name}' may use {terms}, of which{more} {left} is left: ")?;
        write!(f, "that does not cover {asked}")?;
        match self.renews {
            Some(renews) => write!(f, ", and begins anew at {renews}"),
            None => Ok(()),
        }
    }
}

/// Why the ledger says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An allowance does not cover it.
    #[error("{0}")]
    Short(Box<Short>),
    /// What a task may spend does not cover it.
    #[error("task {task} may spend {limit}, of which {left} is left: that does not cover {asked}")]
    OverBudget {
        /// The task.
        task: TaskId,
        /// All that it may spend.
        limit: NanoUsd,
        /// What is neither spent nor set aside.
        left: NanoUsd,
        /// What was asked for.
        asked: NanoUsd,
    },
    /// The account may not ask this model.
    #[error("account '{name}' may not ask the model '{model}': it may ask {allowed}")]
    NotPermitted {
        /// The account's name: the payer's or one above it.
        name: String,
        /// The model.
        model: String,
        /// What it may ask, for people.
        allowed: String,
    },
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(AccountId),
    /// There is no such allowance, or it was withdrawn.
    #[error("there is no allowance {0}")]
    NoAllowance(AllowanceId),
    /// There is no such access token.
    #[error("there is no access token {0}")]
    NoToken(TokenId),
    /// There is no such reservation, or it has been settled or released.
    #[error("there is no open reservation {0}")]
    NoReservation(ReservationId),
    /// Nothing was decided by a clock that was ahead of this one.
    #[error("nothing was decided later than it is now: there is no clock to put right")]
    ClockIsRight,
    /// A name that an account can't have.
    #[error("an account can't be called '{name}': {why}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// An account gives to itself.
    #[error("account '{0}' can't give to itself")]
    ToItself(String),
    /// The account, or one above it, was closed.
    #[error("account '{0}' was closed: name another that pays, or open one")]
    Closed(String),
    /// The account that everything is below can't be moved or closed.
    #[error("account '{0}' is above all others, and can't be moved or closed")]
    Topmost(String),
    /// An account can't be below itself, or below one that is below it.
    #[error("account '{name}' can't be moved below '{to}', which is itself or below it")]
    BelowItself {
        /// The account's name.
        name: String,
        /// The other's.
        to: String,
    },
    /// An access token that is for nothing, or for what its account can't let it do.
    #[error("no access token is made like this: {0}")]
    BadScopes(&'static str),
    /// Something is set aside for calls that an account pays.
    #[error(
        "account '{0}' can't be moved while a call is under way that it pays, or one below it: \
         pause its tasks, wait until nothing of it is set aside, and say it again"
    )]
    UnderWay(String),
}

/// Why an account is not found by what it is called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// There is none.
    #[error("there is no account '{0}'")]
    None(String),
    /// There are several.
    #[error("there are several accounts '{name}': write one as {}", paths.join(", or "))]
    Several {
        /// The name.
        name: String,
        /// Some of them, each as it can be written.
        paths: Vec<String>,
    },
}

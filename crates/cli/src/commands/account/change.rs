//! `tenfold account add`, `limit`, `give`, `rename`, `move`, `close` and `put-clock-right`: what
//! people decide of accounts.

use clap::Args;
use tenfold_domain::{
    AccountChange, AccountId, AccountKind, Allowance, LedgerEvent, Measure, Period, Quantity,
};
use tenfold_ledger::Ledger;

use super::{ledger, named, now, show};
use crate::arguments::Format;
use crate::context::Context;
use crate::terminal;
use crate::trouble::Trouble;

/// Open an account
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Its name
    name: String,
    /// The account above it; the topmost, if not given
    #[arg(long, value_name = "ACCOUNT")]
    under: Option<String>,
    /// What it stands for: organisation, team or person
    #[arg(long, default_value = "person")]
    kind: AccountKind,
    /// The most that it and all below it may use: '$5', '200k tokens' or '100 requests';
    /// repeatable
    #[arg(long, value_name = "AMOUNT")]
    limit: Vec<Quantity>,
    #[command(flatten)]
    how: Terms,
    /// The models that it may ask, with commas between them; a `*` at the end of one stands for
    /// anything
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Option<Vec<String>>,
    #[command(flatten)]
    format: Format,
}

/// How long an amount is for.
#[derive(Debug, Clone, Copy, Args)]
struct Terms {
    /// Anew in each hour, day, week or month of the calendar, in UTC; `once` is for ever
    #[arg(long, value_name = "PERIOD", default_value = "once")]
    per: Period,
    /// Carry over what was not used, up to so many periods' worth
    #[arg(long, value_name = "PERIODS", num_args = 0..=1, default_value_t = 0)]
    #[arg(default_missing_value = "1")]
    carry: u32,
}

impl Terms {
    fn of(self, most: Quantity, each: bool) -> Result<Allowance, Trouble> {
        let Self { per, carry } = self;
        if per == Period::Once && carry > 0 {
            return Err(Trouble::usage("what is for ever has nothing to carry over")
                .advise("say for which period with --per, as in --per month"));
        }
        Ok(Allowance { most, per, carry, each })
    }
}

/// Limit what an account may use, or what each person below it may
///
/// A new limit takes the place of the one before of the same kind and period; what was used of
/// that stays used.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The most that it and all below it may use: '$5', '200k tokens' or '100 requests'
    #[arg(required_unless_present_any = ["models", "any_model", "none"])]
    amount: Option<Quantity>,
    #[command(flatten)]
    how: Terms,
    /// For each person below it by themselves, those who come later too
    #[arg(long)]
    each: bool,
    /// Lift that limit: of money, if no amount is given
    #[arg(long, conflicts_with = "carry")]
    none: bool,
    /// The models that it and all below may ask, with commas between them; a `*` at the end of
    /// one stands for anything
    #[arg(long, value_name = "MODELS", value_delimiter = ',', conflicts_with = "amount")]
    models: Option<Vec<String>>,
    /// It may ask any model that those above may
    #[arg(long, conflicts_with_all = ["amount", "models"])]
    any_model: bool,
    #[command(flatten)]
    format: Format,
}

/// Give an account more, once, beyond its limits
///
/// With --from another has that much less in its present periods. What accounts above may spend
/// stays as it is.
#[derive(Debug, Args)]
pub(crate) struct GiveArgs {
    /// Who gets it
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// How much: '$5', '200k tokens' or '100 requests'
    amount: Quantity,
    /// Who gives it; nobody, if not given
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Call an account otherwise
#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Its new name
    name: String,
    #[command(flatten)]
    format: Format,
}

/// Put an account, with all below it, below another
///
/// What it spends from now on counts for those above it then, whose limits hold. What it has spent
/// stays counted where it was.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The account above it from now on; the topmost, if not given
    #[arg(long, value_name = "ACCOUNT")]
    under: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Let an account, and all below it, pay nothing any more, for ever
///
/// What is under way is still billed, and its history stays. Its access tokens are revoked.
#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    format: Format,
}

/// Performs `tenfold account rename`.
pub(crate) async fn rename(context: &Context, args: RenameArgs) -> Result<(), Trouble> {
    let account = named(&ledger(context)?, &args.account)?;
    say(context, &AccountChange::Rename { account, name: args.name }).await?;
    tell(context, account, args.format)
}

/// Performs `tenfold account put-clock-right`.
pub(crate) async fn put_clock_right(context: &Context) -> Result<(), Trouble> {
    say(context, &AccountChange::PutClockRight).await?;
    terminal::note("the accounts go by this machine's clock again");
    Ok(())
}

/// Performs `tenfold account move`.
pub(crate) async fn move_below(context: &Context, args: &MoveArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let account = named(&known, &args.account)?;
    let to = match &args.under {
        Some(name) => named(&known, name)?,
        None => AccountId::DEFAULT,
    };
    say(context, &AccountChange::Move { account, to }).await?;
    tell(context, account, args.format)
}

/// Performs `tenfold account close`.
pub(crate) async fn close(context: &Context, args: &CloseArgs) -> Result<(), Trouble> {
    let account = named(&ledger(context)?, &args.account)?;
    say(context, &AccountChange::Close { account }).await?;
    tell(context, account, args.format)
}

/// Performs `tenfold account add`.
pub(crate) async fn add(context: &Context, args: AddArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let parent = match &args.under {
        Some(name) => named(&known, name)?,
        None => AccountId::DEFAULT,
    };
    let allowances =
        args.limit.iter().map(|most| args.how.of(*most, false)).collect::<Result<_, _>>()?;
    let AddArgs { name, kind, models, format, .. } = args;
    let open = AccountChange::Open { parent, name, kind, allowances, models };
    let events = say(context, &open).await?;
    let opened = events.iter().find_map(|event| match event {
        LedgerEvent::Opened { account, .. } => Some(*account),
        _ => None,
    });
    tell(context, opened.unwrap_or(parent), format)
}

/// Performs `tenfold account limit`.
pub(crate) async fn limit(context: &Context, args: LimitArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let account = named(&known, &args.account)?;
    let change = match (args.amount, args.none) {
        (_, true) => withdraw(&known, account, &args)?,
        (Some(most), false) => {
            AccountChange::Grant { account, terms: args.how.of(most, args.each)? }
        }
        (None, false) => AccountChange::Permit { account, models: args.models },
    };
    say(context, &change).await?;
    tell(context, account, args.format)
}

fn withdraw(
    known: &Ledger,
    account: AccountId,
    args: &LimitArgs,
) -> Result<AccountChange, Trouble> {
    let measure = args.amount.map_or(Measure::Money, Quantity::measure);
    let like =
        Allowance { per: args.how.per, each: args.each, ..Allowance::once(measure.quantity(0)) };
    let statement = known.statement(account, now());
    let own = statement.iter().flat_map(|statement| {
        let own = statement.allowances.iter().filter(|one| one.of == account);
        own.map(|one| (one.allowance, one.terms))
            .chain(statement.each.iter().map(|each| (each.allowance, each.terms)))
    });
    let found = own.into_iter().find(|(_, terms)| like.takes_the_place_of(*terms));
    let (allowance, _) = found.ok_or_else(|| {
        Trouble::usage(format!("'{}' has no such limit", known.shown(account)))
            .advise("`tenfold account show` says which it has; --per, --each and a unit say which")
    })?;
    Ok(AccountChange::Withdraw { allowance })
}

/// Performs `tenfold account give`.
pub(crate) async fn give(context: &Context, args: &GiveArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let to = named(&known, &args.account)?;
    let from = args.from.as_deref().map(|name| named(&known, name)).transpose()?;
    say(context, &AccountChange::Give { from, to, amount: args.amount }).await?;
    tell(context, to, args.format)
}

pub(super) async fn say(
    context: &Context,
    change: &AccountChange,
) -> Result<Vec<LedgerEvent>, Trouble> {
    context.engine().await?.say(change).await
}

/// Shows the account as it is now.
fn tell(context: &Context, account: AccountId, format: Format) -> Result<(), Trouble> {
    let text = show::shown(&ledger(context)?, account, format)?;
    terminal::print(&text)
}

//! `tenfold people`: who may sign in on the page, and what each may do there.

use clap::{Args, Subcommand};
use comfy_table::Cell;
use serde::Serialize;
use tenfold_api::MakeLink;
use tenfold_desk::people::{PersonView, person};
use tenfold_domain::{Access, AccountId, Passkey, PeopleChange, PersonId};
use tenfold_engine::people;
use tenfold_ledger::Ledger;
use tenfold_people::People;

use crate::arguments::Format;
use crate::commands::account;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Say who may sign in on the page, and what each may do there
///
/// A viewer looks; a reviewer besides judges what was made and answers; an operator besides hands
/// out work, steers and stops it; an admin besides decides of people, accounts, models and rules.
/// Each sees what their account and those below it pay for.
#[derive(Debug, Args)]
pub(crate) struct PeopleArgs {
    #[command(subcommand)]
    command: PeopleCommand,
}

#[derive(Debug, Subcommand)]
enum PeopleCommand {
    /// List who may sign in
    List(Format),
    /// Add somebody; `tenfold people link` lets them in
    Add(AddArgs),
    /// Let somebody do, or see, something else
    Change(ChangeArgs),
    /// Choose somebody's password, which is asked for or read from standard input; their passkeys
    /// let them in no more
    Password {
        /// Who
        name: String,
    },
    /// List the passkeys that let somebody in, or remove one
    Passkeys {
        /// Who
        name: String,
        /// The one to remove, by its name or the beginning of its id
        #[arg(long, value_name = "PASSKEY")]
        remove: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Make a link that lets somebody in once, within ten minutes
    Link(LinkArgs),
    /// Let somebody in no more; they are signed out
    Remove {
        /// Who
        name: String,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// What they are called
    name: String,
    /// What they may do: viewer, reviewer, operator or admin
    #[arg(long, value_name = "ACCESS", default_value = "operator")]
    access: Access,
    /// Whose tasks and money they see; the topmost account, if not given
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Debug, Args)]
struct ChangeArgs {
    /// Who
    name: String,
    /// What they may do from now on
    #[arg(long, value_name = "ACCESS", required_unless_present = "account")]
    access: Option<Access>,
    /// What they see from now on
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Debug, Args)]
struct LinkArgs {
    /// Whom it lets in; the first admin, if not given
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: PeopleArgs) -> Result<Exit, Trouble> {
    match args.command {
        PeopleCommand::List(format) => list(context, format)?,
        PeopleCommand::Add(args) => {
            let account = account(context, args.account.as_deref())?;
            let AddArgs { name, access, .. } = args;
            say(context, PeopleChange::Add { name: name.clone(), access, account }).await?;
            let shown = one_line(&name, 64);
            terminal::print(&format!(
                "{shown} is {access}; `tenfold people link {shown}` lets them in"
            ))?;
        }
        PeopleCommand::Change(args) => {
            let known = named(context, &args.name)?;
            let account = match &args.account {
                Some(name) => account(context, Some(name))?,
                None => AccountId(known.account),
            };
            let (person, access) = (PersonId(known.person), args.access.unwrap_or(known.access));
            say(context, PeopleChange::Change { person, access, account }).await?;
            terminal::print(&format!("{} is {access} now", one_line(&known.name, 64)))?;
        }
        PeopleCommand::Password { name } => {
            let known = named(context, &name)?;
            let password = secret(&format!("A password for {}", one_line(&known.name, 64)))?;
            let person = PersonId(known.person);
            say(context, PeopleChange::Password { person, password }).await?;
            terminal::print(
                "the password is set; whoever was signed in by that name is not now, and passkeys \
                 let nobody in by it any more",
            )?;
        }
        PeopleCommand::Passkeys { name, remove, format } => {
            passkeys(context, &name, remove.as_deref(), format).await?;
        }
        PeopleCommand::Link(args) => link(context, args).await?,
        PeopleCommand::Remove { name } => {
            let person = PersonId(named(context, &name)?.person);
            say(context, PeopleChange::Remove { person }).await?;
            terminal::print(&format!("{} may not sign in any more", one_line(&name, 64)))?;
        }
    }
    Ok(Exit::Done)
}

async fn say(context: &Context, change: PeopleChange) -> Result<(), Trouble> {
    context.engine().await?.say(&change).await?;
    Ok(())
}

async fn link(context: &Context, args: LinkArgs) -> Result<(), Trouble> {
    let Some(engine) = context.engine_at_work().await? else {
        return Err(Trouble::new(
            Exit::NotFound,
            "no page is open, and links are good for ten \
                                                 minutes only",
        )
        .advise("open it with `tenfold serve`"));
    };
    let page = engine.say(&tenfold_api::Look {}).await?.page;
    let Some(page) = page else {
        return Err(Trouble::new(Exit::NotFound, "the Tenfold at work has no page open")
            .advise("end it, and open the page with `tenfold serve`"));
    };
    let made = engine.say(&MakeLink { name: args.name }).await?;
    let address = format!("{page}/#link={}", made.secret);
    if args.format.json {
        return terminal::print_json(&serde_json::json!({
            "name": made.name, "link": address, "until_ms": made.until.0,
        }));
    }
    terminal::note(&format!("lets {} in once, within ten minutes", one_line(&made.name, 64)));
    terminal::print(&address)
}

/// A passkey, for programs.
#[derive(Serialize)]
struct PasskeyJson<'p> {
    id: &'p str,
    name: &'p str,
    added_at_ms: u64,
    is_copied: bool,
}

async fn passkeys(
    context: &Context,
    name: &str,
    remove: Option<&str>,
    format: Format,
) -> Result<(), Trouble> {
    let known = named(context, name)?;
    let (person, shown) = (PersonId(known.person), one_line(name, 64));
    let Some(reader) = context.reader()? else { return Ok(()) };
    let people = people(&reader.view()?)?;
    let all = people.passkeys(person);
    let Some(wanted) = remove else {
        if format.json {
            let each = all.iter().map(|kept| PasskeyJson {
                id: &kept.id,
                name: &kept.name,
                added_at_ms: kept.added_at.0,
                is_copied: kept.is_copied,
            });
            return terminal::print_json(&each.collect::<Vec<_>>());
        }
        if all.is_empty() {
            terminal::note(&format!("{shown} has no passkey"));
            return Ok(());
        }
        let cells = |kept: &Passkey| {
            let copied = if kept.is_copied { "copied: lets nobody in" } else { "" };
            [one_line(&kept.name, 64), one_line(&kept.id, 16), copied.to_owned()].map(Cell::new)
        };
        let rows = all.iter().map(|kept| cells(kept).to_vec());
        return terminal::print(&table(&["passkey", "id", ""], rows));
    };
    let is_meant = |kept: &&Passkey| kept.name == wanted || kept.id.starts_with(wanted);
    let mut meant = all.iter().filter(is_meant);
    let passkey = match (meant.next(), meant.next()) {
        (Some(one), None) => one.id.clone(),
        (None, _) => {
            let what = format!("{shown} has no passkey '{}'", one_line(wanted, 64));
            return Err(Trouble::new(Exit::NotFound, what)
                .advise(format!("`tenfold people passkeys {shown}` shows those there are")));
        }
        (Some(_), Some(_)) => {
            let what = format!("'{}' may be several passkeys", one_line(wanted, 64));
            return Err(Trouble::usage(what).advise("say more of its id"));
        }
    };
    say(context, PeopleChange::RemovePasskey { person, passkey }).await?;
    terminal::print(&format!("it lets {shown} in no more, and who it let in is signed out"))
}

/// Everybody, as they are told.
fn all(context: &Context) -> Result<Vec<PersonView>, Trouble> {
    let Some(reader) = context.reader()? else { return Ok(Vec::new()) };
    let view = reader.view()?;
    let (people, ledger): (People, Ledger) = (people(&view)?, view.ledger()?);
    Ok(people.all().map(|one| person(one, &ledger)).collect())
}

fn named(context: &Context, name: &str) -> Result<PersonView, Trouble> {
    let found = all(context)?.into_iter().find(|person| person.name == name);
    found.ok_or_else(|| {
        Trouble::new(Exit::NotFound, format!("there is nobody called '{}'", one_line(name, 64)))
            .advise("`tenfold people list` shows who there is")
    })
}

fn account(context: &Context, name: Option<&str>) -> Result<AccountId, Trouble> {
    match name {
        Some(name) => account::named(&account::ledger(context)?, name),
        None => Ok(AccountId::DEFAULT),
    }
}

/// Asks where somebody can answer, and else reads a line.
fn secret(what: &str) -> Result<String, Trouble> {
    if terminal::can_ask() {
        return Ok(rpassword::prompt_password(format!("{what}: "))?);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn list(context: &Context, format: Format) -> Result<(), Trouble> {
    let all = all(context)?;
    if format.json {
        return terminal::print_json(&all);
    }
    if all.is_empty() {
        terminal::note("nobody yet: `tenfold serve` makes the first one, and `tenfold people add`");
        return Ok(());
    }
    let rows = all.iter().map(|person| {
        let by = match (person.passkeys > 0, person.has_password) {
            (true, true) => "passkey, password",
            (true, false) => "passkey",
            (false, true) => "password",
            (false, false) => "link",
        };
        let cells = [
            one_line(&person.name, 64),
            person.access.to_string(),
            one_line(&person.account_path, 64),
            by.to_owned(),
        ];
        cells.map(Cell::new).to_vec()
    });
    terminal::print(&table(&["name", "may", "sees", "signs in by"], rows))
}

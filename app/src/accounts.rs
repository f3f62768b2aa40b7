//! Demonstration accounts: at least one for each role, with passwords made at the first start
//! (SEC-11), and what their owners have done before.

mod people;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contracts::UserId;
use tidings::{Cause, Handle, Installation};

use crate::Error;
use crate::folder::open_private;
use people::{ACCOUNTANT, ENGINEERING, INFRASTRUCTURE, MANAGER, Person, SELLER, SUPPORT};

const FILE: &str = "demo-accounts.txt";
const LOCK: &str = "lock.accounts";

/// 20 of 32 letters are 100 bits; without those that are mistaken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LETTERS: usize = 20;

/// An account to sign in with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
    /// Whether it is told at the start; the others are in the file.
    pub(crate) is_told: bool,
}

/// Makes what is missing of accounts and listings, and says how to sign in.
///
/// # Errors
/// When the file or a database cannot be written.
pub(crate) async fn prepare(
    installation: &Installation,
    folder: &Path,
) -> Result<Vec<Account>, Error> {
    let here = |name| {
        let found = installation.handle(name);
        found.filter(|handle| handle.runs_here())
    };
    // Whoever has only one of the two can make neither the account's listings nor the account.
    let (Some(auth), Some(tickets)) = (here("auth"), here("tickets")) else {
        return Ok(Vec::new());
    };
    // Processes with databases elsewhere may share the folder, and start at once.
    let failed_file = |source| Error::AccountsFile {
        file: folder.join(FILE),
        source,
    };
    let lock = open_private(&folder.join(LOCK)).map_err(failed_file)?;
    lock.lock().map_err(failed_file)?;
    let file = folder.join(FILE);
    let accounts = read_or_make(&file).map_err(|source| Error::AccountsFile {
        file: PathBuf::from(&file),
        source,
    })?;
    let (mut office, mut company) = (Office::default(), Company::default());
    for account in &accounts {
        let person = people::ALL.iter().find(|one| one.email == account.email);
        let id = enter(&auth, account, person).await;
        let id = id.map_err(|error| Error::Demonstration(error.into()))?;
        office.note(person, id);
        company.note(&account.email, id);
        if account.email == SELLER {
            let listed = tickets::list_demo(&tickets, id).await;
            listed.map_err(|error| Error::Demonstration(error.into()))?;
        }
    }
    if let (Some(tasks), Some(manager)) = (here("tasks"), office.manager) {
        let worked = tasks::work_demo(&tasks, manager, &office.workers).await;
        worked.map_err(|error| Error::Demonstration(error.into()))?;
    }
    if let Some(accounting) = here("accounting") {
        let closed = accounting::close_demo_days(&accounting).await;
        closed.map_err(|error| Error::Demonstration(error.into()))?;
    }
    if let Some(register) = here("platforms") {
        let entered = company.enter(&register, here("commands")).await;
        entered.map_err(Error::Demonstration)?;
    }
    Ok(accounts)
}

/// Makes an account with the name and the roles of its owner.
async fn enter(
    auth: &Handle,
    account: &Account,
    person: Option<&Person>,
) -> Result<UserId, auth::Error> {
    let id = auth::create_account(auth, &account.email, &account.password).await?;
    if let Some(person) = person {
        if !person.name.is_empty() {
            auth::name_account(auth, id, person.name).await?;
        }
        for role in person.roles {
            auth::grant_role(auth, person.email, role).await?;
        }
    }
    Ok(id)
}

/// Who works, and who deals.
#[derive(Default)]
struct Office {
    manager: Option<UserId>,
    workers: Vec<UserId>,
}

impl Office {
    fn note(&mut self, person: Option<&Person>, id: UserId) {
        match person {
            Some(person) if person.email == MANAGER => self.manager = Some(id),
            Some(person) if person.roles.contains(&"worker") => self.workers.push(id),
            _ => {}
        }
    }
}

/// Whoever keeps the register of platforms and the repository of commands.
#[derive(Default)]
struct Company {
    infrastructure: Option<UserId>,
    accountant: Option<UserId>,
    support: Option<UserId>,
    engineering: Option<UserId>,
}

impl Company {
    fn note(&mut self, email: &str, id: UserId) {
        match email {
            INFRASTRUCTURE => self.infrastructure = Some(id),
            ACCOUNTANT => self.accountant = Some(id),
            SUPPORT => self.support = Some(id),
            ENGINEERING => self.engineering = Some(id),
            _ => {}
        }
    }

    /// Fills the register, and the repository with the commands of its platforms, where nobody
    /// has been before.
    async fn enter(&self, register: &Handle, repository: Option<Handle>) -> Result<(), Cause> {
        let everybody =
            (self.infrastructure.zip(self.accountant)).zip(self.support.zip(self.engineering));
        let Some(((infrastructure, accountant), (support, engineering))) = everybody else {
            return Ok(());
        };
        let people = platforms::DemoPeople {
            infrastructure,
            accountant,
            support,
            engineering,
        };
        platforms::enter_demo(register, people).await?;
        let Some(repository) = repository else {
            return Ok(());
        };
        if !commands::is_unused(&repository).await? {
            return Ok(());
        }
        let people = commands::DemoPeople {
            infrastructure,
            support,
            engineering,
        };
        let known = platforms::demo_platforms(register).await?;
        Ok(commands::enter_demo(&repository, people, &known).await?)
    }
}

/// The file comes first: a crash after it has been written loses no password, and accounts
/// that are missing are made at the next start.
fn read_or_make(file: &Path) -> io::Result<Vec<Account>> {
    let mut accounts = match fs::read_to_string(file) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let is_there =
        |person: &Person, all: &[Account]| all.iter().any(|one| one.email == person.email);
    if people::ALL.iter().all(|person| is_there(person, &accounts)) {
        return Ok(accounts);
    }
    for person in people::ALL {
        if !is_there(&person, &accounts) {
            accounts.push(Account {
                email: person.email.to_owned(),
                password: password()?,
                is_told: person.is_told,
            });
        }
    }
    write(file, &accounts)?;
    Ok(accounts)
}

fn write(file: &Path, accounts: &[Account]) -> io::Result<()> {
    let mut text = String::from("# Demonstration accounts, made at the first start.\n");
    for account in accounts {
        text.push_str(&format!("{} {}\n", account.email, account.password));
    }
    let unfinished = file.with_extension("new");
    let mut new = open_private(&unfinished)?;
    new.set_len(0)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(unfinished, file)
}

fn parse(text: &str) -> Vec<Account> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(email, password)| Account {
            is_told: is_told(email),
            email: email.to_owned(),
            password: password.trim().to_owned(),
        })
        .collect()
}

/// Somebody may have written others into the file, and wants to know of them.
fn is_told(email: &str) -> bool {
    let person = people::ALL.iter().find(|one| one.email == email);
    person.is_none_or(|person| person.is_told)
}

fn password() -> io::Result<String> {
    let mut bytes = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(letters.iter().collect())
}

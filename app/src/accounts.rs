//! Demonstration accounts: one for each role, with passwords made at the first start (SEC-11).

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tidings::Installation;

use crate::Error;
use crate::folder::open_private;

const FILE: &str = "demo-accounts.txt";
const LOCK: &str = "lock.accounts";
const BUYER: &str = "buyer@demo.example";
const SELLER: &str = "seller@demo.example";
const OPERATOR: &str = "operator@demo.example";
const EMAILS: [&str; 3] = [BUYER, SELLER, OPERATOR];

/// 20 of 32 letters are 100 bits; without those that are mistaken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LETTERS: usize = 20;

/// An account to sign in with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
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
    let failed = |error: auth::Error| Error::Demonstration(error.into());
    for account in &accounts {
        let id = auth::create_account(&auth, &account.email, &account.password)
            .await
            .map_err(failed)?;
        match account.email.as_str() {
            OPERATOR => auth::grant_role(&auth, OPERATOR, "operator")
                .await
                .map_err(failed)?,
            SELLER => tickets::list_demo(&tickets, id)
                .await
                .map_err(|error| Error::Demonstration(error.into()))?,
            _ => {}
        }
    }
    Ok(accounts)
}

/// The file comes first: a crash after it has been written loses no password, and accounts
/// that are missing are made at the next start.
fn read_or_make(file: &Path) -> io::Result<Vec<Account>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        Err(error) => Err(error),
    }
}

fn make(file: &Path) -> io::Result<Vec<Account>> {
    let mut accounts = Vec::new();
    for email in EMAILS {
        accounts.push(Account {
            email: email.to_owned(),
            password: password()?,
        });
    }
    let mut text = String::from("# Demonstration accounts, made at the first start.\n");
    for account in &accounts {
        text.push_str(&format!("{} {}\n", account.email, account.password));
    }
    let unfinished = file.with_extension("new");
    let mut new = open_private(&unfinished)?;
    new.set_len(0)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(unfinished, file)?;
    Ok(accounts)
}

fn parse(text: &str) -> Vec<Account> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(email, password)| Account {
            email: email.to_owned(),
            password: password.trim().to_owned(),
        })
        .collect()
}

fn password() -> io::Result<String> {
    let mut bytes = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(letters.iter().collect())
}

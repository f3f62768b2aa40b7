//! Who somebody is: accounts, sessions, access tokens.
//!
//! A browser signs in and gets a session: a random secret in a cookie, which only this
//! service knows. A session is exchanged for an access token of a few minutes, which
//! every service verifies by its signature, so that who is signed in stays signed in
//! while this service is away. Accounts are told of on the `users` stream.
//!
//! People come in by signing up, or because an admin has invited them: then there is an account
//! without a password, of which nobody is told, until its owner has chosen one by a link that
//! was sent (`link`). The secrets of links are made when a letter is sent and kept as digests.
//!
//! Read `throttle` for how tries to sign in are slowed down, `password` for what a
//! password must be, and `actions` for everything that can be done.

mod account;
mod actions;
mod caller;
mod email;
mod error;
mod handlers;
mod hashing;
mod http;
mod keys;
mod letters;
mod link;
mod next;
mod pages;
pub mod password;
mod session;
mod settings;
mod store;
pub mod throttle;
mod token;

use contracts::notifications::{SendEmail, SendLink};
use contracts::users::UserEvent;
use tidings::{Handle, Migration, Service};

pub use actions::{
    create_account, disable_account, enable_account, grant_role, name_account, operator_token,
    revoke_role,
};
pub use caller::{BROWSER_COOKIE, SESSION_COOKIE};
pub use email::{BadEmail, Email};
pub use error::Error;
pub use hashing::Error as HashingError;
pub use next::same_origin_path;
pub use settings::{Cost, Settings};
pub use throttle::Limit;
pub use token::NoRandomness;

const MIGRATIONS: [Migration; 3] = [
    Migration::new(
        "0001_accounts",
        include_str!("../migrations/0001_accounts.sql"),
    ),
    Migration::new("0002_names", include_str!("../migrations/0002_names.sql")),
    Migration::new("0003_links", include_str!("../migrations/0003_links.sql")),
];

/// The names of all roles that an account can have.
pub const ROLES: [&str; 10] = {
    let all = account::Role::ALL;
    let mut names = [""; 10];
    let mut place = 0;
    while place < all.len() {
        names[place] = all[place].name();
        place += 1;
    }
    names
};

/// The service. There are no accounts but those that people make (SEC-11).
pub fn service(settings: Settings) -> Service {
    let (routes, document) = http::routes();
    Service::new("auth")
        .migrations(&MIGRATIONS)
        .publishes::<UserEvent>()
        .sends::<SendEmail>()
        .sends::<SendLink>()
        .subscribes("letters", handlers::letters)
        .resource(hashing::Hasher::new(&settings))
        .resource(keys::Keys::default())
        .resource(settings)
        .job::<actions::Sweep, _, _>(actions::sweep)
        .job::<actions::SendReset, _, _>(actions::send_reset)
        .on_start(start)
        .http(routes)
        .openapi(document)
}

async fn start(service: Handle) -> Result<(), tidings::Error> {
    prepare(&service).await.map_err(|error| match error {
        Error::Store(error) => error,
        other => tidings::Error::Unsafe(tidings::chain(&other)),
    })
}

async fn prepare(service: &Handle) -> Result<(), Error> {
    keys::load(service).await?;
    let settings = service.resource::<Settings>()?;
    let mut tx = service.begin_own().await?;
    actions::schedule_sweep(&mut tx, &settings).await?;
    tx.commit().await?;
    // Made now, or the first try with an unknown address would take twice as long (SEC-05).
    service.resource::<hashing::Hasher>()?.dummy().await?;
    Ok(())
}

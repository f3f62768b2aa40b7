//! An installation of its own, and browsers to come to it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use system_tests::{Server, Site};

use crate::browser::{Browser, Scripts};
use crate::driver::Driver;

const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

/// A running installation and a driver of browsers. Fields end in this order: the browsers
/// first, then the server, then the folder of both.
pub(crate) struct Stage {
    driver: Driver,
    server: RefCell<Option<Server>>,
    site: Site,
}

impl Stage {
    /// An installation that nobody has used.
    pub(crate) async fn set() -> Self {
        Self::open(Site::on_sqlite(BINARY).expect("a folder and a port")).await
    }

    /// An installation with the demonstration, as whoever tries the program finds it.
    pub(crate) async fn with_demonstration() -> Self {
        let site = Site::on_sqlite(BINARY).expect("a folder and a port");
        Self::open(site.with_demonstration()).await
    }

    async fn open(site: Site) -> Self {
        let driver = Driver::start(site.folder()).await;
        let server = site.start().await.expect("a server");
        Self {
            driver,
            server: RefCell::new(Some(server)),
            site,
        }
    }

    /// A folder of the test's own.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.site.folder().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// A browser that has never been here.
    pub(crate) async fn browser(&self, scripts: Scripts) -> Browser<'_> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = self.site.folder().join(format!("browser-{number}"));
        Browser::start(&self.driver, self.site.address(), &folder, scripts).await
    }

    /// A browser in which somebody of the demonstration has signed in.
    pub(crate) async fn browser_of(&self, name: &str, scripts: Scripts) -> Browser<'_> {
        let email = format!("{name}@demo.example");
        let password = self.site.demonstration_password(&email);
        let browser = self.browser(scripts).await;
        browser
            .signs_in_with(&email, &password.expect("a password"))
            .await;
        browser
    }

    /// Makes somebody an operator.
    pub(crate) async fn promote(&self, email: &str) {
        self.grant(&[("operator", email)]).await;
    }

    /// Gives roles to people, for which the server must be stopped.
    pub(crate) async fn grant(&self, roles: &[(&str, &str)]) {
        drop(self.server.take());
        for (role, email) in roles {
            let mut granted = Command::new(BINARY)
                .args(["grant", role, email, "--data"])
                .arg(self.site.folder().join("data"))
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("the binary");
            // It ends when its input does, which waiting would otherwise close.
            let _input = granted.stdin.take();
            assert!(granted.wait().expect("an end").success());
        }
        let server = self.site.start().await.expect("a server");
        self.server.replace(Some(server));
    }
}

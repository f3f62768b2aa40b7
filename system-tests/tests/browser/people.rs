//! What people do on the pages, in their order.

use crate::browser::Browser;

/// The form of the page; the way out stands in the header.
const SUBMIT: &str = "main form .button-primary";

impl Browser<'_> {
    /// Comes to the market and makes an account.
    pub(crate) async fn signs_up(&self, email: &str) {
        self.open("/").await;
        self.arrives_at("Find your seat").await;
        self.follow("Sign up").await;
        self.arrives_at("Sign up").await;
        self.fill("#email", email).await;
        self.fill("#password", "a few words are better").await;
        self.click(SUBMIT).await;
        self.shows(".account", email).await;
        self.arrives_at("Find your seat").await;
    }

    /// Comes back with an account that there is.
    pub(crate) async fn signs_in(&self, email: &str) {
        self.signs_in_with(email, "a few words are better").await;
    }

    /// Comes with an account that somebody else has made.
    pub(crate) async fn signs_in_with(&self, email: &str, password: &str) {
        self.open("/signin").await;
        self.fill("#email", email).await;
        self.fill("#password", password).await;
        self.click(SUBMIT).await;
        self.shows(".account", email).await;
    }

    /// Puts a ticket up for sale, and gives its page's path.
    pub(crate) async fn sells(&self, title: &str, price: &str) -> String {
        self.follow("Sell").await;
        self.arrives_at("Sell a ticket").await;
        self.fill("#title", title).await;
        self.fill("#venue", "Philharmonie").await;
        self.fill("#city", "Berlin").await;
        self.fill("#seat", "Block B, row 3, seat 21").await;
        self.fill("#price", price).await;
        self.click(SUBMIT).await;
        self.arrives_at(title).await;
        self.sees("It is on sale.").await;
        let path = self.path().await;
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// Finds a ticket on the market by words of its title, and opens its page.
    pub(crate) async fn finds(&self, words: &str, title: &str) {
        self.open("/").await;
        self.fill("#q", words).await;
        self.click(".search-bar button").await;
        self.shows(".section-head", "1 ticket").await;
        self.arrives_at("Find your seat").await;
        self.follow(title).await;
        self.arrives_at(title).await;
    }

    /// Orders the ticket whose page is shown, and gives the order's path.
    pub(crate) async fn buys(&self) -> String {
        self.click("#buy").await;
        self.arrives_at("Order ").await;
        let path = self.path().await;
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// Pays the order whose page is shown with one of the test cards.
    pub(crate) async fn pays_with(&self, card: &str) {
        self.click(&format!("#token option[value='{card}']")).await;
        self.click("#pay").await;
    }

    /// What is left on the countdown, in seconds.
    pub(crate) async fn seconds_left(&self) -> Result<u32, String> {
        let text = self.text(".countdown.is-ticking").await?;
        let parts = text.split_once(':');
        let parts = parts.and_then(|(minutes, seconds)| {
            Some((minutes.parse::<u32>().ok()?, seconds.parse::<u32>().ok()?))
        });
        let (minutes, seconds) = parts.ok_or_else(|| format!("{text:?} is no time"))?;
        Ok(minutes * 60 + seconds)
    }
}

//! A provider that needs no network, with the test tokens that Stripe's users know (C-36).

use std::time::Duration;

use contracts::Money;
use tidings::{FromRow, Handle, Timestamp, Tx, params};

use super::{BoxFuture, Charge, LookUp, Outcome, PaymentProvider, Refund};

/// How late the slow bank answers.
const SLOW_BANK: Duration = Duration::from_secs(3);

/// A provider without a network.
///
/// | token | what happens |
/// | --- | --- |
/// | `tok_visa` | succeeds |
/// | `tok_chargeDeclined` | declined, `card_declined` |
/// | `tok_chargeDeclinedInsufficientFunds` | declined, `insufficient_funds` |
/// | `tok_timeout` | no answer; three seconds later the book says that it has succeeded |
/// | any other | declined, `invalid_token` |
///
/// It is the outside world: its book is in tables of its own, written in
/// transactions of its own, so a crash between a charge and the service's note of
/// it leaves money taken and not recorded, as with a real provider.
pub struct Simulator {
    service: Handle,
}

#[derive(FromRow)]
struct Entry {
    reference: String,
    amount_minor: i64,
    declined_code: Option<String>,
    answers_at: Timestamp,
}

impl Simulator {
    /// A simulator that keeps its book in the service's database.
    #[must_use]
    pub fn new(service: Handle) -> Self {
        Self { service }
    }

    async fn take(&self, charge: &Charge) -> Result<Outcome, tidings::Error> {
        let mut tx = self.service.begin_own().await?;
        let now = tx.now();
        let known = entry(&mut tx, &charge.idempotency_key).await?;
        let entry = match known {
            Some(entry) if entry.amount_minor != charge.amount.minor => {
                return Ok(declined("idempotency_key_reused"));
            }
            Some(entry) => entry,
            None => write(&mut tx, charge).await?,
        };
        tx.commit().await?;
        Ok(entry.outcome(now))
    }

    async fn find(&self, idempotency_key: &str) -> Result<LookUp, tidings::Error> {
        let sql = "SELECT * FROM simulator_charges WHERE idempotency_key = $1";
        let mut conn = self.service.read().await?;
        let entry: Option<Entry> = conn.query_opt(sql, params![idempotency_key]).await?;
        let now = self.service.now();
        Ok(entry.map_or(LookUp::NotFound, |entry| LookUp::Found(entry.outcome(now))))
    }

    async fn give_back(
        &self,
        idempotency_key: &str,
        reference: &str,
        amount: Money,
    ) -> Result<Refund, tidings::Error> {
        let mut tx = self.service.begin_own().await?;
        let now = tx.now();
        let find = "SELECT * FROM simulator_charges WHERE reference = $1";
        let charge: Option<Entry> = tx.query_opt(find, params![reference]).await?;
        let taken = charge.filter(|charge| charge.declined_code.is_none());
        if taken.is_none_or(|charge| charge.amount_minor != amount.minor) {
            let code = "no_such_charge".to_owned();
            return Ok(Refund::Refused { code });
        }
        let others = "SELECT count(*) FROM simulator_refunds
            WHERE reference = $1 AND idempotency_key <> $2";
        let (others,): (i64,) = tx
            .query_one(others, params![reference, idempotency_key])
            .await?;
        if others > 0 {
            let code = "already_refunded".to_owned();
            return Ok(Refund::Refused { code });
        }
        let insert =
            "INSERT INTO simulator_refunds (idempotency_key, reference, amount_minor, created_at)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let row = params![idempotency_key, reference, amount.minor, now];
        tx.execute(insert, row).await?;
        tx.commit().await?;
        let reference = format!("re_{idempotency_key}");
        Ok(Refund::Done { reference })
    }
}

impl Entry {
    fn outcome(self, now: Timestamp) -> Outcome {
        match self.declined_code {
            _ if now < self.answers_at => Outcome::Unknown,
            Some(code) => Outcome::Declined { code },
            None => Outcome::Succeeded {
                reference: self.reference,
            },
        }
    }
}

async fn entry(tx: &mut Tx, idempotency_key: &str) -> Result<Option<Entry>, tidings::Error> {
    let sql = "SELECT * FROM simulator_charges WHERE idempotency_key = $1";
    tx.query_opt(sql, params![idempotency_key]).await
}

async fn write(tx: &mut Tx, charge: &Charge) -> Result<Entry, tidings::Error> {
    let now = tx.now();
    let (declined_code, delay) = match charge.token.as_str() {
        "tok_visa" => (None, Duration::ZERO),
        "tok_timeout" => (None, SLOW_BANK),
        "tok_chargeDeclined" => (Some("card_declined"), Duration::ZERO),
        "tok_chargeDeclinedInsufficientFunds" => (Some("insufficient_funds"), Duration::ZERO),
        _ => (Some("invalid_token"), Duration::ZERO),
    };
    let entry = Entry {
        reference: format!("ch_{}", charge.idempotency_key),
        amount_minor: charge.amount.minor,
        declined_code: declined_code.map(ToOwned::to_owned),
        answers_at: now.plus(delay),
    };
    let sql = "INSERT INTO simulator_charges (idempotency_key, reference, amount_minor, currency,
            declined_code, answers_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let row = params![
        &charge.idempotency_key,
        &entry.reference,
        charge.amount.minor,
        charge.amount.currency.code(),
        declined_code,
        entry.answers_at,
        now,
    ];
    tx.execute(sql, row).await?;
    Ok(entry)
}

fn declined(code: &str) -> Outcome {
    let code = code.to_owned();
    Outcome::Declined { code }
}

/// A provider that has trouble of its own gives no answer.
fn or_no_answer<T>(answer: Result<T, tidings::Error>, no_answer: T) -> T {
    answer.unwrap_or_else(|error| {
        tracing::warn!(error = %tidings::chain(&error), "the payment simulator cannot use its book");
        no_answer
    })
}

impl PaymentProvider for Simulator {
    fn charge(&self, charge: Charge) -> BoxFuture<'_, Outcome> {
        Box::pin(async move { or_no_answer(self.take(&charge).await, Outcome::Unknown) })
    }

    fn look_up(&self, idempotency_key: String) -> BoxFuture<'_, LookUp> {
        Box::pin(async move {
            let no_answer = LookUp::Found(Outcome::Unknown);
            or_no_answer(self.find(&idempotency_key).await, no_answer)
        })
    }

    fn refund(
        &self,
        idempotency_key: String,
        reference: String,
        amount: Money,
    ) -> BoxFuture<'_, Refund> {
        Box::pin(async move {
            let refund = self.give_back(&idempotency_key, &reference, amount).await;
            or_no_answer(refund, Refund::Unknown)
        })
    }
}

//! Payouts, and what has become of their e-mails.

use contracts::calendar::BillingDay;
use contracts::{PayoutId, UserId};
use tidings::{CommandId, Conn, Error, Timestamp, Tx, Uuid, params};

tidings::words! {
    /// What has become of a payout's e-mail (B-28).
    pub(crate) enum Mail {
        /// `notifications` is asked to send it.
        Asked = "asked",
        /// It has the e-mail, and sends it.
        Taken = "taken",
        /// It cannot send it.
        Refused = "refused",
        /// It has not answered for long. It still may send it.
        Unanswered = "unanswered",
    }
}

/// A payout that is to be written down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) id: PayoutId,
    pub(crate) account_id: UserId,
    pub(crate) billing_day: BillingDay,
    pub(crate) amount_minor: i64,
    pub(crate) mail_command_id: CommandId,
}

/// A payout as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Payout {
    pub(crate) id: PayoutId,
    pub(crate) account_id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) billing_day: BillingDay,
    pub(crate) amount_minor: i64,
    pub(crate) made_at: Timestamp,
    pub(crate) mail: Mail,
}

/// Writes a payout down. There is one for an account and a day (B-26): a second one is an error.
pub(crate) async fn insert_payout(tx: &mut Tx, made: &Made) -> Result<(), Error> {
    let sql = "INSERT INTO payouts (id, account_id, billing_day, amount_minor, made_at,
            mail_command_id, mail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let row = params![
        made.id,
        made.account_id,
        made.billing_day,
        made.amount_minor,
        tx.now(),
        made.mail_command_id,
        Mail::Asked,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Notes what has become of the e-mail that a command has asked for.
pub(crate) async fn set_mail(tx: &mut Tx, command: CommandId, mail: Mail) -> Result<(), Error> {
    let sql = "UPDATE payouts SET mail = $2 WHERE mail_command_id = $1";
    tx.execute(sql, params![command, mail]).await?;
    Ok(())
}

/// How many were paid for a day, and what together.
pub(crate) async fn paid_on(conn: &mut Conn, day: BillingDay) -> Result<(u64, i64), Error> {
    let sql = "SELECT count(*), CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payouts
        WHERE billing_day = $1";
    conn.query_one(sql, params![day]).await
}

/// Part of all payouts, newest first; of one day if one is given.
pub(crate) async fn payouts(
    conn: &mut Conn,
    day: Option<BillingDay>,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Payout>, Error> {
    let last = (Timestamp::from_micros(i64::MAX), Uuid::max());
    let (time, id) = after.unwrap_or(last);
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let sql = "SELECT p.*, COALESCE(a.name, '') AS name, COALESCE(a.email, '') AS email
        FROM payouts p LEFT JOIN accounts a ON a.id = p.account_id
        WHERE ($1 = '' OR p.billing_day = $1) AND (p.made_at, p.id) < ($2, $3)
        ORDER BY p.made_at DESC, p.id DESC LIMIT $4";
    conn.query(sql, params![day, time, id, limit]).await
}

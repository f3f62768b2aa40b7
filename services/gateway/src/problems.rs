//! What the codes of problems mean: where the `type` of a problem document leads.

mod exchange;
mod register;
mod repository;

use askama::Template;
use axum::Router;
use axum::routing::get;
use tidings::{Fragment, Path, Problem};

use crate::Gateway;

/// Every code that an answer of this installation can have, in alphabetical order.
const MEANINGS: &[(&str, &str)] = &[
    (
        "ahead_of_stream",
        "The stream has not come to this event: it was read from a producer whose database has since been restored from a backup, or from another one. Find out what was lost, and then begin from an event that exists.",
    ),
    (
        "already_decided",
        "It does not wait for an operator any more: it went through, or somebody else has decided. Read the list again.",
    ),
    (
        "answer_lost",
        "The request with this Idempotency-Key has been carried out, but the answer to it was lost when the process died. Do not send it again under another key: look at what it was about.",
    ),
    (
        "answer_not_kept",
        "The request with this Idempotency-Key has been carried out and answered. The answer could let somebody in, or was too large, and so it was not kept.",
    ),
    (
        "bad_callback_url",
        "A callback cannot be sent to this address. The problem says why: it must be https, on port 443 or 8443, without name, password and fragment, and on the public internet.",
    ),
    (
        "bad_category",
        "The category is none that exists: concert, sports, theatre or other.",
    ),
    (
        "bad_characters",
        "The text has characters that cannot be shown, such as control characters. Remove them.",
    ),
    (
        "bad_client_ref",
        "An operation's client_ref has at most 200 bytes.",
    ),
    (
        "bad_credentials",
        "No account has this e-mail address with this password. It is not said which of the two is wrong.",
    ),
    (
        "bad_currency",
        "The currency is none that can be paid with here: usd or eur.",
    ),
    (
        "bad_cursor",
        "The cursor was not made here, or belongs to another order of the list. Take it from the Link header of the part before, as it is.",
    ),
    (
        "bad_cursors",
        "Cursors are pairs of a slot and the last sequence read of it: 0:17,3:4.",
    ),
    ("bad_email", "The text is not an e-mail address."),
    (
        "bad_event",
        "The event is not what its stream is made of. The problem says what is wrong: an attribute, the type, the version, the data or the key.",
    ),
    (
        "bad_event_data",
        "The new data of an event cannot be taken: this build cannot read them, or they belong to another key. The answer says why.",
    ),
    (
        "bad_event_id",
        "The text is not the address of an event, such as orders.12.345.",
    ),
    (
        "bad_feed_start",
        "Where the reading of a feed is to begin cannot be understood. It is one of lastEventId, cursors and position for a stream, of lastEventId and after for a slot; starts is beginning, now or a time.",
    ),
    (
        "bad_filter",
        "One of the filters of the search cannot be understood. The problem names the field.",
    ),
    (
        "bad_idempotency_key",
        "The header Idempotency-Key is sent once, and is one word of 1 to 255 visible ASCII characters, with quotes around it or without.",
    ),
    (
        "bad_limit",
        "The limit is not a number from 1 to as many as there may be in one part: 200 of a list, 1000 of a feed.",
    ),
    (
        "bad_note",
        "A decision needs a note of 1 to 500 characters that says why.",
    ),
    (
        "bad_position",
        "A position or a sequence in a feed is a number. Take the position from the header tidings-position of the answer before, as it is.",
    ),
    (
        "bad_price",
        "The price is not within the limits: 1 to 100000000 in minor units.",
    ),
    (
        "bad_request",
        "The request cannot be read: a field is missing, unknown or of the wrong type, or the JSON is broken.",
    ),
    ("bad_role", "The role is neither buyer nor seller."),
    (
        "bad_settle_start",
        "From where slots go on is said as now, beginning, or a moment in RFC 3339, like 2026-03-14T16:00:07Z.",
    ),
    (
        "bad_slot",
        "The stream does not have so many slots. /feed/{stream}/heads says how many there are.",
    ),
    (
        "bad_slots",
        "The slots that a form decides about are numbers, with a comma between two.",
    ),
    (
        "bad_start",
        "The time is not in RFC 3339, in the past, or more than ten years ahead.",
    ),
    (
        "bad_state",
        "The state is none that an operation can have: queued, running, succeeded, failed or cancelled.",
    ),
    (
        "bad_status",
        "The status is none that an order can have: created, awaiting_payment, complete or cancelled.",
    ),
    (
        "bad_timeout",
        "The timeout is not a number of milliseconds.",
    ),
    (
        "bad_token",
        "The text cannot be the token of a payment card.",
    ),
    ("bad_uri", "The address is not UTF-8 text."),
    (
        "bad_verdict",
        "How a step has ended is said as done (with a result), failed (with an error) or again. A result typed into a form is JSON.",
    ),
    (
        "card_declined",
        "The bank refuses the card. Nothing was charged; another card may do.",
    ),
    (
        "cross_origin",
        "A browser sent the request from another site. Requests that change something are taken from our own pages only.",
    ),
    (
        "email_taken",
        "There is an account with this e-mail address already. Sign in instead.",
    ),
    (
        "event_reused",
        "An event with this source and id was published before, with another type or other data. Two events need two ids.",
    ),
    (
        "events_gone",
        "Events that the reader of the feed has not read were deleted because of their age. Without lastEventId the stream begins with what there is.",
    ),
    ("expired_card", "The card has expired. Nothing was charged."),
    (
        "forbidden",
        "Somebody has signed in who may not do this. Another account may.",
    ),
    (
        "headers_too_large",
        "The headers of the request are larger than 16 KiB together.",
    ),
    (
        "idempotency_key_reused",
        "The Idempotency-Key was sent before with another request: another body, query or content type. Nothing was done; take a new key for a new request.",
    ),
    (
        "incorrect_cvc",
        "The card's security code is wrong. Nothing was charged.",
    ),
    (
        "insufficient_funds",
        "There is not enough money on the card. Nothing was charged; another card may do.",
    ),
    (
        "internal",
        "Something went wrong on our side, and the log says what. Quote the correlation id if you ask about it.",
    ),
    (
        "invalid_token",
        "The payment provider does not know this card. Nothing was charged.",
    ),
    (
        "link_dead",
        "The link of a letter was used, has ended, was replaced by a newer one, was withdrawn, or never was one. Ask for another.",
    ),
    (
        "message_skipped",
        "The message was for an account that has been shut, and is not sent.",
    ),
    (
        "message_waits",
        "The message waits to be sent already, and is tried again by itself.",
    ),
    (
        "method_not_allowed",
        "The address exists, but not for this method. The header Allow names those that it answers to.",
    ),
    ("missing", "A field that is needed is empty."),
    (
        "no_answer_in_time",
        "A service that is needed for the answer took too long. What was asked for may have been done: look before you repeat it.",
    ),
    (
        "no_help",
        "A service that is needed for the answer did not do its part, and the log says why. Quote the correlation id if you ask about it.",
    ),
    (
        "not_found",
        "There is nothing at this address, or nothing that you may know of.",
    ),
    (
        "not_open",
        "The service that writes this stream takes no events from outside.",
    ),
    (
        "not_signed_in",
        "Nobody has signed in, or the session or access token has ended. Sign in, then repeat the request.",
    ),
    (
        "operation_failed",
        "An operation could not be carried out, and the log says why. It is not tried again; another one may be asked for.",
    ),
    (
        "operation_finished",
        "The operation has ended already, and what has ended never changes.",
    ),
    (
        "order_cancelled",
        "The order was cancelled, so it cannot be paid. Nothing was charged.",
    ),
    (
        "order_complete",
        "The order is paid and complete: it can be neither paid again nor cancelled.",
    ),
    (
        "order_expired",
        "The time to pay has run out. Nothing was charged, and the ticket goes back on sale.",
    ),
    (
        "order_not_ready",
        "The ticket is still being reserved for the order. Try again after Retry-After.",
    ),
    (
        "origin_missing",
        "A request with a session cookie that changes something must say where it comes from. Send Origin, or an access token instead of the cookie.",
    ),
    (
        "outcome_unknown",
        "The connection to the database broke at the worst moment: the request may or may not have been carried out. Look before you repeat it.",
    ),
    ("own_ticket", "Nobody can buy their own ticket."),
    (
        "password_guessable",
        "The password is made of words of the address or of this site. Choose one with more beside them.",
    ),
    ("password_missing", "There is no password."),
    (
        "password_too_common",
        "The password is on the list of those that are tried first. Choose another one.",
    ),
    (
        "password_too_long",
        "The password is longer than we accept.",
    ),
    (
        "password_too_short",
        "The password is too short to be safe.",
    ),
    (
        "payment_in_progress",
        "A payment for this order is under way. Wait for its outcome before you try again.",
    ),
    (
        "price_changed",
        "The ticket's price is not the one that the buyer has seen. Nothing was ordered; look at the ticket again.",
    ),
    (
        "provider_lost",
        "The payment never reached the payment provider. Nothing was charged; try again.",
    ),
    (
        "rebuild_under_way",
        "The projection is being built anew already. The list of projections tells how far it is.",
    ),
    (
        "request_failed",
        "The request was refused before any service could explain why. The status says what is known.",
    ),
    (
        "request_in_progress",
        "A request with this Idempotency-Key is being carried out, or the process that did so has died a moment ago. Ask again after Retry-After, with the same key.",
    ),
    (
        "service_token",
        "The request shows a token of a service that is not good here: another secret, another target, or older than a minute. Processes of one installation need the same secret and the right time.",
    ),
    (
        "services_only",
        "Only services of the same installation may ask this, and they show who they are.",
    ),
    (
        "stale_version",
        "Somebody has changed the record since the version in If-Match. Read it again, then decide.",
    ),
    (
        "ticket_changed",
        "Somebody else has changed the ticket at the same moment. Nothing was done; read it again.",
    ),
    (
        "ticket_reserved",
        "An order holds the ticket. It comes back if that order is not paid in time.",
    ),
    ("ticket_sold", "The ticket is sold."),
    (
        "ticket_unknown",
        "There is no such ticket, or it was listed a moment ago and is not known everywhere yet. Try again after Retry-After.",
    ),
    ("ticket_withdrawn", "The ticket is off the market for good."),
    (
        "too_large",
        "The body of the request is larger than 64 KiB; an import of platforms larger than 25 MiB, of commands than 5 MiB.",
    ),
    (
        "too_long",
        "The text has more characters than the field takes.",
    ),
    (
        "too_many_attempts",
        "There were too many attempts: to sign in, or to pay for an order. Where waiting helps, Retry-After says how long.",
    ),
    (
        "too_many_readers",
        "Too many readers wait for events of this process. Retry-After says when to come again; a request without timeout is answered.",
    ),
    (
        "too_many_streams",
        "Too many pages are open at once. Close some of them.",
    ),
    (
        "too_soon",
        "The callback has just been tried. Wait for the seconds in Retry-After before you have it sent again.",
    ),
    (
        "unavailable",
        "A database or a service cannot answer just now; try again after Retry-After. What was to be changed may have been changed: with the same Idempotency-Key it is not done twice.",
    ),
    ("unknown_role", "There is no such role."),
    (
        "unsupported_media_type",
        "The body is not of the type that the address reads. Send content-type: application/json, or a form where there is one.",
    ),
    ("uri_too_long", "The address is longer than 4 KiB."),
    (
        "wrong_password",
        "What was given as the present password is another one. The password stays as it is.",
    ),
];

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/problems/{code}", get(show))
}

/// All meanings.
fn meanings() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let systems = [exchange::MEANINGS, register::MEANINGS, repository::MEANINGS];
    MEANINGS.iter().chain(systems.into_iter().flatten())
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Meaning {
    code: &'static str,
    meaning: &'static str,
}

async fn show(Path(asked): Path<String>) -> Result<Fragment, Problem> {
    let found = meanings().find(|(code, _)| *code == asked);
    let &(code, meaning) = found.ok_or_else(|| Problem::not_found("There is no such code."))?;
    let page = Meaning { code, meaning };
    Fragment::try_new(code, page.render())
}

#[cfg(test)]
mod tests;

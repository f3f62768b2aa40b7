//! Which service calls: short tokens that only the services of one installation can make.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use crate::{Error, Timestamp};

const ISSUER: &str = "tidings/services";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Long enough for one request on its way; clocks may differ by not quite as much.
const LIFETIME_S: i64 = 60;
/// As long as the hash itself, below which guessing gets easier.
const SECRET_BYTES_MIN: usize = 32;

/// Signs and checks the tokens by which services know each other over the network: JSON Web
/// Tokens (HS256) with the installation's secret, from one service to one other, for 60
/// seconds.
///
/// Whoever has the secret can be every service, and none of the users: their tokens are
/// signed with the keys of one service alone (see [`Verifier`](crate::Verifier)).
///
/// ```
/// use tidings::{ServiceTokens, Timestamp};
///
/// let tokens = ServiceTokens::new(b"32 bytes that nobody else can know");
/// let now = Timestamp::from_micros(1_700_000_000_000_000);
/// let token = tokens.sign("orders", "payments", now);
/// assert_eq!(tokens.verify(&token, "payments", now).as_deref(), Some("orders"));
/// assert_eq!(tokens.verify(&token, "tickets", now), None);
/// ```
#[derive(Clone)]
pub struct ServiceTokens {
    signing: hmac::Key,
    checking: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
}

impl ServiceTokens {
    /// Tokens of an installation with this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self {
            signing: hmac::Key::new(hmac::HMAC_SHA256, secret),
            checking: DecodingKey::from_secret(secret),
        }
    }

    /// As [`ServiceTokens::new`], for a secret that a person has chosen.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when it is shorter than 32 bytes.
    pub fn try_new(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < SECRET_BYTES_MIN {
            let text = format!(
                "the secret of the services has {} bytes; {SECRET_BYTES_MIN} are the least",
                secret.len()
            );
            return Err(Error::Unsafe(text));
        }
        Ok(Self::new(secret))
    }

    /// A token that shows `to` that `from` calls it, good for 60 seconds.
    #[must_use]
    pub fn sign(&self, from: &str, to: &str, now: Timestamp) -> String {
        let iat = now.as_micros() / 1_000_000;
        let claims = serde_json::json!(Claims {
            iss: ISSUER.to_owned(),
            sub: from.to_owned(),
            aud: to.to_owned(),
            iat,
            exp: iat + LIFETIME_S,
        });
        let header = URL_SAFE_NO_PAD.encode(HEADER);
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{header}.{claims}");
        let signature = hmac::sign(&self.signing, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The service that calls `me` with this token; nobody, when the token is not good.
    ///
    /// Signatures are compared in constant time, and what the token says of its own algorithm
    /// does not count. It is refused when its 60 seconds are over, and when it was made more
    /// than 60 seconds from now: clocks that differ by more do not work together.
    #[must_use]
    pub fn verify(&self, token: &str, me: &str, now: Timestamp) -> Option<String> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[me]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The service clock decides, not the machine's.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules);
        let claims = claims.ok()?.claims;
        let now = now.as_micros() / 1_000_000;
        let is_fresh = claims.exp > now
            && claims.exp <= claims.iat.saturating_add(LIFETIME_S)
            && claims.iat <= now.saturating_add(LIFETIME_S);
        is_fresh.then_some(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of an installation, 32+";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((1_700_000_000 + seconds) * 1_000_000)
    }

    fn forged(key: &[u8], header: &str, claims: &str) -> String {
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = parts.join(".");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_token_names_its_sender_to_its_target_only_and_for_a_minute() {
        let tokens = ServiceTokens::new(SECRET);
        let token = tokens.sign("orders", "payments", at(0));
        let seen = |me, now| tokens.verify(&token, me, at(now));
        assert_eq!(seen("payments", 0).as_deref(), Some("orders"));
        assert_eq!(seen("payments", 59).as_deref(), Some("orders"));
        assert_eq!(seen("payments", -60).as_deref(), Some("orders"));
        for (me, now) in [("tickets", 0), ("", 0), ("payments", 60), ("payments", -61)] {
            assert_eq!(seen(me, now), None, "{me} {now}");
        }
    }

    #[test]
    fn a_token_of_another_secret_or_with_one_letter_changed_names_nobody() {
        let tokens = ServiceTokens::new(SECRET);
        let other = ServiceTokens::new(b"the secret of another one, 32 bytes");
        let stranger = other.sign("orders", "payments", at(0));
        assert_eq!(tokens.verify(&stranger, "payments", at(0)), None);
        let token = tokens.sign("orders", "payments", at(0));
        for position in 0..token.len() - 1 {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                tokens.verify(&changed, "payments", at(0)),
                None,
                "{changed}"
            );
        }
        for text in ["", ".", "..", "a.b.c", "Bearer x"] {
            assert_eq!(tokens.verify(text, "payments", at(0)), None, "{text:?}");
        }
    }

    #[test]
    fn only_the_right_algorithm_issuer_and_lifetime_count() {
        let tokens = ServiceTokens::new(SECRET);
        let seen = |header: &str, claims: &str| {
            let token = forged(SECRET, header, claims);
            tokens.verify(&token, "payments", at(0))
        };
        let claims = |iss: &str, iat: i64, exp: i64| {
            format!(
                r#"{{"iss":"{iss}","sub":"orders","aud":"payments","iat":{},"exp":{}}}"#,
                1_700_000_000 + iat,
                1_700_000_000 + exp
            )
        };
        let good = claims(ISSUER, 0, 60);
        assert_eq!(seen(HEADER, &good).as_deref(), Some("orders"));
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"EdDSA"}"#,
        ] {
            assert_eq!(seen(header, &good), None, "{header}");
        }
        for bad in [
            claims("tidings/auth", 0, 60),
            claims(ISSUER, 0, 61),
            claims(ISSUER, 0, 1_000_000),
            r#"{"iss":"tidings/services","sub":"orders","aud":"payments"}"#.to_owned(),
            good.replace(r#""aud":"payments","#, ""),
            good.replace(r#""sub":"orders","#, ""),
        ] {
            assert_eq!(seen(HEADER, &bad), None, "{bad}");
        }
    }

    /// The classic mistake would be to take the bytes of a public key, which everybody has, for
    /// the secret of a shared one.
    #[test]
    fn a_users_token_is_no_services_and_a_services_no_users() {
        use crate::{Identity, Signer, Uuid, Verifier};

        let signer = Signer::new("k1", &Signer::generate().unwrap()).unwrap();
        let verifier = Verifier::default();
        verifier.trust("k1", signer.public_key());
        let identity = Identity {
            user_id: Uuid::from_u128(7),
            email: "a@b.example".to_owned(),
            roles: vec!["operator".to_owned()],
        };
        let user = signer
            .sign(&crate::Claims::new(&identity, at(0), at(60)))
            .unwrap();
        for secret in [SECRET, signer.public_key()] {
            let tokens = ServiceTokens::new(secret);
            assert_eq!(tokens.verify(&user, "tidings", at(0)), None);
            let service = tokens.sign("orders", "tidings", at(0));
            assert!(verifier.verify(&service, at(0)).is_err());
            let claims = format!(
                r#"{{"iss":"tidings/auth","aud":"tidings","sub":"{}","email":"","roles":["operator"],"iat":0,"exp":9999999999}}"#,
                identity.user_id
            );
            for header in [
                r#"{"alg":"HS256","kid":"k1"}"#,
                r#"{"alg":"EdDSA","kid":"k1"}"#,
            ] {
                let token = forged(secret, header, &claims);
                assert!(verifier.verify(&token, at(0)).is_err(), "{header}");
            }
        }
        assert!(verifier.verify(&user, at(0)).is_ok());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(ServiceTokens::try_new(&[7; 31]).is_err());
        assert!(ServiceTokens::try_new(&[7; 32]).is_ok());
    }
}

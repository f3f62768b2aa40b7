//! Who calls: access tokens signed by one service and verified by all, offline; and the tokens
//! by which services know each other.

mod keys_elsewhere;
mod service_tokens;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use crate::{Timestamp, Uuid};

pub(crate) use keys_elsewhere::KeyKeeper;
pub use service_tokens::ServiceTokens;

/// Who issues tokens, and for whom.
const ISSUER: &str = "tidings/auth";
const AUDIENCE: &str = "tidings";

/// Somebody who has signed in, as an access token says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub user_id: Uuid,
    /// Its e-mail address.
    pub email: String,
    /// What it may do: `operator`, or nothing special.
    pub roles: Vec<String>,
}

impl Identity {
    /// Whether the account has a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// What an access token holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    email: String,
    roles: Vec<String>,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// Claims about an identity, good from `now` until `until`.
    #[must_use]
    pub fn new(identity: &Identity, now: Timestamp, until: Timestamp) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: identity.user_id,
            email: identity.email.clone(),
            roles: identity.roles.clone(),
            iat: now.as_micros() / 1_000_000,
            exp: until.as_micros() / 1_000_000,
        }
    }
}

/// Signs access tokens; whoever has it can be anybody.
pub struct Signer {
    kid: String,
    key: jsonwebtoken::EncodingKey,
    public: [u8; 32],
}

/// A key pair could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("use an Ed25519 key pair")]
pub struct BadKey;

impl Signer {
    /// Makes a new key pair, as PKCS #8 bytes: keep them secret.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<Vec<u8>, BadKey> {
        let pair = Ed25519KeyPair::generate().map_err(|_| BadKey)?;
        Ok(pair.to_pkcs8v1().map_err(|_| BadKey)?.as_ref().to_vec())
    }

    /// A signer that signs with this key pair and calls it `kid`.
    ///
    /// # Errors
    /// When the bytes are not an Ed25519 key pair.
    pub fn new(kid: &str, pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| BadKey)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| BadKey)?;
        Ok(Self {
            kid: kid.to_owned(),
            key: jsonwebtoken::EncodingKey::from_ed_der(pkcs8),
            public,
        })
    }

    /// What verifiers need: see [`Verifier::trust`].
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public
    }

    /// Signs claims.
    ///
    /// # Errors
    /// When the claims cannot be signed.
    pub fn sign(&self, claims: &Claims) -> Result<String, BadKey> {
        let mut header = jsonwebtoken::Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| BadKey)
    }
}

/// Why a token was refused.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// It is not a token, or nobody we believe has signed it.
    #[error("believe the access token")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// It was good once.
    #[error("use the access token: it has expired")]
    Expired,
    /// No key could be had from where the keys are, so nobody can tell whether it is good.
    #[error("have the keys of access tokens")]
    NoKeys,
    /// It was signed with a key that we do not know.
    #[error("believe the access token: its key is not known")]
    UnknownKey,
}

/// The public keys of whoever signs access tokens. Cheap to clone; clones share their keys.
///
/// Without a key every token is refused.
#[derive(Clone, Default)]
pub struct Verifier {
    keys: Arc<RwLock<Vec<(String, DecodingKey)>>>,
    /// Set where the keys come from another process.
    fetching: Arc<OnceLock<keys_elsewhere::Fetching>>,
}

impl Verifier {
    /// Believes tokens of the key `kid`, an Ed25519 public key of 32 bytes.
    pub fn trust(&self, kid: &str, public_key: &[u8; 32]) {
        let key = DecodingKey::from_ed_der(public_key);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|(known, _)| known != kid);
        keys.push((kid.to_owned(), key));
    }

    /// Reads a token, by signature and time alone.
    ///
    /// # Errors
    /// [`Rejected`] says why it is refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, Rejected> {
        let kid = jsonwebtoken::decode_header(token)?
            .kid
            .ok_or(Rejected::UnknownKey)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (_, key) = keys
            .iter()
            .find(|(known, _)| *known == kid)
            .ok_or(Rejected::UnknownKey)?;
        // The list of algorithms is fixed here; what the token says of itself does not count.
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The service clock decides, not the machine's.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &rules)?.claims;
        if claims.exp <= now.as_micros() / 1_000_000 {
            return Err(Rejected::Expired);
        }
        Ok(Identity {
            user_id: claims.sub,
            email: claims.email,
            roles: claims.roles,
        })
    }
}

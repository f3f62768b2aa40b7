//! The keys that access tokens are signed with: made at the first start, kept in the database.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tidings::{Conn, Handle, Signer};
use utoipa::ToSchema;

use crate::Error;
use crate::store::{self, KeyRow};
use crate::token::hex;

/// The keys of a running service. Whoever can read the service's database can sign
/// tokens with them: keep the data folder to yourself.
#[derive(Default)]
pub(crate) struct Keys(OnceLock<Loaded>);

struct Loaded {
    signer: Signer,
    published: KeySet,
}

/// The public keys, as RFC 7517 and RFC 8037 write them.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct KeySet {
    keys: Vec<PublicKey>,
}

/// One public key.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    /// 32 bytes in base64url.
    x: String,
}

impl Keys {
    /// Signs with the newest key.
    pub(crate) fn signer(&self) -> Result<&Signer, Error> {
        let loaded = self.0.get().ok_or(Error::NoKey)?;
        Ok(&loaded.signer)
    }

    /// The public keys of all generations.
    pub(crate) fn published(&self) -> KeySet {
        let published = self.0.get().map(|loaded| loaded.published.clone());
        published.unwrap_or_default()
    }
}

/// Makes the first key if there is none, and has every service believe all of them.
pub(crate) async fn load(service: &Handle) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    if store::signing_keys(&mut tx).await?.is_empty() {
        store::insert_key_in_tx(&mut tx, &first()?).await?;
    }
    // Read again, for another process may have been the first.
    let rows = store::signing_keys(&mut tx).await?;
    tx.commit().await?;
    let mut published = KeySet::default();
    let mut newest = None;
    for row in rows {
        let signer = signer(&row)?;
        service.verifier().trust(&row.kid, signer.public_key());
        published.keys.push(public(row.kid, &signer));
        newest = Some(signer);
    }
    let signer = newest.ok_or(Error::NoKey)?;
    let loaded = Loaded { signer, published };
    // The hook runs once for each installation; a second run finds the same keys.
    let _ = service.resource::<Keys>()?.0.set(loaded);
    Ok(())
}

/// The signer of the newest key.
pub(crate) async fn newest(conn: &mut Conn) -> Result<Signer, Error> {
    let rows = store::signing_keys(conn).await?;
    signer(rows.last().ok_or(Error::NoKey)?)
}

fn signer(row: &KeyRow) -> Result<Signer, Error> {
    let pkcs8 = URL_SAFE_NO_PAD
        .decode(&row.pkcs8)
        .map_err(|_| tidings::BadKey)?;
    Ok(Signer::new(&row.kid, &pkcs8)?)
}

fn first() -> Result<KeyRow, Error> {
    let pkcs8 = Signer::generate()?;
    let public = *Signer::new("", &pkcs8)?.public_key();
    let digest = hex(&Sha256::digest(public));
    Ok(KeyRow {
        generation: 1,
        kid: digest.chars().take(16).collect(),
        pkcs8: URL_SAFE_NO_PAD.encode(pkcs8),
    })
}

fn public(kid: String, signer: &Signer) -> PublicKey {
    PublicKey {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid,
        x: URL_SAFE_NO_PAD.encode(signer.public_key()),
    }
}

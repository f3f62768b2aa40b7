//! Secrets that a browser carries: 256 bits of the machine's randomness, kept here as digests (SEC-15).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// A session's or a browser's secret. It is not in any log: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token([u8; BYTES]);

/// The machine has no randomness.
#[derive(Debug, thiserror::Error)]
#[error("get randomness from the machine")]
pub struct NoRandomness(#[source] getrandom::Error);

impl Token {
    /// A new secret.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads what a browser sent; anything else than 32 bytes in base64url is no secret of ours.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What the browser gets.
    #[must_use]
    pub(crate) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored. A plain SHA-256 will do: there is nothing to guess in 256 random bits.
    #[must_use]
    pub(crate) fn digest(&self) -> String {
        hex(&Sha256::digest(self.0))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Bytes as text, two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

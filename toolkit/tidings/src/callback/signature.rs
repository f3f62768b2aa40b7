//! Signatures as Standard Webhooks has them: whoever has the secret can tell that a callback
//! is ours and that nobody has changed it (SEC-61).

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

const PREFIX: &str = "whsec_";
const KEY_BYTES: usize = 32;

/// A secret as its owner gets it: `whsec_` and 32 random bytes. It is not `Debug`, so that it
/// ends up in no log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new one, from the machine's randomness.
    pub(super) fn generate() -> Result<Self, Error> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|_| Error::Unsafe("a machine without randomness".to_owned()))?;
        Ok(Self(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// How long its key is; nothing when it is no secret.
    pub(crate) fn key_bytes(&self) -> Option<usize> {
        let key = STANDARD.decode(self.0.strip_prefix(PREFIX)?).ok()?;
        Some(key.len())
    }

    fn sign(&self, message: &[u8]) -> Option<String> {
        let key = STANDARD.decode(self.0.strip_prefix(PREFIX)?).ok()?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), message);
        Some(format!("v1,{}", STANDARD.encode(tag)))
    }
}

/// The header `webhook-signature`: one signature a secret. Neither id nor timestamp has a dot,
/// so nobody can move the border between them and the body.
pub(crate) fn signature(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let message = format!("{id}.{timestamp}.{body}");
    let signatures = secrets
        .iter()
        .filter_map(|secret| secret.sign(message.as_bytes()));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Secret, signature};

    /// The example of the specification and of its libraries' own tests.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let secret = Secret::stored(secret.to_owned());
        let signed = signature(
            &[secret],
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
        );
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn each_secret_signs_for_itself() {
        let secrets = [
            Secret::generate().expect("random"),
            Secret::generate().expect("random"),
        ];
        assert!(secrets[0] != secrets[1]);
        let both = signature(&secrets, "id", 7, "{}");
        let alone = |secret: &Secret| signature(std::slice::from_ref(secret), "id", 7, "{}");
        assert_eq!(
            both,
            format!("{} {}", alone(&secrets[0]), alone(&secrets[1]))
        );
    }
}

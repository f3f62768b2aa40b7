//! Who a URL says that we are. The client of NATS reads a host and a port of it, and no more.

use async_nats::ConnectOptions;

/// Shows the server the name and password, or the token, of the first address that has one.
pub(crate) fn sign_in(options: ConnectOptions, url: &str) -> ConnectOptions {
    let Some(found) = url.split(',').find_map(before_the_host) else {
        return options;
    };
    match found.split_once(':') {
        Some((user, password)) => options.user_and_password(decoded(user), decoded(password)),
        None => options.token(decoded(found)),
    }
}

fn before_the_host(address: &str) -> Option<&str> {
    let (_, rest) = address.trim().split_once("://")?;
    let (found, _) = rest.rsplit_once('@')?;
    (!found.is_empty()).then_some(found)
}

/// In a URL `%40` stands for what would else end the password.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let code = match (first, more) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_or_a_token_stand_before_the_host() {
        assert_eq!(before_the_host("nats://me:pass@a:4222"), Some("me:pass"));
        assert_eq!(before_the_host(" tls://token@b"), Some("token"));
        assert_eq!(before_the_host("nats://a:4222"), None);
        assert_eq!(decoded("p%40ss%2fw%zz%"), "p@ss/w%zz%");
    }
}

//! Addresses without the passwords in them.

/// An address as it may be shown: what stands between the user's name and the host, and
/// parameters that hold a password, are left out.
pub(super) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // A password may hold an @ that nobody has escaped: the host begins after the last.
    let place = match rest.rsplit_once('@') {
        Some((who, host)) => match who.split_once(':') {
            Some((user, _)) => format!("{user}:…@{host}"),
            None if scheme.starts_with("postgres") => format!("{who}@{host}"),
            // A bare word before the host is a token, as brokers take it.
            None => format!("…@{host}"),
        },
        None => rest.to_owned(),
    };
    let query = query.map(|query| {
        let shown = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}=…"),
            _ => pair.to_owned(),
        });
        format!("?{}", shown.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{place}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://me:s3cret@host/db", "postgres://me:…@host/db"),
            ("postgres://me:s3@cret@host/db", "postgres://me:…@host/db"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            (
                "postgres://host/db?user=me&password=s3cret",
                "postgres://host/db?user=me&password=…",
            ),
            ("nats://t0ken@host:4222", "nats://…@host:4222"),
            (
                "smtps://me:s3cret@mail.example?tls=required",
                "smtps://me:…@mail.example?tls=required",
            ),
            ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}

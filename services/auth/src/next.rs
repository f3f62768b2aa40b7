//! Where to go after signing in: only to our own pages (SEC-28).

const BYTES_MAX: usize = 2_000;

/// The address after `?next=` if it is a path of this site, else the front page.
///
/// Refused is all that some browser or proxy could read as another host: `//host`,
/// backslashes, tabs and line breaks (browsers drop them: `/<tab>/host`), encoded
/// slashes and backslashes that somebody may decode on the way, and anything that does
/// not begin with `/`.
///
/// ```
/// assert_eq!(auth::same_origin_path("/tickets/1?sort=price"), "/tickets/1?sort=price");
/// assert_eq!(auth::same_origin_path("//evil.example"), "/");
/// ```
#[must_use]
pub fn same_origin_path(next: &str) -> &str {
    if is_own_path(next) { next } else { "/" }
}

fn is_own_path(next: &str) -> bool {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let folded = path.to_ascii_lowercase();
    // Encoded twice is decoded once by some proxy and once by another.
    let hidden = ["%2f", "%5c", "%25", "%09", "%0a", "%0d", "%00"];
    next.len() <= BYTES_MAX
        && next.starts_with('/')
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.contains("//")
        && !hidden.iter().any(|code| folded.contains(code))
}

//! SEC-55, SEC-57: which addresses are refused when an operation is accepted.

use std::net::{IpAddr, Ipv4Addr};

use tidings::CallbackPolicy;
use tidings::callback::BadUrl;

/// Each with the reason that is given.
const REFUSED: &[(&str, BadUrl)] = &[
    // Not an address, or one that reads differently from how it is written.
    ("", BadUrl::Unreadable),
    ("example.com", BadUrl::Unreadable),
    ("/hooks", BadUrl::Unreadable),
    ("//example.com/", BadUrl::Unreadable),
    ("https:", BadUrl::Unreadable),
    ("https://", BadUrl::Unreadable),
    ("https:///example.com", BadUrl::Unreadable),
    ("https:example.com", BadUrl::Unreadable),
    ("https:/example.com", BadUrl::Unreadable),
    ("https:\\\\example.com", BadUrl::Unreadable),
    ("https://example.com\\@10.0.0.1/", BadUrl::Unreadable),
    (" https://example.com/", BadUrl::Unreadable),
    ("https://example.com/ ", BadUrl::Unreadable),
    ("https://exam\tple.com/", BadUrl::Unreadable),
    ("https://example.com/\r\nhost: other", BadUrl::Unreadable),
    ("https://exa mple.com/", BadUrl::Unreadable),
    ("https://example.com:port/", BadUrl::Unreadable),
    ("https://example.com:99999/", BadUrl::Unreadable),
    ("https://[::1/", BadUrl::Unreadable),
    ("https://[fe80::1%25eth0]/", BadUrl::Unreadable),
    ("https://1.2.3.256/", BadUrl::Unreadable),
    ("https://1.2.3.4.5/", BadUrl::Unreadable),
    ("https://exa%00mple.com/", BadUrl::Unreadable),
    // Other schemes.
    ("http://example.com/", BadUrl::Scheme),
    ("ftp://example.com/", BadUrl::Scheme),
    ("file://localhost/etc/passwd", BadUrl::Scheme),
    ("gopher://example.com/", BadUrl::Scheme),
    ("ws://example.com/", BadUrl::Scheme),
    ("unix://example.com/", BadUrl::Scheme),
    // Ports of something else than web servers.
    ("https://example.com:22/", BadUrl::Port),
    ("https://example.com:80/", BadUrl::Port),
    ("https://example.com:5432/", BadUrl::Port),
    ("https://example.com:0/", BadUrl::Port),
    ("https://example.com:65535/", BadUrl::Port),
    // Names and passwords, which hide what the host is.
    ("https://me@example.com/", BadUrl::UserInfo),
    ("https://me:secret@example.com/", BadUrl::UserInfo),
    ("https://@example.com/", BadUrl::UserInfo),
    ("https://:@example.com/", BadUrl::UserInfo),
    ("https://example.com@10.0.0.1/", BadUrl::UserInfo),
    ("https://10.0.0.1@example.com/", BadUrl::UserInfo),
    ("https://example.com/#there", BadUrl::Fragment),
    ("https://example.com/#", BadUrl::Fragment),
    // Names that stay near.
    ("https://localhost/", BadUrl::Host),
    ("https://LOCALHOST/", BadUrl::Host),
    ("https://localhost./", BadUrl::Host),
    ("https://my.localhost/", BadUrl::Host),
    ("https://printer.local/", BadUrl::Host),
    ("https://vault.internal/", BadUrl::Host),
    ("https://metadata.google.internal/", BadUrl::Host),
    ("https://router.home.arpa/", BadUrl::Host),
    ("https://database/", BadUrl::Host),
    ("https://database./", BadUrl::Host),
    // Addresses that are not on the internet, in every notation.
    ("https://127.0.0.1/", BadUrl::Host),
    ("https://127.0.0.1:8443/", BadUrl::Host),
    ("https://127.1/", BadUrl::Host),
    ("https://127.0.0.1./", BadUrl::Host),
    ("https://2130706433/", BadUrl::Host),
    ("https://0x7f000001/", BadUrl::Host),
    ("https://0x7f.0.0.1/", BadUrl::Host),
    ("https://0177.0.0.1/", BadUrl::Host),
    ("https://017700000001/", BadUrl::Host),
    ("https://%31%32%37.0.0.1/", BadUrl::Host),
    ("https://１２７.0.0.1/", BadUrl::Host),
    ("https://127。0。0。1/", BadUrl::Host),
    ("https://0/", BadUrl::Host),
    ("https://0.0.0.0/", BadUrl::Host),
    ("https://10.1.2.3/", BadUrl::Host),
    ("https://167838211/", BadUrl::Host),
    ("https://100.64.0.1/", BadUrl::Host),
    ("https://169.254.169.254/latest/meta-data/", BadUrl::Host),
    ("https://0xa9fea9fe/", BadUrl::Host),
    ("https://172.16.0.1/", BadUrl::Host),
    ("https://192.168.1.1/", BadUrl::Host),
    ("https://192.0.2.1/", BadUrl::Host),
    ("https://198.51.100.1/", BadUrl::Host),
    ("https://203.0.113.1/", BadUrl::Host),
    ("https://224.0.0.1/", BadUrl::Host),
    ("https://255.255.255.255/", BadUrl::Host),
    ("https://[::]/", BadUrl::Host),
    ("https://[::1]/", BadUrl::Host),
    ("https://[0:0:0:0:0:0:0:1]/", BadUrl::Host),
    ("https://[::127.0.0.1]/", BadUrl::Host),
    ("https://[::ffff:127.0.0.1]/", BadUrl::Host),
    ("https://[::ffff:7f00:1]/", BadUrl::Host),
    ("https://[::ffff:8.8.8.8]/", BadUrl::Host),
    ("https://[64:ff9b::7f00:1]/", BadUrl::Host),
    ("https://[2002:7f00:1::]/", BadUrl::Host),
    ("https://[2001::1]/", BadUrl::Host),
    ("https://[2001:db8::1]/", BadUrl::Host),
    ("https://[fc00::1]/", BadUrl::Host),
    ("https://[fd00:ec2::254]/", BadUrl::Host),
    ("https://[fe80::1]/", BadUrl::Host),
    ("https://[ff02::1]/", BadUrl::Host),
];

const ALLOWED: &[&str] = &[
    "https://example.com",
    "https://example.com/",
    "https://example.com:443/",
    "https://example.com:8443/hooks",
    "https://EXAMPLE.com/Hooks?of=me&and=you",
    "https://hooks.eu.example.co.uk/a/b/c",
    "https://example.com./",
    "https://xn--bcher-kva.example/",
    "https://bücher.example/",
    "https://localhost.example.com/",
    "https://internal.example.com/",
    "https://notlocal.notlocalhost/",
    "https://8.8.8.8/",
    "https://134744072/",
    "https://[2606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://example.com/?next=http://127.0.0.1/",
    "https://example.com/me@home",
    "https://example.com/%00",
];

#[test]
fn nothing_but_https_to_the_public_internet_is_accepted() {
    let policy = CallbackPolicy::strict();
    for (url, reason) in REFUSED {
        assert_eq!(policy.check(url), Err(reason.clone()), "{url:?}");
    }
    assert!(REFUSED.len() >= 60 && ALLOWED.len() >= 10);
}

#[test]
fn what_receivers_have_is_accepted() {
    let policy = CallbackPolicy::strict();
    for url in ALLOWED {
        assert_eq!(policy.check(url), Ok(()), "{url:?}");
    }
    let long = format!("https://example.com/{}", "x".repeat(2029));
    assert_eq!(policy.check(&long), Err(BadUrl::TooLong));
    assert_eq!(policy.check(&long[..2048]), Ok(()));
}

/// SEC-55: every way to write every address that must not be reached: 13 notations of 40.
#[test]
fn no_notation_of_a_refused_address_gets_through() {
    let policy = CallbackPolicy::strict();
    let starts = [
        [0, 0, 0, 1],
        [10, 0, 0, 1],
        [100, 64, 1, 1],
        [127, 0, 0, 1],
        [169, 254, 169, 254],
        [172, 16, 0, 1],
        [192, 168, 0, 1],
        [198, 18, 0, 1],
        [224, 0, 0, 1],
        [240, 0, 0, 1],
    ];
    let mut tried = 0;
    for start in starts {
        for step in 0..4 {
            let [a, b, c, d] = start;
            let [c, d] = [c.max(step), d];
            let number = u32::from(Ipv4Addr::new(a, b, c, d));
            let low = number & 0x00ff_ffff;
            let lower = number & 0xffff;
            let notations = [
                format!("{a}.{b}.{c}.{d}"),
                format!("{a}.{b}.{c}.{d}."),
                format!("{number}"),
                format!("0x{number:x}"),
                format!("0X{number:08X}"),
                format!("0{number:o}"),
                format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
                format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
                format!("{a}.{low}"),
                format!("{a}.{b}.{lower}"),
                format!("0x{a:x}.0{low:o}"),
                format!("[::ffff:{a}.{b}.{c}.{d}]"),
                format!("[64:ff9b::{:x}:{:x}]", number >> 16, lower),
            ];
            for host in notations {
                let url = format!("https://{host}/");
                assert_eq!(policy.check(&url), Err(BadUrl::Host), "{url}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 500, "{tried}");
}

/// The policy of tests and development opens what it names and no more.
#[test]
fn an_allowed_address_opens_no_other() {
    let policy = CallbackPolicy::allowing([IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    assert_eq!(policy.check("http://127.0.0.1:3000/"), Ok(()));
    for url in ["http://127.0.0.2/", "http://[::1]/", "https://10.0.0.1/"] {
        assert_eq!(policy.check(url), Err(BadUrl::Host), "{url}");
    }
    assert_eq!(policy.check("ftp://127.0.0.1/"), Err(BadUrl::Scheme));
    assert_eq!(policy.check("http://a@127.0.0.1/"), Err(BadUrl::UserInfo));
}

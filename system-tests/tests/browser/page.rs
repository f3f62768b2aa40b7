//! What is true of every page: it fits, it breaks no rule of its own, and its console is silent.

use crate::browser::Browser;

const WIDTHS: [u32; 2] = [375, 1280];

const OVERFLOW: &str = "
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return '';
    const wide = [...document.querySelectorAll('body *')]
        .filter((e) => e.getBoundingClientRect().right > width + 1)
        .map((e) => e.tagName + '.' + e.className);
    return document.documentElement.scrollWidth + ' in ' + width + ': ' + wide.slice(0, 5);
";

impl Browser<'_> {
    /// Waits for the page with this heading, and looks it over.
    pub(crate) async fn arrives_at(&self, heading: &str) {
        self.shows("main h1", heading).await;
        self.fits().await;
        assert_eq!(
            self.complaints().await,
            [""; 0],
            "in the console of {heading:?}"
        );
    }

    /// The same for a page that comes with an error's status, which is all that its console tells.
    pub(crate) async fn is_refused(&self, heading: &str, status: u16) {
        self.shows("main h1", heading).await;
        self.fits().await;
        let complaints = self.complaints().await;
        let told = format!("responded with a status of {status}");
        assert!(
            matches!(complaints.as_slice(), [one] if one.contains(&told)),
            "{heading:?} should come with {status}, and not with {complaints:?}"
        );
    }

    /// Whether nothing of the page is outside it to the right, on a phone and on a desktop.
    pub(crate) async fn fits(&self) {
        for width in WIDTHS {
            self.resize(width).await;
            let overflow = self.overflow().await;
            let path = self.path().await;
            assert_eq!(overflow, "", "{path} scrolls sideways, {width} pixels wide");
        }
    }

    /// What is too wide, in words; empty if nothing is.
    pub(crate) async fn overflow(&self) -> String {
        let told = self.script(OVERFLOW).await.expect("a measurement");
        told.as_str().unwrap_or_default().to_owned()
    }

    /// From now on [`Self::is_unloaded`] tells whether another document has been loaded.
    pub(crate) async fn stays(&self) {
        let marked = self.script("window.stayed = true").await;
        marked.expect("a mark on the page");
    }

    /// Whether the page is another one than at [`Self::stays`], or was reloaded.
    pub(crate) async fn is_unloaded(&self) -> bool {
        let stayed = self.script("return window.stayed === true").await;
        stayed.expect("the page's mark") != true
    }
}

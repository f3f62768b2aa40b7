//! The story.

use crate::program::run;

/// Letter by letter: what the README and a newcomer's first minute show.
#[test]
fn the_demo_tells_the_committed_story() {
    let ended = run(&["demo"]);
    assert_eq!(ended.out, include_str!("../demo.txt"));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}

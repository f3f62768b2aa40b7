//! How many tests ran, read from what the test programs print.

/// The sums of all `test result:` lines of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Tally {
    pub(crate) fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// Takes one line of output; a line that tells no result changes nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            match count.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.ignored += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Why a run whose programs all ended well is still no proof, if so: a run of nothing and a
    /// test that was left out look green and show nothing.
    pub(crate) fn objection(&self) -> Option<String> {
        if self.ignored > 0 {
            return Some(format!(
                "{} ignored: every test runs, or it is not there",
                self.ignored
            ));
        }
        (self.ran() == 0).then(|| "no test ran".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn read(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn results_of_several_programs_add_up() {
        let tally = read(
            "\
running 3 tests
test order_is_held ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
   Doc-tests tidings
test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out; finished in 3.10s
",
        );
        assert_eq!(
            tally,
            Tally {
                passed: 15,
                failed: 2,
                ignored: 1
            }
        );
        assert_eq!(tally.ran(), 17);
    }

    #[test]
    fn other_lines_count_for_nothing() {
        let tally = read("test result: ok\n5 passed; 1 failed\n  test result: ok. 9 passed;\n\n");
        assert_eq!(tally, Tally::default());
    }

    #[test]
    fn a_run_of_nothing_is_objected_to() {
        assert_eq!(Tally::default().objection().as_deref(), Some("no test ran"));
    }

    #[test]
    fn an_ignored_test_is_objected_to() {
        let tally = read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured");
        assert!(tally.objection().is_some());
    }

    #[test]
    fn a_run_of_all_its_tests_is_not_objected_to() {
        let tally = read("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured");
        assert_eq!(tally.objection(), None);
    }
}

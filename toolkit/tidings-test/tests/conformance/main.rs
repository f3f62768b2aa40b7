//! The suite of transports: good and bad ones pass it, and those that break a rule do not.

#[cfg(test)]
mod over_http;
mod rules;

mod in_process {
    use tidings_test::conformance::{Ground, InProcess};

    mod on_sqlite {
        use super::*;
        tidings_test::conformance!(Ground::sqlite(InProcess::default()));
    }

    mod on_postgres {
        use super::*;
        tidings_test::conformance!(Ground::postgres(InProcess::default()));
    }
}

mod misbehaving {
    use tidings_test::Misbehaviour;
    use tidings_test::conformance::{Ground, InProcess, Misbehaving};

    /// Bad enough for every story, also the long ones.
    const RULES: Misbehaviour = Misbehaviour {
        crash: 0,
        duplicate: 15,
        lose: 15,
        delay: 15,
        reorder: 30,
        faults_max: 10_000,
    };

    fn bad() -> Misbehaving<InProcess> {
        Misbehaving::new(InProcess::default(), 7, RULES)
    }

    mod on_sqlite {
        use super::*;
        tidings_test::conformance!(Ground::sqlite(bad()));
    }

    mod on_postgres {
        use super::*;
        tidings_test::conformance!(Ground::postgres(bad()));
    }
}

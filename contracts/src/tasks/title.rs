//! The number of the old tracker, which used to stand in brackets before the title (B.5).

/// Whether a text is a number of the old tracker: `POP-42`.
#[must_use]
pub fn is_jira_id(text: &str) -> bool {
    let Some((project, number)) = text.split_once('-') else {
        return false;
    };
    let is_project = project.starts_with(|first: char| first.is_ascii_uppercase())
        && project
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    let is_number = !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit());
    is_project && is_number
}

/// Takes the number out of a title of old: `[POP-42] - Mend the gate` is `POP-42` and
/// `Mend the gate`.
///
/// What stands in brackets and is no number belongs to the title: nothing is lost. A title
/// that was nothing but a number is called by it, because a task has a title.
///
/// ```
/// use tidings_contracts::tasks::split_title;
///
/// let (jira_id, title) = split_title("[POP-42] Mend the gate");
/// assert_eq!((jira_id.as_deref(), title.as_str()), (Some("POP-42"), "Mend the gate"));
/// let (jira_id, title) = split_title("[urgent] Mend the gate");
/// assert_eq!((jira_id, title.as_str()), (None, "[urgent] Mend the gate"));
/// ```
#[must_use]
pub fn split_title(old: &str) -> (Option<String>, String) {
    let found = old
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(number, rest)| (number.trim(), rest.trim_start()))
        .filter(|(number, _)| is_jira_id(number));
    let Some((number, rest)) = found else {
        return (None, old.to_owned());
    };
    let title = rest.strip_prefix('-').unwrap_or(rest).trim_start();
    let title = if title.is_empty() { number } else { title };
    (Some(number.to_owned()), title.to_owned())
}

/// Puts the number back before the title, for readers of old; [`split_title`] takes it out
/// again.
#[must_use]
pub fn join_title(jira_id: Option<&str>, title: &str) -> String {
    match jira_id {
        None => title.to_owned(),
        // The first dash after the brackets is taken for a line between the two.
        Some(number) if title.starts_with('-') => format!("[{number}] - {title}"),
        Some(number) => format!("[{number}] {title}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_old_tracker_are_capitals_and_digits_with_a_dash_between() {
        for good in ["POP-42", "A-1", "P2P-007"] {
            assert!(is_jira_id(good), "{good}");
        }
        for bad in [
            "", "POP", "POP-", "-42", "pop-42", "2P-1", "POP-4a", "POP-4-2", "PÖP-1", "POP-٤",
        ] {
            assert!(!is_jira_id(bad), "{bad}");
        }
    }

    #[test]
    fn the_number_is_taken_out_of_the_titles_of_old_however_they_were_typed() {
        for (old, number, title) in [
            ("[POP-42] Mend the gate", Some("POP-42"), "Mend the gate"),
            ("  [POP-42]-Mend the gate", Some("POP-42"), "Mend the gate"),
            ("[POP-42]  -  Mend [it]", Some("POP-42"), "Mend [it]"),
            ("[ POP-42 ] Mend the gate", Some("POP-42"), "Mend the gate"),
            ("[POP-42]", Some("POP-42"), "POP-42"),
            ("Mend [POP-42] the gate", None, "Mend [POP-42] the gate"),
            ("[urgent] Mend the gate", None, "[urgent] Mend the gate"),
            ("[POP-42 Mend the gate", None, "[POP-42 Mend the gate"),
            ("", None, ""),
        ] {
            let expected = (number.map(str::to_owned), title.to_owned());
            assert_eq!(split_title(old), expected, "{old:?}");
        }
    }

    #[test]
    fn a_number_that_was_put_back_comes_out_again() {
        for title in ["Mend the gate", "- twice", "[urgent] twice", "POP-1"] {
            let joined = join_title(Some("POP-42"), title);
            let expected = (Some("POP-42".to_owned()), title.to_owned());
            assert_eq!(split_title(&joined), expected, "{joined:?}");
        }
    }
}

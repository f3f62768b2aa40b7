//! What the readers of the shells have in common: a template as letters and holes, and where
//! each hole stands.

/// A letter of the template, or a place for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Letter(char),
    Hole,
}

/// How a shell reads what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of all quotes.
    Bare,
    /// Between single quotes.
    Single,
    /// Between double quotes.
    Double,
    /// In arithmetic, where only a number is safe.
    Number,
}

/// Where a placeholder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) place: Place,
    /// Whether something further out holds it, too: double quotes `"$(ls {{folder}})"`, or the
    /// brackets of a database.
    pub(super) nested: bool,
    /// What stands before and behind it.
    pub(super) before: Option<Unit>,
    pub(super) after: Option<Unit>,
    /// Whether no other value follows in the same place.
    pub(super) last: bool,
}

impl Spot {
    /// Whether nothing but blanks stands at its sides.
    pub(super) fn stands_alone(&self) -> bool {
        let is_blank = |unit: Option<Unit>| match unit {
            None => true,
            Some(Unit::Letter(letter)) => matches!(letter, ' ' | '\t' | '\n'),
            Some(Unit::Hole) => false,
        };
        is_blank(self.before) && is_blank(self.after)
    }

    /// Whether a word begins with it.
    pub(super) fn begins_word(&self) -> bool {
        match self.before {
            None => true,
            Some(Unit::Letter(letter)) => letter.is_whitespace() || matches!(letter, '\'' | '"'),
            Some(Unit::Hole) => false,
        }
    }
}

/// What a reader has found.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    /// For each hole where it stands, or why nothing can stand there.
    pub(super) spots: Vec<Result<Spot, &'static str>>,
    /// What the template does that is not understood.
    pub(super) mistakes: Vec<&'static str>,
    /// Whether the shell computes with what is in its variables: for bash that may be a program.
    pub(super) computes: bool,
}

/// Goes over the units of a template.
pub(super) struct Reader<'a> {
    units: &'a [Unit],
    at: usize,
    pub(super) lexed: Lexed,
}

impl<'a> Reader<'a> {
    pub(super) fn new(units: &'a [Unit]) -> Self {
        Self {
            units,
            at: 0,
            lexed: Lexed::default(),
        }
    }

    /// The unit so many further on.
    pub(super) fn peek(&self, ahead: usize) -> Option<Unit> {
        self.units.get(self.at + ahead).copied()
    }

    pub(super) fn letter(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead) {
            Some(Unit::Letter(letter)) => Some(letter),
            _ => None,
        }
    }

    pub(super) fn is(&self, ahead: usize, letter: char) -> bool {
        self.letter(ahead) == Some(letter)
    }

    pub(super) fn has_hole(&self, ahead: usize) -> bool {
        self.peek(ahead) == Some(Unit::Hole)
    }

    pub(super) fn before(&self) -> Option<Unit> {
        let at = self.at.checked_sub(1)?;
        self.units.get(at).copied()
    }

    pub(super) fn letter_before(&self) -> Option<char> {
        match self.before() {
            Some(Unit::Letter(letter)) => Some(letter),
            _ => None,
        }
    }

    /// Steps on, at the most behind the end.
    pub(super) fn go(&mut self, units: usize) {
        self.at = (self.at + units).min(self.units.len());
    }

    pub(super) fn mistake(&mut self, why: &'static str) {
        self.lexed.mistakes.push(why);
    }

    /// The hole here stands so; steps behind it.
    pub(super) fn place(&mut self, place: Place, nested: bool) {
        let spot = Spot {
            place,
            nested,
            before: self.before(),
            after: self.peek(1),
            last: true,
        };
        self.lexed.spots.push(Ok(spot));
        self.go(1);
    }

    /// Nothing can stand in the hole here; steps behind it.
    pub(super) fn refuse(&mut self, why: &'static str) {
        self.lexed.spots.push(Err(why));
        self.go(1);
    }

    /// An escape: the next unit is what it is. Steps behind it.
    pub(super) fn escape(&mut self, why: &'static str) {
        self.go(1);
        match self.peek(0) {
            Some(Unit::Hole) => self.refuse(why),
            _ => self.go(1),
        }
    }
}

/// Where nobody but a person reads the line, every place is as good as another.
pub(super) fn read_plain(units: &[Unit]) -> Lexed {
    let mut reader = Reader::new(units);
    while let Some(unit) = reader.peek(0) {
        match unit {
            Unit::Hole => reader.place(Place::Bare, false),
            Unit::Letter(_) => reader.go(1),
        }
    }
    reader.lexed
}

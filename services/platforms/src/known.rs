//! What an edit is checked against, beside the platform itself.

use contracts::TeamId;
use tidings::{Conn, Error};

use crate::fields::CustomField;
use crate::platform::fold;
use crate::store;

/// Read once for as many edits as follow in the same transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Each team with its folded name.
    pub(crate) teams: Vec<(TeamId, String)>,
    pub(crate) fields: Vec<CustomField>,
}

impl Known {
    pub(crate) async fn load(conn: &mut Conn) -> Result<Self, Error> {
        Ok(Self {
            teams: store::teams::folded(conn).await?,
            fields: store::fields::all(conn).await?,
        })
    }

    pub(crate) fn team_named(&self, name: &str) -> Option<TeamId> {
        let name = fold(name);
        let mut teams = self.teams.iter();
        teams.find(|(_, folded)| *folded == name).map(|(id, _)| *id)
    }

    pub(crate) fn is_team(&self, id: TeamId) -> bool {
        self.teams.iter().any(|(team, _)| *team == id)
    }
}

//! What a database is called, where people read it.

use std::str::FromStr;

use tokio_postgres::config::Host;

use super::{Db, Kind};

impl Db {
    /// Where it is, without what is secret: services on one PostgreSQL database say the same.
    pub(crate) fn place(&self) -> String {
        match &*self.0 {
            Kind::Postgres(postgres) => of_postgres(postgres.url()),
            Kind::Sqlite(sqlite) => match sqlite.path() {
                Some(path) => format!("the database {}", path.display()),
                None => "the database in memory".to_owned(),
            },
            Kind::Elsewhere => "the database of another process".to_owned(),
        }
    }
}

fn of_postgres(url: &str) -> String {
    let Ok(config) = tokio_postgres::Config::from_str(url) else {
        return "PostgreSQL".to_owned();
    };
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let ports = config.get_ports();
    let servers = hosts.enumerate().map(|(index, host)| {
        let port = ports.get(index).or(ports.first()).copied();
        format!("{host}:{}", port.unwrap_or(5432))
    });
    let servers = servers.collect::<Vec<_>>().join(",");
    let name = config.get_dbname().or(config.get_user());
    format!("PostgreSQL at {servers}/{}", name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::of_postgres;

    #[test]
    fn a_database_is_called_by_its_place_and_not_by_its_password() {
        let of = of_postgres("postgres://me:secret@db.example:6432/shop?connect_timeout=3");
        assert_eq!(of, "PostgreSQL at db.example:6432/shop");
        assert_eq!(
            of_postgres("host=db user=me password=x"),
            "PostgreSQL at db:5432/me"
        );
    }
}

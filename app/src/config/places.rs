//! Where single services are, and their databases.

use std::collections::BTreeMap;

use super::file::ServiceTable;
use super::values::{http, postgres};
use super::{Given, Said, checked};
use crate::cli::Layout;
use crate::services::NAMES;
use crate::{Error, services};

type Named = BTreeMap<String, Said<String>>;

/// Addresses and databases of single services.
pub(super) fn services_of(
    tables: BTreeMap<String, ServiceTable>,
    given: &Given<'_>,
    layout: &Layout,
) -> Result<(Named, Named), Error> {
    let (mut urls, mut databases) = (Named::new(), Named::new());
    for (service, table) in tables {
        if let Some(url) = checked(table.url, http)? {
            urls.insert(service.clone(), url);
        }
        if let Some(database) = checked(table.database, postgres)? {
            databases.insert(service, database);
        }
    }
    let remotes = (!layout.remote.is_empty()).then(|| layout.remote.clone());
    let Some(Said { value: remotes, by }) = given.said("remote", remotes) else {
        return Ok((urls, databases));
    };
    for text in remotes {
        let by = by.clone();
        let said = Said { value: text, by };
        let said = said.try_map(|text| {
            let (name, url) = text.split_once('=').ok_or_else(|| {
                format!("{text:?} is not SERVICE=URL, as in orders=http://10.0.0.7:8080")
            })?;
            services::check_name(name, &NAMES)?;
            Ok((name.to_owned(), http(url.to_owned())?))
        })?;
        let (name, value) = said.value;
        urls.insert(name, Said { value, by: said.by });
    }
    Ok((urls, databases))
}

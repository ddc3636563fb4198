//! Parses the settings of a directory at start.

use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    Directory, DirectoryBuilder, DirectoryError,
    attribute::{IdAttribute, Name},
    connection::Server,
    directory::Settings,
    groups::Groups,
    tls,
    users::Users,
};

impl DirectoryBuilder {
    /// Returns the directory. It reads certificate authorities and does not connect.
    ///
    /// # Errors
    /// [`DirectoryError`], which names the wrong setting.
    pub fn build(self) -> Result<Directory, DirectoryError> {
        let server = self.parse_server()?;
        let users = self.parse_users()?;
        let groups = self.parse_groups()?;
        required("issuer", &self.issuer)?;
        let is_positive = |setting, is_zero| if is_zero { Err(DirectoryError::Zero { setting }) } else { Ok(()) };
        is_positive("timeout", self.timeout.is_zero())?;
        is_positive("max_sign_ins", self.max_sign_ins == 0)?;
        let Self { issuer, timeout, throttle, max_sign_ins, .. } = self;
        let permits = Semaphore::new(max_sign_ins.into());
        Ok(Directory::new(Settings { server, users, groups, issuer, timeout, throttle, permits }))
    }

    fn parse_server(&self) -> Result<Server, DirectoryError> {
        let url = url(&self.url)?;
        let service_dn = required("service_account", &self.service_dn)?.to_owned();
        // A bind with an empty password would be anonymous.
        required("service_account", self.service_password.expose_secret())?;
        let tls = tls::config(self.certificate_authorities.as_deref())?;
        Ok(Server { url, tls, service_dn, service_password: self.service_password.clone() })
    }

    fn parse_users(&self) -> Result<Users, DirectoryError> {
        required("users", &self.users)?;
        let optional = |setting, name: &Option<String>| name.clone().map(|name| Name::parse(setting, name)).transpose();
        let attribute = Name::parse("user_attribute", self.user_attribute.clone())?;
        let username = optional("username_attribute", &self.username_attribute)?;
        Ok(Users {
            base: self.users.clone(),
            class: Name::parse("user_class", self.user_class.clone())?,
            id: IdAttribute::parse("id_attribute", self.id_attribute.clone())?,
            username: username.unwrap_or_else(|| attribute.clone()),
            display_name: optional("display_name_attribute", &self.display_name_attribute)?,
            email: optional("email_attribute", &self.email_attribute)?,
            attribute,
        })
    }

    fn parse_groups(&self) -> Result<Option<Groups>, DirectoryError> {
        let member = Name::parse("member_attribute", self.member_attribute.clone())?;
        if self.roles.is_empty() {
            return Ok(None);
        }
        let base = required("groups", &self.groups)?.to_owned();
        let dn = |group: &String| match group.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(format!("{group},{base}")),
            _ => Err(DirectoryError::Group { group: group.clone() }),
        };
        let roles = self.roles.iter().map(|(group, role)| Ok((dn(group)?, role.clone())));
        let roles = roles.collect::<Result<_, DirectoryError>>()?;
        Ok(Some(Groups { base, member, is_nested: self.has_nested_groups, roles }))
    }
}

fn url(text: &str) -> Result<Url, DirectoryError> {
    let url = Url::parse(text).map_err(|_| DirectoryError::Url)?;
    if url.scheme() != "ldaps" {
        return Err(DirectoryError::NotSecure);
    }
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if url.host_str().is_none_or(str::is_empty) || !is_bare || !is_anonymous {
        return Err(DirectoryError::Url);
    }
    Ok(url)
}

fn required<'a>(setting: &'static str, value: &'a str) -> Result<&'a str, DirectoryError> {
    if value.trim().is_empty() { Err(DirectoryError::Missing { setting }) } else { Ok(value) }
}
